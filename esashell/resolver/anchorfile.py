"""A trust point as text, for the file in which it outlives the program.

    # The trusted keys of ".", followed by esashell (RFC 5011). To begin again with the built-in
    # keys, remove this file.
    version 1
    zone .
    asked 2025-07-02T09:00:00Z
    seen 2025-07-02T09:00:00Z
    due 2025-07-02T10:00:00Z
    ttl 86400
    life 1252800
    valid since=2025-06-18T12:00:00Z seen=2025-07-02T09:00:00Z tag=20326 DNSKEY 257 3 8 AwEAA...
    pending since=... seen=... hold=2592000 by=5D0C... tag=38696 DNSKEY 257 3 8 AwEAA...
    end 2

What is damaged is refused as a whole and named with its line: a file of which half is believed
could have lost the very line that says that a key was revoked. So each record has its key's tag
beside it, and the last line counts the keys. None of this protects from whoever can write the file
on purpose, as nothing could.
"""

import datetime
import re

from esashell.errors import BadAnswer
from esashell.resolver import rdata as rd
from esashell.resolver.anchors import BadAnchor, record_of
from esashell.resolver.names import Name, name_from_text
from esashell.resolver.rollover import KeyState, TrackedKey, TrustPoint
from esashell.resolver.rrtypes import RRType

VERSION = 1
LARGEST = 1_000_000  # octets; such a file has some thousands, and is not read without end

_TIME = "%Y-%m-%dT%H:%M:%SZ"
_TIME_FORM = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)
_NEVER = "never"
_TIMES = ("asked", "seen", "due")
_NUMBERS = ("ttl", "life")
_STATES = {each.value: each for each in KeyState if each is not KeyState.START}


def encoded(point: TrustPoint) -> bytes:
    """The text of a trust point."""
    lines = [
        f'# The trusted keys of "{point.zone.dotted}", followed by esashell (RFC 5011). To begin '
        "again with",
        "# the built-in keys, remove this file.",
        f"version {VERSION}",
        f"zone {point.zone.dotted}",
        *(f"{name} {_shown(getattr(point, name))}" for name in _TIMES),
        *(f"{name} {getattr(point, name)}" for name in _NUMBERS),
        *(_key_line(each) for each in point.keys),
        f"end {len(point.keys)}",
    ]
    return "".join(f"{line}\n" for line in lines).encode()


def decoded(text: bytes) -> TrustPoint:
    """The trust point in the text; `BadAnchor` names the line that is not understood."""
    if len(text) > LARGEST:
        raise BadAnchor(f"line 1: the file is larger than {LARGEST} octets.")
    number = 0
    reader = _Reader()
    for number, line in enumerate(text.split(b"\n"), 1):
        try:
            reader.take(line.decode("ascii").split("#", 1)[0].split())
        except UnicodeDecodeError:
            raise BadAnchor(f"line {number}: there are octets that are no text.") from None
        except BadAnswer as error:
            raise BadAnchor(f"line {number}: {error}") from None
    try:
        return reader.point()
    except BadAnchor as error:
        raise BadAnchor(f"line {number}: {error}") from None


def _shown(when: int) -> str:
    return datetime.datetime.fromtimestamp(when, datetime.UTC).strftime(_TIME) if when else _NEVER


def _key_line(key: TrackedKey) -> str:
    words = [key.state.value, f"since={_shown(key.since)}", f"seen={_shown(key.seen)}"]
    if key.state is KeyState.PENDING:
        words += [f"hold={key.hold}", f"by={','.join(each.hex() for each in key.signers)}"]
    kind = "DS" if key.rdtype == RRType.DS else "DNSKEY"
    return " ".join([*words, f"tag={key.tag}", kind, rd.text(key.rdtype, key.rdata)])


