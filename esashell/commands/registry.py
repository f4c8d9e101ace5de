"""The commands: their names, and how a module of this room becomes one.

A command is a dialogue. Its function is given the `Appliance` as it stands (to read) and yields
requests for everything else, so no command can reach a disk, a terminal or a network by itself:

    @command("sethostname", help="Set the name of the machine.", commits=True)
    def sethostname(appliance: Appliance) -> Dialogue[None]:
        name = yield from host_name("hostname", PROMPT, appliance.config.hostname)
        yield Stage(replace(appliance.config, hostname=name))

What it returns is its exit status: None and 0 for done, 1 for a verdict that a script should see as
failure. A refusal is an `OperatorError` that nobody caught.

`TABLE` repeats each command's name and help line, so that Tab, `help` and a misspelt name import no
command, and a command line imports one. A test holds the two together. To add a command: write its
module here and its line in the table.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, Protocol

    from esashell.config.tree import Config
    from esashell.delivery.verification import Sender
    from esashell.dialogue.drive import Dialogue
    from esashell.resolver.budget import Effort

    class Appliance(Protocol):
        """What a command may know of the appliance it is typed at."""

        @property
        def running(self) -> Config:
            """The committed configuration."""

        @property
        def config(self) -> Config:
            """The working configuration: the running one with whatever is pending."""

        @property
        def dirty(self) -> bool:
            """Whether something is pending. Cheap: it never reads the configuration for it."""

        @property
        def sender(self) -> Sender:
            """What conversations with the network need: resolver, clock, name.

            By the running configuration: what is pending has no effect before `commit`.
            """

        @property
        def effort(self) -> Effort:
            """What look-ups have cost since the session began."""

        @property
        def now(self) -> int:
            """The time in microseconds."""

    Function = Callable[[Appliance], Dialogue[Any]]

# name: the one line that `help` shows. The module is esashell.commands.<name>.
TABLE = {
    "clearchanges": "Clear changes since the last commit.",
    "commit": "Commit changes.",
    "daneverify": "Verify DANE support for a domain.",
    "dig": "Look up a DNS name at one server, without the cache.",
    "dnsconfig": "Configure DNS setup.",
    "dnsflush": "Clear all entries from the DNS cache.",
    "dnsstatus": "Display DNS statistics.",
    "exit": "Exit the session.",
    "explain": "Explain a DANE verdict, step by step (not on the appliance).",
    "help": "Show help for commands.",
    "nslookup": "Query a name as the appliance does, with its cache.",
    "sethostname": "Set the name of the machine.",
    "showchanges": "Show changes since the last commit.",
    "version": "View system version information.",
}

ALIASES = {
    "?": "help",
    "clear": "clearchanges",
    "h": "help",
    "q": "exit",
    "quit": "exit",
}


class Command:
    """A command that has been imported. `usage` are one-line forms; empty: read the dialogue."""

    def __init__(
        self,
        *,
        name: str,
        function: Function,
        help: str,  # noqa: A002
        commits: bool,
        aliases: tuple[str, ...],
        usage: tuple[str, ...],
    ) -> None:
        self.name = name
        self.function = function
        self.help = help
        self.commits = commits
        self.aliases = aliases
        self.usage = usage


_imported: dict[str, Command] = {}


def command(
    name: str,
    *,
    help: str,  # noqa: A002
    commits: bool = False,
    aliases: Sequence[str] = (),
    usage: Sequence[str] = (),
) -> Callable[[Function], Function]:
    """Make the function below it the command of that name.

    `commits` says that its changes run only after `commit`.
    """

    def register(function: Function) -> Function:
        _imported[name] = Command(
            name=name,
            function=function,
            help=help,
            commits=commits,
            aliases=tuple(aliases),
            usage=tuple(usage),
        )
        return function

    return register


def names() -> tuple[str, ...]:
    """Every command's own name, sorted."""
    return tuple(sorted(TABLE))


def find(word: str) -> Command | None:
    """The command that is called so, imported now if it was not; None if there is none."""
    name = ALIASES.get(word, word)
    if name not in TABLE:
        return None
    if name not in _imported:
        from importlib import import_module

        import_module(f"esashell.commands.{name}")
    return _imported[name]
