"""What may happen while a simulation runs: to a destination, to a resolver, by the operator.

A happening is a word and what it happens to, as it stands in a scenario file and on a line alike:

    renews-certificate dane.lab        its TLSA record stays what it was
    host partner.lab replies.RCPT="451 4.3.0 Not now"

Those of destinations and resolvers change the world and are announced to nobody. The others are the
operator's, at one of the appliances.
"""

import tomllib
from collections.abc import Callable
from enum import StrEnum
from typing import Any

import msgspec
from msgspec import Struct

from esashell.clock import SECOND
from esashell.config.tree import Config
from esashell.errors import OperatorError
from esashell.resolver.names import BadName, Name, name_from_text
from esashell.worlds.lab.change import Changes
from esashell.worlds.lab.hosts import HostSpec
from esashell.worlds.lab.scenario import ResolverKind


class What(StrEnum):
    """A word of a scenario file; its meaning is in `MEANINGS`."""

    RENEWS_CERTIFICATE = "renews-certificate"
    PUBLISHES_TLSA = "publishes-tlsa"
    CERTIFICATE_ENDS = "certificate-ends"
    ROLLS_KEY = "rolls-key"
    SIGNATURES_END = "signatures-end"
    MENDS_ZONE = "mends-zone"
    STARTTLS_OFF = "starttls-off"
    STARTTLS_ON = "starttls-on"
    HOST_DIES = "host-dies"
    HOST_RETURNS = "host-returns"
    HOST = "host"
    RESOLVER_DIES = "resolver-dies"
    RESOLVER_STRIPS = "resolver-strips"
    RESOLVER_FAILS = "resolver-fails"
    RESOLVER_RETURNS = "resolver-returns"
    COMMIT = "commit"
    SUSPEND = "suspend"
    RESUME = "resume"
    DELIVER_NOW = "deliver-now"


MEANINGS = {
    What.RENEWS_CERTIFICATE: "renews its certificate and key, and leaves its TLSA record as it was",
    What.PUBLISHES_TLSA: "publishes the TLSA record that fits its certificate",
    What.CERTIFICATE_ENDS: "has a certificate that ends",
    What.ROLLS_KEY: "rolls its zone's key, and the zone above keeps the digest of the old one",
    What.SIGNATURES_END: "lets the signatures of its zone run out",
    What.MENDS_ZONE: "signs its zone again, with the key that the zone above knows",
    What.STARTTLS_OFF: "does not offer STARTTLS any more",
    What.STARTTLS_ON: "offers STARTTLS again",
    What.HOST_DIES: "cannot be reached any more",
    What.HOST_RETURNS: "can be reached again",
    What.HOST: "has another mail host",
    What.RESOLVER_DIES: "does not answer any more",
    What.RESOLVER_STRIPS: "drops DNSSEC from its answers",
    What.RESOLVER_FAILS: "answers SERVFAIL to everything",
    What.RESOLVER_RETURNS: "answers again, with DNSSEC",
    What.COMMIT: "a change of the configuration is committed",
    What.SUSPEND: "delivery is suspended",
    What.RESUME: "delivery is resumed",
    What.DELIVER_NOW: "the queue is attempted at once",
}
_RESOLVERS = {
    What.RESOLVER_DIES: ResolverKind.SILENT,
    What.RESOLVER_STRIPS: ResolverKind.STRIPS,
    What.RESOLVER_FAILS: ResolverKind.SERVFAIL,
    What.RESOLVER_RETURNS: ResolverKind.CAPABLE,
}
_OPERATORS = (What.COMMIT, What.SUSPEND, What.RESUME, What.DELIVER_NOW)
# What ends at the instant itself: the world is prepared for it before.
PREPARED = (What.SIGNATURES_END, What.CERTIFICATE_ENDS)
EVERYWHERE = "ALL"


