"""Where mail for a domain goes: its MX hosts in order, itself, or nowhere (RFC 5321 5.1).

Four ends are told apart, because the sender acts differently on each: there are hosts to try; the
domain says that it takes no mail (RFC 7505); the domain does not exist, a permanent error; or
nobody could tell, and then mail waits. "Could not tell" covers bogus answers as well as silence:
neither says that there is no MX, and treating them so would let an attacker choose the implicit one
(RFC 7672 2.2.1).
"""

from enum import StrEnum

from msgspec import Struct

from esashell.dane.answers import MxState, mx_state
from esashell.dane.applicability import applicability
from esashell.dane.reason import DaneReason, Fault
from esashell.resolver.answer import Answer, Security
from esashell.resolver.lookup import Resolver
from esashell.resolver.names import ROOT, Name
from esashell.resolver.rdata import BadRdata, mx
from esashell.resolver.rrtypes import RRType
from esashell.steps import Steps


class DestinationKind(StrEnum):
    """What the MX look-up says about a domain."""

    MX_HOSTS = "MX hosts"
    IMPLICIT_MX = "implicit MX"
    NULL_MX = "null MX"
    NO_SUCH_DOMAIN = "no such domain"
    NOT_KNOWN = "not known"


class MxHost(Struct, frozen=True):
    """A host to try, and its preference (0 for the domain itself, which has none)."""

    name: Name
    preference: int


class Destination(Struct, frozen=True):
    """The hosts for a domain, best first, and the look-up that they come from.

    The security of the MX step is that of `mx`: for an implicit MX, of the proof that there is no
    MX (RFC 7672 2.2.2 gives such a host the domain's own name).
    """

    domain: Name
    kind: DestinationKind
    mx: Answer
    hosts: tuple[MxHost, ...] = ()

    @property
    def security(self) -> Security:
        return self.mx.security


def find_destination(domain: Name, resolver: Resolver) -> Steps[Destination]:
    """Ask for the MX records of a domain and say where its mail goes."""
    answer = yield from resolver.look_up(domain, RRType.MX)
    return destination(domain, answer)


def destination(domain: Name, answer: Answer) -> Destination:
    """What an MX look-up means for delivery."""
    match mx_state(answer):
        case MxState.NO_DOMAIN:
            return Destination(domain, DestinationKind.NO_SUCH_DOMAIN, answer)
        case MxState.NULL:
            return Destination(domain, DestinationKind.NULL_MX, answer)
        case MxState.FAILED:
            return Destination(domain, DestinationKind.NOT_KNOWN, answer)
    if answer.denied:
        # RFC 5321 5.1: no MX records, but a name that exists: the domain is its own mail exchanger.
        # It stays the host when it is an alias: the look-up of its addresses follows that, and
        # TLSA may be published at either end of it (RFC 7672 2.2.2).
        return Destination(domain, DestinationKind.IMPLICIT_MX, answer, (MxHost(domain, 0),))
    hosts = _hosts(answer)
    kind = DestinationKind.MX_HOSTS if hosts else DestinationKind.NOT_KNOWN
    return Destination(domain, kind, answer, hosts)


def why_not_known(it: Destination) -> DaneReason:
    """Why nobody can tell where the mail of a NOT_KNOWN destination goes."""
    if it.mx.found:
        text = f"no MX record of {it.domain} names a host"
        return DaneReason("no-mx-host", text, "RFC 5321 5.1", fault=Fault.THEIRS)
    return applicability(it.domain, it.domain, it.mx, (), ()).why


def _hosts(answer: Answer) -> tuple[MxHost, ...]:
    """The hosts that the records name, best first."""
    hosts = []
    for rdata in answer.rdatas:
        try:
            record = mx(rdata)
        except BadRdata:
            continue  # one malformed record never costs the others
        # RFC 7505 3: beside other records "." is a mistake and no host.
        if record.exchange != ROOT:
            hosts.append(MxHost(record.exchange, record.preference))
    # Equal preferences are drawn by whoever tries them (`nexthops`), from a seed.
    return tuple(sorted(hosts, key=lambda host: host.preference))
