"""What our own configuration says about one delivery: everything an outcome depends on of ours.

DANE has its say only where three things come together. The mail came in under a mail flow policy
that relays (TechNote 214794: behaviour RELAY verifies, ACCEPT does not), the destination control
asks for it, and the TLS setting is not No, as without TLS there is nothing to authenticate.
"""

from msgspec import Struct

from esashell.config.lookup import Destinations, Routes
from esashell.config.model.destination import DaneSetting, IpPreference, TlsSetting
from esashell.config.model.listeners import Behavior
from esashell.config.model.routes import DEV_NULL, USEDNS, SmtpRoute
from esashell.dane.table import Route

DEFAULT = "Default"


class Settings(Struct, frozen=True):
    """The settings of one delivery. `route` is the SMTP route of the recipient's domain, if any."""

    tls: TlsSetting = TlsSetting.NO
    dane: DaneSetting = DaneSetting.NONE
    route: SmtpRoute | None = None
    behavior: Behavior = Behavior.RELAY
    ip_preference: IpPreference = IpPreference.IPV6_PREFERRED
    digest_agility: bool = True

    @property
    def dane_in_force(self) -> DaneSetting:
        """The DANE setting where it can have a say, else None."""
        if self.tls is TlsSetting.NO or self.behavior is not Behavior.RELAY:
            return DaneSetting.NONE
        return self.dane

    @property
    def way(self) -> Route:
        """How the decision table sees the route."""
        if self.route is None:
            return Route.NONE
        return Route.USEDNS if self.route.destinations == (USEDNS,) else Route.TO_HOST

    @property
    def discards(self) -> bool:
        return self.route is not None and self.route.destinations == (DEV_NULL,)


def settings_for(
    domain: str,
    destinations: Destinations,
    routes: Routes,
    behavior: Behavior = Behavior.RELAY,
    digest_agility: bool = True,
) -> Settings:
    """The settings that hold for mail to a domain."""
    control = destinations.control(domain)
    return Settings(
        control.tls,
        control.dane,
        routes.route(domain),
        behavior,
        control.ip_preference,
        digest_agility,
    )


class Origins(Struct, frozen=True):
    """Which entry of which table each setting is from, by the domain that the entry is for.

    Of the destination controls, the default's is called Default; without a route, `route` is "".
    """

    tls: str
    dane: str
    ip_preference: str
    route: str
    destinations: tuple[str, ...] = ()


def origins(domain: str, destinations: Destinations, routes: Routes) -> Origins:
    """Where `settings_for` has its settings from."""
    entry, route = destinations.entry(domain), routes.entry(domain)

    def of(name: str) -> str:
        return DEFAULT if entry is None or getattr(entry, name) is None else entry.domain

    return Origins(
        of("tls"),
        of("dane"),
        of("ip_preference"),
        route.domain if route else "",
        route.destinations if route else (),
    )
