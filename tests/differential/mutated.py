"""The lab with spoilt zones in it, as its own servers would answer from them.

Each message about a case's zones is changed once, by the dice of the case, and is the same for
whoever asks, in whichever process: the lab's keys and signatures follow from its seed and the day.
So `lab serve` can hand out in one process what our resolver is given in memory in another.

There are two ways to an answer. Who asks the recursor gets what it makes of sound zones, changed on
the way out. Who asks the zones' own servers gets their messages changed, and a referral
that says of the child's DS records what the parent says when it is asked for them.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from random import Random

from msgspec import structs

from esashell.clock import SECOND, FixedClock
from esashell.resolver import rdata as rd
from esashell.resolver import wire
from esashell.resolver.algorithms import Policy
from esashell.resolver.iterate import Iterator as Iterating
from esashell.resolver.iterate import root_servers
from esashell.resolver.lookup import Resolver, Server
from esashell.resolver.names import BadName, Name
from esashell.resolver.reading import reading
from esashell.resolver.rrtypes import RRType, rcode_text, type_text
from esashell.resolver.wire import Message
from esashell.steps import Exchange
from esashell.worlds.lab.transaction import replied
from esashell.worlds.lab.world import Lab
from tests.differential.cases import Case
from tests.differential.mutations import MUTATIONS, NOW, Draft, Signer

CAPABLE = "194.191.40.83"
_DS_RECORDS = (RRType.DS, RRType.NSEC, RRType.NSEC3)
_ECHOED = wire.RD | wire.CD


class Way(StrEnum):
    """How an answer is found."""

    FORWARD = "forward"  # through the lab's recursor
    ROOTS = "roots"  # from its root servers down


class Mutated:
    """The lab's servers over the cases' zones, and what was changed in how many messages.

    It stands where a `Lab` stands, in memory (`perform`) and in `lab serve`.
    """

    def __init__(self, seed: int, cases: Iterable[Case], folder: Path) -> None:
        self.clock = FixedClock(NOW * SECOND)
        self.cases = {each.apex: each for each in cases}
        self.applied: Counter[str] = Counter()
        self.touched: dict[int, int] = {}
        self._seed = seed
        file = folder / "mutated.toml"
        file.write_text("\n".join(each.scenario for each in self.cases.values()))
        self.lab = Lab(self.clock, scenarios=[file])
        self._signer = Signer(self.lab)
        self._kept: dict[Name | None, dict[tuple[str, Name, int], Message]] = {}
        self._servers = {
            address: Spoilt(self, address)
            for address in (*self.lab.authorities(), *self.lab.recursors())
        }

    def __getattr__(self, name: str) -> object:
        return getattr(self.lab, name)

    def authorities(self) -> Mapping[str, "Spoilt"]:
        return {each: self._servers[each] for each in self.lab.authorities()}

    def recursors(self) -> Mapping[str, "Spoilt"]:
        return {each: self._servers[each] for each in self.lab.recursors()}

    def resolver(self, way: Way) -> Resolver:
        """One of ours that asks here. Unbound, as it is packaged, takes SHA-1, so this one does."""
        return Resolver(
            (Server(CAPABLE),),
            (self.lab.anchor,),
            self.clock,
            policy=Policy(sha1=True),
            source=(
                Iterating(root_servers(self.lab.root_servers), self.clock)
                if way is Way.ROOTS
                else None
            ),
        )

    def perform(self, request: Exchange) -> bytes:
        return self.ask(request.server, request.message, request.tcp)

    def ask(self, address: str, query: bytes, tcp: bool = False) -> bytes:
        response = self._servers[address].answer(query, tcp=tcp)
        assert response is not None
        return response

    def message(self, address: str, qname: Name, rdtype: int) -> Message:
        """What the server says to this question, the same each time."""
        case = next((self.cases[e] for e in qname.ancestors() if e in self.cases), None)
        kept = self._kept.setdefault(case.apex if case else None, {})
        key = (address, qname, rdtype)
        if key not in kept:
            kept[key] = self._made(case, *key)
        return kept[key]

    def _made(self, case: Case | None, address: str, qname: Name, rdtype: int) -> Message:
        sound = wire.parse(self.lab.ask(address, wire.query(qname, rdtype), True))
        if reading(sound, qname, rdtype, 11).aliases:
            # Unbound believes nothing that a response says of an alias's target and asks again;
            # where everybody has to ask again, everybody sees the same.
            sound = wire.parse(self.lab.ask(address, wire.query(qname, RRType.CNAME), True))
            sound = structs.replace(sound, question=((qname, rdtype),))
        if case is None:
            return sound
        if not sound.flags & (wire.AA | wire.RA):
            return self._referring(address, sound)
        draft = Draft(sound)
        if (qname, rdtype) == (case.qname, case.rdtype):
            where = "answer"
        else:
            where = {RRType.DS.value: "ds", RRType.DNSKEY.value: "keys"}.get(rdtype, "answer")
        for number, (place, name) in enumerate(case.changes):
            dice = Random(f"{self._seed}/{case.index}/{qname}/{rdtype}/{number}")
            if place in (where, "all") and _changed(name, dice, draft, self._signer):
                self.applied[name] += 1
                self.touched[case.index] = self.touched.get(case.index, 0) + 1
        return draft.message()

    def _referring(self, address: str, sound: Message) -> Message:
        """The referral with the records about the child's DS that the parent would answer with."""
        servers = [each for each in sound.authority if each.rdtype == RRType.NS]
        said = self.message(address, servers[0].owner, RRType.DS)
        shown = [e for e in (*said.answer, *said.authority) if e.rdtype in _DS_RECORDS]
        return structs.replace(sound, authority=(*servers, *shown))

    def heard(self) -> list[tuple[str, str, int]]:
        """Every question so far: whom, name and type."""
        return [
            (address, qname.dotted, rdtype)
            for kept in self._kept.values()
            for address, qname, rdtype in kept
        ]

    def messages(self, case: Case) -> list[Message]:
        """What anybody was told about a case, as it is read."""
        return [wire.parse(each) for each in self.octets(case)]

    def octets(self, case: Case) -> list[bytes]:
        return [wire.encode(each) for each in self._kept.get(case.apex, {}).values()]


