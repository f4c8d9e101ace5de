"""The recursors that an appliance can be pointed at: one fit for DNSSEC, three that are not.

A capable one really iterates: it starts at the root servers, follows referrals and aliases from
one authoritative server to the next, message by message, and hands back the whole chain with every
proof. It does not validate (its clients do; it answers as a validating one does under CD), and
never sets AD. What it remembers is which servers a zone has, no more, so that an answer never
depends on what was asked before.
"""

from collections.abc import Callable, Mapping
from typing import Protocol

from esashell.errors import TransportError
from esashell.resolver.names import ROOT, Name
from esashell.resolver.rdata import address, one_name
from esashell.resolver.rrtypes import Rcode, RRType
from esashell.resolver.wire import (
    AA,
    CD,
    PAYLOAD,
    RA,
    TC,
    Message,
    Rrset,
    parse,
    query,
)
from esashell.worlds.lab.transaction import Response, failure, replied, reply_to

_ALIASES = 12
_REFERRALS = 24
_NESTING = 6
_KEPT = 4096
_DNSSEC = frozenset(
    (RRType.DS, RRType.RRSIG, RRType.NSEC, RRType.DNSKEY, RRType.NSEC3, RRType.NSEC3PARAM)
)

# Sends a query to the server at an address, over UDP or (True) TCP; `TransportError` when nothing
# comes back.
Ask = Callable[[str, bytes, bool], bytes]


class Recursor(Protocol):
    def answer(self, wire: bytes, *, tcp: bool = False) -> bytes | None:
        """The response to a query; None when it stays silent."""


class SilentRecursor:
    """Takes every question and never answers."""

    def answer(self, wire: bytes, *, tcp: bool = False) -> bytes | None:
        return None


class FailingRecursor:
    """Answers SERVFAIL, whatever the question."""

    def answer(self, wire: bytes, *, tcp: bool = False) -> bytes | None:
        return replied(wire, tcp, lambda asked: failure(asked, Rcode.SERVFAIL))


class Unresolvable(Exception):
    """No server gave an answer; the client gets SERVFAIL."""


