"""An authoritative server: one query message in, one response message out.

It answers as nsd or knot would: what a zone has, with signatures when the DO bit asks for them
(RFC 4035 3.1); a wildcard's records under the name asked for, with the proof that this name is not
there; referrals with DS, or with the proof that there is none; denials with the zone's SOA. An
alias is followed inside its zone only. ANY is answered with all that the name has, and RRSIG with
all its signatures. Queries that are none are `transaction`'s affair.

Several zones may live on one server; the deepest that holds the name answers, except that a
question for DS goes to the zone above the cut (RFC 4035 3.1.4.1).
"""

from esashell.resolver.names import Name
from esashell.resolver.rdata import one_name
from esashell.resolver.rrtypes import Rcode, RRType
from esashell.resolver.wire import AA, PAYLOAD, Message, Rrset
from esashell.worlds.lab.faults import Mishap
from esashell.worlds.lab.transaction import Response, failure, replied, reply_to
from esashell.worlds.lab.zones import Catalogue, Zone

_ALIASES = 8


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
        return replied(wire, tcp, self._answered)

    def _answered(self, query: Message) -> Message | None:
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
    if qtype in (RRType.ANY, RRType.RRSIG):
        every = [each for rdtype in sorted(types) if (each := zone.rrset(owner, rdtype))]
        every += _own_nsec(zone, owner)
        return every if qtype == RRType.ANY else _signatures(every)
    if qtype in types:
        wanted = qtype
    elif qtype == RRType.NSEC and (own := _own_nsec(zone, owner)):
        # RFC 4035 2.5: NSEC and RRSIG stand beside an alias, which does not speak for them.
        return own
    else:
        wanted = RRType.CNAME if RRType.CNAME in types else 0
    found = zone.rrset(owner, wanted) if wanted else None
    return [found] if found is not None else []


def _own_nsec(zone: Zone, owner: Name) -> list[Rrset]:
    """The name's NSEC record. An NSEC3 record has a name of its own, which no question finds."""
    if not zone.types(owner) or not zone.spec.signed:
        return []
    return [each for each in zone.denial.no_data(owner) if each.rdtype == RRType.NSEC]


def _signatures(rrsets: list[Rrset]) -> list[Rrset]:
    """The RRSIG records at a name as an answer of their own: all of them (RFC 4035 2.2)."""
    every = tuple(each for rrset in rrsets for each in rrset.signatures)
    if not every:
        return []
    ttl = min(each.ttl for each in rrsets if each.signatures)
    return [Rrset(rrsets[0].owner, RRType.RRSIG, ttl, every)]


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
