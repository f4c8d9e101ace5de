"""What is broken on purpose, and how.

Nothing here tells anybody that something is broken. A signature is spoilt by turning over one of
its bits, dated wrongly by signing with other dates, a chain of trust cut by publishing the digest
of another key: whoever validates has to find out, as on the real internet. What a server does with
a question (answers SERVFAIL, or nothing at all) is the only fault that is not in the data.

In a scenario file the faults of a zone are lists of RRsets, each written `owner TYPE`, with the
owner relative to the zone and `@` for its apex; `TYPE` alone is every RRset of that type, `*` every
RRset of the zone:

    fault.bogus    = ["_25._tcp.mail TLSA"]   # the signature does not fit the data
    fault.servfail = ["mail CNAME"]
"""

from enum import StrEnum

from msgspec import Struct

from esashell.errors import BadConfiguration
from esashell.resolver.names import BadName, Name, name_from_text
from esashell.resolver.rrtypes import type_number


class FaultSpec(Struct, frozen=True, forbid_unknown_fields=True):
    """The faults of one zone, as a scenario file lists them."""

    bogus: tuple[str, ...] = ()
    expired: tuple[str, ...] = ()
    future: tuple[str, ...] = ()
    unsigned: tuple[str, ...] = ()
    unproved: tuple[str, ...] = ()
    servfail: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    timeout: tuple[str, ...] = ()


class Flaw(StrEnum):
    """What is wrong with the signatures over one RRset."""

    BOGUS = "bogus"
    EXPIRED = "expired"
    FUTURE = "future"
    UNSIGNED = "unsigned"


class Mishap(StrEnum):
    """What a server makes of one question instead of answering it."""

    SERVFAIL = "servfail"
    REFUSED = "refused"
    TIMEOUT = "timeout"


# Which RRsets: an owner (None: any) and a type (None: any).
_Which = tuple[Name | None, int | None]


class Faults:
    """The faults of one zone, ready to be asked about."""

    def __init__(self, apex: Name, spec: FaultSpec) -> None:
        self._flaws = [
            (which, flaw)
            for flaw in Flaw
            for which in _all_of(apex, flaw.value, getattr(spec, flaw.value))
        ]
        self._mishaps = [
            (which, mishap)
            for mishap in Mishap
            for which in _all_of(apex, mishap.value, getattr(spec, mishap.value))
        ]
        self._unproved = _all_of(apex, "unproved", spec.unproved)

    def flaw(self, owner: Name, rdtype: int) -> Flaw | None:
        """What is wrong with the signatures over this RRset."""
        for which, flaw in self._flaws:
            if _fits(which, owner, rdtype):
                return flaw
        return None

    def mishap(self, qname: Name, qtype: int) -> Mishap | None:
        """What happens to this question instead of an answer."""
        for which, mishap in self._mishaps:
            if _fits(which, qname, qtype):
                return mishap
        return None

    def withholds_proof(self, qname: Name, qtype: int) -> bool:
        """Whether the denial of this RRset goes out without its NSEC or NSEC3 records."""
        return any(_fits(which, qname, qtype) for which in self._unproved)


def spoilt(signature: bytes) -> bytes:
    """The signature with the last bit of its first octet turned over."""
    return bytes((signature[0] ^ 1,)) + signature[1:]


def _fits(which: _Which, owner: Name, rdtype: int) -> bool:
    return which[0] in (None, owner) and which[1] in (None, rdtype)


def _all_of(apex: Name, key: str, listed: tuple[str, ...]) -> list[_Which]:
    return [_one_of(apex, key, each) for each in listed]


def _one_of(apex: Name, key: str, text: str) -> _Which:
    if text == "*":
        return None, None
    words = text.split()
    try:
        if len(words) == 1:
            return None, type_number(words[0])
        if len(words) == 2:
            return owner_from_text(words[0], apex), type_number(words[1])
    except (BadName, ValueError) as error:
        raise BadConfiguration(f'fault.{key} of {apex}: "{text}": {error}') from error
    raise BadConfiguration(f'fault.{key} of {apex}: "{text}" is not "owner TYPE", "TYPE" or "*"')


def owner_from_text(text: str, apex: Name) -> Name:
    """A name as zone files write it: `@`, relative to the apex, or absolute with a final dot."""
    if text == "@":
        return apex
    if text.endswith("."):
        return name_from_text(text)
    return apex.prepend(*name_from_text(text).labels())
