"""Configurations for property tests: good ones, and such as only a hostile hand would write."""

import ipaddress

from hypothesis import strategies as st
from msgspec.structs import replace

from esashell.config.model.bounce import DEFAULT, BounceProfile, BounceSettings
from esashell.config.model.certificates import AuthoritySettings, CertificateProfile
from esashell.config.model.delivery import DeliverySettings
from esashell.config.model.destination import (
    DaneSetting,
    DefaultControl,
    DestinationControl,
    DestinationControls,
    Enforcement,
    IpPreference,
    LimitScope,
    TlsSetting,
)
from esashell.config.model.dnsserver import (
    AlternateDomain,
    AlternateServer,
    DnsServer,
    DnsSettings,
)
from esashell.config.model.listeners import (
    Behavior,
    Listener,
    ListenerType,
    MailFlowPolicy,
    PolicyParameters,
    ReceivingSettings,
    ReceivingTls,
    RecipientAccess,
    SenderGroup,
)
from esashell.config.model.logs import LogLevel, LogSettings, LogSubscription, LogType
from esashell.config.model.network import Interface, InterfaceGroup
from esashell.config.model.routes import ALL, DEV_NULL, USEDNS, RouteHost, SmtpRoute
from esashell.config.model.security import METHODS, SslSettings, SslSide
from esashell.config.tree import Config

NUMBERS = st.integers(0, 2**31 - 1)

# Made so that nothing has to be thrown away: drawing is most of what these tests cost.
_LABELS = st.text("az09", min_size=1, max_size=6) | st.sampled_from(["x--y", "xn--exmple-cua"])
host_names = st.builds(
    lambda labels, top: ".".join([*labels, top]),
    st.lists(_LABELS, max_size=4),
    st.sampled_from(["example", "local", "a", "x0"]),
)
addresses = st.one_of(
    # The unicast addresses: from 0.0.0.1 to below 224.0.0.0, from :: exclusive to below ff00::.
    st.integers(1, 0xDFFFFFFF).map(lambda n: str(ipaddress.IPv4Address(n))),
    st.integers(1, 0xFF << 120).map(lambda n: str(ipaddress.IPv6Address(n - 1 or 1))),
)
interface_names = st.text(
    st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=20
) | st.sampled_from(["Data 1", " padded "])

good_servers = st.lists(
    st.builds(DnsServer, addresses, NUMBERS), max_size=5, unique_by=lambda server: server.address
).map(tuple)

_good_alternates = st.lists(
    st.builds(
        AlternateDomain,
        host_names,
        st.lists(
            st.builds(AlternateServer, addresses, st.just("") | host_names),
            min_size=1,
            max_size=3,
            unique_by=lambda server: server.address,
        ).map(tuple),
        st.booleans(),
    ),
    max_size=3,
    unique_by=lambda each: each.domain,
).map(tuple)


def maybe(strategy):
    return st.none() | strategy


def rows(strategy, key, most=3, least=0):
    """A list of records, no two with one key."""
    unique = st.lists(
        strategy, min_size=least, max_size=most, unique_by=lambda each: getattr(each, key).lower()
    )
    return unique.map(tuple)


def settings(wrap):
    """The fields that a destination's entry and the default have in common."""
    return {
        "ip_preference": wrap(st.sampled_from(IpPreference)),
        "concurrency": wrap(st.integers(1, 1000)),
        "messages_per_connection": wrap(st.integers(1, 1000)),
        "recipient_limit": wrap(st.integers(0, 1_000_000_000)),
        "recipient_minutes": wrap(st.integers(1, 60)),
        "limit_scope": wrap(st.sampled_from(LimitScope)),
        "enforcement": wrap(st.sampled_from(Enforcement)),
        "tls": wrap(st.sampled_from(TlsSetting)),
        "dane": wrap(st.sampled_from(DaneSetting)),
        "bounce_verification": wrap(st.booleans()),
        "bounce_profile": wrap(st.sampled_from(["Default", "slow"])),
    }


