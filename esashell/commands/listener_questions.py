"""The questions of a new listener, and of the settings that hold for all of them."""

from typing import TYPE_CHECKING

from msgspec.structs import replace

from esashell.commands.interfaces import interface_line
from esashell.commands.listeners import RECIPIENTS, SENDERS
from esashell.commands.log_questions import DURATION
from esashell.commands.policy_questions import COUNT, parameter_lines, parameters
from esashell.config.faults import LARGEST, host_name_fault, name_fault
from esashell.config.files.hat import FIELDS
from esashell.config.model.listeners import Listener, ReceivingSettings
from esashell.config.model.predefined import private_listener, public_listener
from esashell.config.quoting import quoted
from esashell.config.tree import Config
from esashell.dialogue.kinds import ask, choice, choice_kind, number, numbered, yes_no
from esashell.dialogue.requests import Ask, Kind, Notice, Refuse, Say
from esashell.errors import BadAnswer

if TYPE_CHECKING:
    from esashell.dialogue.drive import Dialogue


def _listener_name(text: str) -> str:
    if fault := name_fault(text):
        raise BadAnswer(f"Error: {quoted(text, 60)} {fault}.")
    return text


LISTENER_NAME = Kind(_listener_name, sample="Partners", about="A name of at most 64 characters")


def _domain_or_none(text: str) -> str:
    if text.lower() == "none":
        return ""
    if fault := host_name_fault(text):
        raise BadAnswer(f"Error: {quoted(text, 60)} {fault}.")
    return text.lower()


def text_or_none(key: str, prompt: str, present: str) -> "Dialogue[str]":
    """A domain; the word none takes it away."""
    kind = Kind(_domain_or_none, sample="example.com", about="A domain, or none")
    return ask(Ask(key, prompt, kind, present, positional=True))


def new_listener(config: Config) -> "Dialogue[Config]":
    kind = yield from choice(
        "type",
        "Please select the type of listener you want to create.",
        {"private": "Private", "public": "Public"},
        "public",
    )
    name = yield from ask(
        Ask(
            "name",
            'Please create a name for this listener (Ex: "InboundMail"):',
            LISTENER_NAME,
        )
    )
    if name.lower() in (each.name.lower() for each in config.listeners) and not (
        yield Refuse(f"Error: The listener {name} already exists.")
    ):
        return config
    names = tuple(each.name for each in config.interfaces)
    lines = numbered(interface_line(config, each) for each in config.interfaces)
    interface = yield from ask(
        Ask(
            "interface",
            f"Please choose an IP interface for this Listener.\n{lines}",
            choice_kind(names, closed=False),
            names[0],
        )
    )
    protocol = yield from choice(
        "protocol", "Choose a protocol.", {"smtp": "SMTP", "qmqp": "QMQP"}, "smtp"
    )
    port = yield from number("port", "Please enter the TCP port for this listener.", 25, 1, 65535)
    made = yield from (_public if kind == "public" else _private)(name, interface, port)
    if protocol != "smtp":
        yield Refuse("Error: QMQP is not emulated.")
        return config
    for each in config.listeners:
        if (each.interface, each.port) == (interface, port):
            yield Refuse(f"Error: The listener {each.name} has port {port} there already.")
            return config
    yield Notice(
        f"Listener {name} created.\n"
        f"Defaults have been set for a {made.type} listener.\n"
        "Use the listenerconfig->EDIT command to customize the listener."
    )
    return replace(config, listeners=(*config.listeners, made))


ACCEPTED = """\
Please specify the domain names or specific email addresses you want to accept
mail for.
Hostnames such as "example.com" are allowed.
Partial hostnames such as ".example.com" are allowed.
Usernames such as "postmaster@" are allowed.
Full email addresses such as "joe@example.com" or "joe@[1.2.3.4]" are allowed.
Separate multiple addresses with commas."""
RELAYED = """\
Please specify the systems allowed to relay email through the appliance.
Hostnames such as "example.com" are allowed.
Partial hostnames such as ".example.com" are allowed.
IP addresses, IP address ranges, and partial IP addresses are allowed.
Separate multiple entries with commas."""


def _public(name: str, interface: str, port: int) -> "Dialogue[Listener]":
    found = yield from ask(Ask("addresses", ACCEPTED, RECIPIENTS, label="recipients|hosts"))
    return (yield from _limited(public_listener(name, interface, port, found)))


def _private(name: str, interface: str, port: int) -> "Dialogue[Listener]":
    found = yield from ask(Ask("addresses", RELAYED, SENDERS, label="recipients|hosts"))
    return (yield from _limited(private_listener(name, interface, port, found)))


def _limited(made: Listener) -> "Dialogue[Listener]":
    """The listener with its default parameters as the operator wants them."""
    if (
        yield from yes_no(
            "rate_limiting_wanted",
            "Would you like to enable rate limiting per host? (Rate limiting defines\n"
            "the maximum number of recipients per hour you are willing to receive from\n"
            "a remote domain.)",
            False,
            gates=("rate",),
        )
    ):
        prompt = "Enter the maximum number of recipients per hour to accept from a remote domain."
        rate = yield from ask(Ask("rate", prompt, COUNT, label="recipients"))
        made = replace(made, defaults=replace(made.defaults, max_recipients_per_hour=rate))
    yield Say(f"\n{parameter_lines(made.defaults)}")
    if (
        yield from yes_no(
            "change_defaults",
            "Would you like to change the default host access policy?",
            False,
            gates=FIELDS,
        )
    ):
        made = replace(made, defaults=(yield from parameters(made.defaults)))
    return made


def receiving(config: Config) -> "Dialogue[Config]":
    """The settings that hold for all listeners together."""
    old = config.receiving
    found: dict[str, int] = {}
    for key, prompt in (
        (
            "concurrency",
            "Enter the global limit for concurrent connections to be allowed across\n"
            "all listeners.",
        ),
        (
            "tls_concurrency",
            "Enter the global limit for concurrent TLS connections to be allowed\n"
            "across all listeners.",
        ),
    ):
        found[key] = yield from number(
            key, prompt, getattr(old, key), 1, LARGEST, label="connections"
        )
    found["header_lines"] = yield from number(
        "header_lines",
        "Enter the maximum number of message header lines. 0 indicates no limit.",
        old.header_lines,
        0,
        LARGEST,
        label="lines",
    )
    for key, prompt in (
        ("counter_reset", "Enter the rate at which injection control counters are reset."),
        ("unsuccessful_timeout", "Enter the timeout for unsuccessful inbound connections."),
        ("connection_time", "Enter the maximum connection time for inbound connections."),
    ):
        found[key] = yield from ask(Ask(key, prompt, DURATION, getattr(old, key), label="time"))
    late = yield from yes_no(
        "late_rejection",
        "By default connections with a HAT REJECT policy will be closed with a banner\n"
        "message at the start of the SMTP conversation. Would you like to do the\n"
        "rejection at the message recipient level instead for more detailed logging\n"
        "of rejected mail?",
        old.late_rejection,
    )
    return replace(config, receiving=ReceivingSettings(**found, late_rejection=late))
