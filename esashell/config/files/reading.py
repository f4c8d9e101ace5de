"""What the appliance's import files have in common: lines of text, and the way they are refused.

A file is taken whole or not at all. Whatever is wrong with it is answered with its name, the line
and the reason, in the words that the prompt would have used.
"""

import codecs
import re
from collections.abc import Iterator
from typing import NoReturn

from esashell.config.quoting import quoted
from esashell.errors import BadConfiguration

LONGEST_LINE = 64 * 1024  # characters


def lines(raw: bytes, where: str) -> Iterator[tuple[int, str]]:
    """The lines that say something, with their numbers: no blank ones and no comments.

    Raises `BadConfiguration` for what is not text.
    """
    try:
        text = raw.removeprefix(codecs.BOM_UTF8).decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        refuse(where, line, f"byte 0x{error.object[error.start]:02x} is not UTF-8 text")
    # Only these end a line: str.splitlines would also do it at U+2028 and form feeds.
    for at, line_text in enumerate(re.split(r"\r\n|\n|\r", text), 1):
        if len(line_text) > LONGEST_LINE:
            refuse(where, at, f"the line is too long ({len(line_text):,} characters)")
        said = line_text.strip()
        if said and said[0] not in "#;":
            if not said.replace("\t", " ").isprintable():
                refuse(where, at, "the line holds a control character")
            yield at, said


def refuse(where: str, line: int, reason: str) -> NoReturn:
    """Raise the complaint about this line."""
    name = quoted(where)[1:-1]
    raise BadConfiguration(f"Error: {name}, line {line}: {reason}. Nothing was imported.")