patterns = host_names | host_names.map(lambda name: f".{name}")
route_hosts = st.builds(
    RouteHost, host_names | addresses, st.integers(1, 65535), st.integers(0, 65535)
)
good_routes = rows(
    st.builds(
        SmtpRoute,
        patterns | st.just(ALL),
        st.sampled_from([(USEDNS,), (DEV_NULL,)])
        | st.lists(route_hosts.map(str), min_size=1, max_size=3, unique=True).map(tuple),
    ),
    "domain",
)
good_destinations = st.builds(
    DestinationControls,
    st.builds(DefaultControl, **settings(lambda strategy: strategy)),
    alert=st.booleans(),
    entries=rows(st.builds(DestinationControl, domain=patterns, **settings(maybe)), "domain"),
)
_SLOW = st.builds(
    BounceProfile,
    st.just("slow"),
    NUMBERS,
    NUMBERS,
    st.integers(1, 60),
    st.integers(60, 3600),
    *[maybe(st.booleans())] * 2,
    interface_names,
    maybe(st.booleans()),
    st.integers(1, 9999),
    NUMBERS,
    st.just("") | interface_names,
    maybe(st.booleans()),
)
good_bounces = st.builds(
    BounceSettings,
    st.booleans(),
    _SLOW.flatmap(lambda slow: st.permutations([DEFAULT, slow])),
    NUMBERS,
).map(lambda found: replace(found, profiles=tuple(found.profiles)))

_FILE_NAMES = st.text("az09", min_size=1, max_size=6)
good_logs = st.builds(
    LogSettings,
    st.integers(1, 3600),
    *[st.booleans()] * 3,
    st.lists(st.sampled_from(["From", "X-Test", "!"]), max_size=2).map(tuple),
    rows(
        st.builds(
            LogSubscription,
            _FILE_NAMES,
            st.sampled_from(LogType),
            _FILE_NAMES,
            st.sampled_from(LogLevel),
            st.integers(1024, 2**31 - 1),
            st.integers(1, 99),
            NUMBERS,
            NUMBERS,
        ),
        "name",
    ),
)
_COUNTS = st.integers(1, 2**31 - 1)
_PARAMETERS = {
    "max_messages_per_session": _COUNTS,
    "max_concurrency": _COUNTS,
    "max_recipients_per_message": _COUNTS,
    "max_recipients_per_hour": st.integers(-1, 2**31 - 1),
    "max_message_size": _COUNTS,
    "tls": st.sampled_from(ReceivingTls),
    "dhap_limit": NUMBERS,
    "use_senderbase": st.booleans(),
    "spam_check": st.booleans(),
    "virus_check": st.booleans(),
}
_POLICIES = rows(
    st.builds(
        MailFlowPolicy,
        st.sampled_from(["ACCEPTED", "BLOCKED", "T"]),
        st.sampled_from(Behavior),
        **{field: maybe(strategy) for field, strategy in _PARAMETERS.items()},
        others=st.sampled_from([(), ('smtp_banner_text = "hello = you"', "a = 1")]),
    ),
    "name",
    least=1,
)
_SENDERS = st.lists(
    st.sampled_from(
        ["10.0.0.", "192.0.2.1-9", ".example.com", "sbrs[-1:2]", "2001:db8::/32", "a.example (b c)"]
    ),
    unique=True,
).map(tuple)
_SINGLE = st.sampled_from(["192.0.2.99", ".spam.example", "2001:db8::"])


def _listener(name, kind, port, policies, senders, single, comment, recipients):  # noqa: PLR0917
    groups = (SenderGroup(f"{each.name}LIST", each.name, senders, comment) for each in policies)
    sender_groups = (
        *groups,
        SenderGroup(single, "TCPREFUSE", comment=comment, single=True),
        SenderGroup("ALL", policies[0].name, single=True),
    )
    table = recipients if kind is ListenerType.PUBLIC else ()
    return Listener(
        name, kind, port=port, policies=policies, sender_groups=sender_groups, recipients=table
    )


