"""Small signed zones of the lab, each spoilt in a way of its own, the same for whoever asks.

A *case* is a zone, its children where the question needs them, one question, and one or two
changes to the messages that lead to the answer. All of it follows from a seed and a number, so a
case that is worth keeping can be named by the two. The lab makes the zones and answers as its
capable recursor does. Every message is made once and kept: whoever asks again, in memory or
through a socket, is given the same octets.
"""

import contextlib
import selectors
import socket
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from random import Random

from msgspec import Struct

from esashell.clock import SECOND, FixedClock
from esashell.resolver import rdata as rd
from esashell.resolver import wire
from esashell.resolver.algorithms import Policy
from esashell.resolver.lookup import Resolver, Server
from esashell.resolver.names import BadName, Name, name_from_text
from esashell.resolver.reading import reading
from esashell.resolver.rrtypes import RRType, rcode_text, type_number, type_text
from esashell.resolver.wire import Message
from esashell.steps import Exchange
from esashell.worlds.lab.world import Lab
from tests.differential.mutations import MUTATIONS, NOW, Draft, Signer

CAPABLE = "194.191.40.83"
_UNDER = name_from_text("lab")

_RECORDS = """\
@              MX     10 mail
mail           A      192.0.2.77
mail           A      192.0.2.78
_25._tcp.mail  TLSA   3 1 1 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff
*.wild         A      192.0.2.79
deep.ent       A      192.0.2.80
alias          CNAME  mail
dead           CNAME  nothing
*.star         CNAME  mail
"""
_WITH_KID = "near CNAME www.kid\nsub DNAME kid\n"
_WITH_PLAIN = "far CNAME www.plain\n"
_CHILD = "@ MX 10 www\nwww A 192.0.2.81\n*.wild A 192.0.2.82\n"

_QUESTIONS = """
    mail A; mail AAAA; @ MX; @ MX; @ TXT; nope A; x.nope A; x.wild A; x.wild A; x.y.wild A;
    x.wild TXT; ent A; x.ent A; alias A; alias AAAA; alias CNAME; dead A; x.star A; x.star AAAA;
    _25._tcp.mail TLSA; _25._tcp.nope TLSA; nope DS; mail DS; @ DNSKEY; @ SOA; @ NS; *.wild A;
    kid DS; kid NS; www.kid A; www.kid A; nope.kid A; x.wild.kid A; near A; near AAAA; x.sub A;
    www.sub A; www.sub CNAME; sub DNAME;
    plain DS; plain NS; www.plain A; www.plain A; nope.plain A; far A; far AAAA;
    odd DS; www.odd A; nope.odd A
"""
# What can only be changed where it is.
_AT_HOME = {"stale ds": "ds", "wrong keys": "keys"}
QUESTIONS = tuple(each.split() for each in _QUESTIONS.split(";"))


class Case(Struct, frozen=True):
    """One trial: the zones as a scenario file has them, the question, and what is changed where."""

    index: int
    apex: Name
    scenario: str
    qname: Name
    rdtype: int
    changes: tuple[tuple[str, str], ...]  # (which messages, which mutation)

    def __str__(self) -> str:
        changes = ", ".join(f"{name} in {where}" for where, name in self.changes) or "untouched"
        return f"case {self.index}: {self.qname.dotted} {type_text(self.rdtype)} ({changes})"


def planned(seed: int, index: int) -> Case:
    """The case of this number; equal arguments, equal cases."""
    dice = Random(f"{seed}/{index}")
    apex = _UNDER.prepend(b"m%d" % index)
    owner, kind = dice.choice(QUESTIONS)
    qname = apex if owner == "@" else apex.prepend(*name_from_text(owner).labels())
    words = set(owner.split("."))
    records = _RECORDS
    children = []
    if words & {"kid", "near", "sub"} or dice.random() < 0.1:
        records += _WITH_KID
        children.append(_zone(dice, f"kid.{apex}", _CHILD))
    if words & {"plain", "far"} or dice.random() < 0.3:
        records += _WITH_PLAIN
        children.append(_zone(dice, f"plain.{apex}", _CHILD, "signed = false"))
    if "odd" in words:
        state = dice.choice(("unknown-digest", "unknown-algorithm", "stale", "wrong-digest"))
        children.append(_zone(dice, f"odd.{apex}", _CHILD, f'ds = "{state}"'))
    zones = [_zone(dice, str(apex), records), *children]
    places = ("answer",) * 5 + ("keys", "ds", "all")
    count = dice.choice((1,) * 8 + (2,) * 3 + (0,))
    names = list(MUTATIONS)
    changes = []
    for _ in range(count):
        name, place = dice.choice(names), dice.choice(places)
        changes.append((_AT_HOME.get(name, place), name))
    return Case(index, apex, "\n".join(zones), qname, type_number(kind), tuple(changes))


