"""The questions of `destconfig` about one entry and about the default, in the appliance's order.

The keys are those of the published one-line form; `ip_sort_pref` is the key of its export file, and
`dane` is ours. A setting that an entry may leave to the default stands behind a question of its
own, and takes the word `default` on a command line.
"""

from collections.abc import Mapping
from enum import Enum
from typing import TYPE_CHECKING, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from esashell.config.checks.destinations import destination_fault
from esashell.config.files.destinations import DANE, ENFORCEMENTS, PREFERENCES, SCOPES, SWITCH, TLS
from esashell.config.model.bounce import DEFAULT_PROFILE
from esashell.config.model.destination import (
    CONCURRENCY,
    MESSAGES,
    MINUTES,
    RECIPIENTS,
    DefaultControl,
    DestinationControl,
    Enforcement,
    IpPreference,
    LimitScope,
    TlsSetting,
)
from esashell.config.quoting import quoted
from esashell.config.tree import Config
from esashell.dialogue.kinds import (
    YES_NO,
    ask,
    choice,
    choice_kind,
    number_kind,
    numbered,
)
from esashell.dialogue.requests import Ask, Kind, Notice, Refuse
from esashell.dialogue.settings import or_default, specific
from esashell.errors import BadAnswer

if TYPE_CHECKING:
    from esashell.dialogue.drive import Dialogue

E = TypeVar("E", bound=Enum)

CERTIFICATE_NEEDED = (
    "You have chosen to enable TLS. Please use the 'certconfig' command to\n"
    "ensure that there is a valid certificate configured."
)


def _domain(text: str) -> str:
    if fault := destination_fault(text):
        raise BadAnswer(f"Error: {quoted(text, 60)} {fault}.")
    return text.lower()


DOMAIN = Kind(
    _domain,
    sample="partner.example",
    name_in=lambda text: text.removeprefix("."),
    about="A domain, or .domain for everything below it",
)


def entry_control(
    config: Config, old: DestinationControl, *, new: bool = False
) -> "Dialogue[DestinationControl]":
    """The settings of one domain, asked from the beginning; the old ones are what Enter keeps.

    A `new` entry is offered a concurrency limit.
    """
    base = config.destinations.default
    preference = yield from specific(
        "Do you wish to apply a specific IP version preference to this domain?",
        old.ip_preference,
        ("ip_sort_pref",),
        lambda: _preference(old.domain, old.ip_preference or base.ip_preference),
    )
    limited = yield from _limited(old, base, new=new)
    tls = yield from specific(
        "Do you wish to apply a specific TLS setting for this domain?",
        old.tls,
        ("use_tls",),
        lambda: _tls(old.tls or TlsSetting.NO, old.tls),
    )
    word = "default" if old.dane is None else _word(DANE, old.dane)
    texts = {"default": "Default", **DANE_TEXTS}
    answer = yield from _dane(texts, word, tls or base.tls)
    dane = DANE.get(answer)
    tagging = yield from specific(
        "Do you wish to apply a specific bounce verification address tagging setting for\n"
        "this domain?",
        old.bounce_verification,
        ("bounce_verification",),
        lambda: _tagging(old.bounce_verification or False),
    )
    profile = yield from specific(
        "Do you wish to apply a specific bounce profile to this domain?",
        old.bounce_profile,
        ("bounce_profile",),
        lambda: _profile(config, old.bounce_profile or base.bounce_profile),
    )
    return replace(
        limited,
        ip_preference=preference,
        tls=tls,
        dane=dane,
        bounce_verification=tagging,
        bounce_profile=profile,
    )


