"""The menu RCPTACCESS of a public listener: for whom it takes mail.

Menu and questions are from a published session and guide (TechNote 117976; User Guide 9.1.2,
Recipient Access Table). Whoever is not in the table gets what ALL gets, which stays at its end:
a listener that accepts ALL is an open relay.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec.structs import replace

from esashell.commands.listeners import RECIPIENTS, Place
from esashell.config.checks.senders import response_fault
from esashell.config.files.rat import line, read, written
from esashell.config.model.listeners import ALL, ListenerType, RecipientAccess
from esashell.config.model.predefined import REJECT_OTHERS
from esashell.config.quoting import quoted
from esashell.config.tree import Config
from esashell.dialogue.files import exporting, importing
from esashell.dialogue.kinds import ask, choice, confirm, row_kind, yes_no
from esashell.dialogue.requests import Ask, Kind, Refuse
from esashell.dialogue.table import Operation, listing, operate
from esashell.errors import BadAnswer

if TYPE_CHECKING:
    from esashell.commands.registry import Appliance
    from esashell.dialogue.drive import Dialogue

    Change = Callable[[Config], Dialogue[Config]]


ADDRESSES = """\
Enter the recipient address for this entry.
Hostnames such as "example.com" and "[1.2.3.4]" are allowed.
Partial hostnames such as ".example.com" are allowed.
Usernames such as "postmaster@" are allowed.
Full email addresses such as "joe@example.com" or "joe@[1.2.3.4]" are allowed.
Separate multiple addresses with commas."""


def _response(text: str) -> str:
    if fault := response_fault(text):
        raise BadAnswer(f"Error: {quoted(text, 60)} {fault}.")
    return text


RESPONSE = Kind(_response, sample="550 Moved", about="A code of three digits, and a text")


def _rows(place: Place, config: Config) -> list[RecipientAccess]:
    """The recipients but for ALL."""
    return [each for each in place.of(config).recipients if each.address != ALL]


def _everybody(place: Place, config: Config) -> RecipientAccess:
    found = (each for each in place.of(config).recipients if each.address == ALL)
    return next(found, REJECT_OTHERS)


def _with(
    place: Place, config: Config, rows: list[RecipientAccess], everybody: RecipientAccess | None
) -> Config:
    last = everybody or _everybody(place, config)
    return place.put(config, recipients=(*rows, last))


def _summary(place: Place) -> Callable[[Config], str]:
    def lines(config: Config) -> str:
        access = "ACCEPT" if _everybody(place, config).accept else "REJECT"
        return (
            "Recipient Access Table\n"
            f"There are currently {len(_rows(place, config))} recipients.\n"
            f"Default Access: {access}"
        )

    return lines


def _settings(old: RecipientAccess) -> "Dialogue[RecipientAccess]":
    word = yield from choice(
        "access",
        "Select an action to apply to the recipient address or addresses:",
        {"accept": "Accept", "reject": "Reject"},
        "accept" if old.accept else "reject",
        positional=True,
    )
    response = ""
    wanted = yield from yes_no(
        "custom_response",
        "Would you like to specify a custom SMTP response?",
        bool(old.response),
        gates=("response",),
        batch="yes" if old.response else "no",
    )
    if wanted:
        prompt = "Enter the SMTP code and text to use in the response."
        response = yield from ask(Ask("response", prompt, RESPONSE, old.response or None))
    bypass = yield from yes_no(
        "bypass", "Would you like to bypass receiving control for this entry?", old.bypass
    )
    return RecipientAccess(old.address, word == "accept", response, bypass)


def _new(place: Place) -> "Change":
    def run(config: Config) -> "Dialogue[Config]":
        kind = Ask("recipients", ADDRESSES, RECIPIENTS, label="recipient[,recipient]")
        addresses = yield from ask(kind)
        rows = _rows(place, config)
        known = {each.address.lower() for each in rows}
        for address in addresses:
            if address.lower() in known and not (
                yield Refuse(f"Error: The recipient {address} already exists.")
            ):
                return config
        like = yield from _settings(RecipientAccess("", accept=True))
        added = [replace(like, address=each) for each in addresses]
        return _with(place, config, [*rows, *added], None)

    return run


def _which(place: Place, config: Config, purpose: str) -> "Dialogue[str]":
    names = [*(each.address for each in _rows(place, config)), ALL]
    prompt = f"Enter the recipient address you wish to {purpose}."
    return ask(Ask("recipient", prompt, row_kind(names, "recipient")))


def _edit(place: Place) -> "Change":
    def run(config: Config) -> "Dialogue[Config]":
        address = yield from _which(place, config, "edit")
        if address == ALL:
            everybody = yield from _settings(_everybody(place, config))
            return _with(place, config, _rows(place, config), everybody)
        rows = _rows(place, config)
        at = next(at for at, each in enumerate(rows) if each.address == address)
        rows[at] = yield from _settings(rows[at])
        return _with(place, config, rows, None)

    return run


def _delete(place: Place) -> "Change":
    def run(config: Config) -> "Dialogue[Config]":
        address = yield from _which(place, config, "delete")
        if address == ALL:
            yield Refuse(f"Error: The entry {ALL} cannot be deleted; it can be edited.")
            return config
        left = [each for each in _rows(place, config) if each.address != address]
        return _with(place, config, left, None)

    return run


def _clear(place: Place) -> "Change":
    def run(config: Config) -> "Dialogue[Config]":
        if (yield from confirm("Are you sure you want to remove every recipient?")):
            return _with(place, config, [], None)
        return config

    return run


def _lines(place: Place, config: Config) -> str:
    return "\n".join(map(line, (*_rows(place, config), _everybody(place, config))))


def recipient_access(place: Place, appliance: "Appliance") -> Operation:
    """The operation RCPTACCESS of a listener's menu."""

    def has_rows(config: Config) -> bool:
        return bool(_rows(place, config))

    def take(config: Config, raw: bytes, where: str) -> Config:
        return place.put(config, recipients=read(raw, where))

    operations = (
        Operation("new", "Create a new entry.", _new(place)),
        Operation("edit", "Modify an entry.", _edit(place)),
        Operation("delete", "Remove an entry.", _delete(place), has_rows),
        listing("print", "Display the table.", lambda config: _lines(place, config)),
        importing("Import a table from a file.", take, appliance.files, has_rows, "recipients"),
        exporting(
            "Export the table to a file.",
            lambda config: written((*_rows(place, config), _everybody(place, config))),
            appliance.files,
        ),
        Operation("clear", "Remove all entries.", _clear(place), has_rows),
    )

    def run(config: Config) -> "Dialogue[Config]":
        return operate(config, _summary(place), operations, "rcptaccess")

    def is_public(config: Config) -> bool:
        return place.of(config).type is ListenerType.PUBLIC

    return Operation("rcptaccess", "Modify the Recipient Access Table.", run, is_public)
