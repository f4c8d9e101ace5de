"""Every situation that a verdict can name is reached, and its reason names all it should."""

import msgspec
import pytest

from esashell.clock import SECOND, FixedClock
from esashell.resolver import rdata as rd
from esashell.resolver.algorithms import Policy
from esashell.resolver.anchors import Anchor
from esashell.resolver.answer import Ede, Security
from esashell.resolver.budget import Budget, Effort, Work
from esashell.resolver.exchange import Reply
from esashell.resolver.lookup import Resolver, Server
from esashell.resolver.names import ROOT
from esashell.resolver.reasons import Why
from esashell.resolver.rollover import trust_point
from esashell.resolver.rrtypes import RRType
from esashell.resolver.sighting import refresh
from esashell.resolver.wire import Message, Rrset
from esashell.steps import run
from esashell.worlds.lab.world import Lab
from tests.resolver.signer import DAY, NOW, SigningKey, World, mx, n, rrsig, stripped
from tests.resolver.wording import reasons, well_worded

OWNER, MX_DATA = n("a.test"), (mx(10, "mail.a.test"),)
SERVER = "192.0.2.53"


def resigned(key: SigningKey | None = None, signer: str = "a.test", **how) -> World:
    """The world with another signature over the MX records of a.test."""
    world = World()
    world.a.signatures[OWNER, 15] = (
        rrsig(key or world.a.key, n(signer), OWNER, 15, MX_DATA, **how),
    )
    return world


def changed(world: World, change) -> World:
    world.internet.mutate = lambda qname, rdtype, message: change(message)
    return world


def without(rdtype: int, section: str = "authority"):
    def change(message):
        kept = tuple(e for e in getattr(message, section) if e.rdtype != rdtype)
        return msgspec.structs.replace(message, **{section: kept})

    return change


def with_ds(*rdatas: bytes) -> World:
    world = World()
    world.test.records[OWNER, RRType.DS] = list(rdatas)
    return world


def ds(tag: int, algorithm: int = 13, digest_type: int = 2) -> bytes:
    return tag.to_bytes(2, "big") + bytes((algorithm, digest_type)) + bytes(32)


def half_a_denial() -> World:
    def change(message):
        kept = [e for e in message.authority if e.rdtype == RRType.NSEC]
        left = tuple(e for e in message.authority if e not in kept[1:])
        return msgspec.structs.replace(message, authority=left)

    return changed(World(), change)


def wildcard_ds() -> World:
    world = World()
    rdatas = tuple(world.test.records[OWNER, int(RRType.DS)])
    made = rrsig(world.test.key, n("test"), n("*.test"), 43, rdatas, labels=1)
    world.test.signatures[OWNER, 43] = (made,)
    return world


def contradicted() -> World:
    world = World()
    world.a.add("alias.a.test", RRType.CNAME, n("a.test"))
    return world


def same_tag() -> World:
    """The signature is by a key that only has the tag of the zone's."""
    world = World()
    made = rrsig(SigningKey(13), OWNER, OWNER, 15, MX_DATA, tag=world.a.key.tag)
    world.a.signatures[OWNER, 15] = (made,)
    return world


def circle() -> World:
    world = World()
    world.a.add("c1.a.test", RRType.CNAME, n("c2.plain.test"))
    world.plain.add("c2.plain.test", RRType.CNAME, n("c1.a.test"))

    def change(message):
        if message.question[0][1] != RRType.A:
            return message
        return msgspec.structs.replace(message, answer=message.answer[:1], authority=())

    return changed(world, change)


class Referring:
    """A source whose only word is a referral."""

    def source(self, work, asked):
        def ask(qname, rdtype):
            ns = Rrset(n("test"), 2, 60, (n("ns.test"),))
            return Reply(Message(question=((qname, rdtype),), authority=(ns,)))
            yield

        return ask

    def forget(self) -> None:
        pass


