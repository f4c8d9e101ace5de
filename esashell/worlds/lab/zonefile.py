"""The lab's zones as text, for other people's name servers (RFC 1035 5, RFC 4034 3.2 for dates).

What is written is what the lab serves on that day: every RRset with its signatures, good or spoilt,
and the whole chain of NSEC or NSEC3 records. A server's own misbehaviour (SERVFAIL, silence) is not
in a zone's data and stays behind; so do the domains of patterns, of which the zone above only
knows the delegations.
"""

import base64
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from esashell.resolver.names import ROOT, Name
from esashell.resolver.rdata import Rrsig, rrsig, text
from esashell.resolver.rrtypes import RRType, type_text
from esashell.resolver.wire import Rrset
from esashell.worlds.lab.zones import Zone


def file_name(apex: Name) -> str:
    """What a zone's file is called: its name, without anything a path could trip over."""
    return "root.zone" if apex == ROOT else str(apex).replace("/", "\\057") + ".zone"


def zone_lines(zone: Zone) -> Iterator[str]:
    """The zone, one record a line, the SOA record first."""
    for rrset in _contents(zone):
        owner = _dotted(rrset.owner)
        for rdata in rrset.rdatas:
            yield f"{owner} {rrset.ttl} IN {type_text(rrset.rdtype)} {text(rrset.rdtype, rdata)}"
        for rdata in rrset.signatures:
            yield f"{owner} {rrset.ttl} IN RRSIG {_rrsig_text(rrsig(rdata))}"


def _contents(zone: Zone) -> Iterator[Rrset]:
    glue: dict[Rrset, None] = {}
    for owner in zone.owners():
        # The apex comes first among the owners, and a server wants SOA before all else.
        for rdtype in sorted(zone.types(owner), key=lambda each: (each != RRType.SOA, each)):
            if rrset := zone.rrset(owner, rdtype):
                yield rrset
        if owner != zone.apex and zone.cut_above(owner) == owner:
            glue.update((each, None) for each in zone.glue(owner) if zone.cut_above(each.owner))
    yield from glue
    if zone.spec.signed:
        yield from zone.denial.all()


def _dotted(name: Name) -> str:
    return "." if name == ROOT else f"{name}."


def _rrsig_text(it: Rrsig) -> str:
    """A signature with its dates as dates; not every server reads them as numbers."""
    until, since = (
        datetime.fromtimestamp(each, UTC).strftime("%Y%m%d%H%M%S")
        for each in (it.expiration, it.inception)
    )
    signature = base64.b64encode(it.signature).decode()
    return (
        f"{type_text(it.type_covered)} {it.algorithm} {it.labels} {it.original_ttl} "
        f"{until} {since} {it.key_tag} {_dotted(it.signer)} {signature}"
    )


def nsd_configuration(apexes: Iterable[Name], folder: str) -> str:
    """The part of an nsd.conf that serves these zones' files (nsd.conf(5))."""
    return "\n".join(
        f'zone:\n    name: "{_dotted(apex)}"\n    zonefile: "{folder}/{file_name(apex)}"\n'
        for apex in apexes
    )