class IteratingRecursor:
    """Finds answers from the root down; with `strips`, as a program from before DNSSEC would."""

    def __init__(self, hints: Mapping[Name, str], ask: Ask, *, strips: bool = False) -> None:
        self._ask = ask
        self._strips = strips
        self._servers: dict[Name, tuple[str, ...]] = {ROOT: tuple(hints.values())}
        self._addresses: dict[Name, tuple[str, ...]] = {}

    def answer(self, wire: bytes, *, tcp: bool = False) -> bytes | None:
        return replied(wire, tcp, self._answered)

    def _answered(self, asked: Message) -> Message:
        qname, qtype = asked.question[0]
        if self._strips:
            asked = _without_edns(asked)
        payload = PAYLOAD if asked.payload else 0
        try:
            made = self._resolved(qname, qtype)
        except Unresolvable:
            return failure(asked, Rcode.SERVFAIL, payload)
        if self._strips:
            _strip(made)
        return reply_to(asked, made, flags=RA, payload=payload)

    def _resolved(self, qname: Name, qtype: int, nesting: int = 0) -> Response:
        """The answer with every alias on the way to it, and all that proves it."""
        made = Response()
        name: Name | None = qname
        for _ in range(_ALIASES):
            assert name is not None
            found = self._found(name, qtype, nesting)
            made.rcode = found.rcode
            made.authority.update(
                (each, None) for each in found.authority if each.rdtype != RRType.NS
            )
            name = _taken(found, name, qtype, made)
            if name is None:
                return made
        raise Unresolvable("too many aliases")

    def _found(self, name: Name, qtype: int, nesting: int) -> Message:
        """The authoritative response for one name, aliases not followed out of its zone."""
        # RFC 4035 4.2: a DS is found at the zone above, so its own zone's servers are not asked.
        start = name.parent if qtype == RRType.DS and name != ROOT else name
        zone = next(each for each in start.ancestors() if each in self._servers)
        wire = query(name, qtype, recursive=False, checking_disabled=False)
        for _ in range(_REFERRALS):
            reply, delegation = self._asked(zone, name, wire)
            if delegation is None:
                return reply
            zone = delegation.owner
            self._remember(delegation, reply, nesting)
        raise Unresolvable("too many referrals")

    def _asked(self, zone: Name, name: Name, wire: bytes) -> tuple[Message, Rrset | None]:
        """What the first server that is any good says: an answer, or where to go on."""
        for server in self._servers[zone]:
            try:
                reply = parse(self._ask(server, wire, False))
                if reply.flags & TC:
                    reply = parse(self._ask(server, wire, True))
            except TransportError:
                continue
            if reply.rcode in (Rcode.NOERROR, Rcode.NXDOMAIN):
                if reply.flags & AA:
                    return reply, None
                delegation = _delegation(reply, zone, name)
                if delegation is not None:
                    return reply, delegation
        raise Unresolvable(f"no server of {zone} answers")

    def _remember(self, delegation: Rrset, reply: Message, nesting: int) -> None:
        addresses: list[str] = []
        for rdata in delegation.rdatas:
            name = one_name(rdata)
            for each in reply.additional:
                if each.owner == name and each.rdtype == RRType.A:
                    self._addresses[name] = tuple(map(address, each.rdatas))
            addresses += self._addresses.get(name) or self._sought(name, nesting)
        if not addresses:
            raise Unresolvable(f"no address for the servers of {delegation.owner}")
        if len(self._servers) >= _KEPT:
            self._servers = {ROOT: self._servers[ROOT]}
        self._servers[delegation.owner] = tuple(addresses)

    def _sought(self, name: Name, nesting: int) -> tuple[str, ...]:
        """The addresses of a server that came without glue."""
        if nesting >= _NESTING:
            raise Unresolvable("servers whose names lead to servers, without end")
        found = self._resolved(name, RRType.A, nesting + 1).answer
        self._addresses[name] = tuple(
            address(rdata) for each in found if each.rdtype == RRType.A for rdata in each.rdatas
        )
        return self._addresses[name]


def _delegation(reply: Message, zone: Name, name: Name) -> Rrset | None:
    """The NS RRset that leads further down towards the name; nothing else is a referral."""
    for each in reply.authority:
        leads_down = each.owner.is_under(zone) and each.owner != zone
        if each.rdtype == RRType.NS and leads_down and name.is_under(each.owner):
            return each
    return None


def _taken(found: Message, name: Name, qtype: int, made: Response) -> Name | None:
    """Take over what answers; the alias's target when another server must be asked for it."""
    aliased = False
    for _ in range(_ALIASES):
        here = [each for each in found.answer if each.owner == name]
        wanted = [each for each in here if qtype in (each.rdtype, RRType.ANY)]
        alias = next((each for each in here if each.rdtype == RRType.CNAME), None)
        made.answer.update(dict.fromkeys(wanted or ([alias] if alias else [])))
        if alias is not None:
            # RFC 6672 3.1: a CNAME made from a DNAME is believed for the DNAME's sake, so that
            # comes along, also where the CNAME itself was asked for.
            for each in found.answer:
                if each.rdtype == RRType.DNAME and name != each.owner and name.is_under(each.owner):
                    made.answer[each] = None
        if wanted:
            return None
        if alias is None:
            break
        name, aliased = one_name(alias.rdatas[0]), True
    denied = any(
        each.rdtype == RRType.SOA and name.is_under(each.owner) for each in found.authority
    )
    return name if aliased and not denied else None


def _without_edns(asked: Message) -> Message:
    return Message(id=asked.id, flags=asked.flags & ~CD, question=asked.question)


def _strip(made: Response) -> None:
    for section in (made.answer, made.authority, made.additional):
        for each in [each for each in section if each.rdtype in _DNSSEC]:
            del section[each]