def _limited(
    old: DestinationControl, base: DefaultControl, *, new: bool
) -> "Dialogue[DestinationControl]":
    """The entry with its limits; how they apply is asked where there are any."""
    concurrency = yield from specific(
        f"Do you wish to configure a concurrency limit for {old.domain}?",
        old.concurrency,
        ("concurrency_limit",),
        lambda: _concurrency(old.domain, old.concurrency or base.concurrency),
        wish=new,
    )
    messages = yield from specific(
        "Do you wish to apply a messages-per-connection limit to this domain?",
        old.messages_per_connection,
        ("max_messages_per_connection",),
        lambda: _messages(old.domain, old.messages_per_connection or base.messages_per_connection),
    )
    recipients = yield from specific(
        "Do you wish to apply a recipient limit to this domain?",
        None if old.recipient_limit is None else _Recipients(old.recipient_limit, 0),
        ("recipient_limit", "recipient_limit_minutes"),
        lambda: _recipients(
            old.domain, old.recipient_limit, old.recipient_minutes or base.recipient_minutes
        ),
    )
    scope = enforcement = None
    if concurrency is not None or recipients is not None:
        scope = yield from _scope(old.domain, old.limit_scope or base.limit_scope)
        enforcement = yield from _enforcement(old.enforcement or base.enforcement)
    return replace(
        old,
        concurrency=concurrency,
        messages_per_connection=messages,
        recipient_limit=None if recipients is None else recipients.limit,
        recipient_minutes=None if recipients is None else recipients.minutes,
        limit_scope=scope,
        enforcement=enforcement,
    )


def default_control(config: Config) -> "Dialogue[DefaultControl]":
    """The settings of every domain that does not say otherwise."""
    old, of = config.destinations.default, "default"
    preference = yield from _preference(of, old.ip_preference, own=False)
    concurrency = yield from _concurrency(of, old.concurrency, own=False)
    messages = yield from _messages(of, old.messages_per_connection, own=False)
    recipients = yield from specific(
        "Do you wish to apply a recipient limit by default?",
        _Recipients(old.recipient_limit, old.recipient_minutes) if old.recipient_limit else None,
        ("recipient_limit", "recipient_limit_minutes"),
        lambda: _recipients(of, old.recipient_limit or None, old.recipient_minutes, own=False),
    )
    scope = yield from _scope("each domain", old.limit_scope)
    enforcement = yield from _enforcement(old.enforcement)
    tls = (yield from _tls(old.tls, old.tls, own=False)) or old.tls
    dane = DANE[(yield from _dane(DANE_TEXTS, _word(DANE, old.dane), tls))]
    tagging = yield from _tagging(old.bounce_verification, own=False)
    profile = yield from _profile(config, old.bounce_profile, own=False)
    return DefaultControl(
        ip_preference=preference or old.ip_preference,
        concurrency=concurrency or old.concurrency,
        messages_per_connection=messages or old.messages_per_connection,
        recipient_limit=recipients.limit if recipients else 0,
        recipient_minutes=recipients.minutes if recipients else old.recipient_minutes,
        limit_scope=scope,
        enforcement=enforcement,
        tls=tls,
        dane=dane,
        bounce_verification=bool(tagging),
        bounce_profile=profile or old.bounce_profile,
    )


# The questions themselves. `own` is whether the answer is a domain's own, which may be `default`;
# the default's may not.

WANT_DANE = "Do you want to configure DANE support?"
DANE_TEXTS = {"off": "No", "opportunistic": "Opportunistic", "mandatory": "Mandatory"}


class _Recipients(Struct, frozen=True):
    """A recipient limit, and the minutes it is for."""

    limit: int
    minutes: int


def _word(words: Mapping[str, E], value: E) -> str:
    return next(word for word, meant in words.items() if meant is value)


def _chosen(
    key: str, prompt: str, words: Mapping[str, E], default: E, *, own: bool
) -> "Dialogue[E | None]":
    """A numbered choice of a setting by the words that files have for it."""
    options = {word: str(meant.value) for word, meant in words.items()}
    besides = ("default",) if own else ()
    word = yield from choice(key, prompt, options, _word(words, default), besides=besides)
    return words.get(word)


def _number(
    key: str, prompt: str, default: int | None, least_and_most: tuple[int, int], *, own: bool
) -> "Dialogue[int | None]":
    plain = number_kind(*least_and_most)
    kind: Kind[int | None] = or_default(plain) if own else plain  # type: ignore[assignment]
    return ask(Ask(key, prompt, kind, default, label=LABELS[key]))


LABELS = {
    "concurrency_limit": "connections",
    "max_messages_per_connection": "messages",
    "recipient_limit_minutes": "minutes",
    "recipient_limit": "recipients",
}


