"""Whoever has no key can only play back what others have signed: none of it proves a lie.

Every record and signature here is genuine and in date, of the zone in question, of its parent or of
its child. What is forged is where it is said, under which name, in which company and with which
response code.
"""

from random import Random

import msgspec
import pytest

from esashell.resolver import wire
from esashell.resolver.answer import Answer, Existence, Security
from esashell.resolver.names import Name
from esashell.resolver.rrtypes import RRType
from esashell.resolver.wire import Message, Rrset
from tests.conftest import LONG
from tests.resolver.signer import A2, SignedZone, World, mx, n

BELIEVED = (Security.SECURE, Security.INSECURE)
TYPES = (RRType.A, RRType.TXT, RRType.DS, RRType.MX, RRType.CNAME, RRType.NS, RRType.SOA)
NAMES = [
    n(f"{each}.a.test")
    for each in (
        "mail", "nx", "nx.mail", "wild", "foo.wild", "x.wild", "y.x.wild", "*.wild", "ent",
        "deep.ent", "z.ent", "kid", "www.kid", "nx.kid", "uns", "www.uns", "nx.uns", "d", "www.d",
        "nx.d", "cw", "r.cw", "alias", "nx.alias",
    )
] + [n("a.test")]  # fmt: skip


def grown(denial: str) -> tuple[World, list[SignedZone]]:
    """A world with cuts of both kinds, wildcards and aliases, and its zones that are signed."""
    world = World(denial)
    kid = SignedZone("kid.a.test", denial=denial)
    kid.add("kid.a.test", RRType.MX, mx(10, "kid.a.test"))
    kid.add("www.kid.a.test", RRType.A, A2)
    kid.add("*.kid.a.test", RRType.TXT, b"\x01x")
    unsigned = SignedZone("uns.a.test", denial="none")
    unsigned.add("uns.a.test", RRType.A, A2)
    unsigned.add("www.uns.a.test", RRType.A, A2)
    for zone in (kid, unsigned):
        world.internet.zones[zone.name] = zone
        world.a.delegate(zone)
    world.a.add("d.a.test", RRType.DNAME, n("kid.a.test"))
    world.a.add("x.wild.a.test", RRType.TXT, b"\x01y")
    world.a.add("*.cw.a.test", RRType.CNAME, n("mail.a.test"))
    return world, [world.test, world.a, kid]


class Player:
    """Plays back what it has heard, in answer to another question."""

    def __init__(self, zones: list[SignedZone], dice: Random) -> None:
        self.dice = dice
        self.denials = [each.denial_set(*e) for each in zones for e in each.nsec_sets()]
        found = [each.rrset(owner, kind) for each in zones for owner, kind in list(each.records)]
        self.records = [each for each in found if each is not None]
        self.wildcards = [each for each in self.records if each.owner.is_wildcard]
        self.soas = [each for each in self.records if each.rdtype == RRType.SOA]

    def message(self, qname: Name, rdtype: int, honest: Message) -> Message:
        dice = self.dice
        authority = dice.sample(self.denials, dice.choice((0, 1, 1, 2, 2, 3, 4)))
        authority += [dice.choice(self.soas)] if dice.random() < 0.4 else []
        answer: list[Rrset] = []
        if dice.random() < 0.3:
            owners = (qname, qname, dice.choice(NAMES))
            answer += [
                msgspec.structs.replace(each, owner=dice.choice((each.owner, *owners)))
                for each in dice.sample(self.records, dice.choice((1, 2)))
            ]
        fitting = [
            each
            for each in self.wildcards
            if each.rdtype in (rdtype, RRType.CNAME) and qname.is_under(each.owner.parent)
        ]
        if fitting and dice.random() < 0.5:
            answer = [msgspec.structs.replace(dice.choice(fitting), owner=qname)]
        if dice.random() < 0.3:
            answer += honest.answer if dice.random() < 0.5 else ()
            authority += [each for each in honest.authority if dice.random() < 0.7]
        return Message(
            flags=wire.QR | wire.RD | wire.RA,
            rcode=dice.choice((0, 3)),
            question=((qname, rdtype),),
            answer=unlike(answer),
            authority=unlike(authority),
        )


def unlike(rrsets: list[Rrset]) -> tuple[Rrset, ...]:
    """One RRset for each owner and type."""
    return tuple({(each.owner, each.rdtype): each for each in reversed(rrsets)}.values())


def said(answer: Answer) -> tuple[Existence | None, list[bytes]]:
    return answer.existence, sorted(answer.rdatas)


@pytest.mark.parametrize("denial", ["nsec", "nsec3", "optout"])
def test_what_was_signed_for_another_question_proves_nothing_false(denial: str) -> None:
    world, zones = grown(denial)
    dice = Random(20260507)
    player = Player(zones, dice)
    honest = world.internet.mutate
    truths: dict[tuple[Name, int], Answer] = {}
    believed = 0
    for _ in range(350 if LONG else 150):
        qname, rdtype = dice.choice(NAMES), dice.choice(TYPES)
        if (qname, rdtype) not in truths:
            truths[qname, rdtype] = world.ask(str(qname), rdtype)
        truth = truths[qname, rdtype]
        assert truth.security in BELIEVED
        resolver = world.resolver()
        if dice.random() < 0.3:
            for met in ("kid.a.test", "uns.a.test"):  # where it is known that zones begin
                world.ask(met, RRType.TXT, resolver)
        forged = player.message(qname, rdtype, world.internet.answer(qname, rdtype))
        spoilt = {(qname, int(rdtype))}
        if dice.random() < 0.3:
            spoilt.add((dice.choice(NAMES), int(RRType.DS)))

        def mutate(
            asked: Name,
            kind: int,
            message: Message,
            spoilt: set[tuple[Name, int]] = spoilt,
            forged: Message = forged,
        ) -> Message:
            if (asked, kind) not in spoilt:
                return message
            return msgspec.structs.replace(forged, question=((asked, kind),))

        world.internet.mutate = mutate
        answer = world.ask(str(qname), rdtype, resolver)
        world.internet.mutate = honest
        if answer.security in BELIEVED:
            believed += not answer.cached
            assert answer.security is truth.security, (qname, rdtype, forged)
            if answer.security is Security.SECURE:
                assert said(answer) == said(truth), (qname, rdtype, forged)
    assert believed > 10
