"""The file of `destconfig`: a section for the default and one for each domain.

    [DEFAULT]
    ip_sort_pref = PREFER_V6
    max_host_concurrency = 500
    ...

    [example.com]
    table_tls = require_verify
    bounce_profile = tls_failed

Keys and words are taken in any case. What a domain leaves out is left to the default; the default
has to say everything but the recipient limit and the bounce profile. An import replaces all
entries; without a section [DEFAULT] the default stays.

`dane` is not a documented key: what the appliance calls it there is not known. It is written only
where it says something, under a comment, so that a file without DANE is one that an appliance has
every key of. A file from production that has another key is refused with a line that names it; who
knows the name puts it into `DANE_KEYS`, and it is taken.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NoReturn

from msgspec.structs import replace

from esashell.config.checks.across import certificate_names
from esashell.config.checks.destinations import destination_fault
from esashell.config.files.reading import lines, refuse
from esashell.config.model.destination import (
    CONCURRENCY,
    MESSAGES,
    MINUTES,
    RECIPIENTS,
    DaneSetting,
    DefaultControl,
    DestinationControl,
    DestinationControls,
    Enforcement,
    IpPreference,
    LimitScope,
    TlsSetting,
)
from esashell.config.quoting import quoted
from esashell.config.tree import Config

PREFERENCES: Mapping[str, IpPreference] = {
    "PREFER_V6": IpPreference.IPV6_PREFERRED,
    "REQUIRE_V6": IpPreference.IPV6_REQUIRED,
    "PREFER_V4": IpPreference.IPV4_PREFERRED,
    "REQUIRE_V4": IpPreference.IPV4_REQUIRED,
}
SCOPES: Mapping[str, LimitScope] = {"host": LimitScope.DOMAIN, "MXIP": LimitScope.MX_ADDRESS}
ENFORCEMENTS: Mapping[str, Enforcement] = {
    "system": Enforcement.SYSTEM,
    "VG": Enforcement.VIRTUAL_GATEWAY,
}
TLS: Mapping[str, TlsSetting] = {
    "off": TlsSetting.NO,
    "on": TlsSetting.PREFERRED,
    "require": TlsSetting.REQUIRED,
    "on_verify": TlsSetting.PREFERRED_VERIFY,
    "require_verify": TlsSetting.REQUIRED_VERIFY,
    "require_hosted": TlsSetting.REQUIRED_VERIFY_HOSTED,
}
DANE: Mapping[str, DaneSetting] = {
    "off": DaneSetting.NONE,
    "opportunistic": DaneSetting.OPPORTUNISTIC,
    "mandatory": DaneSetting.MANDATORY,
}
DANE_KEYS = ("dane",)  # the first is written, any is read
DANE_BESIDES: Mapping[str, DaneSetting] = {"none": DaneSetting.NONE, "no": DaneSetting.NONE}
SWITCH: Mapping[str, bool] = {"off": False, "on": True}

NO_OTHERS: Mapping[str, Any] = {}
Value = Callable[[str], Any]
"""From a text to a value; raises `ValueError` with the end of a sentence."""


def _word(words: Mapping[str, Any], besides: Mapping[str, Any] = NO_OTHERS) -> Value:
    """One of the words, or its number in their order; `besides` are read as well."""
    values = {word.lower(): value for word, value in {**besides, **words}.items()}
    values |= {str(at): value for at, value in enumerate(words.values())}

    def value(text: str) -> Any:
        if text.lower() in values:
            return values[text.lower()]
        raise ValueError(f"is not one of {', '.join(words)}")

    return value


def _number(least_and_most: tuple[int, int]) -> Value:
    lowest, highest = least_and_most

    def value(text: str) -> int:
        if text.isascii() and text.isdigit() and len(text) < 20 and lowest <= int(text) <= highest:
            return int(text)
        raise ValueError(f"is not a number from {lowest} to {highest}")

    return value


# A key, the setting behind it, and how its value is read.
KEYS: Mapping[str, tuple[str, Value]] = {
    "ip_sort_pref": ("ip_preference", _word(PREFERENCES)),
    "max_host_concurrency": ("concurrency", _number(CONCURRENCY)),
    "max_messages_per_connection": ("messages_per_connection", _number(MESSAGES)),
    "recipient_minutes": ("recipient_minutes", _number(MINUTES)),
    "recipient_limit": ("recipient_limit", _number(RECIPIENTS)),
    "limit_type": ("limit_scope", _word(SCOPES)),
    "limit_apply": ("enforcement", _word(ENFORCEMENTS)),
    "table_tls": ("tls", _word(TLS)),
    DANE_KEYS[0]: ("dane", _word(DANE, DANE_BESIDES)),
    "bounce_validation": ("bounce_verification", _word(SWITCH)),
    "bounce_profile": ("bounce_profile", str),
}
ONLY_DEFAULT: Mapping[str, tuple[str, Value]] = {
    "send_tls_req_alert": ("alert", _word(SWITCH)),
    "certificate": ("certificate", str),
}
OPTIONAL = {"recipient_minutes", "recipient_limit", "bounce_profile", DANE_KEYS[0]}
NEEDS = {
    "max_host_concurrency": ("limit_type", "limit_apply"),
    "recipient_limit": ("recipient_minutes", "limit_type", "limit_apply"),
}
COMMENT = f"""\
# "{DANE_KEYS[0]}" is not a documented key of this file. Take it out if an appliance refuses it, and
# set DANE there with destconfig."""

