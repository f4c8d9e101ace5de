from collections.abc import Callable, Sequence
from random import Random
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from esashell.config.check import RULES, breaches, check
from esashell.config.checks import destinations
from esashell.config.checks.warnings import WARNINGS
from esashell.config.checks.warnings import warnings as all_warnings
from esashell.config.faults import address_fault, are_patterns, host_name_fault, pattern_fault
from esashell.config.model.bounce import DEFAULT
from esashell.config.model.destination import DestinationControl
from esashell.config.model.dnsserver import DnsServer, DnsSettings
from esashell.config.model.network import Interface
from esashell.config.model.routes import SmtpRoute
from esashell.config.tree import Config, factory
from esashell.errors import CommitRefused
from tests.config import trees
from tests.config.large import large
from tests.conftest import LONG

R = TypeVar("R", DestinationControl, SmtpRoute)


def with_servers(*servers: DnsServer) -> Config:
    return Config(dns=DnsSettings(servers=servers))


def test_the_factory_configuration_keeps_every_rule() -> None:
    assert breaches(Config()) == ()
    assert breaches(factory("194.191.40.83", "2001:db8::53")) == ()


@given(trees.good)
def test_a_good_configuration_is_let_through(config: Config) -> None:
    check(config)


@given(trees.any_at_all)
def test_any_values_at_all_are_judged_and_the_judgement_can_be_printed(config: Config) -> None:
    for breach in breaches(config):
        assert breach.text.isprintable()
        assert len(breach.text) < 300


@pytest.mark.parametrize(
    "name",
    ["mx", "myesa.local", "MX1.Example.COM", "xn--exmple-cua.example", "3com.example", "1.2.3.4a",
     "a" * 63 + ".example", ".".join(["a" * 49] * 5)],
)  # fmt: skip
def test_a_host_name_is_letters_digits_and_hyphens(name: str) -> None:
    assert host_name_fault(name) is None


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("", "is empty"),
        ("a" * 300, "300 characters"),
        ("a" * 64 + ".example", "at most 63"),
        (".".join(["a" * 50] * 5), "254 characters"),
        ("exämple.com", "A-label"),
        ("пример.example", "A-label"),
        ("１.example", "A-label"),
        ("-a.example", "only letters"),
        ("a-.example", "only letters"),
        ("a..example", "only letters"),
        (".example", "only letters"),
        ("example.", "only letters"),
        ("a b.example", "only letters"),
        ("a_b.example", "only letters"),
        ("a\n.example", "only letters"),
        ("a.example\n", "only letters"),
        ("\x1b[2J", "only letters"),
        ("192.0.2.1", "a number"),
        ("[192.0.2.1]", "only letters"),
    ],
)
def test_what_is_not_a_host_name_is_told_why(name: str, fault: str) -> None:
    assert fault in str(host_name_fault(name))
    with pytest.raises(CommitRefused, match="Not committed: hostname: "):
        check(Config(hostname=name))


@given(st.lists(st.text("aZ9.-\n\u00e9 ", max_size=9) | trees.host_names, max_size=4))
def test_names_are_judged_together_as_one_by_one(texts: list[str]) -> None:
    assert are_patterns(texts) == (not any(map(pattern_fault, texts)))


@pytest.mark.parametrize("text", ["192.0.2.1", "127.0.0.1", "::1", "2001:DB8::53", "fe80::1"])
def test_an_address_is_one_machine_s(text: str) -> None:
    assert address_fault(text) is None


@pytest.mark.parametrize(
    "text",
    ["", " ", "192.0.2", "192.0.2.256", "192.0.2.1 ", "192.0.2.1\n", "192.0.2.01", "1234",
     "١.1.1.1", "::g", ":::", "192.0.2.1/24", "resolver.example", "0.0.0.0", "::", "224.0.0.1",
     "ff02::1", "255.255.255.255", "fe80::1%eth0", "fe80::1%\x1b[2J"],
)  # fmt: skip
def test_no_other_text_is_an_address(text: str) -> None:
    assert address_fault(text)
    assert [b.path for b in breaches(with_servers(DnsServer(text)))] == [
        ("dns", "servers", 0, "address")
    ]
    assert [b.path for b in breaches(Config(interfaces=(Interface(address=text),)))] == [
        ("interfaces", 0, "address")
    ]


@pytest.mark.parametrize("number", [-1, 2**31, 10**4000])
def test_numbers_that_nothing_can_mean_are_refused(number: int) -> None:
    config = with_servers(DnsServer("192.0.2.1", number))
    config = replace(config, dns=replace(config.dns, minimum_ttl=number, reverse_timeout=number))
    assert [b.path for b in breaches(config)] == [
        ("dns", "servers", 0, "priority"),
        ("dns", "minimum_ttl"),
        ("dns", "reverse_timeout"),
    ]


def test_one_resolver_is_not_listed_twice_in_whatever_spelling() -> None:
    twice = with_servers(DnsServer("2001:db8::1"), DnsServer("::1"), DnsServer("2001:DB8:0::1", 1))
    (breach,) = breaches(twice)
    assert breach.path == ("dns", "servers", 2, "address")
    assert breach.text == 'DNS server "2001:DB8:0::1" is listed twice.'


