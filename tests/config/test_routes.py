"""SMTP routes: how a destination is read and written, and the file of all of them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esashell.config.check import breaches
from esashell.config.files import routes as files
from esashell.config.files.routes import read, written
from esashell.config.model.routes import MOST_ROUTES, RouteHost, SmtpRoute, route_host
from esashell.config.tree import Config
from esashell.errors import BadConfiguration
from tests.config import trees


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("relay.example.com", RouteHost("relay.example.com")),
        ("[relay.example.com]", RouteHost("relay.example.com", bracketed=True)),
        ("relay.example.com:2525/pri=10", RouteHost("relay.example.com", 2525, 10)),
        ("[relay.example.com]:26/pri=1", RouteHost("relay.example.com", 26, 1, bracketed=True)),
        ("192.0.2.25", RouteHost("192.0.2.25")),
        ("2001:db8::25/pri=3", RouteHost("2001:db8::25", 25, 3)),
        ("[2001:db8::25]:2525", RouteHost("2001:db8::25", 2525)),
    ],
)
def test_a_destination_is_a_host_with_a_port_and_a_priority(text: str, host: RouteHost) -> None:
    assert route_host(text) == host
    assert str(host) == text


@pytest.mark.parametrize(
    ("text", "usual"),
    [
        ("Relay.Example.COM.", "relay.example.com"),
        ("[2001:DB8:0::25]", "2001:db8::25"),
        ("[192.0.2.25]:25/PRI=0", "192.0.2.25"),
        ("relay.example:25/pri=00", "relay.example"),
    ],
)
def test_a_destination_has_one_usual_spelling(text: str, usual: str) -> None:
    assert str(route_host(text)) == usual


@given(trees.route_hosts)
def test_what_a_host_is_written_as_is_read_as_that_host(host: RouteHost) -> None:
    assert route_host(str(host)) == host


@given(st.text(max_size=30))
def test_any_text_is_a_host_or_refused_with_the_end_of_a_sentence(text: str) -> None:
    refusal = "has "
    try:
        route_host(text)
    except ValueError as error:
        refusal = str(error)
    assert refusal.startswith("has ")


def test_a_file_without_a_route_removes_none() -> None:
    with pytest.raises(BadConfiguration, match="there is no route in the file"):
        read(written(()).encode(), "x")


@given(trees.good_routes.filter(bool))
def test_what_was_exported_is_imported_again(routes: tuple[SmtpRoute, ...]) -> None:
    again = read(written(routes).encode(), "x")
    assert [each.domain for each in again] == [each.domain for each in routes]
    for one, other in zip(again, routes, strict=True):
        assert set(one.destinations) == set(other.destinations)
    assert read(written(again).encode(), "x") == again


def test_a_file_of_routes_reads_like_the_published_one() -> None:
    raw = (
        b"# a comment\n\nexample.com exchange.example.com\n.Example.com\tUseDNS\r\n"
        b"ALL a.example/pri=2, [b.example]/pri=1\n"
    )
    assert read(raw, "x") == (
        SmtpRoute("example.com", ("exchange.example.com",)),
        SmtpRoute(".example.com", ("USEDNS",)),
        SmtpRoute("ALL", ("[b.example]/pri=1", "a.example/pri=2")),
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a b.example\nexample.com\n", "line 2: there is no destination"),
        ("a b.example\n\na c.example\n", "line 3: there is a route for a already"),
        ("a_b c.example\n", 'line 1: "a_b" is not a host name'),
        ("a USEDNS,b.example\n", "line 1: USEDNS stands by itself"),
        ("a b.example:x\n", 'line 1: "b.example:x" has a port that is not a number'),
        ("a b.example,B.example\n", "line 1: a destination is given twice"),
        ("a b\x1b.example\n", "line 1: the line holds a control character"),
    ],
)
def test_a_bad_line_is_refused_with_file_line_and_reason(text: str, reason: str) -> None:
    with pytest.raises(BadConfiguration) as refused:
        read(text.encode(), "routes.txt")
    assert str(refused.value).startswith(f"Error: routes.txt, {reason}")
    assert str(refused.value).endswith(". Nothing was imported.")


def test_one_route_too_many_is_refused_on_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    assert files.MOST_ROUTES == MOST_ROUTES == 40_000
    monkeypatch.setattr(files, "MOST_ROUTES", 1_000)
    text = "".join(f"d{n}.example 192.0.2.1\n" for n in range(1_001))
    with pytest.raises(BadConfiguration, match=r"line 1001: there are more than 1,000 routes"):
        read(text.encode(), "x")
    assert len(read(text[: text.rindex("d1000")].encode(), "x")) == 1_000


_LINES = st.sampled_from(
    ["a b.example", "ALL USEDNS", ". b", "a.example [b.example]:0", "x", "#", "a /dev/null"]
)


@given(st.binary(max_size=80) | st.lists(_LINES, max_size=6).map(lambda ls: "\n".join(ls).encode()))
def test_hostile_bytes_are_routes_by_the_rules_or_refused_in_one_line(raw: bytes) -> None:
    refusal = ""
    try:
        assert not breaches(Config(smtp_routes=read(raw, "r")))
    except BadConfiguration as error:
        refusal = str(error)
    assert re.fullmatch(r"|Error: r, line \d+: .*", refusal)
    assert refusal.isprintable()
