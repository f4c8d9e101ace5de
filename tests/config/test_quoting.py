from hypothesis import given
from hypothesis import strategies as st

from esashell.config.quoting import quoted


@given(
    st.text(st.characters(), max_size=200) | st.text(st.characters(categories=["Cs", "Cc", "Cf"]))
)
def test_whatever_the_text_it_stays_on_one_line_and_moves_nothing(text: str) -> None:
    shown = quoted(text)
    assert shown.isprintable()
    assert shown.startswith('"')
    assert shown.endswith('"')
    shown.encode()


def test_what_can_be_printed_is_shown_as_it_is_and_the_rest_escaped() -> None:
    assert quoted("Zürich, 東京") == '"Zürich, 東京"'
    assert quoted("a\x1b[2J\n\u202e\ud800") == r'"a\x1b[2J\n\u202e\ud800"'


def test_a_long_text_is_cut_and_says_so() -> None:
    assert quoted("a" * 5_000_000, 10) == '"aaaaaaa..."'