@pytest.mark.parametrize("name", ["", "   ", "a\nb", "a\x1b", "a" * 65])
def test_an_interface_has_a_name_that_can_be_shown(name: str) -> None:
    assert [b.path for b in breaches(Config(interfaces=(Interface(name=name),)))] == [
        ("interfaces", 0, "name")
    ]


def test_a_refusal_names_every_breach_on_a_line_of_its_own() -> None:
    with pytest.raises(CommitRefused) as refused:
        check(Config(hostname="a b", interfaces=(Interface(address="here"),)))
    assert str(refused.value).splitlines() == [
        "Not committed:",
        '  hostname: "a b" is not a host name: only letters, digits, dots, and hyphens inside a '
        "part.",
        '  interface "Management": "here" is not an IP address.',
    ]


# What has to be looked at again, and what not.


class Watched:
    """A configuration that notes which of its tables are looked at."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self.seen: set[str] = set()

    def __getattr__(self, name: str) -> object:
        self.seen.add(name)
        return getattr(self._config, name)


@settings(max_examples=40)
@given(trees.good | trees.any_at_all)
def test_every_rule_looks_at_no_other_tables_than_it_says(config: Config) -> None:
    for rules, tables in (*RULES, *WARNINGS):
        watched = Watched(config)
        list(rules(watched))  # type: ignore[arg-type]
        assert watched.seen <= set(tables)


LARGE = large(2400)
NAMES = ("d7.example.com", "D7.example.com", "new.example", "a b", "r9.example.net")


def with_rows(dice: Random, rows: tuple[R, ...], made: Callable[[str], R]) -> tuple[R, ...]:
    """The rows, a few of them exchanged, doubled, moved or gone; now and then for the worse."""
    found = list(rows)
    for _ in range(dice.randrange(4)):
        at = dice.randrange(len(found))
        what = dice.randrange(5)
        if what == 0:
            del found[at]
        elif what == 1:
            found.insert(at, made(dice.choice(NAMES)))
        elif what == 2:
            found[at] = made(dice.choice([found[at].domain, found[at].domain, dice.choice(NAMES)]))
        elif what == 3:
            found.append(found.pop(at))
        elif dice.random() < 0.3:
            found.append(found[at])
    return tuple(found)


def otherwise(dice: Random, config: Config) -> Config:
    """The configuration with some edits, of the long tables and of what they depend on."""
    controls = with_rows(
        dice,
        config.destinations.entries,
        lambda domain: DestinationControl(
            domain,
            concurrency=dice.choice([None, 5, 0]),
            bounce_profile=dice.choice([None, "Default", "slow", "gone"]),
        ),
    )
    hosts = ("a.example", "a b", "USEDNS")
    routes = with_rows(
        dice, config.smtp_routes, lambda domain: SmtpRoute(domain, (dice.choice(hosts),))
    )
    config = replace(
        config,
        destinations=replace(config.destinations, entries=controls),
        smtp_routes=routes,
    )
    if dice.random() < 0.3:
        profiles = dice.choice([(DEFAULT,), (DEFAULT, replace(DEFAULT, name="slow"))])
        config = replace(config, bounces=replace(config.bounces, profiles=profiles))
    if dice.random() < 0.2:
        table = replace(config.destinations, certificate=dice.choice(["Demo", "gone"]))
        config = replace(config, destinations=table)
    if dice.random() < 0.2:
        config = replace(config, hostname=dice.choice(["a.example", "a b"]))
    return config


@settings(max_examples=600 if LONG else 40)
@given(seed=st.integers(0, 2**32))
def test_what_is_known_makes_no_difference_to_what_is_found(seed: int) -> None:
    dice = Random(seed)
    known = LARGE
    for _ in range(6):
        config = otherwise(dice, known)
        found = breaches(config)
        assert breaches(config, known) == found
        if not found:
            known = config


@settings(max_examples=300 if LONG else 30)
@given(trees.good, trees.good | trees.any_at_all)
def test_nor_does_it_with_any_two_configurations(known: Config, config: Config) -> None:
    assert breaches(config, known) == breaches(config)


@settings(max_examples=300 if LONG else 25)
@given(seed=st.integers(0, 2**32))
def test_what_was_warned_of_before_makes_no_difference_either(seed: int) -> None:
    dice = Random(seed)
    config = LARGE
    for _ in range(3):
        config = otherwise(dice, config)
        if breaches(config):
            config = LARGE
        remembered = tuple(all_warnings(config))
        assert remembered == tuple(said for warning, _ in WARNINGS for said in warning(config))


def test_of_a_long_table_only_what_is_new_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []
    real = host_name_fault
    for module in ("esashell.config.faults", "esashell.config.checks.routes"):
        monkeypatch.setattr(
            f"{module}.host_name_fault", lambda text: looked.append(text) or real(text)
        )
    bad = replace(LARGE.destinations.entries[900], concurrency=7)
    entries = (*LARGE.destinations.entries[:900], bad, *LARGE.destinations.entries[901:])
    config = replace(LARGE, destinations=replace(LARGE.destinations, entries=entries))
    walked = 0
    real_limits = destinations._are_good

    def counted(rows: Sequence[DestinationControl]) -> bool:
        nonlocal walked
        walked += len(rows)
        return real_limits(rows)

    monkeypatch.setattr(destinations, "_are_good", counted)
    assert breaches(config, LARGE) == ()
    assert walked == 1
    assert len(looked) < 5
