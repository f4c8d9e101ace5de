"""`Config`: everything an operator can set, as one immutable tree.

A dialogue is given a `Config` and stages another one; nothing is ever changed in place. That is why
a command needs no lock and no undo, and why two configurations can be compared.
"""

from msgspec import Struct

from esashell.config.model.dnsserver import DnsServer, DnsSettings
from esashell.config.model.network import Interface

# Where a value stands in the tree: fields, and positions in lists from 0.
KeyPath = tuple[str | int, ...]


class Config(Struct, frozen=True, forbid_unknown_fields=True):
    """A whole configuration; the defaults are the factory's."""

    hostname: str = "myesa.local"
    interface: Interface = Interface()
    dns: DnsSettings = DnsSettings()


def factory(*resolvers: str) -> Config:
    """A new appliance, set up with these resolvers, all of the same priority."""
    return Config(dns=DnsSettings(servers=tuple(DnsServer(each) for each in resolvers)))
