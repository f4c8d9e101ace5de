"""Fuzzing of whatever an operator can type or import: prompts, command lines, keys, files.

Each input is a session of its own on a new appliance. Whatever is typed, the program makes no
mistake of its own, and the working configuration is always one that a dialogue has staged as a
whole; what can run can also be written down and read again. A file that is refused changes nothing.
"""

import os
import re
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from prompt_toolkit.input import create_pipe_input

from esashell.clock import FixedClock
from esashell.commands.help import furnished
from esashell.commands.registry import find, names
from esashell.config.check import breaches
from esashell.config.codec import decode, encode
from esashell.config.tree import Config, factory
from esashell.dialogue.script import Script
from esashell.errors import BadConfiguration, OperatorError
from esashell.shell.loop import Shell
from esashell.shell.options import Options
from esashell.shell.output import Output
from esashell.shell.session import Session
from tests.fuzz.engine import Target, main
from tests.shell import play

MISTAKE = "a mistake of this program"
NINE = 1_740_819_600_000_000  # 2025-03-01 09:00:00 UTC

# Commands without a network, and without files of the operator's own.
_LIFE_CYCLE = {
    *("clearchanges", "commit", "commitdetail", "loadconfig", "resetconfig", "rollbackconfig"),
    *("saveconfig", "showchanges", "showconfig", "help", "fidelity", "version"),
}
COMMANDS = tuple(
    name for name in names() if name in _LIFE_CYCLE or ((one := find(name)) and one.commits)
)


class Appliance(Session):
    """A session that touches nothing outside of its folder and keeps all that was staged."""

    def __init__(self, folder: Path) -> None:
        super().__init__(Options(), str(folder), Output(json=False), clock=FixedClock(NINE))
        super().stage(furnished(self.config))
        self.staged: list[Config] = [self.config]

    def stage(self, config: Config) -> None:
        self.staged.append(config)
        super().stage(config)

    def clear(self) -> int:
        now = super().clear()
        self.staged.append(self.config)
        return now

    def read_text(self, path: str) -> str:
        raise OperatorError("not here")

    def save_text(self, path: str, text: str) -> None:
        raise OperatorError("not here")


class Console(Script):
    """Leaves the session when its lines are over."""

    def __init__(self, at: Session, lines: Iterable[str]) -> None:
        super().__init__(lines)
        self._at = at

    def command(self, prompt: str) -> str:
        try:
            line = super().command(prompt)
        except EOFError:
            self._at.leave()
            return ""
        return _allowed(line)


def _allowed(line: str) -> str:
    """The line, if its command needs nothing but the configuration."""
    first = line.split(maxsplit=1)
    return line if first and first[0] in COMMANDS and ";" not in line else ""


class Keyboard(play.Watched):
    """A real prompt."""

    def command(self, prompt: str) -> str:
        return _allowed(super().command(prompt))


def played(folder: Path, lines: Iterable[str]) -> tuple[Appliance, str]:
    """A session with these lines, and its screen."""
    at = Appliance(folder)
    console = Console(at, lines)
    Shell(at, console, console.say, console.say, attended=True).run_all()
    assert MISTAKE not in console.transcript, console.transcript
    assert not (folder / "faults").exists(), console.transcript
    return at, console.transcript


def is_whole(config: Config) -> None:
    """What keeps the rules can be written and read again."""
    if not breaches(config):
        assert decode(encode(config), "fuzz") == config


def types(data: bytes) -> None:
    """The lines of the input, typed one after the other."""
    lines = data.decode("utf-8", "surrogateescape").split("\n")
    with tempfile.TemporaryDirectory() as folder:
        at, screen = played(Path(folder), lines)
        assert at.config in at.staged, screen
        is_whole(at.config)


def presses(data: bytes) -> None:
    """The octets of the input as keys, control characters and escape sequences included."""
    with tempfile.TemporaryDirectory() as folder, create_pipe_input() as keys:
        at = Appliance(Path(folder))
        terminal = Keyboard(at, keys)
        keys.send_bytes(data.replace(b"\n", b"\r"))
        keys.close()
        Shell(at, terminal, terminal.say, terminal.say, attended=True).run_all()
        assert MISTAKE not in terminal.screen, terminal.screen
        assert not Path(folder, "faults").exists(), terminal.screen
        assert at.config in at.staged, terminal.screen
        is_whole(at.config)


IMPORTS = (
    "smtproutes import x",
    "destconfig import x",
    "listenerconfig edit IncomingMail hostaccess import x",
    "listenerconfig edit IncomingMail rcptaccess import x",
    "loadconfig x",
    "certconfig certificate import another x",
    "certconfig certauthority import x",
)


def imports(data: bytes) -> None:
    """A file of the input's octets but the first, which says into which table."""
    which, raw = data[:1], data[1:]
    line = IMPORTS[(which or b"\0")[0] % len(IMPORTS)]
    with tempfile.TemporaryDirectory() as folder:
        os.mkdir(f"{folder}/configuration")
        Path(folder, "configuration", "x").write_bytes(raw)
        at, screen = played(Path(folder), [line])
        # Taken as a whole, and then it may run; or not at all.
        if at.config != at.staged[0]:
            assert not breaches(at.config), screen
            assert all(each in (at.staged[0], at.config) for each in at.staged), screen
        is_whole(at.config)


