"""The rules of each table: a value at the edge is taken, one past it is refused where it stands."""

import pytest
from msgspec.structs import replace

from esashell.config.check import breaches
from esashell.config.checks.destinations import LIMITS
from esashell.config.model.bounce import DEFAULT, BounceProfile, BounceSettings
from esashell.config.model.certificates import AuthoritySettings, CertificateProfile
from esashell.config.model.delivery import DeliverySettings
from esashell.config.model.destination import (
    DefaultControl,
    DestinationControl,
    DestinationControls,
)
from esashell.config.model.listeners import (
    Behavior,
    Listener,
    ListenerType,
    MailFlowPolicy,
    PolicyParameters,
    ReceivingSettings,
    RecipientAccess,
    SenderGroup,
)
from esashell.config.model.logs import LogSettings, LogSubscription, LogType
from esashell.config.model.network import Interface, InterfaceGroup
from esashell.config.model.routes import MOST_ROUTES, SmtpRoute
from esashell.config.model.security import SslSettings, SslSide
from esashell.config.tree import Config


def entries(*controls: DestinationControl) -> Config:
    return Config(destinations=DestinationControls(entries=controls))


def routes(*found: SmtpRoute) -> Config:
    return Config(smtp_routes=found)


def profile(**fields: object) -> Config:
    return Config(bounces=BounceSettings(profiles=(DEFAULT, BounceProfile("slow", **fields))))


def log(**fields: object) -> Config:
    found = LogSubscription(**{"name": "a", "type": LogType.MAIL, "filename": "a", **fields})
    return Config(logs=LogSettings(subscriptions=(found,)))


def listener(**fields: object) -> Config:
    found = Listener(**{"name": "In", "type": ListenerType.PUBLIC, **fields})
    return Config(listeners=(found,))


def relay(*destinations: str, domain: str = "a.example") -> Config:
    return routes(SmtpRoute(domain, destinations))


def certificates(*found: tuple[str, str]) -> Config:
    return Config(certificates=tuple(CertificateProfile(*each) for each in found))


def group(name: str, *interfaces: str) -> Config:
    return Config(interface_groups=(InterfaceGroup(name, interfaces),))


FINGERPRINT = "0123456789abcdef" * 4
OPEN = MailFlowPolicy("OPEN", Behavior.ACCEPT)


@pytest.mark.parametrize("domain", ["example.com", ".example.com", "com", "MX.Example.COM"])
def test_a_destination_is_a_domain_or_the_sub_domains_of_one(domain: str) -> None:
    assert breaches(entries(DestinationControl(domain))) == ()


@pytest.mark.parametrize("field", [field for field, _ in LIMITS])
def test_a_limit_has_a_least_and_a_most(field: str) -> None:
    lowest, highest = dict(LIMITS)[field]
    for number, good in (
        (lowest, True),
        (highest, True),
        (lowest - 1, False),
        (highest + 1, False),
        (10**4000, False),
    ):
        found = breaches(entries(DestinationControl("a.example", **{field: number})))
        assert [each.path for each in found] == (
            [] if good else [("destinations", "entries", 0, field)]
        )
        default = Config(
            destinations=DestinationControls(default=DefaultControl(**{field: number}))
        )
        assert bool(breaches(default)) is not good


@pytest.mark.parametrize(
    "destination",
    [
        "relay.example.com",
        "[relay.example.com]",
        "192.0.2.25",
        "2001:db8::25",
        "[2001:db8::25]:2525",
        "relay.example.com:2525/pri=10",
        "[relay.example.com]:25/pri=65535",
        "USEDNS",
        "/dev/null",
    ],
)
def test_a_route_leads_to_what_the_appliance_takes(destination: str) -> None:
    assert breaches(relay(destination)) == ()


