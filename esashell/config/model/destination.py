"""Destination controls (`destconfig`): how mail for a domain is delivered, and how protected.

The table has one entry that always exists, the default, and any number for domains of their own. A
setting that a domain's entry leaves out, None here, is the default's. An entry's domain begins with
a dot when it stands for the sub-domains: `.example.com` is for every name below `example.com`.

The DANE setting is judged together with the TLS setting: without TLS there is nothing that DANE
could authenticate.
"""

from enum import StrEnum

from msgspec import Struct

# The least and the most that a limit can be.
CONCURRENCY = (1, 1000)
MESSAGES = (1, 1000)
RECIPIENTS = (0, 1_000_000_000)
MINUTES = (1, 60)


class IpPreference(StrEnum):
    """Which addresses of a host are tried, and which first."""

    IPV6_PREFERRED = "IPv6 Preferred"
    IPV6_REQUIRED = "IPv6 Required"
    IPV4_PREFERRED = "IPv4 Preferred"
    IPV4_REQUIRED = "IPv4 Required"


class TlsSetting(StrEnum):
    """How much TLS a delivery asks for; the values are the menu's."""

    NO = "No"
    PREFERRED = "Preferred"
    REQUIRED = "Required"
    PREFERRED_VERIFY = "Preferred - Verify"
    REQUIRED_VERIFY = "Required - Verify"
    REQUIRED_VERIFY_HOSTED = "Required - Verify Hosted Domains"


class DaneSetting(StrEnum):
    """What DANE is allowed to decide (AsyncOS 12.0 and later)."""

    NONE = "None"
    OPPORTUNISTIC = "Opportunistic"
    MANDATORY = "Mandatory"


class LimitScope(StrEnum):
    """What one set of limits is counted for."""

    DOMAIN = "domain"
    MX_ADDRESS = "MX address"


class Enforcement(StrEnum):
    """Whether all virtual gateways share the limits or each has its own."""

    SYSTEM = "system"
    VIRTUAL_GATEWAY = "virtual gateway"


class DefaultControl(Struct, frozen=True, forbid_unknown_fields=True):
    """The settings of every domain that does not say otherwise.

    `recipient_limit` is recipients in `recipient_minutes` minutes (1 to 60); 0 is no limit.
    """

    ip_preference: IpPreference = IpPreference.IPV6_PREFERRED
    concurrency: int = 500
    messages_per_connection: int = 50
    recipient_limit: int = 0
    recipient_minutes: int = 60
    limit_scope: LimitScope = LimitScope.DOMAIN
    enforcement: Enforcement = Enforcement.SYSTEM
    tls: TlsSetting = TlsSetting.NO
    dane: DaneSetting = DaneSetting.NONE
    bounce_verification: bool = False
    bounce_profile: str = "Default"


class DestinationControl(Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """The entry of one domain, or of the sub-domains of one; None is the default's value."""

    domain: str
    ip_preference: IpPreference | None = None
    concurrency: int | None = None
    messages_per_connection: int | None = None
    recipient_limit: int | None = None
    recipient_minutes: int | None = None
    limit_scope: LimitScope | None = None
    enforcement: Enforcement | None = None
    tls: TlsSetting | None = None
    dane: DaneSetting | None = None
    bounce_verification: bool | None = None
    bounce_profile: str | None = None


class DestinationControls(Struct, frozen=True, forbid_unknown_fields=True):
    """The table, and what holds for all of it.

    `certificate` is the profile of our own certificate in outgoing TLS; `alert` is whether a
    warning is sent when a required TLS connection fails.
    """

    default: DefaultControl = DefaultControl()
    certificate: str = "Demo"
    alert: bool = False
    entries: tuple[DestinationControl, ...] = ()
