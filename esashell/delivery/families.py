"""Which of a host's addresses are tried, and first: the destination control's IP preference."""

from esashell.config.model.destination import IpPreference
from esashell.dane.reason import DaneReason, Fault
from esashell.delivery.evidence import Address
from esashell.delivery.hosts import addresses_in
from esashell.resolver.answer import Answer
from esashell.resolver.names import Name
from esashell.resolver.rrtypes import RRType


def preferred(families: tuple[Answer, ...], preference: IpPreference) -> tuple[Address, ...]:
    """The addresses in the order of the destination control; of a required family no others."""
    four = tuple(a for each in families if each.rdtype == RRType.A for a in addresses_in(each))
    six = tuple(a for each in families if each.rdtype == RRType.AAAA for a in addresses_in(each))
    match preference:
        case IpPreference.IPV6_PREFERRED:
            return six + four
        case IpPreference.IPV4_PREFERRED:
            return four + six
        case IpPreference.IPV6_REQUIRED:
            return six
    return four


def no_address(host: Name, families: tuple[Answer, ...]) -> DaneReason:
    """Why there is no address to try."""
    if all(each.denied for each in families):
        return DaneReason(
            "no-address", f"{host} has no address", "RFC 5321 5.1", fault=Fault.THEIRS
        )
    if any(each.found for each in families):
        text = f"{host} has no address of the family that is required"
        return DaneReason("no-address", text, "destconfig", fault=Fault.OURS_BY_CONFIGURATION)
    text = f"the addresses of {host} could not be found out"
    return DaneReason("address-failed", text, "RFC 5321 5.1", fault=Fault.THEIRS)
