"""What was seen of many destinations, with what they have in common kept once.

Most of the destinations of any list are customers of a few providers, and show the same: the same
hosts, the same certificates, or the same nothing. What one shows is therefore put into a form that
does not name it, by a sign in the place of its name. Destinations of the same form are of one
*evidence class*: under any settings the same becomes of their mail, by the same rule and for the
same reason. What is decided for one is decided for all.

Three things may tell two destinations apart that show the same: the lot that is drawn among hosts
of one preference, certificates in which one of them is named, and being ourselves. The first is
part of the form; a destination of the other two keeps its name in it and is a class of its own.

A form is a text, which a file can keep (`lines`). Proofs, transcripts and banners are left out, as
nothing is decided by them. From a form and a name the observation is made again, to the letter.
"""

from collections.abc import Iterable
from hashlib import sha256
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from esashell.config.model.routes import DEV_NULL, USEDNS, SmtpRoute
from esashell.delivery.destinations import destination
from esashell.delivery.evidence import HostAddresses
from esashell.delivery.nexthops import drawn, hops
from esashell.delivery.observation import (
    AddressesWanted,
    Contact,
    ContactWanted,
    Fact,
    Handshake,
    MxWanted,
    Observation,
    PointerWanted,
    RootsWanted,
    TlsaWanted,
    TlsWanted,
)
from esashell.delivery.unvalidated import unvalidated
from esashell.errors import BadAnswer
from esashell.pki.certificate import BadCertificate, certificate
from esashell.resolver.answer import Answer
from esashell.resolver.names import Name, name_from_text
from esashell.smtp.client import Finding, Greeting
from esashell.smtp.replies import Reply
from esashell.steps import TlsPeer

# Where mail goes by a route: its destinations, and () where the domain's own MX records decide or
# nothing goes anywhere.
Way = tuple[str, ...]
OWN: Way = ()

# In the place of the destination's name. Of a private use area (Unicode 23.5): no name has it.
SIGN = "\ue000"


class _Mx(Struct, frozen=True, tag="MX"):
    want: MxWanted
    found: Answer


class _Addresses(Struct, frozen=True, tag="addresses"):
    want: AddressesWanted
    found: HostAddresses


class _Tlsa(Struct, frozen=True, tag="TLSA"):
    want: TlsaWanted
    found: tuple[Answer, ...]


class _Pointer(Struct, frozen=True, tag="PTR"):
    want: PointerWanted
    found: Answer


class _Greeted(Struct, frozen=True):
    """A `Contact` without what was said; `capabilities` are None where there was no greeting."""

    interface: str
    capabilities: tuple[str, ...] | None
    failure: Finding | None


class _Shaken(Struct, frozen=True):
    """A `Handshake` without what was said."""

    peer: TlsPeer | None
    failure: Finding | None
    usable: bool


class _Contact(Struct, frozen=True, tag="contact"):
    want: ContactWanted
    found: _Greeted


class _Tls(Struct, frozen=True, tag="TLS"):
    want: TlsWanted
    found: _Shaken


class _Roots(Struct, frozen=True, tag="authorities"):
    want: RootsWanted
    found: tuple[bytes, ...]


_Fact = _Mx | _Addresses | _Tlsa | _Pointer | _Contact | _Tls | _Roots
_KINDS: dict[type, Any] = {
    MxWanted: _Mx,
    AddressesWanted: _Addresses,
    TlsaWanted: _Tlsa,
    PointerWanted: _Pointer,
    ContactWanted: _Contact,
    TlsWanted: _Tls,
    RootsWanted: _Roots,
}


class Form(Struct, frozen=True):
    """What a form says; `order` is how the lot fell among hosts of one preference."""

    facts: tuple[_Fact, ...]
    seed: int
    own_name: str
    order: tuple[str, ...] = ()


def _name_of(kind: type, text: object) -> object:
    if kind is not Name or not isinstance(text, str):
        raise TypeError(f"nothing of {kind} is kept")
    return name_from_text(text)


_ENCODER = msgspec.json.Encoder(enc_hook=str)
_DECODER = msgspec.json.Decoder(Form, dec_hook=_name_of)


def way_of(route: SmtpRoute | None) -> Way:
    """Where mail with this route goes."""
    if route is None or {USEDNS, DEV_NULL} & set(route.destinations):
        return OWN
    return route.destinations


class Look(Struct, frozen=True, gc=False):
    """When a destination was looked at, in microseconds, and the number of its class."""

    when: int
    number: int


class Seen:
    """Destinations that were looked at, each by the way that a route has its mail go."""

    def __init__(self) -> None:
        self.looks: dict[Way, dict[str, Look]] = {}
        self.forms: list[str] = []
        self._numbers: dict[str, int] = {}
        self._firsts: dict[int, Observation] = {}

    def add(self, domain: str, way: Way, observation: Observation) -> Look:
        """Keep an observation instead of any that there was."""
        number = self.number(form_of(observation, way))
        self._firsts.setdefault(number, observation)
        return self.known(domain, way, observation.when, number)

    def number(self, form: str) -> int:
        """The number of a class, a new one if it is new."""
        number = self._numbers.setdefault(form, len(self.forms))
        if number == len(self.forms):
            self.forms.append(form)
        return number

    def known(self, domain: str, way: Way, when: int, number: int) -> Look:
        look = Look(when, number)
        self.looks.setdefault(way, {})[domain] = look
        return look

    def look(self, domain: str, way: Way) -> Look | None:
        """The last look at a destination; None where nobody has looked."""
        return self.looks.get(way, {}).get(domain)

    def looks_at(self, domains: Iterable[str], way: Way) -> list[Look | None]:
        """The same for many."""
        return list(map(self.looks.get(way, {}).get, domains))

    def observation(self, domain: str, way: Way) -> Observation | None:
        """What was seen of a destination; None where nobody has looked."""
        look = self.look(domain, way)
        if look is None:
            return None
        return observation_from(self.forms[look.number], domain, look.when)

    def example(self, look: Look, domain: str) -> Observation:
        """What was seen of a destination of this class: of the first that anybody asked about."""
        found = self._firsts.get(look.number)
        if found is None:
            found = observation_from(self.forms[look.number], domain, look.when)
            self._firsts[look.number] = found
        return found


