"""An authoritative server: one query message in, one response message out.

It answers as nsd or knot would: what a zone has, with signatures when the DO bit asks for them
(RFC 4035 3.1); a wildcard's records under the name asked for, with the proof that this name is not
there; referrals with DS, or with the proof that there is none; denials with the zone's SOA. An
alias is followed inside its zone only. Too much for the client's buffer is an empty answer with
TC set, and the client comes back over TCP.

Several zones may live on one server; the deepest that holds the name answers, except that a
question for DS goes to the zone above the cut (RFC 4035 3.1.4.1).
"""

from collections.abc import Iterable

from esashell.resolver.names import Name
from esashell.resolver.rdata import one_name
from esashell.resolver.rrtypes import Rcode, RRType
from esashell.resolver.wire import (
    AA,
    CD,
    PAYLOAD,
    QR,
    RD,
    BadMessage,
    Message,
    Rrset,
    encode,
    parse,
)
from esashell.worlds.lab.faults import Mishap
from esashell.worlds.lab.zones import Catalogue, Zone

_ALIASES = 8
_OPCODE = 0x7800
_BARE_UDP = 512  # RFC 1035 2.3.4, for clients without EDNS


class Response:
    """A response in the making."""

    def __init__(self) -> None:
        self.rcode: int = Rcode.NOERROR
        self.authoritative = True
        self.answer: dict[Rrset, None] = {}
        self.authority: dict[Rrset, None] = {}
        self.additional: dict[Rrset, None] = {}


def reply_to(query: Message, made: Response, *, flags: int, payload: int) -> Message:
    """The message that carries this response back; without DO its DNSSEC records stay behind."""
    wanted = query.question[0][1] if query.question else 0
    sections = [
        tuple(_without_dnssec(section, wanted, query.dnssec_ok))
        for section in (made.answer, made.authority, made.additional)
    ]
    return Message(
        id=query.id,
        flags=QR | flags | (query.flags & (RD | CD | _OPCODE)),
        rcode=made.rcode,
        question=query.question,
        answer=sections[0],
        authority=sections[1],
        additional=sections[2],
        payload=payload,
        dnssec_ok=query.dnssec_ok,
    )


_PROOFS = frozenset((RRType.NSEC, RRType.NSEC3))


def _without_dnssec(rrsets: Iterable[Rrset], wanted: int, dnssec_ok: bool) -> Iterable[Rrset]:
    """RFC 3225 3: without DO, no DNSSEC record that was not asked for by its type."""
    for each in rrsets:
        if dnssec_ok:
            yield each
        elif each.rdtype == wanted or each.rdtype not in _PROOFS | {RRType.DS, RRType.RRSIG}:
            yield Rrset(each.owner, each.rdtype, each.ttl, each.rdatas)


def encoded(message: Message, query: Message, tcp: bool) -> bytes:
    """The message as the client's transport takes it, truncated if need be."""
    return encode(message, 65535 if tcp else max(query.payload, _BARE_UDP))


def failure(query: Message, rcode: int, payload: int = PAYLOAD) -> Message:
    """A response that only says that there is none."""
    made = Response()
    made.rcode = rcode
    return reply_to(query, made, flags=0, payload=payload if query.payload else 0)


class Authority:
    """The server at one address, for every zone whose `servers` group it belongs to."""

    def __init__(self, name: Name, groups: frozenset[str], catalogue: Catalogue) -> None:
        self.name = name
        self._groups = groups
        self._catalogue = catalogue
        self.queries = 0

    def answer(self, wire: bytes, *, tcp: bool = False) -> bytes | None:
        """The response to a query; None when the server stays silent."""
        self.queries += 1
        try:
            query = parse(wire)
        except BadMessage:
            # Something with an ID can be told that it is malformed; the rest is noise.
            ident = int.from_bytes(wire[:2], "big")
            return encode(Message(id=ident, flags=QR, rcode=Rcode.FORMERR)) if wire[2:] else None
        if query.flags & QR:
            return None
        answered = self._answered(query)
        return None if answered is None else encoded(answered, query, tcp)

    def _answered(self, query: Message) -> Message | None:
        if query.flags & _OPCODE:
            return failure(query, Rcode.NOTIMP)
        if len(query.question) != 1:
            return failure(query, Rcode.FORMERR)
        qname, qtype = query.question[0]
        zone = self._zone_for(qname, qtype)
        if zone is None:
            return failure(query, Rcode.REFUSED)
        match zone.faults.mishap(qname, qtype):
            case Mishap.TIMEOUT:
                return None
            case Mishap.SERVFAIL:
                return failure(query, Rcode.SERVFAIL)
            case Mishap.REFUSED:
                return failure(query, Rcode.REFUSED)
        made = respond(zone, qname, qtype)
        flags = AA if made.authoritative else 0
        return reply_to(query, made, flags=flags, payload=PAYLOAD if query.payload else 0)

    def _zone_for(self, qname: Name, qtype: int) -> Zone | None:
        below = None
        for each in qname.ancestors():
            spec = self._catalogue.spec(each)
            if spec is None or spec.servers not in self._groups:
                continue
            if each == qname and qtype == RRType.DS and len(each) > 1:
                # Kept for a server that has the child alone: it can only deny the DS itself.
                below = each
                continue
            return self._catalogue.zone(each)
        return self._catalogue.zone(below) if below is not None else None