def with_signatures() -> World:
    """Asked for RRSIG, it hands out those of the MX records."""
    world = World()

    def mutate(qname, rdtype, message):
        if rdtype != RRType.RRSIG:
            return message
        found = world.a.rrset(OWNER, RRType.MX).signatures
        rrset = Rrset(OWNER, RRType.RRSIG, 60, found)
        return msgspec.structs.replace(message, answer=(rrset,), authority=())

    world.internet.mutate = mutate
    return world


def way(word: str) -> World:
    world = World()
    world.internet.ways[SERVER] = word
    return world


def asked(world: World, qname: str = "a.test", rdtype: int = 15, **how):
    return world.ask(qname, rdtype, world.resolver(**how))


def anchored(anchors, world: World | None = None, qname: str = "a.test"):
    world = world or World()
    resolver = Resolver([Server(SERVER)], anchors, world.clock)
    return world.ask(qname, 15, resolver)


def unserved():
    return run(Resolver((), (), FixedClock(0)).look_up(OWNER, 15), World().internet)


def refused_keys() -> World:
    """Nobody answers for the keys of a.test."""

    def mutate(qname, rdtype, message):
        if rdtype == RRType.DNSKEY and qname == OWNER:
            return msgspec.structs.replace(message, rcode=2, answer=())
        return message

    world = World()
    world.internet.mutate = mutate
    return world


def too_long(message):
    """What a server says whose DNAME makes a name too long (RFC 6672 2.2)."""
    return msgspec.structs.replace(message, rcode=6, answer=(), authority=())


def no_dnskey() -> World:
    world = World()
    del world.a.records[OWNER, int(RRType.DNSKEY)]
    return world


def fitting_tag():
    world = World()
    world.test.records[OWNER, RRType.DS] = [ds(world.a.key.tag)]
    return asked(world)


B, I, X = Security.BOGUS, Security.INSECURE, Security.INDETERMINATE  # noqa: E741
ROOT_KEY = ds(1)
CASES = {
    Why.NOT_SIGNED: (B, 10, lambda: asked(changed(World(), stripped))),
    Why.BAD_SIGNATURE: (B, 6, lambda: asked(same_tag())),
    Why.EXPIRED: (B, 7, lambda: asked(resigned(expiration=NOW - 1))),
    Why.NOT_YET_VALID: (B, 8, lambda: asked(resigned(inception=NOW + 9))),
    Why.ENDS_BEFORE_IT_BEGINS: (
        B, 25, lambda: asked(resigned(inception=NOW + DAY, expiration=NOW)),
    ),
    Why.NO_SUCH_KEY: (B, 9, lambda: asked(resigned(SigningKey(13)))),
    Why.UNSUPPORTED_SIGNATURE: (B, 10, lambda: asked(resigned(SigningKey(5)))),
    Why.WRONG_SIGNER: (B, 6, lambda: asked(resigned(signer="mail.a.test"))),
    Why.NOT_OF_A_WILDCARD: (B, 6, lambda: asked(wildcard_ds())),
    Why.SIGNATURES_THEMSELVES: (I, 0, lambda: asked(with_signatures(), rdtype=46)),
    Why.NO_DENIAL: (B, 12, lambda: asked(changed(World(), without(47)), "nope.a.test", 1)),
    Why.DENIAL_INCOMPLETE: (B, 12, lambda: asked(half_a_denial(), "x.y.nope.a.test", 1)),
    Why.OPT_OUT: (I, 0, lambda: asked(World("optout"), "plain.test")),
    Why.COSTLY_DENIAL: (I, 27, lambda: asked(World("nsec3", iterations=151), "no.a.test", 1)),
    Why.NO_DS: (I, 0, lambda: asked(World(), "plain.test")),
    Why.UNSUPPORTED_ALGORITHM: (I, 1, lambda: asked(with_ds(ds(7, 5)))),
    Why.UNSUPPORTED_DIGEST: (I, 2, lambda: asked(with_ds(ds(7, 13, 3)))),
    Why.NO_DNSKEY: (B, 9, lambda: asked(no_dnskey())),
    Why.STALE_DS: (B, 9, lambda: asked(with_ds(ds(7)))),
    Why.WRONG_DS: (B, 9, fitting_tag),
    Why.STALE_ANCHOR: (B, 9, lambda: anchored([Anchor(ROOT, (ROOT_KEY,))])),
    Why.ANCHOR_UNSUPPORTED: (I, 1, lambda: anchored([Anchor(ROOT, (ds(1, 3),))])),
    Why.NOT_VALIDATED: (I, 0, lambda: anchored([Anchor(ROOT)])),
    Why.NO_ANCHOR: (I, 0, lambda: anchored([])),
    Why.NOT_HAD: (X, 22, lambda: asked(refused_keys())),
    Why.NO_ANSWER: (X, 22, lambda: asked(way("REFUSED"))),
    Why.SILENCE: (X, 23, lambda: asked(way("silent"))),
    Why.NO_SERVER: (X, 14, unserved),
    Why.CONTRADICTION: (X, 24, lambda: asked(contradicted(), "alias.a.test", 1)),
    Why.ALIAS_CIRCLE: (X, 24, lambda: asked(circle(), "c1.a.test", 1)),
    Why.SUBSTITUTION_TOO_LONG: (X, 24, lambda: asked(changed(World(), too_long))),
    Why.ONLY_REFERRED: (X, 24, lambda: asked(World(), source=Referring())),
    Why.LIMIT: (X, 0, lambda: asked(World(), budget=Budget(queries=2))),
}  # fmt: skip