class Spoilt:
    """One of the lab's servers, with the cases' changes in what it says."""

    def __init__(self, mutated: Mutated, address: str) -> None:
        self._mutated = mutated
        self._address = address
        self.name = getattr(mutated.lab.authorities().get(address), "name", "")

    def answer(self, octets: bytes, *, tcp: bool = False) -> bytes | None:
        return replied(octets, tcp, self._answered)

    def _answered(self, query: Message) -> Message:
        message = self._mutated.message(self._address, *query.question[0])
        flags = (message.flags & ~_ECHOED) | (query.flags & _ECHOED)
        return structs.replace(message, id=query.id, flags=flags)


def _changed(name: str, dice: Random, draft: Draft, signer: Signer) -> bool:
    """Whether the mutation has changed anything: what an earlier one has made unreadable, no."""
    try:
        return MUTATIONS[name](dice, draft, signer)
    except (rd.BadRdata, BadName, ValueError, IndexError):
        return False


def message_lines(message: Message) -> Iterator[str]:
    """A message as people read it."""
    name, rdtype = message.question[0]
    yield f"{name.dotted} {type_text(rdtype)}: {rcode_text(message.rcode)}"
    for label, section in (("answer", message.answer), ("authority", message.authority)):
        for each in section:
            owner, kind = each.owner.dotted, type_text(each.rdtype)
            for rdata in each.rdatas:
                text = rd.text(each.rdtype, rdata)[:120]
                yield f"  {label}: {owner} {each.ttl} {kind} {text}"
            for raw in each.signatures:
                yield f"  {label}: {owner} RRSIG {rd.text(RRType.RRSIG, raw)[:90]}"