# Writing.


def written(table: DestinationControls) -> str:
    return "\n".join(
        [
            *_commented(table),
            "[DEFAULT]",
            *_default_lines(table),
            *(line for each in table.entries for line in _entry_lines(each, table.default)),
            "",
        ]
    )


def _commented(table: DestinationControls) -> Iterator[str]:
    if table.default.dane is not DaneSetting.NONE or any(each.dane for each in table.entries):
        yield COMMENT


def _default_lines(table: DestinationControls) -> Iterator[str]:
    default = table.default
    for key, (field, _) in KEYS.items():
        if field == "dane" and default.dane is DaneSetting.NONE:
            continue
        if key in ("recipient_minutes", "recipient_limit") and not default.recipient_limit:
            continue
        yield f"{key} = {_shown(getattr(default, field), key)}"
    for key, (field, _) in ONLY_DEFAULT.items():
        yield f"{key} = {_shown(getattr(table, field), key)}"


def _entry_lines(entry: DestinationControl, default: DefaultControl) -> Iterator[str]:
    yield ""
    yield f"[{entry.domain}]"
    said = {key for key, (field, _) in KEYS.items() if getattr(entry, field) is not None}
    # What a limit needs beside it is written as it holds.
    needed = {other for key in said for other in NEEDS.get(key, ())}
    for key, (field, _) in KEYS.items():
        if key in said:
            yield f"{key} = {_shown(getattr(entry, field), key)}"
        elif key in needed:
            yield f"{key} = {_shown(getattr(default, field), key)}"


def _shown(value: Any, key: str) -> str:
    if isinstance(value, bool):
        return str(int(value))
    for words in (PREFERENCES, SCOPES, ENFORCEMENTS, TLS, DANE):
        for word, meant in words.items():
            if meant is value:
                return word
    return str(value)


# Reading.


def _hint(key: str) -> str:
    """What to do about a key that is not taken, for the end of a sentence."""
    if key in ONLY_DEFAULT:
        return " in a domain's section"
    if "dane" in key or "tlsa" in key:
        return (
            "; the appliance's name for its DANE setting is not published. Call it "
            f"{DANE_KEYS[0]} here, with one of {', '.join(DANE)}, or take the line out and use "
            "destconfig"
        )
    from difflib import get_close_matches

    close = get_close_matches(key, KEYS, n=1, cutoff=0.8)
    return f"; did you mean {close[0]}?" if close else f"; the settings are {', '.join(KEYS)}"


