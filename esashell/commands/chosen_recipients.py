"""The questions that `showrecipients`, `deleterecipients` and `bouncerecipients` have in common."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec import Struct

from esashell.commands.queues import queues
from esashell.config.quoting import quoted
from esashell.dialogue.kinds import ask, choice, confirm, domain
from esashell.dialogue.requests import Act, Ask, Kind, Notice, Say
from esashell.errors import BadAnswer

if TYPE_CHECKING:
    from esashell.commands.registry import Appliance
    from esashell.dialogue.drive import Dialogue

BY = {
    "host": "By recipient host.",
    "sender": "By Envelope From address.",
    "all": "All.",
}
LONGEST = 320  # characters of an address (RFC 5321 4.5.3.1)


def usage(command: str) -> tuple[str, ...]:
    """The forms that such a command has."""
    words = ("host <domain>", "sender <address>", "all")
    return (command, *(f"{command} {each}" for each in words))


class Chosen(Struct, frozen=True):
    """Which of the messages that wait; nothing given is all of them."""

    domain: str = ""
    sender: str = ""

    @property
    def words(self) -> str:
        """As the question that confirms speaks of them."""
        if self.domain:
            return f'being delivered to "{self.domain}"'
        return f'from "{self.sender}"' if self.sender else "in the delivery queue"


def _sender(text: str) -> str:
    local, sign, host = text.removeprefix("<").removesuffix(">").rpartition("@")
    if not (local and sign and host) or len(text) > LONGEST or set(text) & set(" \t,;\"'"):
        raise BadAnswer(f"Error: {quoted(text, 60)} is not an address.")
    return f"{local}@{host.lower()}"


SENDER: Kind[str] = Kind(_sender, sample="ann@example.com", about="An address")


def chosen(verb: str) -> "Dialogue[Chosen]":
    """Ask which messages to show, delete or bounce."""
    prompt = f"Please select how you would like to {verb} messages:"
    by = yield from choice("by", prompt, BY, "host", positional=True)
    if by == "host":
        which = f"Please enter the hostname for the messages you wish to {verb}."
        return Chosen(str((yield from domain("host", which))))
    if by == "sender":
        which = f"Please enter the Envelope From address for the messages you wish to {verb}."
        return Chosen(sender=(yield from ask(Ask("sender", which, SENDER))))
    return Chosen()


def removed(
    verb: str,
    participles: tuple[str, str],
    remove: Callable[[Chosen], int],
) -> "Dialogue[None]":
    """Ask which, make sure, and take them out of the queue."""
    which = yield from chosen(verb)
    if not (yield from confirm(f"Are you sure you want to {verb} all messages {which.words}?")):
        return
    doing, done = participles
    yield Notice(f"{doing} messages, please wait.")
    count: int = yield Act(lambda: remove(which))
    yield Say(f"{count:,} message{'' if count == 1 else 's'} {done}.")


def waiting(appliance: "Appliance", which: Chosen) -> int:
    return queues(appliance).waiting(domain=which.domain, sender=which.sender)
