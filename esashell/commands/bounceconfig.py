"""bounceconfig: how long mail is retried, and who hears that it could not be delivered.

A profile is used by destinations (`destconfig`) and listeners. What it leaves to the profile
`Default` is answered with the word default. On a command line the keys are the names that the
appliance's own configuration file has for these settings, where those are known.

The interval between two attempts grows from the initial one to the maximum. A message becomes
undeliverable after so many retries or so many seconds, whichever comes first; a delay warning goes
out with the second attempt that failed for now (TechNote 212837).
"""

from typing import TYPE_CHECKING

from msgspec.structs import replace

from esashell.commands.registry import TABLE, command
from esashell.config.checks.bounces import LONGEST_TEXT
from esashell.config.faults import LARGEST, name_fault
from esashell.config.model.bounce import DEFAULT, DEFAULT_PROFILE, BounceProfile
from esashell.config.quoting import quoted
from esashell.config.tree import Config
from esashell.dialogue.kinds import ask, number, numbered, yes_no
from esashell.dialogue.requests import Ask, Kind, Refuse
from esashell.dialogue.settings import yes_no_default
from esashell.dialogue.table import Operation, Table, operate
from esashell.errors import BadAnswer

if TYPE_CHECKING:
    from esashell.commands.registry import Appliance
    from esashell.dialogue.drive import Dialogue

PROFILES: Table[BounceProfile] = Table(
    at=lambda config: config.bounces.profiles,
    put=lambda config, rows: replace(config, bounces=replace(config.bounces, profiles=rows)),
    key=lambda profile: profile.name,
    called="profile",
)


def _name(text: str) -> str:
    if fault := name_fault(text):
        raise BadAnswer(f"Error: {quoted(text, 60)} {fault}.")
    return text


NAME = Kind(_name, sample="patient", about="A name of at most 64 characters")


def _text(text: str) -> str:
    if fault := name_fault(text, LONGEST_TEXT):
        raise BadAnswer(f"Error: {quoted(text, 60)} {fault}.")
    return text


TEXT = Kind(_text, sample="text", about=f"Text of at most {LONGEST_TEXT} characters")


def _address(text: str) -> str:
    local, at, domain = text.rpartition("@")
    if not (local and at and domain) or " " in text or len(text) > LONGEST_TEXT:
        raise BadAnswer(f"Error: {quoted(text, 60)} is not an email address.")
    return text


ADDRESS = Kind(_address, sample="postmaster@example.com", about="An email address")


def summary(config: Config) -> str:
    return f"Current bounce profiles:\n{numbered(each.name for each in PROFILES.at(config))}"


def _or_default(
    key: str, prompt: str, old: BounceProfile, present: bool | None
) -> "Dialogue[bool | None]":
    """Yes, no, or, but for the profile `Default` itself, what that one says."""
    if old.name == DEFAULT_PROFILE:
        return (yield from yes_no(key, f"{prompt} (Yes/No)", bool(present)))
    return (yield from yes_no_default(key, f"{prompt} (Yes/No/Default)", present))


def _questions(config: Config, old: BounceProfile) -> "Dialogue[BounceProfile]":
    retries = yield from number(
        "max_retries",
        "Please enter the maximum number of retries.",
        old.maximum_retries,
        0,
        LARGEST,
    )
    lifetime = yield from _seconds(
        "max_queue_lifetime",
        "Please enter the maximum number of seconds a message may stay in the queue before being "
        "hard bounced.",
        old.maximum_queue_time,
        0,
    )
    initial = yield from _seconds(
        "initial_retry",
        "Please enter the initial number of seconds to wait before retrying a message.",
        old.initial_retry,
        1,
    )
    longest = yield from _seconds(
        "max_retry_time",
        "Please enter the maximum number of seconds to wait before retrying a message.",
        max(old.maximum_retry, initial),
        initial,
    )
    found = replace(
        old,
        maximum_retries=retries,
        maximum_queue_time=lifetime,
        initial_retry=initial,
        maximum_retry=longest,
    )
    return (yield from _notices(found))


