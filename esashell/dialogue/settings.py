"""Settings that may be left to a default: the entries of a table have them beside one for all.

"Do you wish to apply a specific ... to this domain?" stands in front of the question for the value,
and no means the default's. On a command line the value is named or not; `default` takes it back.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

from esashell.dialogue.kinds import YES_NO, ask
from esashell.dialogue.questions import Ask, Kind
from esashell.errors import BadAnswer

if TYPE_CHECKING:
    from esashell.dialogue.drive import Dialogue

T = TypeVar("T")


def or_default(kind: Kind[T]) -> "Kind[T | None]":
    """The same sort of answer, or the word `default`, which is None: the default's value holds."""

    def parse(text: str) -> T | None:
        return None if text.lower() == "default" else kind.parse(text)

    def show(value: T | None) -> str:
        return "default" if value is None else kind.show(value)

    words = (*kind.words, "default") if kind.words else ()
    return Kind(
        parse, show, words, kind.sample, closed=kind.closed, inline=kind.inline, about=kind.about
    )


SHOWN = {"yes": "Y", "no": "N", "default": "Default"}


def _three(text: str) -> str:
    if text.lower() == "default":
        return "default"
    try:
        return "yes" if YES_NO.parse(text) else "no"
    except BadAnswer:
        raise BadAnswer("Please answer Yes, No or Default.") from None


THREE: Kind[str] = Kind(
    _three,
    SHOWN.__getitem__,
    tuple(SHOWN),
    "yes",
    closed=True,
    inline=True,
    about="Yes, No or Default",
)


def three(setting: bool | None) -> str:
    """The word for a setting that is on, off, or left to the default."""
    return "default" if setting is None else ("yes" if setting else "no")


def yes_no_default(key: str, prompt: str, present: bool | None) -> "Dialogue[bool | None]":
    """Yes, no, or None: the default's."""
    word = yield from ask(Ask(key, prompt, THREE, three(present)))
    return None if word == "default" else word == "yes"


def specific(
    prompt: str,
    present: T | None,
    keys: Sequence[str],
    questions: "Callable[[], Dialogue[T | None]]",
    *,
    wish: bool = False,
) -> "Dialogue[T | None]":
    """A setting that may be left to the default: the question whether it is, and those behind it.

    None is the default's. `wish` is what Enter means where the setting is not there yet; a command
    line means it only by naming one of the `keys` behind the question.
    """
    there = present is not None
    gate = Ask(
        f"{keys[0]}_wanted",
        prompt,
        YES_NO,
        there or wish,
        gates=frozenset(keys),
        batch="yes" if there else "no",
    )
    if not (yield from ask(gate)):
        return None
    return (yield from questions())