def respond(zone: Zone, qname: Name, qtype: int) -> Response:
    """What this zone says to this question, DNSSEC records and all."""
    made = Response()
    name = qname
    for _ in range(_ALIASES):
        cut = zone.cut_above(name)
        if cut is not None and not (cut == name and qtype == RRType.DS):
            _refer(zone, cut, made)
            break
        subtree = zone.dname_above(name)
        if subtree is not None:
            target = _redirect(subtree, name, made)
        else:
            target = _look_in(zone, name, qtype, made)
        if target is None or not target.is_under(zone.apex):
            break
        name = target
    return made


def _refer(zone: Zone, cut: Name, made: Response) -> None:
    """A referral; behind an alias it is left to the client, which asks for the target itself."""
    if made.answer:
        return
    made.authoritative = False
    delegation = zone.rrset(cut, RRType.NS)
    assert delegation is not None
    made.authority[delegation] = None
    if zone.spec.signed:
        ds = zone.rrset(cut, RRType.DS)
        if ds is not None:
            made.authority[ds] = None
        elif not zone.faults.withholds_proof(cut, RRType.DS):
            made.authority.update(dict.fromkeys(zone.denial.no_data(cut)))
    made.additional.update(dict.fromkeys(zone.glue(cut)))


def _redirect(dname: Rrset, name: Name, made: Response) -> Name | None:
    """A DNAME and the CNAME made from it, which nobody signs (RFC 6672 3.1); its target."""
    made.answer[dname] = None
    own = name[: len(name) - len(dname.owner)]
    target = Name(own + one_name(dname.rdatas[0]))
    if len(target) > 255:
        made.rcode = Rcode.YXDOMAIN
        return None
    made.answer[Rrset(name, RRType.CNAME, dname.ttl, (target,))] = None
    return target


def _look_in(zone: Zone, name: Name, qtype: int, made: Response) -> Name | None:
    """Answer for one name, which lies in the zone; the target when it is an alias."""
    proved = zone.spec.signed and not zone.faults.withholds_proof(name, qtype)
    source = name
    if not zone.exists(name):
        source = zone.closest_encloser(name).prepend(b"*")
        if not zone.exists(source):
            made.rcode = Rcode.NXDOMAIN
            _deny(zone, made, zone.denial.name_error(name) if proved else [])
            return None
    found = _matching(zone, source, qtype)
    if found:
        for each in found:
            made.answer[each if source == name else _under(each, name)] = None
        if source != name and proved:
            made.authority.update(dict.fromkeys(zone.denial.wildcard(name)))
        return _target(found, qtype)
    proof: list[Rrset] = []
    if proved:
        proof = zone.denial.no_data(name) if source == name else zone.denial.wildcard_no_data(name)
    _deny(zone, made, proof)
    return None


def _matching(zone: Zone, owner: Name, qtype: int) -> list[Rrset]:
    """The RRsets at this owner that answer the question; an alias stands for every other type."""
    types = zone.types(owner)
    if qtype == RRType.ANY:
        wanted = sorted(types)
    elif qtype in types:
        wanted = [qtype]
    elif RRType.CNAME in types:
        wanted = [RRType.CNAME]
    elif qtype == RRType.NSEC and types and zone.spec.signed:
        return [each for each in zone.denial.no_data(owner) if each.rdtype == RRType.NSEC]
    else:
        wanted = []
    return [each for rdtype in wanted if (each := zone.rrset(owner, rdtype))]


def _target(found: list[Rrset], qtype: int) -> Name | None:
    if qtype in (RRType.CNAME, RRType.ANY) or found[0].rdtype != RRType.CNAME:
        return None
    return one_name(found[0].rdatas[0])


def _under(rrset: Rrset, name: Name) -> Rrset:
    """A wildcard's RRset under the name asked for (RFC 4035 3.1.3.3); its signatures stay."""
    return Rrset(name, rrset.rdtype, rrset.ttl, rrset.rdatas, rrset.signatures)


def _deny(zone: Zone, made: Response, proof: list[Rrset]) -> None:
    soa = zone.rrset(zone.apex, RRType.SOA)
    assert soa is not None
    made.authority[soa] = None
    made.authority.update(dict.fromkeys(proof))