def _zone(dice: Random, name: str, records: str, *more: str) -> str:
    denial = dice.choice(("nsec", "nsec", "nsec3", "nsec3-opt-out"))
    lines = [f'[zone."{name}"]', f'denial = "{denial}"', *more]
    lines.append(f"algorithm = {dice.choice((13, 13, 13, 15))}")
    if dice.random() < 0.3:
        lines.append("split_keys = true")
    if denial != "nsec":
        lines.append(f"iterations = {dice.choice((0, 0, 0, 1, 10, 151))}")
        lines.append(f'salt = "{dice.choice(("", "", "ABCD"))}"')
    lines.append(f"records = '''\n{records}'''\n")
    return "\n".join(lines)


class Mutated:
    """The cases' zones through one recursor, and what was changed in how many messages."""

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
        self._kept: dict[Name | None, dict[tuple[Name, int], bytes]] = {}
        self._lock = threading.Lock()

    def resolver(self) -> Resolver:
        """One of ours that asks here. Unbound, as it is packaged, takes SHA-1, so this one does."""
        return Resolver(
            (Server(CAPABLE),), (self.lab.anchor,), self.clock, policy=Policy(sha1=True)
        )

    def perform(self, request: Exchange) -> bytes:
        return self.answer(request.message)

    def answer(self, query: bytes) -> bytes:
        """The response to a query, the same each time."""
        asked = wire.parse(query)
        qname, rdtype = asked.question[0]
        case = self._case(qname)
        with self._lock:
            kept = self._kept.setdefault(case.apex if case else None, {})
            known = kept.get((qname, rdtype))
            if known is None:
                known = kept[qname, rdtype] = self._made(case, qname, rdtype)
        # The question is given back as it was put, in its own spelling.
        end = 12 + len(qname) + 4
        return query[:2] + known[2:12] + query[12:end] + known[end:]

    def _made(self, case: Case | None, qname: Name, rdtype: int) -> bytes:
        octets = self.lab.ask(CAPABLE, wire.query(qname, rdtype), True)
        if reading(wire.parse(octets), qname, rdtype, 11).aliases:
            # Unbound believes nothing that a response says of an alias's target and asks again;
            # where everybody has to ask again, everybody sees the same.
            octets = self.lab.ask(CAPABLE, wire.query(qname, RRType.CNAME), True)
            end = 12 + len(qname)
            octets = octets[:end] + rdtype.to_bytes(2, "big") + octets[end + 2 :]
        if case is None:
            return octets
        draft = Draft(wire.parse(octets))
        if (qname, rdtype) == (case.qname, case.rdtype):
            where = "answer"
        else:
            where = {RRType.DS.value: "ds", RRType.DNSKEY.value: "keys"}.get(rdtype, "answer")
        for number, (place, name) in enumerate(case.changes):
            dice = Random(f"{self._seed}/{case.index}/{qname}/{rdtype}/{number}")
            if place in (where, "all") and _changed(name, dice, draft, self._signer):
                self.applied[name] += 1
                self.touched[case.index] = self.touched.get(case.index, 0) + 1
        return wire.encode(draft.message())

    def messages(self, case: Case) -> list[Message]:
        """What anybody was told about a case."""
        return [wire.parse(each) for each in self.octets(case)]

    def octets(self, case: Case) -> list[bytes]:
        return list(self._kept.get(case.apex, {}).values())

    def _case(self, qname: Name) -> Case | None:
        return next((self.cases[e] for e in qname.ancestors() if e in self.cases), None)


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


@contextlib.contextmanager
def served(mutated: Mutated, doors: int = 4) -> Iterator[list[int]]:
    """The ports on 127.0.0.1 at which the same answers are to be had, until the end."""
    with contextlib.ExitStack() as stack, selectors.DefaultSelector() as waiting:
        socks = []
        for _ in range(doors):
            sock = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            sock.bind(("127.0.0.1", 0))
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
            waiting.register(sock, selectors.EVENT_READ)
            socks.append(sock)

        def serve() -> None:
            while True:
                for ready, _ in waiting.select():
                    query, client = ready.fileobj.recvfrom(65535)  # type: ignore[union-attr]
                    if not query:
                        return
                    ready.fileobj.sendto(mutated.answer(query), client)  # type: ignore[union-attr]

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield [each.getsockname()[1] for each in socks]
        finally:
            # An empty datagram is the word to stop.
            socks[0].sendto(b"", socks[0].getsockname())
            thread.join(10)
            assert not thread.is_alive()
