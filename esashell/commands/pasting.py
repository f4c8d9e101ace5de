"""Text of several lines, typed or pasted at a prompt: certificates, configurations.

A line with a dot alone ends it, and so does Ctrl-D. The lines are taken as they are; what they mean
is for whoever reads the whole.
"""

from typing import TYPE_CHECKING

from esashell.dialogue.kinds import ask
from esashell.dialogue.requests import Ask, Kind
from esashell.errors import BadAnswer

if TYPE_CHECKING:
    from esashell.dialogue.drive import Dialogue

END = "."
LARGEST = 16 * 1024 * 1024  # characters


def _line(text: str) -> str:
    if len(text) > LARGEST:
        raise BadAnswer("Error: The line is too long.")
    return text


# A private key is among what is pasted, and a configuration may hold one.
LINE: Kind["str | None"] = Kind(
    _line, sample=END, about="Lines of text, and a dot to end them", secret=True
)


def pasted(key: str, prompt: str) -> "Dialogue[str]":
    """The lines that were typed, without the dot, each with its end."""
    lines: list[str] = []
    size = 0
    question = Ask(key, prompt, LINE, ends=True)
    while size <= LARGEST:
        line = yield from ask(question)
        if line is None or line.strip() == END:
            break
        lines.append(line)
        size += len(line)
        question = Ask(key, "", LINE, ends=True)
    return "".join(f"{line}\n" for line in lines)