def _notices(old: BounceProfile) -> "Dialogue[BounceProfile]":
    """Who is told of what, and how."""
    send = yield from _or_default(
        "send_bounces", "Do you want a message sent for each hard bounce?", old, old.send_bounces
    )
    dsn = yield from _or_default(
        "use_dsn_bounce_format",
        "Do you want bounce messages to use the DSN message format?",
        old,
        old.dsn_format,
    )
    subject = yield from ask(Ask("bounce_subject", "Enter the subject to use:", TEXT, old.subject))
    warn = yield from _or_default(
        "send_warnings",
        "If a message is undeliverable after some interval, do you want to send a delay warning "
        "message?",
        old,
        old.send_warnings,
    )
    interval, count = old.warning_interval, old.warning_count
    if warn:
        interval = yield from _seconds(
            "send_warnings_interval",
            "Please enter the minimum interval in seconds between delay warning messages.",
            interval,
            1,
        )
        count = yield from number(
            "send_warnings_count",
            "Please enter the maximum number of delay warning messages to send per recipient.",
            count,
            0,
            LARGEST,
        )
    address = yield from _alternate(old.alternate_address)
    sign = yield from _or_default(
        "sign_bounces", "Do you want bounce messages to be signed?", old, old.sign
    )
    return replace(
        old,
        send_bounces=send,
        dsn_format=dsn,
        subject=subject,
        send_warnings=warn,
        warning_interval=interval,
        warning_count=count,
        alternate_address=address,
        sign=sign,
    )


def _alternate(present: str) -> "Dialogue[str]":
    wanted = yield from yes_no(
        "alternate",
        "Do you want hard bounce and delay warning messages sent to an alternate address, instead "
        "of the sender?",
        bool(present),
        gates=("alternate_bounce_address",),
    )
    if not wanted:
        return ""
    prompt = "Please enter the email address to send hard bounce and delay warning."
    return (yield from ask(Ask("alternate_bounce_address", prompt, ADDRESS, present or None)))


def _seconds(key: str, prompt: str, default: int, lowest: int) -> "Dialogue[int]":
    return number(key, prompt, default, lowest, LARGEST, label="seconds")


def _new(config: Config) -> "Dialogue[tuple[BounceProfile, ...]]":
    name = yield from ask(Ask("name", "Please create a name for the profile:", NAME))
    if not (yield from PROFILES.is_free(config, name)):
        return ()
    return ((yield from _questions(config, replace(DEFAULT, name=name))),)


def _delete(config: Config) -> "Dialogue[Config]":
    gone = yield from PROFILES.select(config, "Enter the number of the profile to delete:")
    if gone.name == DEFAULT_PROFILE:
        yield Refuse(f"Error: The profile {DEFAULT_PROFILE} cannot be deleted.")
        return config
    return PROFILES.put(config, tuple(row for row in PROFILES.at(config) if row != gone))


def _setup(config: Config) -> "Dialogue[Config]":
    down = yield from yes_no(
        "global_bounce_all_down_host",
        "Do you want to bounce all enqueued messages bound for a domain if the host is down?",
        config.bounces.bounce_down_hosts,
    )
    copied = yield from number(
        "max_bounce_copy",
        "Please enter the maximum size in bytes of a message that is copied into its bounce.",
        config.bounces.max_bounce_copy,
        0,
        LARGEST,
        label="bytes",
    )
    after = replace(config.bounces, bounce_down_hosts=down, max_bounce_copy=copied)
    return replace(config, bounces=after)


@command("bounceconfig", help=TABLE["bounceconfig"], commits=True)
def bounceconfig(appliance: "Appliance") -> "Dialogue[None]":
    operations = (
        PROFILES.new("Create a new profile.", _new),
        PROFILES.edit("Modify a profile.", _questions, "Enter the number of the profile to edit:"),
        Operation("delete", "Remove a profile.", _delete),
        Operation("setup", "Configure global bounce settings.", _setup),
    )
    yield from operate(appliance.config, summary, operations)