class _Reader:
    """Takes the lines in their order: the head, the keys, the end."""

    def __init__(self) -> None:
        self._wanted = ["version", "zone", *_TIMES, *_NUMBERS]
        self._numbers: dict[str, int] = {}
        self._keys: list[TrackedKey] = []
        self._zone: Name | None = None
        self._ended = False

    def take(self, words: list[str]) -> None:
        if not words:
            return
        if self._ended:
            raise BadAnchor("there is something behind the end.")
        if self._wanted:
            self._head(words)
        elif words[0] == "end":
            self._end(words)
        else:
            self._keys.append(self._key(words))

    def point(self) -> TrustPoint:
        if self._zone is None or not self._ended:
            raise BadAnchor("the file ends too early.")
        return TrustPoint(self._zone, tuple(self._keys), **self._numbers)

    def _head(self, words: list[str]) -> None:
        name = self._wanted[0]
        if len(words) != 2 or words[0] != name:
            raise BadAnchor(f'"{name}" and one word are wanted here.')
        if name == "version":
            if _number(words[1]) != VERSION:
                raise BadAnchor(f"version {words[1][:20]} was written by another esashell.")
        elif name == "zone":
            self._zone = name_from_text(words[1])
        else:
            self._numbers[name] = (_time if name in _TIMES else _number)(words[1])
        del self._wanted[0]

    def _end(self, words: list[str]) -> None:
        if len(words) != 2 or _number(words[1]) != len(self._keys):
            raise BadAnchor(f"there are {len(self._keys)} keys above, not as many as it says here.")
        if not self._keys:
            raise BadAnchor("there is no key.")
        self._ended = True

    def _key(self, words: list[str]) -> TrackedKey:
        state = _STATES.get(words[0])
        if state is None:
            raise BadAnchor(f'"{words[0][:20]}" is no state of a key.')
        pending = state is KeyState.PENDING
        names = ["since", "seen", *(["hold", "by"] if pending else []), "tag"]
        if len(words) <= len(names):
            raise BadAnchor("the line is not complete.")
        pairs = zip(names, words[1 : 1 + len(names)], strict=True)
        fields = {name: _field(name, word) for name, word in pairs}
        assert self._zone is not None
        _, is_ds, rdata = record_of([self._zone.dotted, *words[1 + len(names) :]])
        key = TrackedKey(
            RRType.DS.value if is_ds else RRType.DNSKEY.value,
            rdata,
            state,
            _time(fields["since"]),
            _time(fields["seen"]),
            _number(fields["hold"]) if pending else 0,
            _fingerprints(fields["by"]) if pending else (),
        )
        if key.tag != _number(fields["tag"]):
            raise BadAnchor(
                f"the key's tag is {key.tag}, not {fields['tag'][:20]}: it was changed."
            )
        if is_ds and state not in (KeyState.VALID, KeyState.MISSING):
            raise BadAnchor(f"a DS record cannot be {state.value}.")
        if any(each.rdata == rdata for each in self._keys):
            raise BadAnchor("the same key stands further up.")
        return key


def _field(name: str, word: str) -> str:
    found, sign, value = word.partition("=")
    if found != name or not sign:
        raise BadAnchor(f'"{name}=" is wanted instead of "{word[:20]}".')
    return value


def _number(word: str) -> int:
    if not (word.isascii() and word.isdigit() and len(word) <= 10):
        raise BadAnchor(f'"{word[:20]}" is not a number.')
    return int(word)


def _time(word: str) -> int:
    if word == _NEVER:
        return 0
    try:
        if not _TIME_FORM.fullmatch(word):
            raise ValueError
        found = datetime.datetime.strptime(word, _TIME).replace(tzinfo=datetime.UTC)
    except ValueError:
        raise BadAnchor(f'"{word[:30]}" is not a time such as 2025-03-01T09:00:00Z.') from None
    seconds = int(found.timestamp())
    if seconds < 0:
        raise BadAnchor(f'"{word[:30]}" is before 1970.')
    return seconds


def _fingerprints(word: str) -> tuple[bytes, ...]:
    try:
        found = tuple(bytes.fromhex(each) for each in word.split(","))
    except ValueError:
        found = ()
    if not found or any(len(each) != 32 for each in found):
        raise BadAnchor("the fingerprints of the signing keys are not such.")
    return found