good_listeners = st.lists(
    st.builds(
        _listener,
        interface_names,
        st.sampled_from(ListenerType),
        st.integers(1, 65535),
        _POLICIES,
        _SENDERS,
        _SINGLE,
        st.just("") | interface_names.map(str.strip),
        rows(
            st.builds(
                RecipientAccess,
                patterns | st.sampled_from(["postmaster@", "a@b.example", "[192.0.2.1]"]),
                st.booleans(),
                st.sampled_from(["", "550 No such user"]),
                st.booleans(),
            ),
            "address",
        ).map(lambda found: (*found, RecipientAccess("ALL", accept=False))),
    ),
    max_size=2,
    unique_by=(lambda each: each.name.lower(), lambda each: each.port),
).map(tuple)
good_receiving = st.builds(ReceivingSettings, *[_COUNTS] * 6, st.booleans())
_SIDES = st.builds(
    SslSide,
    st.sampled_from([METHODS[3:], METHODS[1:4], METHODS[:2], METHODS[3:4], METHODS[2:0:-1]]),
    interface_names,
)
good_interfaces = st.builds(
    lambda own, others: (own, *(each for each in others if each.name.lower() != "management")),
    st.just(Interface()),
    rows(
        st.builds(
            Interface,
            interface_names,
            st.integers(1, 0xDFFFFFFF).map(lambda n: str(ipaddress.IPv4Address(n))),
            st.integers(0, 32),
            st.just("") | st.just("2001:db8::25"),
            st.integers(0, 128),
            interface_names,
            st.just("") | host_names,
        ),
        "name",
    ),
)

_FINGERPRINTS = st.sampled_from(["0" * 64, "0123456789abcdef" * 4])


def _not_demo(name):
    return name.lower() != "demo"


good = st.builds(
    Config,
    hostname=host_names,
    timezone=st.sampled_from(["GMT", "Europe/Berlin", "America/Port-au-Prince", "Etc/GMT+9"]),
    interfaces=good_interfaces,
    dns=st.builds(
        DnsSettings,
        good_servers,
        NUMBERS,
        NUMBERS,
        _good_alternates,
        search=st.lists(host_names, max_size=2, unique=True).map(tuple),
    ),
    destinations=good_destinations,
    smtp_routes=good_routes,
    bounces=good_bounces,
    delivery=st.builds(
        DeliverySettings,
        st.sampled_from(["Auto", "Management"]),
        st.booleans(),
        st.integers(1, 9999),
        st.integers(1, 9999),
    ),
    receiving=good_receiving,
    listeners=good_listeners.flatmap(
        lambda found: st.builds(
            lambda defaults: tuple(replace(each, defaults=defaults) for each in found),
            st.builds(PolicyParameters, **_PARAMETERS),
        )
    ),
    logs=good_logs,
    ssl=st.builds(SslSettings, _SIDES, _SIDES),
    certificates=rows(
        st.builds(CertificateProfile, interface_names.filter(_not_demo), _FINGERPRINTS), "name"
    ),
    authorities=st.builds(AuthoritySettings, st.booleans(), st.booleans(), _FINGERPRINTS)
    | st.just(AuthoritySettings()),
    interface_groups=st.just(())
    | st.just((InterfaceGroup("inside", ("Management",)), InterfaceGroup("o p", ("Management",)))),
)

