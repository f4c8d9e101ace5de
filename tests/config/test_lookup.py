import pytest
from hypothesis import given
from hypothesis import strategies as st

from esashell.config.lookup import Destinations, Routes, candidates
from esashell.config.model.destination import (
    DaneSetting,
    DefaultControl,
    DestinationControl,
    DestinationControls,
    TlsSetting,
)
from esashell.config.model.routes import SmtpRoute
from tests.config import trees

TABLE = DestinationControls(
    default=DefaultControl(tls=TlsSetting.PREFERRED, concurrency=9),
    entries=(
        DestinationControl("example.com", dane=DaneSetting.MANDATORY),
        DestinationControl(".example.com", concurrency=1),
        DestinationControl(".Lab.example.com", concurrency=2),
        DestinationControl("lab.example.com", tls=TlsSetting.NO),
    ),
)


@pytest.mark.parametrize(
    ("domain", "entry"),
    [
        ("example.com", 0),
        ("EXAMPLE.com.", 0),
        ("www.example.com", 1),
        ("a.b.example.com", 1),
        (".example.com", 1),
        ("a.lab.example.com", 2),
        ("lab.example.com", 3),
        ("notexample.com", None),
        ("com", None),
        ("", None),
        (".", None),
    ],
)
def test_the_nearest_entry_is_for_the_domain(domain: str, entry: int | None) -> None:
    expected = None if entry is None else TABLE.entries[entry]
    assert Destinations(TABLE).entry(domain) == expected


def test_what_an_entry_leaves_out_is_the_default_s() -> None:
    found = Destinations(TABLE)
    assert found.control("example.com") == DefaultControl(
        tls=TlsSetting.PREFERRED, concurrency=9, dane=DaneSetting.MANDATORY
    )
    assert found.control("lab.example.com").tls is TlsSetting.NO
    assert found.control("elsewhere.example") is TABLE.default


def route(domain: str, *destinations: str) -> SmtpRoute:
    return SmtpRoute(domain, destinations)


def test_a_route_of_its_own_wins_over_the_one_for_all() -> None:
    rest, own = route("ALL", "192.0.2.1"), route("a.example", "192.0.2.2")
    routes = Routes([rest, own, route(".b.example", "USEDNS"), route("c.example", "/dev/null")])
    assert routes.route("A.example") == own
    assert routes.route("x.a.example") == rest
    assert routes.route("x.b.example") is None
    assert routes.route("b.example") == rest
    assert routes.route("all") == rest  # a domain of that name is not meant by ALL
    assert routes.discards("c.example")
    assert not routes.discards("a.example")
    assert not routes.discards("x.b.example")
    assert Routes([]).route("a.example") is None


@given(trees.good_destinations, trees.host_names)
def test_the_look_up_finds_what_a_search_through_all_entries_finds(
    table: DestinationControls, domain: str
) -> None:
    def fits(entry: DestinationControl) -> bool:
        name = entry.domain.lower()
        return domain == name or (name.startswith(".") and domain.endswith(name))

    fitting = [each for each in table.entries if fits(each)]
    # A name of its own is one character shorter than the pattern that ends in it, and nearer.
    nearest = max(
        fitting, key=lambda each: (each.domain.lower() == domain, len(each.domain)), default=None
    )
    assert Destinations(table).entry(domain) == nearest


@given(st.text(max_size=20))
def test_any_text_can_be_looked_up(text: str) -> None:
    assert Destinations(TABLE).control(text)
    Routes([route(text, "192.0.2.1")]).route(text)


@pytest.mark.parametrize(
    ("host", "names"),
    [
        ("mail", ("mail.a.example", "mail.b.example", "mail")),
        ("mail.c.example", ("mail.c.example",)),
        ("mail.", ("mail.",)),
        ("::1", ("::1",)),
    ],
)
def test_a_name_without_a_dot_is_sought_in_the_search_list_first(host, names) -> None:
    assert candidates(host, ("a.example", "b.example")) == names
    assert candidates(host, ()) == (host,)
