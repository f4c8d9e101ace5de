"""Rules for bounce profiles (`bounceconfig`)."""

from collections.abc import Iterator

from esashell.config.faults import Breach, name_fault, number, twice
from esashell.config.model.bounce import DEFAULT_PROFILE, BounceProfile
from esashell.config.quoting import quoted
from esashell.config.tree import Config, KeyPath

# Of these only `Default` has to say something: the others may leave them to it.
LEFT_TO_DEFAULT = ("send_bounces", "dsn_format", "send_warnings", "sign")
LONGEST_TEXT = 320  # characters; RFC 5321 4.5.3.1 has no longer address


def breaches(config: Config) -> Iterator[Breach]:
    at: KeyPath = ("bounces", "profiles")
    profiles = config.bounces.profiles
    if not any(each.name == DEFAULT_PROFILE for each in profiles):
        yield Breach(at, f"There is no bounce profile {DEFAULT_PROFILE}.")
    yield from twice(at, "name", "bounce profile", (each.name for each in profiles))
    copied = config.bounces.max_bounce_copy
    yield from number(("bounces", "max_bounce_copy"), "bounces: max_bounce_copy", copied)
    for position, each in enumerate(profiles):
        yield from _profile((*at, position), each)


def _profile(at: KeyPath, profile: BounceProfile) -> Iterator[Breach]:
    subject = f"bounce profile {quoted(profile.name)}"
    if fault := name_fault(profile.name):
        yield Breach((*at, "name"), f"{subject} {fault}.")
    for field in ("maximum_retries", "maximum_queue_time", "warning_count"):
        yield from number((*at, field), f"{subject}: {field}", getattr(profile, field))
    for field in ("initial_retry", "maximum_retry", "warning_interval"):
        yield from number((*at, field), f"{subject}: {field}", getattr(profile, field), 1)
    if profile.initial_retry > profile.maximum_retry:
        text = f"{subject}: maximum_retry is shorter than initial_retry."
        yield Breach((*at, "maximum_retry"), text)
    for field, text in (
        ("subject", profile.subject),
        ("alternate_address", profile.alternate_address),
    ):
        if text and (fault := name_fault(text, LONGEST_TEXT)):
            yield Breach((*at, field), f"{subject}: {field} {quoted(text)} {fault}.")
    if profile.name == DEFAULT_PROFILE:
        for field in LEFT_TO_DEFAULT:
            if getattr(profile, field) is None:
                yield Breach((*at, field), f"{subject}: {field} must be true or false.")