# From few values, so that two trees often have a server in common, or one server twice, and keys
# that look like paths.
_KEYS = st.sampled_from(["192.0.2.1", "192.0.2.2", "::1", "", "a].priority", "a", '"', "b c"])
_FEW = st.integers(0, 2)
any_servers = st.lists(st.builds(DnsServer, _KEYS, _FEW), max_size=5).map(tuple)
_any_alternates = st.lists(
    st.builds(
        AlternateDomain,
        _KEYS,
        st.lists(st.builds(AlternateServer, _KEYS, _KEYS), max_size=3).map(tuple),
        st.booleans(),
    ),
    max_size=3,
).map(tuple)
_few_rows = {"max_size": 3}
any_at_all = st.builds(
    Config,
    hostname=st.sampled_from(["a.example", "b.example", "\x1b[2J"]) | st.text(max_size=5),
    timezone=st.sampled_from(["GMT", "", "../etc", "\x1b"]),
    interfaces=st.lists(st.builds(Interface, _KEYS, _KEYS, st.integers(-1, 99)), max_size=2).map(
        tuple
    ),
    dns=st.builds(
        DnsSettings,
        any_servers,
        _FEW,
        _FEW,
        _any_alternates,
        search=st.lists(_KEYS, max_size=2).map(tuple),
    ),
    destinations=st.builds(
        DestinationControls,
        st.builds(DefaultControl, concurrency=_FEW, bounce_profile=_KEYS),
        _KEYS | st.just("Demo"),
        st.booleans(),
        st.lists(
            st.builds(
                DestinationControl,
                _KEYS,
                concurrency=maybe(_FEW),
                tls=maybe(st.sampled_from(TlsSetting)),
                dane=maybe(st.sampled_from(DaneSetting)),
                bounce_profile=maybe(_KEYS),
            ),
            **_few_rows,
        ).map(tuple),
    ),
    smtp_routes=st.lists(
        st.builds(SmtpRoute, _KEYS | st.just(ALL), st.lists(_KEYS, max_size=2).map(tuple)),
        **_few_rows,
    ).map(tuple),
    bounces=st.builds(
        BounceSettings,
        st.booleans(),
        st.lists(st.builds(BounceProfile, _KEYS, _FEW, _FEW, _FEW, _FEW), **_few_rows).map(tuple),
    ),
    delivery=st.builds(DeliverySettings, _KEYS, st.booleans(), _FEW, _FEW),
    receiving=st.builds(ReceivingSettings, _FEW, late_rejection=st.booleans()),
    listeners=st.lists(
        st.builds(
            Listener,
            _KEYS,
            st.sampled_from(ListenerType),
            _KEYS,
            _FEW,
            policies=st.lists(
                st.builds(MailFlowPolicy, _KEYS, st.sampled_from(Behavior), maybe(_FEW)),
                **_few_rows,
            ).map(tuple),
            sender_groups=st.lists(
                st.builds(SenderGroup, _KEYS, _KEYS, st.lists(_KEYS, max_size=2).map(tuple), _KEYS),
                **_few_rows,
            ).map(tuple),
            recipients=st.lists(st.builds(RecipientAccess, _KEYS, st.booleans()), **_few_rows).map(
                tuple
            ),
        ),
        max_size=2,
    ).map(tuple),
    logs=st.builds(
        LogSettings,
        _FEW,
        headers=st.lists(_KEYS, max_size=2).map(tuple),
        subscriptions=st.lists(
            st.builds(LogSubscription, _KEYS, st.sampled_from(LogType), _KEYS), **_few_rows
        ).map(tuple),
    ),
    ssl=st.builds(
        SslSettings, st.builds(SslSide, st.lists(_KEYS, max_size=2).map(tuple), _KEYS), _SIDES
    ),
    certificates=st.lists(st.builds(CertificateProfile, _KEYS, _KEYS), **_few_rows).map(tuple),
    authorities=st.builds(AuthoritySettings, st.booleans(), st.booleans(), _KEYS),
    interface_groups=st.lists(
        st.builds(InterfaceGroup, _KEYS, st.lists(_KEYS, max_size=2).map(tuple)), **_few_rows
    ).map(tuple),
)
