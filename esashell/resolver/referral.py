"""What a zone's server may say, and where its words lead: bailiwick, referrals, lameness.

The zone that a server was asked *as* bounds what it may say. Records of names outside are dropped,
and so is a name error for a name that an alias leads out to. Signatures are bounded as well: below
a cut the parent's signatures do not count (RFC 4035 5.3.1), so a server that was reached by a
referral cannot bring any along. A referral must lead down from the zone and towards the name;
addresses are taken for the servers it names and from within the bailiwick only.

Everything here is a function of one message. None of it is about trust: a forged referral leads to
answers that do not validate.
"""

from msgspec import Struct, structs

from esashell.resolver import rdata as rd
from esashell.resolver.names import Name
from esashell.resolver.reading import reading
from esashell.resolver.rrtypes import Rcode, RRType
from esashell.resolver.wire import Message, Rrset


class Delegation(Struct, frozen=True):
    """A zone's servers: addresses that are known, and names whose address must be asked for.

    `told` is whose word this is: an address, or "" for the configuration. `glued` are the names of
    the servers whose addresses came along.
    """

    zone: Name
    addresses: tuple[str, ...]
    names: tuple[Name, ...] = ()
    told: str = ""
    glued: tuple[Name, ...] = ()


class Referral(Struct, frozen=True):
    """Where a message leads, and for how many seconds that counts.

    `glue` are the address records that came with it. `ds` is what the message says of the child's
    DS records, signed, in the form of the answer to a question for them; None if it says nothing.
    """

    delegation: Delegation
    ttl: int
    glue: tuple[Rrset, ...]
    ds: Message | None


def addresses(rrset: Rrset) -> list[str]:
    """The addresses in A or AAAA records that can be read."""
    found = []
    for each in rrset.rdatas:
        try:
            found.append(rd.address(each))
        except rd.BadRdata:
            continue
    return found


def in_bailiwick(
    message: Message, zone: Name, qname: Name, rdtype: int, *, referred: bool
) -> Message:
    """The message without what the zone's servers have no say about.

    `referred` means that the zone is known to begin where it does, by its parent's referral. The
    servers of a domain that an operator named may well speak for a part of a larger zone.
    """
    path = reading(message, qname, rdtype, len(message.answer))
    inside = path.name.is_under(zone)

    def kept(section: tuple[Rrset, ...]) -> tuple[Rrset, ...]:
        own = (e for e in section if e.owner.is_under(zone) or (not referred and _denies(e)))
        return tuple(_signed_inside(each, zone) if referred else each for each in own)

    return structs.replace(
        message,
        rcode=message.rcode if inside else Rcode.NOERROR.value,
        answer=kept(message.answer),
        authority=kept(message.authority),
        additional=kept(message.additional),
    )


def _denies(rrset: Rrset) -> bool:
    """Whether it says what there is not; of a larger zone, its owner lies anywhere in that."""
    return rrset.rdtype in (RRType.NSEC, RRType.NSEC3, RRType.SOA)


def _signed_inside(rrset: Rrset, zone: Name) -> Rrset:
    kept = tuple(each for each in rrset.signatures if _may_sign(each, zone))
    return rrset if kept == rrset.signatures else structs.replace(rrset, signatures=kept)


def _may_sign(signature: bytes, zone: Name) -> bool:
    try:
        return rd.rrsig(signature).signer.is_under(zone)
    except rd.BadRdata:
        return True  # kept for the evidence; it proves nothing


def lame(message: Message, kept: Message, zone: Name, qname: Name, rdtype: int) -> bool:
    """Whether the server neither answers nor leads any further, but back up or sideways.

    `kept` is what the bailiwick leaves of the message; what it does not leave still tells.
    """
    if _answers(kept, qname, rdtype) or _servers(kept, zone, qname) is not None:
        return False
    return any(each.rdtype == RRType.NS for each in message.authority)


def referral(message: Message, zone: Name, qname: Name, rdtype: int, told: str) -> Referral | None:
    """Where the message leads; None when it is an answer."""
    if _answers(message, qname, rdtype):
        return None
    servers = _servers(message, zone, qname)
    if servers is None:
        return None
    names = []
    for each in servers.rdatas:
        try:
            names.append(rd.one_name(each))
        except rd.BadRdata:
            continue
    glue = tuple(
        each
        for kind in (RRType.A, RRType.AAAA)
        for each in message.additional
        if each.rdtype == kind and each.owner in names
    )
    known = tuple(dict.fromkeys(each.owner for each in glue))
    delegation = Delegation(
        servers.owner,
        tuple(dict.fromkeys(text for each in glue for text in addresses(each))),
        tuple(each for each in dict.fromkeys(names) if each not in known),
        told,
        known,
    )
    # A referral is no better than the least of what it is made of (RFC 2181 5.4.1).
    ttl = min([servers.ttl, *(each.ttl for each in glue)])
    return Referral(delegation, ttl, glue, _ds(message, servers.owner))


def _ds(message: Message, child: Name) -> Message | None:
    """The DS records in a referral, or the proof that there are none, as an answer of their own."""
    ds = [e for e in message.authority if (e.owner, e.rdtype) == (child, RRType.DS)]
    denial = [e for e in message.authority if e.rdtype in (RRType.NSEC, RRType.NSEC3)]
    kept = tuple(each for each in ds or denial if each.signatures)
    if not kept:
        return None
    return Message(
        flags=message.flags,
        question=((child, RRType.DS),),
        answer=kept if ds else (),
        authority=() if ds else kept,
    )


def _servers(message: Message, zone: Name, qname: Name) -> Rrset | None:
    """The NS records of a referral that leads down from the zone and towards the name."""
    return next(
        (
            each
            for each in message.authority
            if each.rdtype == RRType.NS
            and each.owner != zone
            and each.owner.is_under(zone)
            and qname.is_under(each.owner)
        ),
        None,
    )


def _answers(message: Message, qname: Name, rdtype: int) -> bool:
    """Whether the message speaks about the name itself, and does not merely refer."""
    path = reading(message, qname, rdtype, 0)
    if path.rrsets or path.aliases or path.fault or message.rcode == Rcode.NXDOMAIN:
        return True
    return any(each.rdtype == RRType.SOA for each in message.authority)
