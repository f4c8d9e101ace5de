"""Scenario files: what a simulation begins with, in TOML that an operator can read and write.

    name   = "route"
    title  = "An SMTP route under DANE"
    begin  = 2026-03-02T08:00:00Z
    length = "72h"
    seed   = 1

    [configuration.destinations.default]       # over the running configuration; or
    tls  = "Preferred"                         # configuration_file = "saved.toml"
    dane = "Opportunistic"

    [[configuration.smtp_routes]]
    domain = "dane.lab"
    destinations = ["[mail.dane.lab]"]

    [[traffic]]
    domain   = "dane.lab"
    per_hour = 60                              # or total = 4000
    size     = 20_000
    policy   = "RELAY"                         # or listener = "OutgoingMail", group = "RELAYLIST"
    shape    = "office"                        # "even", or 24 numbers

    [[message]]
    at = "10m"
    sender = "ann@example.com"
    recipient = "bob@dane.lab"
    subject = "The offer"

    [[event]]
    at = "3h"
    what = "renews-certificate"
    subject = "dane.lab"

    [[event]]
    at = "24h"
    what = "commit"
    comment = "None for the routed domain"
    configuration.destinations.entries = [{ domain = "dane.lab", dane = "None" }]

Further: `company = { messages = 40_000 }` is the built-in company of 200 destinations, `profile` a
file made by `logprofile`, `lab` more files for the lab. `assumptions.growth` is the factor between
two waits. Appliances in tiers are `[[tier]]` tables, from the one that mail comes to, each with a
`name`, its own `configuration`, and the `address` that the one before hands over to.

A part of a configuration is laid over what was there: tables are merged, and of a list of records
the one with the same key (its first field) is merged or added; `remove = true` takes it out.
"""

import tomllib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from msgspec import Struct

from esashell.clock import SECOND
from esashell.config.codec import decode
from esashell.config.model.listeners import Behavior
from esashell.config.model.predefined import WIZARDS_LISTENERS
from esashell.config.tree import Config
from esashell.errors import BadConfiguration
from esashell.simulate.company import company
from esashell.simulate.happenings import Due, Happening, What
from esashell.simulate.overlay import laid_over
from esashell.simulate.tables import LONGEST, Table, wrong
from esashell.simulate.traffic import EVEN, HOUR, OFFICE, Shape

BUILT_IN = Path(__file__).parent / "scenarios"
_SHAPES = {"even": EVEN, "office": OFFICE}


# Makes another configuration of the one that there is.
Configure = Callable[[Config], Config]


class Traffic(Struct, frozen=True):
    """Mail for one destination. `messages` is for the whole time; `size` in bytes, on average.

    With a `listener` the sender group there says what becomes of it; else `behavior` does.
    """

    domain: str
    messages: float
    size: int = 20_000
    behavior: Behavior = Behavior.RELAY
    listener: str = ""
    group: str = ""
    shape: Shape = EVEN
    sender: str = ""


class Explicit(Struct, frozen=True):
    """One message, so many microseconds after the beginning."""

    after: int
    sender: str
    recipient: str
    subject: str = ""
    size: int = 20_000
    behavior: Behavior = Behavior.RELAY
    listener: str = ""
    group: str = ""


class Tier(Struct, frozen=True):
    """One appliance; `configure` makes its configuration of the one that there is without it."""

    name: str
    configure: Configure
    address: str = ""


class Scenario(Struct, frozen=True):
    """Everything a simulation begins with. `begin` and `length` are in microseconds."""

    name: str
    title: str
    story: str
    begin: int
    length: int
    seed: int
    growth: int
    lab: tuple[Path, ...]
    tiers: tuple[Tier, ...]
    traffic: tuple[Traffic, ...]
    messages: tuple[Explicit, ...]
    timeline: tuple[Due, ...]


# How a file beside the scenario is read: the text behind a name.
Read = Callable[[str], str]