def _preference(
    of: str, default: IpPreference, *, own: bool = True
) -> "Dialogue[IpPreference | None]":
    prompt = f"Select the IP version preference for {of}:"
    return _chosen("ip_sort_pref", prompt, PREFERENCES, default, own=own)


def _concurrency(of: str, default: int, *, own: bool = True) -> "Dialogue[int | None]":
    prompt = f'Enter the max concurrency limit for "{of}".'
    return _number("concurrency_limit", prompt, default, CONCURRENCY, own=own)


def _messages(of: str, default: int, *, own: bool = True) -> "Dialogue[int | None]":
    prompt = f'Enter the max messages per connection limit for "{of}".'
    return _number("max_messages_per_connection", prompt, default, MESSAGES, own=own)


def _recipients(
    of: str, limit: int | None, minutes: int, *, own: bool = True
) -> "Dialogue[_Recipients | None]":
    prompt = "Enter the number of minutes used to measure the recipient limit."
    interval = yield from _number("recipient_limit_minutes", prompt, minutes, MINUTES, own=False)
    minutes = interval or minutes
    prompt = f'Enter the max number of recipients per "{minutes}" minutes for "{of}".'
    found = yield from _number("recipient_limit", prompt, limit, RECIPIENTS, own=own)
    return None if found is None else _Recipients(found, minutes)


def _scope(of: str, default: LimitScope) -> "Dialogue[LimitScope]":
    texts = (
        f"One limit applies to the entire domain for {of}",
        "Separate limit for each mail exchanger IP address",
    )
    word = yield from choice(
        "concurrency_limit_type",
        f"Select how you want to apply the limits for {of}:",
        dict(zip(SCOPES, texts, strict=True)),
        _word(SCOPES, default),
    )
    return SCOPES[word]


def _enforcement(default: Enforcement) -> "Dialogue[Enforcement]":
    word = yield from choice(
        "concurrency_limit_apply",
        "Select how the limits will be enforced:",
        dict(zip(ENFORCEMENTS, ("System Wide", "Per Virtual Gateway(tm)"), strict=True)),
        _word(ENFORCEMENTS, default),
    )
    return ENFORCEMENTS[word]


def _tls(
    default: TlsSetting, old: TlsSetting | None, *, own: bool = True
) -> "Dialogue[TlsSetting | None]":
    prompt = "Do you want to use TLS support?"
    tls = yield from _chosen("use_tls", prompt, TLS, default, own=own)
    if tls not in (None, TlsSetting.NO, old):
        yield Notice(CERTIFICATE_NEEDED)
    return tls


def _dane(texts: Mapping[str, str], default: str, tls: TlsSetting) -> "Dialogue[str]":
    """The word for a DANE setting. Without TLS it is not asked for: the first of the words stands,
    and a command line that names more is told what it lacks."""
    if tls is not TlsSetting.NO:
        return (yield from choice("dane", WANT_DANE, texts, default))
    unset = next(iter(texts))
    kind = choice_kind(tuple(texts))
    word = yield from ask(Ask("dane", "", kind, unset, silent=True))
    if word not in (unset, "off"):
        yield Refuse("Error: DANE needs TLS, and TLS is off here: set use_tls as well.")
        return unset
    return word


def _tagging(default: bool, *, own: bool = True) -> "Dialogue[bool | None]":
    kind = or_default(ON_OFF) if own else ON_OFF
    prompt = "Perform bounce verification address tagging?"
    return ask(Ask("bounce_verification", prompt, kind, default))


def _profile(config: Config, default: str, *, own: bool = True) -> "Dialogue[str | None]":
    """A bounce profile by name; for a domain, `Default` is what the default has."""
    names = [each.name for each in config.bounces.profiles]
    prompt = f"Choose a bounce profile to apply:\n{numbered(names)}"
    present = default if default in names else None
    name = yield from ask(Ask("bounce_profile", prompt, choice_kind(names, closed=False), present))
    return None if own and name == DEFAULT_PROFILE else name


def _on_or_off(text: str) -> bool:
    word = text.lower()
    return SWITCH[word] if word in SWITCH else YES_NO.parse(text)


ON_OFF: Kind[bool] = Kind(
    _on_or_off, YES_NO.show, tuple(SWITCH), "off", closed=True, inline=True, about="Yes or No"
)
