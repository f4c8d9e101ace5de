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
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any, Protocol

    from esashell.config.revision import Head, Revision
    from esashell.config.tree import Config
    from esashell.delivery.verification import Sender
    from esashell.dialogue.drive import Dialogue
    from esashell.reports.screen import Screen
    from esashell.resolver.budget import Effort
    from esashell.resolver.rollover import TrustPoint
    from esashell.simulate.run import Simulation

    class Notes(Protocol):
        """Lines for later sessions."""

        def read(self) -> Iterable[str]:
            """What was written; lines that were cut off among it."""

        def add(self, lines: Sequence[str]) -> str:
            """Write lines; why that could not be done, "" if it was."""

    class Appliance(Protocol):
        """What a command may know of the appliance it is typed at."""

        @property
        def running(self) -> Config:
            """The committed configuration."""

        @property
        def config(self) -> Config:
            """The working configuration: the running one with whatever is pending."""

        @property
        def head(self) -> Head:
            """Who committed what runs, when and why."""

        def history(self) -> Sequence[Head]:
            """What led to the running configuration, newest first."""

        def revision(self, number: int) -> Revision:
            """A revision as it was committed; 0 is the factory's."""

        def pem(self, fingerprint: str) -> str:
            """Certificates and a key that are kept; "" where there is nothing."""

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
        def lifetime(self) -> Effort:
            """What they have cost in all sessions, this one included."""

        @property
        def trust_point(self) -> TrustPoint | None:
            """The root's keys as they are followed; None where the anchors are fixed."""

        @property
        def now(self) -> int:
            """The time in microseconds."""

        @property
        def screen(self) -> Screen:
            """What reports are shown on."""

        def files(self) -> Sequence[str]:
            """The names of the files that can be imported."""

        @property
        def destinations(self) -> Sequence[str]:
            """The domains that this world is known to have; none where only asking would tell."""

        @property
        def kept(self) -> dict[str, Any]:
            """What commands keep for later ones of the session, by the names of its owners."""

        @property
        def in_lab(self) -> bool:
            """Whether looking at a destination costs nobody anything, and no time."""

        def notes(self, kind: str, about: str) -> Notes | None:
            """What sessions have written down of one kind in this world, about the same; None where
            nothing is to come from another session."""

        @property
        def foretells(self) -> bool:
            """Whether `commit` is to say what it would do to the mail."""

        @property
        def simulation(self) -> Simulation | None:
            """What is simulated; None where this is an appliance that nobody sends mail to."""

        @property
        def begun(self) -> int:
            """When it came up, which an emulated appliance does with its shell."""

        @property
        def user(self) -> str:
            """Who sits at it."""

    Function = Callable[[Appliance], Dialogue[Any]]

# name: the one line that `help` shows. The module is esashell.commands.<name>.
TABLE = {
    "bounceconfig": "Configure the behavior of bounces.",
    "bouncerecipients": "Bounce messages from the queue.",
    "certconfig": "Configure security certificates and keys.",
    "clearchanges": "Clear changes since the last commit.",
    "commit": "Commit changes.",
    "commitdetail": "Display detailed information about the last commit.",
    "daneverify": "Verify DANE support for a domain.",
    "deleterecipients": "Delete messages from the queue.",
    "deliveryconfig": "Configure mail delivery.",
    "delivernow": "Reschedule messages for immediate delivery.",
    "destconfig": "Configure destination controls.",
    "dig": "Look up a DNS name at one server, without the cache.",
    "dnsconfig": "Configure DNS setup.",
    "dnsflush": "Clear all entries from the DNS cache.",
    "dnsstatus": "Display DNS statistics.",
    "exit": "Exit the session.",
    "explain": "Explain a DANE verdict, step by step (not on the appliance).",
    "fidelity": "Show what is known of real dialogues (not on the appliance).",
    "findevent": "Find events in mail log files.",
    "grep": "Search for text in a log file.",
    "help": "Show help for commands.",
    "hoststatus": "Get the status of the given hostname.",
    "listenerconfig": "Configure mail listeners.",
    "logconfig": "Configure access to log files.",
    "interfaceconfig": "Configure Ethernet IP addresses.",
    "loadconfig": "Load a configuration file.",
    "logprofile": "Sum up a mail log for a simulation (not on the appliance).",
    "nslookup": "Query a name as the appliance does, with its cache.",
    "plan": "Show what pending changes do to mail (not on the appliance).",
    "resumedel": "Resume deliveries.",
    "resetconfig": "Restore the factory configuration defaults.",
    "rollbackconfig": "Rollback to one of the previously committed configurations.",
    "saveconfig": "Save the configuration to disk.",
    "rollovernow": "Roll over a log file.",
    "sethostname": "Set the name of the machine.",
    "settz": "Set the local time zone.",
    "showchanges": "Show changes since the last commit.",
    "showrecipients": "Show messages from the queue.",
    "simulate": "Simulate days of mail in seconds (not on the appliance).",
    "status": "System status.",
    "suspenddel": "Suspend deliveries.",
    "showconfig": "Display all configuration values.",
    "smtproutes": "Configure permanent domain redirections.",
    "sslconfig": "Configure SSL settings.",
    "tail": "Continuously display the end of a log file.",
    "tlsverify": "Establish an outbound TLS connection and verify it.",
    "tophosts": "Display the top hosts by queue size.",
    "trace": "Trace the flow of a message through the system.",
    "workqueue": "Display and/or alter work queue pause status.",
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

    def about(self) -> Mapping[str, str]:
        """A line for each question that there is something to say about: what "?" shows."""
        from esashell.commands.ledger import explanations

        return explanations(self.name)


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

    `commits` says that its changes run only after `commit`. What there is to say about its
    questions stands in the ledger.
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