def read_scenario(text: str, where: str, read: Read | None = None) -> Scenario:
    """The scenario in a file's text; raises `BadConfiguration` with file and key."""
    folder = Path(where).parent
    return _Reader(where, folder, read or (lambda name: _text(folder / name, where))).scenario(text)


def built_in() -> tuple[tuple[str, str], ...]:
    """The scenarios that come with the program, by name, and what each of them tells."""
    found = []
    for path in sorted(BUILT_IN.glob("*.toml")):
        scenario = read_scenario(path.read_text(encoding="utf-8"), str(path))
        found.append((scenario.name, scenario.title))
    return tuple(found)


def built_in_scenario(name: str) -> Scenario | None:
    for path in sorted(BUILT_IN.glob("*.toml")):
        if path.stem == name:
            return read_scenario(path.read_text(encoding="utf-8"), str(path))
    return None


def _text(path: Path, where: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadConfiguration(f"{where}: {path} cannot be read: {error}") from None


class _Reader:
    """Reads one file; every complaint has the file's name and the key."""

    def __init__(self, where: str, folder: Path, read: Read) -> None:
        self.where = where
        self.folder = folder
        self.read = read

    def wrong(self, key: str, text: object) -> BadConfiguration:
        return wrong(self.where, key, text)

    def scenario(self, text: str) -> Scenario:
        try:
            table = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise BadConfiguration(f"{self.where}: {error}") from None
        it = Table(self.where, "", table)
        length = it.span("length", "72h")
        if not 0 < length <= LONGEST:
            raise self.wrong("length", "more than nothing, and a year at most")
        traffic = [self._traffic(each, length) for each in it.tables("traffic")]
        messages = [self._message(each, length) for each in it.tables("message")]
        timeline = [self._event(each, length) for each in it.tables("event")]
        traffic += self._company(it, length) + self._profile(it, length)
        name = it.text("name", Path(self.where).stem)
        assumed = it.table("assumptions")
        scenario = Scenario(
            name=name,
            title=it.text("title", name),
            story=it.text("story", ""),
            begin=self._instant(it),
            length=length,
            seed=it.number("seed", 1, 0, 1 << 62),
            growth=assumed.number("growth", 2, 1, 1000),
            lab=tuple(self.folder / each for each in it.texts("lab")),
            tiers=self._tiers(it),
            traffic=tuple(traffic),
            messages=tuple(sorted(messages, key=lambda each: each.after)),
            timeline=tuple(sorted(timeline, key=lambda each: each.after)),
        )
        assumed.close()
        it.close()
        if not scenario.traffic and not scenario.messages:
            text = "no mail comes: there is no [[traffic]], [[message]], company or profile"
            raise self.wrong("traffic", text)
        return scenario

    def _instant(self, it: "Table") -> int:
        found = it.take("begin", datetime, datetime(2026, 3, 2, 8, tzinfo=UTC))
        if found.tzinfo is None:
            raise self.wrong("begin", "a time with its zone is wanted, as in 2026-03-02T08:00:00Z")
        return round(found.timestamp()) * SECOND

    def _traffic(self, it: "Table", length: int) -> Traffic:
        per_hour, total = it.amount("per_hour"), it.amount("total")
        if (per_hour is None) == (total is None):
            raise self.wrong(it.key, "either per_hour or total is wanted")
        messages = total if total is not None else (per_hour or 0) * length / HOUR
        made = Traffic(
            it.text("domain").lower(),
            messages,
            it.number("size", 20_000, 1, 1 << 31),
            *self._policy(it),
            shape=self._shape(it),
            sender=it.text("sender", ""),
        )
        it.close()
        return made

    def _policy(self, it: "Table") -> tuple[Behavior, str, str]:
        listener, group = it.text("listener", ""), it.text("group", "")
        if bool(listener) != bool(group):
            raise self.wrong(it.key, "listener and group are wanted together")
        word = it.text("policy", "RELAY").upper()
        if word not in (Behavior.RELAY, Behavior.ACCEPT):
            raise self.wrong(f"{it.key}.policy", "RELAY or ACCEPT; others by listener and group")
        return Behavior(word), listener, group

    def _shape(self, it: "Table") -> Shape:
        found = it.take("shape", object, "even")
        try:
            if isinstance(found, str):
                return _SHAPES[found]
            return msgspec.convert({"hours": found}, Shape)
        except (KeyError, msgspec.ValidationError):
            text = "even, office, or 24 numbers, none below 0 and not all 0"
            raise self.wrong(f"{it.key}.shape", text) from None

    def _message(self, it: "Table", length: int) -> Explicit:
        sender, recipient = it.text("sender"), it.text("recipient")
        if "@" not in recipient:
            raise self.wrong(f"{it.key}.recipient", f'"{recipient}" is no address')
        made = Explicit(
            it.span("at", within=length),
            sender,
            recipient,
            it.text("subject", ""),
            it.number("size", 20_000, 1, 1 << 31),
            *self._policy(it),
        )
        it.close()
        return made

    def _event(self, it: "Table", length: int) -> Due:
        after, word = it.span("at", within=length), it.text("what")
        try:
            what = What(word)
        except ValueError:
            raise self.wrong(f"{it.key}.what", f'"{word}"; these are: {", ".join(What)}') from None
        configure = None
        if what is What.COMMIT:
            configure = self._configuration(it, "configuration")
        settings = it.take("settings", dict, {}) if what is What.HOST else {}
        made = Happening(
            what,
            it.text("subject", ""),
            settings,
            configure,
            it.text("comment", ""),
            it.text("tier", ""),
        )
        it.close()
        return Due(after, made)

    def _configuration(self, it: "Table", key: str) -> Configure:
        own, file = it.take(key, dict, {}), it.text(f"{key}_file", "")
        base = decode(self.read(file), file) if file else None
        at = f"{it.key}.{key}" if it.key else key

        def configured(config: Config) -> Config:
            try:
                return laid_over(base or config, own)
            except ValueError as error:
                raise self.wrong(at, error) from None

        # As far as it can be told without the configuration that it is laid over.
        configured(Config(listeners=WIZARDS_LISTENERS))
        return configured

    def _tiers(self, it: "Table") -> tuple[Tier, ...]:
        own = self._configuration(it, "configuration")
        tiers = []
        for each in it.tables("tier"):
            over = self._configuration(each, "configuration")
            tiers.append(Tier(each.text("name"), _after(own, over), each.text("address", "")))
            each.close()
        if any(not each.address for each in tiers[1:]):
            raise self.wrong("tier", "every appliance but the first has an address")
        return tuple(tiers) or (Tier("", own),)

    def _company(self, it: "Table", length: int) -> list[Traffic]:
        wanted = it.take("company", object, None)
        if not wanted:
            return []
        table = Table(self.where, "company", wanted if isinstance(wanted, dict) else {})
        messages = table.number("messages", 40_000, 1, 1 << 31)
        table.close()
        return [Traffic(domain, share * messages, shape=OFFICE) for domain, share in company()]

    def _profile(self, it: "Table", length: int) -> list[Traffic]:
        file = it.text("profile", "")
        if not file:
            return []
        try:
            table = tomllib.loads(self.read(file))
            seen = msgspec.convert(table, _Seen)
            since, until = (datetime.fromisoformat(each) for each in (seen.since, seen.until))
        except (tomllib.TOMLDecodeError, msgspec.ValidationError, ValueError) as error:
            raise self.wrong("profile", f"{file} is no profile: {error}") from None
        hours = max((until - since).total_seconds() / 3600, 1)
        return [
            Traffic(each.domain, each.recipients * length / HOUR / hours, shape=Shape(each.hours))
            for each in seen.destinations
            if each.recipients
        ]


def _after(first: Configure, then: Configure) -> Configure:
    return lambda config: then(first(config))


class _SeenThere(Struct):
    domain: str
    recipients: int
    hours: tuple[int, ...]


class _Seen(Struct):
    """What is needed of a profile that `logprofile` has written."""

    since: str
    until: str
    destinations: tuple[_SeenThere, ...]
