"""Domain names, as the lower-case bytes that DNSSEC signs.

A `Name` is the uncompressed wire form (RFC 1035 3.1) with ASCII letters in lower case, which is
also the canonical form of RFC 4034 6.2: it goes into signed data, NSEC3 hashes and dictionary keys
as it is, and two names are equal exactly when DNS says so. The original spelling is not kept;
nothing that is judged here depends on it.

The order of names (RFC 4034 6.1) compares labels from the right, so it is not the order of these
bytes: sort by `order`.
"""

from functools import lru_cache
from ipaddress import ip_address

from esashell.errors import BadAnswer

_LDH_OCTETS = b"abcdefghijklmnopqrstuvwxyz0123456789-_"
_LDH_AND_DOT = _LDH_OCTETS + b"."
_LDH = frozenset(_LDH_OCTETS)
# What a presentation-format label may hold unescaped; the rest is written \DDD (RFC 1035 5.1).
_PLAIN = frozenset(range(0x21, 0x7F)) - frozenset(b'.\\"();@$')


class BadName(BadAnswer):
    """The text is not a domain name; the message says why in one line."""


class Name(bytes):
    """A domain name in canonical wire form; `name_from_text` makes one."""

    __slots__ = ()

    def __str__(self) -> str:
        """The name without its final dot; the root is a dot."""
        return _shown(self)

    @property
    def dotted(self) -> str:
        """The name with its final dot, as zone files and explanations have it."""
        return "." if len(self) == 1 else f"{self}."

    def __repr__(self) -> str:
        return f"<{self}>"

    def labels(self) -> tuple[bytes, ...]:
        """The labels from left to right, without the root's empty one."""
        found = []
        at = 0
        while length := self[at]:
            found.append(self[at + 1 : at + 1 + length])
            at += length + 1
        return tuple(found)

    @property
    def parent(self) -> "Name":
        """The name without its left-most label. The root has none: `IndexError`."""
        if len(self) == 1:
            raise IndexError("the root has no parent")
        return Name(self[self[0] + 1 :])

    def ancestors(self) -> tuple["Name", ...]:
        """This name, its parent, and so on up to the root."""
        return _lineage(self)

    def is_under(self, zone: "Name") -> bool:
        """Whether this name is `zone` or lies below it."""
        # A suffix of the bytes alone may begin in the middle of a label.
        return self.endswith(zone) and zone in _lineage(self)

    @property
    def is_wildcard(self) -> bool:
        return self[:2] == b"\x01*"

    @property
    def order(self) -> tuple[bytes, ...]:
        """The key that sorts names canonically (RFC 4034 6.1)."""
        return self.labels()[::-1]

    def prepend(self, *labels: bytes) -> "Name":
        """This name with further labels on its left, in lower case; `BadName` when too long."""
        name = b"".join(bytes((len(each),)) + each.lower() for each in labels) + self
        if len(name) > 255 or any(not 0 < len(each) < 64 for each in labels):
            raise BadName("The name is longer than DNS allows.")
        return Name(name)


ROOT = Name(b"\x00")


@lru_cache(maxsize=4096)
def _lineage(name: Name) -> tuple[Name, ...]:
    """A look-up asks again and again what the same name lies under."""
    found = [name]
    at, end = 0, len(name) - 1
    while at < end:
        at += name[at] + 1
        found.append(Name(name[at:]))
    return tuple(found)


@lru_cache(maxsize=4096)
def _shown(name: Name) -> str:
    """The same few names are shown again and again while something is looked up."""
    if len(name) == 1:
        return "."
    labels = name.labels()
    joined = b".".join(labels)
    # Nearly every name is of plain letters.
    if not joined.translate(None, _LDH_AND_DOT) and joined.count(b".") == len(labels) - 1:
        return joined.decode("ascii")
    return ".".join(_label_text(label) for label in labels)


def common_ancestor(one: Name, other: Name) -> Name:
    """The longest name that both are, or lie under."""
    for each in one.ancestors():
        if other.is_under(each):
            return each
    return ROOT


