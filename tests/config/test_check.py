import pytest
from hypothesis import given
from msgspec.structs import replace

from esashell.config.check import breaches, check
from esashell.config.faults import address_fault, host_name_fault
from esashell.config.model.dnsserver import DnsServer, DnsSettings
from esashell.config.model.network import Interface
from esashell.config.tree import Config, factory
from esashell.errors import CommitRefused
from tests.config import trees


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
