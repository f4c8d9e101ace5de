"""A tree of elements from XML that nobody vouches for.

An export of the appliance is XML with a document type and nothing declared in it. All that makes
XML dangerous is in declarations: entities that grow when they are expanded, or that name files. So
whatever is declared inside the document is refused, nothing outside is ever fetched, and size,
depth and the number of elements have limits.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NoReturn

from esashell.config.files.reading import refuse
from esashell.config.quoting import quoted
from esashell.errors import BadConfiguration

if TYPE_CHECKING:
    from xml.parsers.expat import XMLParserType

LARGEST = 16 * 1024 * 1024  # bytes
DEEPEST = 40
MOST_ELEMENTS = 400_000


class Element:
    """An element: its text without the line ends around it, its children, the line it begins on."""

    def __init__(self, name: str, attributes: dict[str, str], line: int) -> None:
        self.name = name
        self.attributes = attributes
        self.line = line
        self.children: list[Element] = []
        self._pieces: list[str] = []

    @property
    def text(self) -> str:
        text = "".join(self._pieces)
        return text.strip() if "\n" in text else text

    def add_text(self, text: str) -> None:
        self._pieces.append(text)

    def child(self, name: str) -> "Element | None":
        """The first child of that name."""
        return next(self.all(name), None)

    def all(self, name: str) -> "Iterator[Element]":
        return (each for each in self.children if each.name == name)


def tree(raw: bytes, where: str) -> Element:
    """The root element; raises `BadConfiguration` for what is no XML or not to be trusted."""
    from xml.parsers.expat import ExpatError, ParserCreate

    if len(raw) > LARGEST:
        raise BadConfiguration(f"Error: {quoted(where)[1:-1]} is longer than {LARGEST:,} bytes.")
    parser = ParserCreate()
    builder = _Builder(parser, where)
    try:
        parser.Parse(raw, True)
    except ExpatError as error:
        refuse(where, error.lineno, f"not well-formed XML ({str(error).partition(':')[0]})")
    except (ValueError, LookupError) as error:  # an encoding that there is none of
        refuse(where, 1, quoted(str(error), 100)[1:-1])
    if builder.root is None:
        refuse(where, 1, "there is no element")
    return builder.root


class _Builder:
    def __init__(self, parser: "XMLParserType", where: str) -> None:
        self.root: Element | None = None
        self._where = where
        self._parser = parser
        self._open: list[Element] = []
        self._count = 0
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.StartDoctypeDeclHandler = self._doctype
        parser.EntityDeclHandler = self._declared
        parser.UnparsedEntityDeclHandler = self._declared
        parser.NotationDeclHandler = self._declared
        parser.ExternalEntityRefHandler = self._declared
        parser.SkippedEntityHandler = self._declared

    def _refuse(self, reason: str) -> NoReturn:
        refuse(self._where, self._parser.CurrentLineNumber, reason)

    def _doctype(self, name: str, system: str | None, public: str | None, subset: bool) -> None:
        if subset:
            self._refuse("declarations inside the document are not taken")

    def _declared(self, *declaration: Any) -> NoReturn:
        self._refuse("entities are not taken")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if len(self._open) >= DEEPEST or self._count > MOST_ELEMENTS:
            self._refuse("too many elements, or too deep within one another")
        element = Element(name, attributes, self._parser.CurrentLineNumber)
        if self._open:
            self._open[-1].children.append(element)
        else:
            self.root = element
        self._open.append(element)

    def _end(self, name: str) -> None:
        self._open.pop()

    def _text(self, text: str) -> None:
        self._open[-1].add_text(text)
