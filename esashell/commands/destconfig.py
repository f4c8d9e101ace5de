"""destconfig: how mail for a domain is delivered, how fast, and how protected.

An entry stands for a domain, or with a dot in front for the sub-domains of one; what it leaves to
the default is said with the word `default` on a command line (`use_tls=default`). DANE is asked for
where TLS is in use, by the entry's own setting or the default's: without TLS it has nothing to
authenticate. `dane=` on the command line is ours, since no published form has it.
"""

from typing import TYPE_CHECKING

from msgspec.structs import replace

from esashell.commands.destination_questions import DOMAIN, default_control, entry_control
from esashell.commands.destinations import detail, table
from esashell.commands.registry import TABLE, command
from esashell.config.checks.across import certificate_names
from esashell.config.files.destinations import read, written
from esashell.config.model.destination import DestinationControl
from esashell.config.model.security import DEMO
from esashell.config.tree import Config
from esashell.dialogue.files import exporting, importing
from esashell.dialogue.kinds import ask, choice_kind, numbered, row_kind, yes_no
from esashell.dialogue.requests import Ask, Say
from esashell.dialogue.table import Operation, Table, listing, operate

if TYPE_CHECKING:
    from esashell.commands.registry import Appliance
    from esashell.dialogue.drive import Dialogue

ENTRIES: Table[DestinationControl] = Table(
    at=lambda config: config.destinations.entries,
    put=lambda config, rows: replace(
        config, destinations=replace(config.destinations, entries=rows)
    ),
    key=lambda entry: entry.domain,
    called="entry",
    many="entries",
)
NOT_SECURE = (
    'The "Demo" certificate is currently configured. You may use "Demo", but this will not be '
    "secure."
)
WHICH_DETAIL = (
    "Enter the domain name to view, or enter DEFAULT to view details for the\n"
    "default, or enter ALL to view details for all:"
)


def summary(config: Config) -> str:
    count = len(config.destinations.entries)
    return f"There are currently {count or 'no'} entries configured."


def _setup(config: Config) -> "Dialogue[Config]":
    names = certificate_names(config)
    present = config.destinations.certificate
    lines = [NOT_SECURE] if present == DEMO else []
    prompt = "\n".join((*lines, numbered(names), "Please choose the certificate to apply:"))
    chosen = present if present in names else None
    certificate = yield from ask(
        Ask("certificate", prompt, choice_kind(names, closed=False), chosen)
    )
    alert = yield from yes_no(
        "alert",
        "Do you want to send an alert when a required TLS connection fails?",
        config.destinations.alert,
    )
    after = replace(config.destinations, certificate=certificate, alert=alert)
    return replace(config, destinations=after)


def _new(config: Config) -> "Dialogue[tuple[DestinationControl, ...]]":
    domain = yield from ask(Ask("domain", "Enter the domain you wish to limit.", DOMAIN))
    if not (yield from ENTRIES.is_free(config, domain)):
        return ()
    return ((yield from entry_control(config, DestinationControl(domain), new=True)),)


def _edit(config: Config) -> "Dialogue[Config]":
    """An entry, or with the word `default` the default: a command line has both forms."""
    entries = ENTRIES.at(config)
    kind = row_kind([*(each.domain for each in entries), "default"], "entry")
    which = yield from ask(Ask("entry", "Enter the domain you wish to edit.", kind))
    if which == "default":
        return (yield from _default(config))
    old = next(each for each in entries if each.domain == which)
    new = yield from entry_control(config, old)
    return ENTRIES.put(config, tuple(new if each is old else each for each in entries))


def _default(config: Config) -> "Dialogue[Config]":
    default = yield from default_control(config)
    return replace(config, destinations=replace(config.destinations, default=default))


def _detail(config: Config) -> "Dialogue[Config]":
    entries = ENTRIES.at(config)
    default = config.destinations.default
    kind = row_kind([*(each.domain for each in entries), "default", "all"], "entry")
    # The table belongs to the question: whoever names the domain does not need it.
    which = yield from ask(Ask("entry", f"{table(config)}\n\n{WHICH_DETAIL}", kind))
    shown = [detail(each.domain, each) for each in entries if which in ("all", each.domain)]
    if which in ("all", "default"):
        shown.append(detail("Default", default))
    yield Say("\n\n".join(shown))
    return config


def _import(config: Config, raw: bytes, where: str) -> Config:
    return replace(config, destinations=read(raw, where, config))


@command("destconfig", help=TABLE["destconfig"], commits=True)
def destconfig(appliance: "Appliance") -> "Dialogue[None]":
    operations = (
        Operation("setup", "Change global settings.", _setup),
        ENTRIES.new("Create a new entry.", _new),
        Operation("edit", "Modify an entry.", _edit, listed=ENTRIES.has_rows),
        ENTRIES.delete("Remove an entry.", "Enter the domain you wish to remove."),
        Operation("default", "Change the default.", _default),
        listing("list", "Display a summary list of all entries.", table),
        Operation("detail", "Display details for one destination or all entries.", _detail),
        ENTRIES.clear("Remove all entries."),
        importing(
            "Import tables from a file.", _import, appliance.files, ENTRIES.has_rows, "entries"
        ),
        exporting(
            "Export tables to a file.",
            lambda config: written(config.destinations),
            appliance.files,
        ),
    )
    yield from operate(appliance.config, summary, operations)
