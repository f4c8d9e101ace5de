"""The program's own command line.

Read by hand: argparse alone would take as long as everything else that `esashell -c version` does.
"""

from __future__ import annotations

import errno
import os
import stat

from esashell.errors import UsageError

HELP = """\
usage: esashell [options]                 a session at the terminal
       esashell [options] -c COMMAND ...  run the commands and leave
       esashell [options] -f FILE         run the commands in a file
       esashell [options] < FILE          the same, from standard input
       esashell lab serve|list|anchor|roots|zones ...

  -c COMMAND        a command line; repeatable. Its questions are answered from
                    standard input
  -f FILE           a file of command lines; a line answers the question that is
                    open, and one that begins with # is a note
  --state DIR       what the appliance remembers (default: $ESASHELL_STATE, or
                    ./state in a checkout, or the user's state directory)
  --world WORLD     lab: an internet in memory, nothing leaves this process
                    (default); live: real servers; replay:FILE: a recorded
                    session, at its own time and with its own configuration
  --record FILE     save all that the network answers to a new file; it names
                    every domain asked about, and our own address and host name
  --json            print a command's result as JSON instead of its lines; one
                    without such a result prints its lines all the same, and
                    one that is refused an error as JSON
  --stats           print what the network work cost, to standard error
  --no-hints        no "did you mean"
  --no-plan         commit does not say what it would do to the mail
  --color, --no-color
                    colours in reports, or none (default: at a terminal, unless
                    NO_COLOR is set)
  --anchor FILE     trust anchors, as DS or DNSKEY records
  --roots FILE      root servers, as a hints file like named.root: where a
                    look-up begins when dnsconfig has the root servers asked
  --scenario FILE   more domains and servers for the lab; repeatable
  --smtp-port PORT  for --world live: the port to deliver to, instead of 25
  --dns-port PORT   for --world live: the port to ask at, instead of 53
  --version         the version, and leave
  --help            this text

Exit status: the worst of the commands. 0 done; 1 refused or failed, a DANE
FAILED included; 2 a command or an option that cannot be understood.
"""

_FLAGS = {
    "--json",
    "--stats",
    "--no-hints",
    "--no-plan",
    "--color",
    "--no-color",
    "--version",
    "--help",
    "-h",
}
_WITH_VALUE = {
    "-c",
    "-f",
    "--state",
    "--world",
    "--record",
    "--anchor",
    "--roots",
    "--scenario",
    "--smtp-port",
    "--dns-port",
}


class Options:
    """What was asked for on the command line."""

    def __init__(self) -> None:
        self.commands: list[str] = []
        self.file: str | None = None
        self.state: str | None = None
        self.world = "lab"
        self.tape = ""  # the recording, for the world "replay"
        self.record: str | None = None
        self.json = False
        self.stats = False
        self.hints = True
        self.plan = True  # commit says what it would do to the mail
        self.colour: bool | None = None  # None: at a terminal that wants it
        self.anchor: str | None = None
        self.roots: str | None = None
        self.scenarios: list[str] = []
        self.smtp_port = 25
        self.dns_port = 53
        self.version = False
        self.help = False


def read(arguments: list[str]) -> Options:
    """The options in the arguments; raises `UsageError`."""
    options = Options()
    left = iter(arguments)
    for argument in left:
        name, sign, value = argument.partition("=")
        if not name.startswith("--") or not sign:
            name, sign, value = argument, "", ""
        if name in _FLAGS and not sign:
            _flag(options, name)
        elif name in _WITH_VALUE:
            if not sign:
                following = next(left, None)
                if following is None:
                    raise UsageError(f"{name}: a value is required.")
                value = following
            _option(options, name, value)
        else:
            raise UsageError(f"{argument!r} is not an option of esashell; see --help.")
    if options.commands and options.file is not None:
        raise UsageError("-c and -f cannot be used together.")
    if options.world == "replay" and (
        options.anchor or options.roots or options.scenarios or options.record
    ):
        raise UsageError("--anchor, --roots, --scenario and --record cannot be used with a replay.")
    return options


def unreadable(path: str) -> str:
    """Why a file that an option names cannot be read, or "".

    It is not opened for that: a pipe (`--anchor <(...)`) can be read once only.
    """
    try:
        found = os.stat(path)
    except (OSError, ValueError) as error:
        return getattr(error, "strerror", None) or "there is no such file"
    if stat.S_ISDIR(found.st_mode):
        return "it is a folder"
    return "" if os.access(path, os.R_OK) else os.strerror(errno.EACCES)


def _flag(options: Options, name: str) -> None:
    match name:
        case "--json":
            options.json = True
        case "--stats":
            options.stats = True
        case "--no-plan":
            options.plan = False
        case "--no-hints":
            options.hints = False
        case "--color" | "--no-color":
            options.colour = name == "--color"
        case "--version":
            options.version = True
        case _:
            options.help = True


def _option(options: Options, name: str, value: str) -> None:
    match name:
        case "-c":
            options.commands.append(value)
        case "-f":
            options.file = value
        case "--state":
            if not value:
                raise UsageError("--state: a value is required.")
            options.state = value
        case "--world":
            options.world, _, options.tape = value.partition(":")
            if value not in ("lab", "live") and (options.world != "replay" or not options.tape):
                raise UsageError(f"--world: {value!r} is neither lab nor live nor replay:FILE.")
        case "--record":
            if not value:
                raise UsageError("--record: a value is required.")
            options.record = value
        case "--anchor":
            options.anchor = value
        case "--roots":
            options.roots = value
        case "--scenario":
            options.scenarios.append(value)
        case "--smtp-port":
            options.smtp_port = _port(name, value)
        case _:
            options.dns_port = _port(name, value)


def _port(name: str, value: str) -> int:
    if value.isascii() and value.isdigit() and len(value) < 6 and 0 < int(value) < 65536:
        return int(value)
    raise UsageError(f"{name}: {value!r} is not a port.")
