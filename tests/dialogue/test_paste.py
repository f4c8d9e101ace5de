"""Pastes come out whole, in one piece, and never longer than allowed."""

from hypothesis import given
from hypothesis import strategies as st

from esashell.dialogue.paste import BEGIN, BURST, END, PasteReader


class Chunks:
    closed = False

    def __init__(self, chunks):
        self.chunks = list(chunks)

    def read(self, count=0):
        return self.chunks.pop(0) if self.chunks else ""


def through(chunks, most=1000):
    chunks = list(chunks)
    reader = PasteReader(Chunks(chunks), most)
    return "".join(reader.read() for _ in chunks)


def cut(text, places):
    places = sorted({each % (len(text) + 1) for each in places})
    return [text[a:b] for a, b in zip([0, *places], [*places, len(text)], strict=True)]


@given(
    st.text(max_size=20), st.text(max_size=200), st.text(max_size=20),
    st.lists(st.integers(0, 10_000), max_size=8),
)  # fmt: skip
def test_however_it_is_cut_the_paste_and_what_is_around_it_arrive(before, paste, after, places):
    if "\x1b" in before + paste + after:
        return
    whole = f"{before}{BEGIN}{paste}{END}{after}"
    assert through(cut(whole, places)) == whole


def test_a_paste_that_is_too_long_comes_out_one_character_over_the_limit():
    pieces = [BEGIN, *["x" * 7_777] * 700, END, "typed"]
    assert through(pieces) == f"{BEGIN}{'x' * 1001}{END}typed"


def test_the_next_paste_begins_afresh():
    pieces = [f"{BEGIN}{'x' * 5000}{END}", f"{BEGIN}short{END}"]
    assert through(pieces).endswith(f"{BEGIN}short{END}")


def test_typed_text_is_left_alone():
    assert through(["a", "\x1b[A", "b\r", "é"]) == "a\x1b[Ab\ré"


def test_a_burst_without_marks_is_a_paste():
    assert through(["x" * BURST]) == f"{BEGIN}{'x' * BURST}{END}"
    assert through(["x" * (BURST - 1)]) == "x" * (BURST - 1)


def test_the_end_of_the_input_is_passed_on():
    chunks = Chunks([])
    chunks.closed = True
    assert PasteReader(chunks, 10).closed
