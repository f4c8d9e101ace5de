"""Answers: what is read, what is refused and in which words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esashell.dialogue import kinds
from esashell.dialogue.questions import BLANK, LONGEST_ANSWER, Ask, Kind, show_prompt
from esashell.errors import BadAnswer
from esashell.resolver.names import name_from_text

EVERY_KIND: list[Kind[object]] = [
    kinds.YES_NO,
    kinds.DOMAIN,
    kinds.HOST_NAME,
    kinds.ADDRESS,
    kinds.ADDRESSES,
    kinds.number_kind(0, 65535),
    kinds.text_kind(1000),
    kinds.row_kind(["192.0.2.1", "192.0.2.2"], "server"),
    next(kinds.choice("k", "p", {"off": "No", "on": "Yes"})).kind,
    next(kinds.menu("k", "", {"new": "N", "edit": "E"}, ["print"])).kind,
]


def refusal(kind: Kind[object], text: str) -> str:
    with pytest.raises(BadAnswer) as caught:
        Ask("key", "Question?", kind).take(text)
    return str(caught.value)


CONTROL = "Error: The value holds a control character."


def is_one_clear_line(line: str) -> bool:
    return line.isprintable() and 10 < len(line) < 700


@pytest.mark.parametrize("text", ["y", "Y", "yes", "YES", " Yes "])
def test_yes_in_any_case(text: str) -> None:
    assert Ask("k", "p", kinds.YES_NO).take(text) is True


def test_neither_yes_nor_no_is_answered_as_the_appliance_does() -> None:
    assert refusal(kinds.YES_NO, "maybe") == "Please answer Yes or No."


def test_blank_where_a_value_is_needed_is_answered_as_the_appliance_does() -> None:
    for kind in EVERY_KIND:
        assert refusal(kind, "") == BLANK == "Error: The value cannot be blank."
        assert refusal(kind, "  \t ") == BLANK


@pytest.mark.parametrize("text", ["-1", "65536", "1.5", "²", "٣", "1e3", "0x10", "9" * 5000, "+5"])
def test_a_number_is_ascii_digits_in_its_range(text: str) -> None:
    assert "from 0 to 65535" in refusal(kinds.number_kind(0, 65535), text) or len(text) > 4096


def test_numbers_at_the_ends_of_the_range_are_taken() -> None:
    kind = kinds.number_kind(1, 60)
    assert (kind.parse("1"), kind.parse("60"), kind.parse("007")) == (1, 60, 7)
    assert "from 1 to 60" in refusal(kind, "0")


def test_a_choice_takes_the_number_or_the_word() -> None:
    question = next(kinds.choice("tls", "TLS?", {"off": "No", "on": "Preferred"}, "on"))
    assert isinstance(question, Ask)
    assert [question.take(each) for each in ("1", "OFF", "2", "on", "")] == [
        "off",
        "off",
        "on",
        "on",
        "on",
    ]
    assert show_prompt(question) == "\nTLS?\n1. No\n2. Preferred\n[2]> "
    assert "1, 2 or off, on" in refusal(question.kind, "3")


def test_a_menu_takes_its_words_in_any_case_and_nothing_for_leaving() -> None:
    question = next(kinds.menu("op", "Two rows.", {"new": "Add.", "edit": "Change."}, ["print"]))
    assert isinstance(question, Ask)
    assert [question.take(each) for each in ("NEW", "Edit", "print", "")] == [
        "new",
        "edit",
        "print",
        "",
    ]
    assert refusal(question.kind, "delete") == "Error: The value must be one of NEW, EDIT."
    assert "PRINT" not in show_prompt(question)


def test_yes_and_no_stand_on_the_question_s_own_line() -> None:
    assert show_prompt(Ask("k", "Sure?", kinds.YES_NO, True)) == "\nSure? [Y]> "
    assert show_prompt(Ask("k", "How many?", kinds.number_kind(0, 9), 5)) == "\nHow many?\n[5]> "
    assert show_prompt(Ask("k", "Which?", kinds.ADDRESS)) == "\nWhich?\n[]> "


@pytest.mark.parametrize(
    "text",
    ["192.0.2.300", "192.0.2", "mail.example.com", "fe80::1%eth0", "0.0.0.0", "224.0.0.1", "1"],
)
def test_what_is_not_the_address_of_one_machine_is_refused(text: str) -> None:
    line = refusal(kinds.ADDRESS, text)
    assert line.startswith(f'Error: "{text}" is not ')


def test_addresses_come_out_in_their_usual_spelling_and_once() -> None:
    assert kinds.ADDRESSES.parse("192.0.2.1,2001:DB8::0:1") == ("192.0.2.1", "2001:db8::1")
    assert "twice" in refusal(kinds.ADDRESSES, "2001:db8::1, 2001:db8:0::1")


def test_a_domain_is_read_as_dns_has_it() -> None:
    assert kinds.DOMAIN.parse("IETF.org.") == name_from_text("ietf.org")


@pytest.mark.parametrize(
    "text",
    ["192.0.2.1", "a..b", "x" * 64 + ".org", ".".join(["x" * 60] * 6), "bücher.example", "a b.org",
     "a\x00b.org", "\x1b[2J.org", "[192.0.2.1]", "2001:db8::1", "\udce9.org"],
)  # fmt: skip
def test_what_is_no_domain_gets_one_clear_line(text: str) -> None:
    assert is_one_clear_line(refusal(kinds.DOMAIN, text))


def test_a_row_is_named_by_key_or_number() -> None:
    kind = kinds.row_kind(["2001:db8::1", "192.0.2.2"], "server")
    assert (kind.parse("2"), kind.parse("2001:DB8::1")) == ("192.0.2.2", "2001:db8::1")
    assert refusal(kind, "3") == 'Error: There is no server "3".'


@pytest.mark.parametrize("text", ["a\nb", "bell\x07", "\x9b31m", "half\ud800", "next\u2028line"])
def test_text_with_control_characters_is_refused(text: str) -> None:
    assert refusal(kinds.text_kind(1000), text) == CONTROL


def test_text_may_hold_any_language() -> None:
    assert kinds.text_kind(50).parse("Zürich\u00a0日本 ✓") == "Zürich\u00a0日本 ✓"
    assert "50" in refusal(kinds.text_kind(50), "x" * 51)


@pytest.mark.parametrize("kind", EVERY_KIND, ids=lambda kind: kind.sample)
def test_five_megabytes_get_one_clear_line(kind: Kind[object]) -> None:
    assert is_one_clear_line(refusal(kind, "x" * 5_000_000))
    assert is_one_clear_line(refusal(kind, "\x1b" * LONGEST_ANSWER))


@pytest.mark.parametrize("kind", EVERY_KIND, ids=lambda kind: kind.sample)
@given(text=st.text(max_size=300))
def test_any_text_is_an_answer_or_gets_one_clear_line(kind: Kind[object], text: str) -> None:
    refusal = None
    try:
        kind.show(Ask("key", "p", kind).take(text))
    except BadAnswer as error:
        refusal = str(error)
    assert refusal is None or is_one_clear_line(refusal)


@pytest.mark.parametrize("kind", EVERY_KIND, ids=lambda kind: kind.sample)
def test_the_sample_and_the_words_of_a_kind_are_answers_to_it(kind: Kind[object]) -> None:
    for text in (kind.sample, *kind.words):
        kind.show(kind.parse(text))
