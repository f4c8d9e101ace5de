"""SMTP routes (`smtproutes`): where mail for a domain goes instead of where its MX records say.

A route's domain is a name, a name with a dot in front that stands for the sub-domains, or `ALL`.
Its destinations are kept as the appliance shows them:

    relay.example.com               a host name: its MX records, then its address
    [relay.example.com]             its address, MX records or not
    192.0.2.25, 2001:db8::25        an address
    relay.example.com:2525/pri=10   with a port, with a priority (0 first, to 65535)
    USEDNS                          by itself: the domain's own MX records, as without a route
    /dev/null                       by itself: the mail is discarded
"""

import re
from ipaddress import ip_address

from msgspec import Struct

USEDNS = "USEDNS"
DEV_NULL = "/dev/null"
ALL = "ALL"
SMTP = 25
MOST_ROUTES = 40_000
MOST_DESTINATIONS = 100


class SmtpRoute(Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """One route; the destinations in the order of their priorities."""

    domain: str
    destinations: tuple[str, ...]


class RouteHost(Struct, frozen=True):
    """One destination that is a machine.

    `bracketed` asks for the host's address even where it has MX records; for a host that is
    written as an address it says nothing. Mail goes to the hosts of the best priority, 0 first.
    """

    host: str
    port: int = SMTP
    priority: int = 0
    bracketed: bool = False

    @property
    def is_address(self) -> bool:
        return _version(self.host) != 0

    def __str__(self) -> str:
        named = self.port != SMTP
        # Between an IPv6 address and a port only brackets tell which colon is which.
        host = f"[{self.host}]" if self.bracketed or (named and ":" in self.host) else self.host
        priority = f"/pri={self.priority}" if self.priority else ""
        return f"{host}{f':{self.port}' if named else ''}{priority}"


def route_host(text: str) -> RouteHost:
    """What a destination says; raises `ValueError` with the end of a sentence.

    The host itself is judged only as far as it has to be to find its end.
    """
    rest, sign, written = text.partition("/")
    priority = 0
    if sign:
        if not written.lower().startswith("pri="):
            raise ValueError("has something behind a slash that is not pri=NUMBER")
        priority = _number(written[4:], 0, "a priority")
    if rest.startswith("["):
        host, end, port = rest[1:].partition("]")
        if not end or (port and not port.startswith(":")):
            raise ValueError("has a bracket that is not closed, or more behind it")
        number = _number(port[1:], 1, "a port") if port else SMTP
        return RouteHost(_usual(host), number, priority, bracketed=not _version(host))
    if _version(rest) == 6:
        return RouteHost(_usual(rest), SMTP, priority)
    host, colon, port = rest.partition(":")
    return RouteHost(_usual(host), _number(port, 1, "a port") if colon else SMTP, priority)


def _usual(host: str) -> str:
    return str(ip_address(host)) if _version(host) else host.lower().removesuffix(".")


def _version(text: str) -> int:
    """4 or 6 for an address, 0 for anything else."""
    if ":" not in text and not text[-1:].isdigit():
        return 0  # almost all there are: refusing them below takes ten times as long
    try:
        return 0 if "%" in text else ip_address(text).version
    except ValueError:
        return 0


def _number(text: str, lowest: int, called: str) -> int:
    if re.fullmatch(r"[0-9]{1,5}", text) and lowest <= int(text) <= 65535:
        return int(text)
    raise ValueError(f"has {called} that is not a number from {lowest} to 65535")