@pytest.mark.parametrize("why", [each for each in Why if each in CASES], ids=lambda e: e.name)
def test_a_situation_gives_its_code_and_names_zone_record_and_cure(why):
    security, code, look_up = CASES[why]
    answer = look_up()
    assert answer.security is security, answer.reason
    assert why.name in well_worded(answer), answer.reason
    assert (answer.reason.situation, answer.reason.code) == (why.name, code)


def test_every_situation_has_a_case_and_no_published_code_is_forgotten():
    # Whether a trust anchor still fits is asked outside of look-ups; see below.
    assert set(Why) - set(CASES) == {Why.NOT_BY_A_TRUSTED_KEY}
    for each in Why:
        assert "{record}" in each.value.finding
        assert "{zone}" in each.value.finding + each.value.cure
        assert each.value.cure


def test_a_trust_point_that_cannot_be_followed_says_so_in_the_same_way():
    world = World()
    point = trust_point(Anchor(ROOT, dnskeys=(SigningKey(13).rdata,)), NOW)
    source = world.resolver().source
    work = Work(Budget(), Effort())
    found = run(refresh(point, source, world.clock, work, Policy()), world.internet).reason
    assert (found.situation, found.zone) == ("NOT_BY_A_TRUSTED_KEY", ".")
    assert found.about in found.text
    assert found.cure


def test_a_stale_ds_is_told_in_the_words_of_the_person_who_has_to_mend_it():
    world = World()
    world.test.records[OWNER, RRType.DS] = [ds(2371)]
    tag = world.a.key.tag
    assert asked(world).reason.text == (
        "the DS at test. points to key 2371, which a.test. no longer publishes "
        f"(a.test. DNSKEY has {tag}): the parent must be given the DS of a key that is published"
    )
    assert rd.key_tag(world.a.key.rdata) == tag


def test_every_domain_of_the_lab_is_well_worded_whatever_is_wrong_with_it():
    clock = FixedClock(1_740_819_600 * SECOND)
    lab = Lab(clock)
    resolver = Resolver([Server("194.191.40.83")], (lab.anchor,), clock)
    seen: set[str] = set()
    broken = 0
    with lab.session() as session:
        for name in sorted({each.domain for each in lab.domains()}):
            for prefix, rdtype in (("", RRType.MX), ("_25._tcp.mail.", RRType.TLSA)):
                answer = run(resolver.look_up(n(prefix + name), rdtype), session)
                seen |= well_worded(answer)
                broken += answer.existence is None
                assert all(each.code in list(Ede) for each in reasons(answer))
    assert broken >= 5
    assert {"BAD_SIGNATURE", "OPT_OUT"} <= seen
