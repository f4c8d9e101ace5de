"""rollovernow: save a log's current file and begin another."""

from typing import TYPE_CHECKING

from esashell.commands.log_choice import log_names
from esashell.commands.logconfig import summary
from esashell.commands.registry import TABLE, command
from esashell.dialogue.kinds import ask, row_kind
from esashell.dialogue.requests import Ask, Kind, Notice, RollOver
from esashell.errors import BadAnswer

if TYPE_CHECKING:
    from esashell.commands.registry import Appliance
    from esashell.dialogue.drive import Dialogue

# No log can be called so.
ALL = "All Logs"


@command("rollovernow", help=TABLE["rollovernow"])
def rollovernow(appliance: "Appliance") -> "Dialogue[None]":
    names = log_names(appliance.running)
    prompt = (
        f"{summary(appliance.running)}\n{len(names) + 1:>2}. All Logs\n"
        "Which log would you like to roll over?"
    )
    chosen = yield from ask(Ask("log", prompt, _kind(names), label="log_name"))
    yield RollOver(names if chosen == ALL else (chosen,))
    yield Notice("Log files successfully rolled over.")


def _kind(names: tuple[str, ...]) -> Kind[str]:
    rows = row_kind(names, "log")

    def parse(text: str) -> str:
        if text not in names and text.lower() in ("all", ALL.lower(), str(len(names) + 1)):
            return ALL
        try:
            return rows.parse(text)
        except BadAnswer as error:
            raise BadAnswer(f"{error} The logs are {', '.join(names)}.") from None

    return Kind(
        parse,
        words=(*names, "all"),
        sample=names[0] if names else "all",
        about="A log of the list, by its number or its name, or all of them",
    )