def name_from_labels(labels: tuple[bytes, ...]) -> Name:
    """The name with these labels, from left to right."""
    return ROOT.prepend(*labels)


def name_from_text(text: str) -> Name:
    r"""The name that presentation-format text stands for, with or without its final dot.

    Takes any octet, escaped as RFC 1035 5.1 has it (`\.`, `\032`); for what an operator types at
    a prompt use `domain_from_text`, which is stricter.
    """
    if text in (".", ""):
        return ROOT
    labels: list[bytes] = []
    label = bytearray()
    at = 0
    while at < len(text):
        char = text[at]
        at += 1
        if char == "\\":
            digits = text[at : at + 3]
            if len(digits) == 3 and digits.isascii() and digits.isdigit() and int(digits) < 256:
                label.append(int(digits))
                at += 3
            elif at < len(text) and text[at].isascii() and not text[at].isdigit():
                label.append(ord(text[at]))
                at += 1
            else:
                raise BadName("The name ends in, or holds, a broken escape.")
        elif char == ".":
            labels.append(bytes(label))
            label.clear()
        elif char.isascii():
            label.append(ord(char))
        else:
            raise BadName("The name must be given in ASCII; write the xn-- form.")
    if label or text.endswith("\\."):
        labels.append(bytes(label))
    for each in labels:
        if not each:
            raise BadName("The name has an empty label (two dots in a row).")
        if len(each) > 63:
            raise BadName("A label of the name is longer than 63 characters.")
    if sum(len(each) + 1 for each in labels) + 1 > 255:
        raise BadName("The name is longer than 253 characters.")
    return name_from_labels(tuple(labels))


def reverse_name(address: str) -> Name:
    """The name that an address's PTR records are at (RFC 1035 3.5, RFC 3596 2.5).

    Raises `ValueError` when the text is no address.
    """
    from ipaddress import ip_address

    return name_from_text(ip_address(address).reverse_pointer)


def domain_from_text(text: str) -> Name:
    """A mail domain as an operator types it; `BadName` says in one line what is wrong with it.

    Letters, digits, hyphens and underscores only, no numeric address, no name of a single label
    made of digits. A final dot is accepted and means nothing.
    """
    text = text.strip()
    if not text:
        raise BadName("The domain name cannot be empty.")
    if len(text) > 1000:
        raise BadName("The domain name is longer than 253 characters.")
    if any(ord(each) < 0x20 or ord(each) == 0x7F for each in text):
        raise BadName("The domain name holds a control character.")
    if not text.isascii():
        raise BadName(_non_ascii_line(text))
    if _is_address(text):
        raise BadName("That is an IP address; a domain name is wanted.")
    if text == ".":
        raise BadName("The root is not a mail domain.")
    if "\\" in text:
        raise BadName('The domain name holds "\\"; only letters, digits, "-" and "_" are allowed.')
    name = name_from_text(text)
    for label in name.labels():
        bad = [each for each in label if each not in _LDH]
        if bad:
            raise BadName(
                f'The domain name holds "{chr(bad[0])}"; '
                'only letters, digits, "-" and "_" are allowed.'
            )
        if label[:1] == b"-" or label[-1:] == b"-":
            raise BadName('A label of the domain name begins or ends with "-".')  # RFC 5321 4.1.2
    return name


def _is_address(text: str) -> bool:
    """Whether the text is a numeric address, be it in brackets or cut short (`192.0.2`)."""
    bare = text.removeprefix("[").removesuffix("]").removeprefix("IPv6:")
    try:
        ip_address(bare)
    except ValueError:
        return bare.replace(".", "").isdigit()
    return True


def _non_ascii_line(text: str) -> str:
    try:
        written = text.encode("idna").decode("ascii")
    except UnicodeError:
        return "The domain name must be given in ASCII; write the xn-- form."
    return f'The domain name must be given in ASCII; did you mean "{written}"?'


def _label_text(label: bytes) -> str:
    if not label.translate(None, _LDH_OCTETS):
        return label.decode("ascii")
    return "".join(
        chr(each) if each in _PLAIN else (f"\\{chr(each)}" if each in b'.\\"' else f"\\{each:03d}")
        for each in label
    )
