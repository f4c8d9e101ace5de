"""`Config`: everything an operator can set, as one immutable tree.

A dialogue is given a `Config` and stages another one; nothing is ever changed in place. That is why
a command needs no lock and no undo, and why two configurations can be compared.
"""

from msgspec import Struct

from esashell.config.model.bounce import BounceSettings
from esashell.config.model.certificates import AuthoritySettings, CertificateProfile
from esashell.config.model.delivery import DeliverySettings
from esashell.config.model.destination import DestinationControls
from esashell.config.model.dnsserver import DnsServer, DnsSettings
from esashell.config.model.listeners import Listener, ReceivingSettings
from esashell.config.model.logs import LogSettings
from esashell.config.model.network import Interface, InterfaceGroup
from esashell.config.model.routes import SmtpRoute
from esashell.config.model.security import SslSettings

# Where a value stands in the tree: fields, and positions in lists from 0.
KeyPath = tuple[str | int, ...]


class Config(Struct, frozen=True, forbid_unknown_fields=True):
    """A whole configuration; the defaults are the factory's."""

    hostname: str = "myesa.local"
    timezone: str = "GMT"
    interfaces: tuple[Interface, ...] = (Interface(),)
    dns: DnsSettings = DnsSettings()
    destinations: DestinationControls = DestinationControls()
    smtp_routes: tuple[SmtpRoute, ...] = ()
    bounces: BounceSettings = BounceSettings()
    delivery: DeliverySettings = DeliverySettings()
    receiving: ReceivingSettings = ReceivingSettings()
    listeners: tuple[Listener, ...] = ()
    logs: LogSettings = LogSettings()
    ssl: SslSettings = SslSettings()
    certificates: tuple[CertificateProfile, ...] = ()
    authorities: AuthoritySettings = AuthoritySettings()
    interface_groups: tuple[InterfaceGroup, ...] = ()


def factory(*resolvers: str) -> Config:
    """A new appliance, set up with these resolvers, all of the same priority."""
    return Config(dns=DnsSettings(servers=tuple(DnsServer(each) for each in resolvers)))