class _Section:
    """One section of a file: its keys with their values, and where they stood."""

    def __init__(self, where: str, line: int, domain: str) -> None:
        self.where = where
        self.line = line
        self.domain = domain  # "" for the default
        self.values: dict[str, Any] = {}
        self.lines: dict[str, int] = {}

    def refuse(self, reason: str, key: str = "") -> NoReturn:
        refuse(self.where, self.lines.get(key, self.line), reason)

    def take(self, line: int, text: str) -> None:
        name, sign, value = (part.strip() for part in text.partition("="))
        key = DANE_KEYS[0] if name.lower() in DANE_KEYS else name.lower()
        known = KEYS if self.domain else {**KEYS, **ONLY_DEFAULT}
        if not sign:
            refuse(self.where, line, f"{quoted(text)} is neither [section] nor name = value")
        if key not in known:
            refuse(self.where, line, f"there is no setting {quoted(name)}{_hint(key)}")
        if key in self.values:
            refuse(self.where, line, f"{key} is given twice")
        try:
            self.values[key] = known[key][1](value)
        except ValueError as error:
            refuse(self.where, line, f"{key}: {quoted(value)} {error}")
        self.lines[key] = line

    def settled(self, config: Config) -> dict[str, Any]:
        """The settings by the names of the model, once every rule of the section is kept."""
        wanted = {*KEYS, *ONLY_DEFAULT} - OPTIONAL if not self.domain else set()
        for key, value in self.values.items():
            wanted.update(NEEDS.get(key, ()) if value else ())
        if missing := sorted(wanted - set(self.values)):
            self.refuse(f"[{self.domain or 'DEFAULT'}] lacks {', '.join(missing)}")
        self._known("bounce_profile", [each.name for each in config.bounces.profiles])
        self._known("certificate", certificate_names(config))
        return {KEYS[key][0]: value for key, value in self.values.items() if key in KEYS}

    def _known(self, key: str, names: list[str] | tuple[str, ...]) -> None:
        if key in self.values:
            in_any_case = {each.lower(): each for each in names}
            if self.values[key].lower() not in in_any_case:
                called = key.replace("_", " ")
                self.refuse(f"there is no {called} {quoted(self.values[key])}", key)
            self.values[key] = in_any_case[self.values[key].lower()]


def read(raw: bytes, where: str, config: Config) -> DestinationControls:
    """The table in a file, with the profiles of this configuration; raises `BadConfiguration`."""
    table = config.destinations
    entries: list[DestinationControl] = []
    for section in _sections(raw, where).values():
        settings = section.settled(config)
        if section.domain:
            entries.append(DestinationControl(section.domain, **settings))
        else:
            alert = section.values["send_tls_req_alert"]
            table = DestinationControls(
                DefaultControl(**settings), section.values["certificate"], alert
            )
    return replace(table, entries=tuple(entries))


def _sections(raw: bytes, where: str) -> dict[str, _Section]:
    sections: dict[str, _Section] = {}
    section: _Section | None = None
    for line, text in lines(raw, where):
        if text.startswith("["):
            if not text.endswith("]"):
                refuse(where, line, f"the bracket of {quoted(text)} is not closed")
            name = text[1:-1].strip().lower()
            domain = "" if name == "default" else name
            if name != "default" and (fault := destination_fault(domain)):
                refuse(where, line, f"{quoted(name)} {fault}")
            if domain in sections:
                refuse(where, line, f"there is a section [{text[1:-1].strip()}] already")
            section = sections[domain] = _Section(where, line, domain)
        elif section is None:
            refuse(where, line, f"{quoted(text)} stands before the first [section]")
        else:
            section.take(line, text)
    if not sections:
        refuse(where, 1, "there is no section")
    return sections