@pytest.mark.parametrize(
    ("config", "path", "text"),
    [
        (Config(timezone="../../etc/passwd"), "timezone", "is not a time zone's name"),
        (Config(timezone=""), "timezone", "is not a time zone's name"),
        (Config(interfaces=()), "interfaces", "There is no interface"),
        (Config(interfaces=(Interface(), Interface("management", "192.0.2.9"))),
         "interfaces.1.name", "listed twice"),
        (Config(interfaces=(Interface(address=""),)), "interfaces.0.address", "has no address"),
        (Config(interfaces=(Interface(address="2001:db8::1"),)), "interfaces.0.address",
         "is not an IPv4 address"),
        (Config(interfaces=(Interface(address6="192.0.2.1"),)), "interfaces.0.address6",
         "is not an IPv6 address"),
        (Config(interfaces=(Interface(prefix=33),)), "interfaces.0.prefix", "between 0 and 32"),
        (Config(interfaces=(Interface(hostname="a b"),)), "interfaces.0.hostname", "host name"),
        (Config(interfaces=(Interface(port=""),)), "interfaces.0.port", "is not a name"),
        (Config(delivery=DeliverySettings(concurrency=0)), "delivery.concurrency", "between 1"),
        (entries(DestinationControl("")), "destinations.entries.0.domain", "is empty"),
        (entries(DestinationControl(".")), "destinations.entries.0.domain", "is empty"),
        (entries(DestinationControl("..example")), "destinations.entries.0.domain", "host name"),
        (entries(DestinationControl("a.example"), DestinationControl("A.example")),
         "destinations.entries.1.domain", "listed twice"),
        (relay("r.example", domain="all"), "", ""),
        (relay("r.example", domain="a b"), "smtp_routes.0.domain", "host name"),
        (relay(), "smtp_routes.0.destinations", "there is no destination"),
        (relay("USEDNS", "r.example"), "smtp_routes.0.destinations", "stands by itself"),
        (relay("r.example", "r.example"), "smtp_routes.0.destinations", "given twice"),
        (relay("r.example:0"), "smtp_routes.0.destinations", "a port that is not a number from 1"),
        (relay("r.example:"), "smtp_routes.0.destinations", "a port that is not a number"),
        (relay("r.example/pri=65536"), "smtp_routes.0.destinations", "a priority that is not"),
        (relay("r.example/prio=1"), "smtp_routes.0.destinations", "not pri=NUMBER"),
        (relay("[r.example"), "smtp_routes.0.destinations", "a bracket that is not closed"),
        (relay("[r.example]x"), "smtp_routes.0.destinations", "more behind it"),
        (relay("a_b.example"), "smtp_routes.0.destinations", "host name"),
        (relay("999.0.2.1"), "smtp_routes.0.destinations", "its last part is a number"),
        (relay("\x1b[2J"), "smtp_routes.0.destinations", "host name"),
        (relay(*(f"r{n}.example" for n in range(101))), "smtp_routes.0.destinations", "100"),
        (routes(SmtpRoute("a.example", ("b.example",)), SmtpRoute("a.example", ("c.example",))),
         "smtp_routes.1.domain", "listed twice"),
        (Config(bounces=BounceSettings(profiles=())), "bounces.profiles", "no bounce profile Def"),
        (profile(initial_retry=61, maximum_retry=60), "bounces.profiles.1.maximum_retry",
         "is shorter"),
        (Config(bounces=BounceSettings(max_bounce_copy=-1)),
         "bounces.max_bounce_copy", "between 0"),
        (profile(initial_retry=0), "bounces.profiles.1.initial_retry", "between 1"),
        (profile(subject="a\x1b"), "bounces.profiles.1.subject", "printable"),
        (Config(bounces=BounceSettings(profiles=(BounceProfile(send_bounces=True),
                                                 BounceProfile("x")))),
         "bounces.profiles.0.dsn_format", "must be true or false"),
        (log(name="../mail"), "logs.subscriptions.0.name", "is not a log's name"),
        (log(filename="a/b"), "logs.subscriptions.0.filename", "is not a log's name"),
        (log(filename="mail\n"), "logs.subscriptions.0.filename", "is not a log's name"),
        (log(maximum_size=1), "logs.subscriptions.0.maximum_size", "between 1024"),
        (log(maximum_files=0), "logs.subscriptions.0.maximum_files", "between 1"),
        (listener(name=" "), "listeners.0.name", "is not a name"),
        (listener(port=65536), "listeners.0.port", "between 1 and 65535"),
        (listener(sender_groups=(SenderGroup("ALL", "OPEN"),)),
         "listeners.0.sender_groups.0.policy", 'there is no policy "OPEN"'),
        (listener(policies=(OPEN, OPEN)), "listeners.0.policies.1.name", "listed twice"),
        (listener(policies=(MailFlowPolicy("reject", Behavior.ACCEPT),)),
         "listeners.0.policies.0.name", "is a word of the table"),
        (listener(policies=(MailFlowPolicy("A B", Behavior.ACCEPT),)),
         "listeners.0.policies.0.name", "is not a name"),
        (listener(policies=(replace(OPEN, max_recipients_per_hour=-2),)),
         "listeners.0.policies.0.max_recipients_per_hour", "between -1"),
        (listener(policies=(replace(OPEN, others=("x",)),)),
         "listeners.0.policies.0.others.0", "is not name = value"),
        (listener(policies=(replace(OPEN, others=("x = }",)),)),
         "listeners.0.policies.0.others.0", "holds a brace"),
        (listener(defaults=PolicyParameters(max_concurrency=0)),
         "listeners.0.defaults.max_concurrency", "between 1"),
        (listener(tcp_queue=0), "listeners.0.tcp_queue", "between 1"),
        (listener(default_domain="a b"), "listeners.0.default_domain", "is not a host name"),
        (listener(certificate="gone"), "listeners.0.certificate", "no certificate profile"),
        (listener(sender_groups=(SenderGroup("ALL", "REJECT"),)),
         "listeners.0.sender_groups.0.single", "is for everybody"),
        (listener(sender_groups=(SenderGroup("ALL", "REJECT", single=True),
                                 SenderGroup("B", "REJECT"))),
         "listeners.0.sender_groups.0.name", "is not the last"),
        (listener(sender_groups=(SenderGroup("a.example", "REJECT", ("x",), single=True),)),
         "listeners.0.sender_groups.0.senders", "for one sender only"),
        (listener(sender_groups=(SenderGroup("a_b", "REJECT", single=True),)),
         "listeners.0.sender_groups.0.name", "is not a host name"),
        (listener(sender_groups=(SenderGroup("A", "REJECT", comment="\x1b[2J"),)),
         "listeners.0.sender_groups.0.comment", "printable"),
        (listener(recipients=(RecipientAccess("a@", True), RecipientAccess("A@", True))),
         "listeners.0.recipients.1.address", "listed twice"),
        (listener(recipients=(RecipientAccess("a b", True),)),
         "listeners.0.recipients.0.address", "is not a host name"),
        (listener(recipients=(RecipientAccess("a.example", True, 'say "no"'),)),
         "listeners.0.recipients.0.response", "is not an SMTP response"),
        (Config(receiving=ReceivingSettings(concurrency=0)), "receiving.concurrency", "between 1"),
        (log(bytes_to_record=-1), "logs.subscriptions.0.bytes_to_record", "between 0"),
        (Config(logs=LogSettings(headers=("From:",))), "logs.headers.0", "name of a header"),
        (listener(policies=(OPEN,), sender_groups=(SenderGroup("A", "OPEN", ("x", "X")),)),
         "listeners.0.sender_groups.0.senders.1", "listed twice"),
        (listener(type=ListenerType.PRIVATE, recipients=(RecipientAccess("ALL", True),)),
         "listeners.0.recipients", "no recipient access table"),
        (Config(listeners=(Listener("A", ListenerType.PUBLIC), Listener("B", ListenerType.PUBLIC))),
         "listeners.1.port", "another one has port 25"),
        (Config(ssl=SslSettings(SslSide(("SSL v2",)))), "ssl.inbound.methods.0", "no protocol"),
        (Config(ssl=SslSettings(outbound=SslSide(()))), "ssl.outbound.methods", "no protocol"),
        (Config(ssl=SslSettings(SslSide(ciphers="a\nb"))), "ssl.inbound.ciphers", "printable"),
        (Config(ssl=SslSettings(SslSide(("SSL v3.0",)))), "ssl.inbound.methods", "no protocol am"),
        (Config(ssl=SslSettings(SslSide(("TLS v1.1", "TLS v1.3")))), "ssl.inbound.methods",
         "TLS v1.2 is missing between two others"),
        (certificates(("a", FINGERPRINT), ("A", FINGERPRINT)), "certificates.1.name",
         "listed twice"),
        (certificates(("demo", FINGERPRINT)), "certificates.0.name", "the built-in one"),
        (certificates(("", FINGERPRINT)), "certificates.0.name", "is not a name"),
        (certificates(("a", "../x")), "certificates.0.fingerprint", "no SHA-256"),
        (certificates(("a", FINGERPRINT.upper())), "certificates.0.fingerprint", "no SHA-256"),
        (Config(authorities=AuthoritySettings(custom=True)), "authorities.custom", "there is none"),
        (Config(authorities=AuthoritySettings(custom_list="x")), "authorities.custom_list",
         "no SHA-256"),
        (group("", "Management"), "interface_groups.0.name", "is not a name"),
        (group("Management", "Management"), "interface_groups.0.name", "has that name"),
        (group("g"), "interface_groups.0.interfaces", "has no interface"),
        (group("g", "gone"), "interface_groups.0.interfaces.0", 'no interface "gone"'),
        (group("g", "Management", "Management"), "interface_groups.0.interfaces", "listed twice"),
    ],
)  # fmt: skip
def test_what_breaks_a_rule_is_named_where_it_stands(config: Config, path: str, text: str) -> None:
    found = breaches(config)
    if not path:
        assert found == ()
        return
    assert path in [".".join(map(str, each.path)) for each in found]
    assert any(text in each.text for each in found)
    assert all(each.text.isprintable() for each in found)


def test_there_are_at_most_forty_thousand_routes() -> None:
    many = tuple(SmtpRoute(f"d{n}.example", ("192.0.2.1",)) for n in range(MOST_ROUTES + 1))
    (breach,) = breaches(routes(*many))
    assert breach.text == "There are 40,001 routes; 40,000 may be."
    assert breaches(routes(*many[1:])) == ()
    assert breaches(replace(Config(), smtp_routes=many[:1])) == ()
