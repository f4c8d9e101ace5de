"""The TLS settings that verify, from the name to the outcome: by which names, by which authority,
and when; and how far a delivery goes before it gives up."""

from pathlib import Path

import pytest
from msgspec import structs

from esashell.clock import SECOND, FixedClock
from esashell.config.model.destination import DaneSetting, TlsSetting
from esashell.config.model.routes import SmtpRoute
from esashell.delivery.attempt import attempt, observe, outcome
from esashell.delivery.decision import MOST_CONTACTS
from esashell.delivery.nexthops import MOST_HOSTS
from esashell.delivery.outcome import Outcome, Protection, Result
from esashell.delivery.settings import Settings
from esashell.delivery.verification import Sender, verify_domain
from esashell.pki.roots import Roots, Trust
from esashell.resolver.lookup import Resolver, Server
from esashell.resolver.names import name_from_text
from esashell.steps import run
from esashell.worlds.lab.certs import CertificateMaker, Issuer
from esashell.worlds.lab.world import SEED, Lab
from tests.delivery.labwork import CAPABLE, NOON

DAY = 86_400 * SECOND
SCENARIO = """
[domain."v-host.lab"]
shows = "The certificate is for the host."
records = '''
@     MX  10 mail
mail  A   203.0.113.201
'''
hosts.mail = {}

[domain."v-domain.lab"]
shows = "The certificate is for the domain."
records = '''
@     MX  10 mail
mail  A   203.0.113.202
'''
hosts.mail = { certificate = { name = "v-domain.lab" } }

[domain."v-common.lab"]
shows = "The common name is right, the alternative name is another."
records = '''
@     MX  10 mail
mail  A   203.0.113.203
'''
hosts.mail = { certificate = { alternative_names = ["other.example"] } }

[domain."v-common-only.lab"]
shows = "There is only a common name."
records = '''
@     MX  10 mail
mail  A   203.0.113.204
'''
hosts.mail = { certificate = { alternative_names = [] } }

[domain."v-neighbour.lab"]
shows = "The first host shows the second one's certificate."
records = '''
@    MX  10 mx1
@    MX  20 mx2
mx1  A   203.0.113.205
mx2  A   203.0.113.206
'''
hosts.mx1 = { certificate = { name = "mx2.v-neighbour.lab" } }
hosts.mx2 = { behaviour = "refuse" }

[domain."v-pointer.lab"]
shows = "The certificate is for the name that the address points back to."
records = '''
@     MX  10 mail
mail  A   203.0.113.207
'''
hosts.mail = { certificate = { name = "host7.provider.example" } }

[domain."113.0.203.in-addr.arpa"]
shows = "Where addresses point back to."
records = '''
207  PTR  host7.provider.example.
'''

[domain."v-wildcard.lab"]
shows = "A wildcard."
records = '''
@     MX  10 mail
mail  A   203.0.113.208
'''
hosts.mail = { certificate = { name = "*.v-wildcard.lab" } }

[domain."v-private.lab"]
shows = "The right name, by an authority that nobody knows."
records = '''
@     MX  10 mail
mail  A   203.0.113.209
'''
hosts.mail = { certificate = { issuer = "private" } }

[domain."v-expired.lab"]
shows = "The right name, too late."
records = '''
@     MX  10 mail
mail  A   203.0.113.210
'''
hosts.mail = { certificate = { expired = true } }

[domain."v-stranger.lab"]
shows = "A name that nobody asked for."
records = '''
@     MX  10 mail
mail  A   203.0.113.211
'''
hosts.mail = { certificate = { name = "stranger.example" } }
"""
HOSTS = "".join(f"@ MX {n} mx{n}\nmx{n} A 203.0.113.212\n" for n in range(1, MOST_HOSTS + 6))
EQUAL = "".join(f"@ MX 7 mx{n}\nmx{n} A 203.0.113.212\n" for n in range(1, 6))
ADDRESSES = "".join(f"mx AAAA 2001:db8:77::{n:x}\n" for n in range(1, MOST_CONTACTS + 6))
MANY = f"""
[domain."v-hosts.lab"]
shows = "More hosts than are tried."
records = '''
{HOSTS}'''
hosts.mx1 = {{ behaviour = "refuse" }}

[domain."v-equal.lab"]
shows = "Five hosts of one preference."
records = '''
{EQUAL}'''
hosts.mx1 = {{ behaviour = "refuse" }}

[domain."v-addresses.lab"]
shows = "More addresses than are tried."
records = '''
@ MX 10 mx
{ADDRESSES}'''
hosts.mx = {{ behaviour = "refuse" }}
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    file: Path = tmp_path_factory.mktemp("verify") / "verify.toml"
    file.write_text(SCENARIO + MANY, encoding="utf-8")
    return Lab(FixedClock(NOON), scenarios=[file])


@pytest.fixture(scope="module")
def sender(lab: Lab) -> Sender:
    return Sender(Resolver([Server(each) for each in CAPABLE], [lab.anchor], lab.clock), lab.clock)


def tried(lab: Lab, sender: Sender, domain: str, settings: Settings) -> Outcome:
    with lab.session() as session:
        done = run(attempt(name_from_text(domain), settings, sender), session)
        seen = run(observe(name_from_text(domain), sender, settings.route), session)
    # Whoever looked at everything beforehand comes to the same.
    assert outcome(seen, settings, NOON) == done.outcome
    return done.outcome


NAMES = [
    # by which names a domain is verified:  Verify  Hosted Verify
    ("v-host.lab", True, True),
    ("v-domain.lab", True, True),
    ("v-common.lab", True, False),
    ("v-common-only.lab", True, True),
    ("v-neighbour.lab", False, True),
    ("v-pointer.lab", False, True),
    ("v-wildcard.lab", True, True),
    ("v-private.lab", False, False),
    ("v-expired.lab", False, False),
    ("v-stranger.lab", False, False),
]


@pytest.mark.parametrize(("domain", "verify", "hosted"), NAMES, ids=str)
def test_each_setting_accepts_its_names(
    lab: Lab, sender: Sender, domain: str, verify: bool, hosted: bool
) -> None:
    verified = Result.DELIVER, Protection.AUTHENTICATED
    found = tried(lab, sender, domain, Settings(TlsSetting.REQUIRED_VERIFY))
    assert (found.result, found.protection) == (verified if verify else (Result.DEFER, None))
    found = tried(lab, sender, domain, Settings(TlsSetting.REQUIRED_VERIFY_HOSTED))
    assert (found.result, found.protection) == (verified if hosted else (Result.DEFER, None))
    found = tried(lab, sender, domain, Settings(TlsSetting.PREFERRED_VERIFY))
    assert found.result is Result.DELIVER
    assert found.protection is (Protection.AUTHENTICATED if verify else Protection.UNAUTHENTICATED)
    found = tried(lab, sender, domain, Settings(TlsSetting.REQUIRED))
    assert found.protection is Protection.UNAUTHENTICATED


@pytest.mark.parametrize(
    ("domain", "code"),
    [
        ("v-private.lab", "untrusted"),
        ("v-expired.lab", "untrusted"),
        ("v-stranger.lab", "name-mismatch"),
    ],
)
def test_why_a_host_is_not_verified(lab: Lab, sender: Sender, domain: str, code: str) -> None:
    found = tried(lab, sender, domain, Settings(TlsSetting.REQUIRED_VERIFY))
    assert found.reason.code == code
    assert found.reason.result_type is not None


@pytest.mark.parametrize("tls", [TlsSetting.REQUIRED_VERIFY, TlsSetting.REQUIRED_VERIFY_HOSTED])
def test_the_host_of_a_route_may_stand_in_the_certificate(
    lab: Lab, sender: Sender, tls: TlsSetting
) -> None:
    route = SmtpRoute("v-stranger.lab", ("[mail.v-host.lab]",))
    assert tried(lab, sender, "v-stranger.lab", Settings(tls, route=route)).host == name_from_text(
        "mail.v-host.lab"
    )


def test_a_list_of_the_operator_s_own_is_believed_too(lab: Lab, sender: Sender) -> None:
    private = CertificateMaker(SEED, NOON).authority(Issuer.PRIVATE)
    required = Settings(TlsSetting.REQUIRED_VERIFY)
    for trust, known in [
        (Trust(custom=Roots((private,))), ("v-private.lab", "v-host.lab")),
        (Trust(system=False, custom=Roots((private,))), ("v-private.lab",)),
        (Trust(system=False), ()),
    ]:
        own = Sender(sender.resolver, sender.clock, trust=trust)
        found = {
            domain
            for domain in ("v-private.lab", "v-host.lab")
            if tried(lab, own, domain, required).result is Result.DELIVER
        }
        assert found == set(known)


def test_what_was_seen_once_is_judged_for_any_time(lab: Lab, sender: Sender) -> None:
    required = Settings(TlsSetting.REQUIRED_VERIFY)
    with lab.session() as session:
        good = run(observe(name_from_text("v-host.lab"), sender), session)
        late = run(observe(name_from_text("v-expired.lab"), sender), session)
    assert outcome(good, required, NOON).result is Result.DELIVER
    assert outcome(good, required, NOON + 3650 * DAY).result is Result.DEFER
    assert outcome(late, required, NOON).result is Result.DEFER
    spans = [outcome(late, required, NOON - days * DAY).result for days in range(0, 400, 10)]
    assert Result.DELIVER in spans


@pytest.mark.parametrize("dane", [DaneSetting.NONE, DaneSetting.OPPORTUNISTIC])
def test_a_delivery_tries_so_many_hosts_and_addresses_and_no_more(
    lab: Lab, sender: Sender, dane: DaneSetting
) -> None:
    settings = Settings(TlsSetting.PREFERRED, dane)
    hosts = tried(lab, sender, "v-hosts.lab", settings)
    assert hosts.result is Result.DEFER
    assert len({each.host for each in hosts.tries}) == MOST_HOSTS
    addresses = tried(lab, sender, "v-addresses.lab", settings)
    assert addresses.result is Result.DEFER
    assert len(addresses.tries) == MOST_CONTACTS


def test_a_verification_walks_as_a_delivery_of_its_seed_would(lab: Lab, sender: Sender) -> None:
    """Equal preferences are drawn, more hosts than are tried are not walked either."""
    orders = set()
    for seed in range(8):
        drawing = structs.replace(sender, seed=seed)
        with lab.session() as session:
            seen = run(verify_domain(name_from_text("v-equal.lab"), drawing), session)
            settings = Settings(TlsSetting.REQUIRED)
            steps = attempt(name_from_text("v-equal.lab"), settings, drawing, seed=seed)
            delivery = run(steps, session).outcome
        walked = [each.host.name for each in seen.hosts]
        assert walked == list(dict.fromkeys(each.host for each in delivery.tries))
        orders.add(tuple(walked))
    assert len(orders) > 4
    with lab.session() as session:
        many = run(verify_domain(name_from_text("v-hosts.lab"), sender), session)
    assert len(many.hosts) == MOST_HOSTS
