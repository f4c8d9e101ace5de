"""`daneverify -f`: what its words mean, and what the lines of a file are."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esashell.commands.daneverify import WISH, Wish, domains_in
from esashell.errors import BadAnswer
from esashell.resolver.names import name_from_text as n


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Example.COM", Wish(n("example.com"))),
        ("-f list.txt", Wish(file="list.txt")),
        ("-f my list.txt --csv", Wish(file="my list.txt", form="csv")),
        ("--json -f list -o out.json", Wish(file="list", form="json", output="out.json")),
        ("-o out.csv --csv -f /tmp/list", Wish(file="/tmp/list", form="csv", output="out.csv")),
    ],
)
def test_what_is_understood(line: str, expected: Wish) -> None:
    assert WISH.parse(line) == expected


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("-f", "-f: a file of domains is required"),
        ("--csv", "-f: a file of domains is required"),
        ("-f list -o out", "-o: a file, and --csv or --json, are required"),
        ("-f list --csv -o", "-o: a file, and --csv or --json, are required"),
        ("-x", "begins or ends with"),
        ("-f list --csv other", "'other' is not an option of daneverify"),
        ("a..b", "two dots in a row"),
    ],
)
def test_what_is_refused_and_why(line: str, message: str) -> None:
    with pytest.raises(BadAnswer, match=message.replace("'", "[\"']")):
        WISH.parse(line)


def test_a_list_of_domains() -> None:
    text = (
        "\ufeff# all of ours\r\nexample.com\r\n\r\n  EXAMPLE.org.  # the other one\r\nexample.com"
    )
    found = domains_in(text, "list")
    assert found.domains == (n("example.com"), n("example.org"))
    assert found.repeated == 1
    assert found.bad == ()


def test_lines_that_are_no_domain_are_told_with_their_place() -> None:
    found = domains_in("good.example\na..b\ntwo words\n\x1b[31mred\n", "my list")
    assert found.domains == (n("good.example"),)
    assert [each.partition(": ")[0] for each in found.bad] == [f"my list:{x}" for x in (2, 3, 4)]
    assert all(each.isprintable() for each in found.bad)


@given(st.text())
def test_any_text_is_a_list(text: str) -> None:
    found = domains_in(text, "list")
    assert len(found.domains) + len(found.bad) + found.repeated <= text.count("\n") + 1
    assert all(each.isprintable() for each in found.bad)


@given(st.text())
def test_any_words_are_a_wish_or_refused(text: str) -> None:
    with suppress(BadAnswer):
        found = WISH.parse(text.strip())
        assert (found.domain is None) == bool(found.file)