class Happening(Struct, frozen=True):
    """`subject` is a domain or the address of a resolver; `ALL`, or nothing, is every destination.

    `settings` are a host's. `configure` makes what is committed of what runs, at the
    appliance `tier`.
    """

    what: What
    subject: str = ""
    settings: dict[str, Any] = {}
    configure: Callable[[Config], Config] | None = None
    comment: str = ""
    tier: str = ""

    def __str__(self) -> str:
        meaning = MEANINGS[self.what]
        if self.what is What.COMMIT:
            said = f": {self.comment}" if self.comment else ""
            return f"{meaning}{said}"
        if self.what in _OPERATORS:
            whom = self.subject if self.subject not in ("", EVERYWHERE) else "all destinations"
            return f"{meaning}: {whom}"
        if self.what is What.HOST:
            told = ", ".join(f"{key} {value}" for key, value in self.settings.items())
            return f"{self.subject} {meaning}: {told}"
        return f"{self.subject} {meaning}"

    @property
    def is_operators(self) -> bool:
        return self.what in _OPERATORS

    def check(self, changes: Changes) -> None:
        """Whether there is such a subject; raises `ValueError` with what is wrong."""
        if self.what in _RESOLVERS:
            changes.check_resolver(self.subject)
        elif not self.is_operators:
            changes.zone_of(domain_of(self.subject))
        if self.what is What.HOST:
            msgspec.convert({"name": self.subject} | self.settings, HostSpec)

    def happen(self, changes: Changes, now: int) -> tuple[Name, ...] | None:
        """Change the world; the zones that it touches, None where all are touched."""
        if self.what in _RESOLVERS:
            changes.set_resolver(self.subject, _RESOLVERS[self.what])
            return None
        domain = domain_of(self.subject)
        match self.what:
            case What.RENEWS_CERTIFICATE:
                return changes.renew_certificate(domain)
            case What.PUBLISHES_TLSA:
                return changes.publish_tlsa(domain)
            case What.CERTIFICATE_ENDS:
                return changes.end_certificate(domain, now // SECOND)
            case What.ROLLS_KEY:
                return changes.roll_key(domain)
            case What.SIGNATURES_END:
                return changes.end_signatures(domain, now // SECOND)
            case What.MENDS_ZONE:
                return changes.mend_zone(domain)
            case What.STARTTLS_OFF | What.STARTTLS_ON:
                return changes.set_hosts(domain, {"starttls": self.what is What.STARTTLS_ON})
            case What.HOST_DIES:
                return changes.set_hosts(domain, {"behaviour": "timeout"})
            case What.HOST_RETURNS:
                return changes.set_hosts(domain, {"behaviour": "serve"})
        return changes.set_hosts(domain, self.settings)


class Due(Struct, frozen=True):
    """A happening, so many microseconds after the beginning."""

    after: int
    happening: Happening


def domain_of(text: str) -> Name:
    try:
        return name_from_text(text)
    except BadName as error:
        raise ValueError(str(error)) from None


def happening(line: str) -> Happening:
    """One that is written on a line; raises `OperatorError`."""
    word, subject, rest = (*line.split(maxsplit=2), "", "", "")[:3]
    try:
        what = What(word)
    except ValueError:
        known = ", ".join(each for each in What if each is not What.COMMIT)
        raise OperatorError(f"Error: {word} is no event; these are: {known}.") from None
    if what is What.COMMIT:
        raise OperatorError("Error: a change is committed with commit.")
    if not subject and what not in _OPERATORS:
        raise OperatorError(f"Error: {what} wants a domain, or the address of a resolver.")
    settings = {}
    if what is What.HOST:
        try:
            settings = tomllib.loads(rest)
        except tomllib.TOMLDecodeError as error:
            raise OperatorError(f"Error: {rest} is no setting of a host: {error}.") from None
    elif rest:
        raise OperatorError(f"Error: Not understood: {rest}.")
    return Happening(what, subject, settings)