def reads(data: bytes) -> None:
    """A configuration file of these octets is a configuration or is refused."""
    config: Config | None
    said = ""
    try:
        config = decode(data, "fuzz")
    except BadConfiguration as error:
        said = str(error)
        config = None
    if config is None:
        assert said.replace("\n", "").isprintable()
        return
    assert decode(encode(config), "fuzz") == config


def _outlines() -> Iterable[Any]:
    from esashell.commands.help import explored
    from esashell.dialogue.script import Logbook

    appliance = Logbook(factory("192.0.2.1"))
    for name in COMMANDS:
        one = find(name)
        assert one is not None
        for form in explored(one, appliance):
            words = [w for w in form.words if not w.startswith("<") and "|" not in w]
            yield name, words, form.questions


def _walks() -> tuple[bytes, ...]:
    """Every operation of every command, each question answered by its sample."""
    return tuple(
        "\n".join([name, *words, *(each.kind.sample for each in questions)]).encode()
        for name, words, questions in _outlines()
    )


def _lines() -> tuple[bytes, ...]:
    """The same on a line."""
    return tuple(
        " ".join([name, *words, *(f"{q.key}={q.kind.sample}" for q in questions[:4])]).encode()
        for name, words, questions in _outlines()
    )


_TYPED = """\
? y n 1 2 0 -1 99999999999 default Default ALL . .. @ /dev/null USEDNS \x1b[2J \x00 \u2028 é 例え
[ ] = == ' " \\ a.example .b.example 192.0.2.1 ::1 new edit delete clear print import export
setup ^C ^D"""
_WORDS = tuple(each.encode() for each in ("\n", "\n\n", *re.split(r"[ \n]", _TYPED), *COMMANDS))
_FILE = (
    b"[DEFAULT]\nip_sort_pref = PREFER_V6\nmax_host_concurrency = 500\n"
    b"max_messages_per_connection = 50\nrecipient_minutes = 60\nrecipient_limit = 0\n"
    b"limit_type = host\nlimit_apply = VG\ntable_tls = off\nbounce_validation = 0\n"
    b"certificate = Demo\nsend_tls_req_alert = 0\n"
    b"[example.com]\ntable_tls = require_verify\ndane = mandatory\n"
)
_ROUTES = b"# routes\n.example.com [a.example]/pri=0,b.example:26/pri=10\nALL USEDNS\nx /dev/null\n"

_HOSTS = (
    b'$ACCEPTED\n    ACCEPT {\n        max_concurrency = 10\n        tls = "off"\n    }\n$BLOCKED\n'
    b"    REJECT\nBLOCKLIST:\n    sbrs[-10:-3] 10.0.0.1-9 (comment)\n        $BLOCKED (other)\n"
    b"ALL\n    $ACCEPTED\n"
)
_RECIPIENTS = b"# of ours\nexample.com ACCEPT\n.example.com REJECT\nALL REJECT\n"
_XML = (
    b'<?xml version="1.0" encoding="ISO-8859-1"?>\n<!DOCTYPE config SYSTEM "config.dtd">\n'
    b"<config>\n<hostname>a.example</hostname>\n<unknown>1</unknown>\n</config>\n"
)
_TOML = b"schema = 2\nhostname = 'a.example'\n[dns]\nminimum_ttl = 1\n"

_KEYS = (
    *(b"\t", b"\x03", b"\x04", b"\x1b[A", b"\x1b[B", b"\x1b[Z", b"\x7f", b"\x01", b"\x05", b"\x0b"),
    *(b"\x12", b"\x15", b"\x17", b"\x19", b"\x1a", b"\x1b", b"\x1f", b"?", b"\n", b"\x1b[200~"),
    *(b"\x1b[201~", b"\x1b[200~a\nb\nc\x1b[201~", b"\x1bd", b"\x16", b"\x00", b"\xff", b"\xc3"),
)
_LATER = (
    b"\n# Revision 2 has changed what is above.\n[[later]]\nrevision.number = 2\n"
    b'revision.base = 1\n\n[[later.changes]]\nat = ["dns", "servers", "192.0.2.1", "priority"]\n'
    b'before = 0\nafter = 7\n\n[[later.changes]]\nat = ["destinations", "entries", "a.b"]\n'
    b'after = { domain = "a.b", tls = "Required" }\n\n# End of revision 2.\n'
)

TRACED = ("esashell/commands/", "esashell/dialogue/", "esashell/config/")
PROMPTS = Target("prompts", types, (*_walks(), *_lines()), TRACED, _WORDS)
PRESSED = Target("keys", presses, _walks()[::6], TRACED, (*_KEYS, *_WORDS))
_FILES = (_ROUTES, _FILE, _HOSTS, _RECIPIENTS, _XML)
IMPORTED = Target(
    "imports",
    imports,
    (*(bytes([at]) + each for at, each in enumerate(_FILES)), b"\4" + _TOML),
    TRACED,
    _WORDS,
)
READ = Target(
    "configurations",
    reads,
    (
        encode(factory("192.0.2.1")).encode(),
        encode(furnished(factory("192.0.2.1"))).encode(),
        encode(factory("192.0.2.1")).encode() + _LATER,
    ),
    TRACED,
    _WORDS,
)

if __name__ == "__main__":
    main(PROMPTS, PRESSED, IMPORTED, READ)