def form_of(observation: Observation, way: Way) -> str:
    """An observation as a text that does not name its destination."""
    own = str(observation.domain)
    facts = tuple(
        _KINDS[type(each.want)](each.want, _bare(each.found))
        for each in observation.facts
        if type(each.want) in _KINDS
    )
    order = _order(observation, way)
    whole = Form(facts, observation.seed, observation.own_name, order)
    text = _ENCODER.encode(whole).decode()
    plain = own.isascii() and not set(own) & set('\\"')
    if SIGN in text or not plain or own == "." or _is_named(observation, own):
        return f"{own} {text}"
    return text.replace(own, SIGN)


def observation_from(form: str, domain: str, when: int) -> Observation:
    """The observation that a form was made from. Raises `msgspec.DecodeError` for other texts."""
    name = name_from_text(domain)
    own = str(name)
    try:
        text = form.replace(SIGN, own) if form[:1] == "{" else form.partition(" ")[2]
        found = _DECODER.decode(text)
    except BadAnswer as error:
        raise msgspec.DecodeError(str(error)) from None
    facts = tuple(Fact(each.want, _whole(each.found)) for each in found.facts)
    return Observation(name, when, found.seed, found.own_name, facts)


def _bare(found: Any) -> Any:
    """A fact without what nothing is decided by: proofs, transcripts, banners, times."""
    match found:
        case Answer():
            hops = tuple(replace(each, chain=()) for each in found.hops)
            return replace(found, hops=hops, ttl=0, asked=(), cached=False, rrsets=(), strikes=())
        case HostAddresses():
            a, aaaa, alias = map(_bare, (found.a, found.aaaa, found.alias))
            return replace(found, a=a, aaaa=aaaa, alias=alias)
        case Contact():
            greeting = found.greeting
            said = None if greeting is None else greeting.capabilities
            return _Greeted(found.interface, said, found.failure)
        case Handshake():
            return _Shaken(found.peer, found.failure, found.usable)
        case tuple():
            return tuple(map(_bare, found))
    return found


def _whole(found: Any) -> Any:
    """A fact as decisions want it."""
    match found:
        case _Greeted():
            said = found.capabilities
            greeting = None if said is None else Greeting(_SAID, _SAID, said)
            return Contact(found.interface, greeting, found.failure)
        case _Shaken():
            return Handshake(found.peer, found.failure, found.usable)
    return found


_SAID = Reply(250, ())


def _order(observation: Observation, way: Way) -> tuple[str, ...]:
    """The order that depends on the destination's name: of hosts and of a route's hosts."""
    domain, seed = observation.domain, observation.seed
    if way:
        route = hops(SmtpRoute("", way), seed, domain)
        return tuple(str(each.address.text if each.address else each.name) for each in route)
    for each in observation.facts:
        if each.want == MxWanted(domain):
            hosts = destination(domain, unvalidated(each.found)).hosts
            if len({host.preference for host in hosts}) < len(hosts):
                return tuple(str(host.name) for host in drawn(hosts, seed, domain))
    return ()


def _is_named(observation: Observation, own: str) -> bool:
    """Whether a certificate may be for the destination, or the destination may be ourselves."""
    names = [observation.own_name]
    for each in observation.facts:
        if isinstance(each.found, Handshake) and each.found.peer is not None:
            names += _names(each.found.peer.chain)
    return any(own in each or each.removeprefix("*.") in own for each in map(str.lower, names))


def _names(chain: tuple[bytes, ...]) -> Iterable[str]:
    try:
        leaf = certificate(chain[0]) if chain else None
    except BadCertificate:
        return ()
    return () if leaf is None else (*leaf.dns_names, *leaf.common_names)


# A file of observations: a line for each class before the first destination of it, and one for each
# time that a destination was looked at. Classes go by a digest, since several may write at once.


def mark_of(form: str) -> str:
    """What a class is called in a file."""
    return sha256(form.encode()).hexdigest()[:24]


def class_line(form: str) -> str:
    return f"class {mark_of(form)} {form}"


def look_line(domain: str, way: Way, when: int, form: str) -> str:
    return f"seen {when} {mark_of(form)} {' '.join((domain, *way))}"


def read_lines(lines: Iterable[str], seen: Seen) -> int:
    """Put into `seen` what a file holds; how many of its lines say nothing that can be used.

    Forms are believed unread: one that is damaged makes its destinations unknown (`Seen.example`).
    """
    numbers: dict[str, int] = {}
    known, bad = seen.known, 0
    for line in lines:
        kind, _, rest = line.partition(" ")
        if kind == "seen":
            when, mark, domain, *way = rest.split()[:MOST_WORDS] or ("", "", "")
            if (number := numbers.get(mark)) is not None and when.isdecimal() and len(when) < 18:
                known(domain, tuple(way), int(when), number)
                continue
        elif kind == "class":
            mark, _, form = rest.partition(" ")
            if mark_of(form) == mark:
                numbers[mark] = seen.number(form)
                continue
        bad += 1
    return bad


MOST_WORDS = 200
