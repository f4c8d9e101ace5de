"""The program: options in, a session over the right console, an exit status out.

prompt_toolkit takes ten times as long to import as everything else that a command line needs, so
only a session at a terminal imports it.
"""

from __future__ import annotations

import gc
import os
import sys

from esashell.errors import OperatorError, UsageError
from esashell.shell.loop import DONE, FAILED, USAGE, Shell, fault_report
from esashell.shell.options import HELP, Options, read
from esashell.shell.output import DIM, NORMAL, Output, complain
from esashell.shell.session import Session
from esashell.shell.state import make_folder, state_folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import TextIO

INTERRUPTED = 130  # what a shell reports for SIGINT


def main(arguments: list[str]) -> int:
    """Run the program with these arguments; its exit status."""
    if arguments[:1] == ["lab"]:
        from esashell.shell.lab import main as lab

        return lab(arguments[1:])
    try:
        options = read(arguments)
    except UsageError as error:
        complain(f"esashell: {error}")
        return USAGE
    try:
        return _run(options)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has gone; Python's own complaint at exit is of no use to anyone.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED


def _run(options: Options) -> int:
    if options.help:
        sys.stdout.write(HELP)
        return 0
    if options.version:
        from esashell import __version__

        sys.stdout.write(f"esashell {__version__}\n")
        return 0
    folder = state_folder(options.state, options.world, os.environ)
    session = Session(options, folder, Output(options.json))
    if options.record is not None or options.world == "replay":
        try:
            session.world  # noqa: B018  (a file that is no good is told before anything is done)
        except OperatorError as error:
            complain(f"esashell: {error}")
            return FAILED
    try:
        return _in_session(session)
    finally:
        session.close()


def _in_session(session: Session) -> int:
    options = session.options
    scripted = options.commands or options.file is not None
    if not scripted and sys.stdin and sys.stdin.isatty() and sys.stdout.isatty():
        status = _at_terminal(session)
    else:
        status = _unattended(session)
    if options.stats:
        complain(f"total: {session.cost}")
    sys.stdout.flush()
    return status


def _unattended(session: Session) -> int:
    """Commands from the options, a file or a pipe; questions are answered by the lines there."""
    from esashell.dialogue.piped import Piped

    options = session.options
    try:
        lines = _lines(options)
    except OSError as error:
        complain(f"esashell: {options.file}: {error.strerror}")
        return USAGE
    for stream, errors in ((lines, "replace"), (sys.stdout, "backslashreplace")):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors=errors)
    output = session.output
    console = Piped(lines, output.say, output.prompt, echo=not lines.isatty())
    shell = Shell(session, console, complain, complain if options.hints else None)
    _collect_garbage()
    if options.commands:
        for each in options.commands:
            if not session.left:
                shell.run_line(each)
    else:
        shell.run_all()
    if session.dirty:
        complain("esashell: configuration changes were entered but not committed; they are lost.")
    return shell.worst


def _lines(options: Options) -> TextIO:
    if options.file is None or options.file == "-":
        return sys.stdin or open(os.devnull)
    return open(options.file, encoding="utf-8-sig")


def _at_terminal(session: Session) -> int:
    """A session for somebody at a terminal; 0, whatever became of the commands."""
    from esashell.dialogue.terminal import Terminal

    output = session.output
    try:
        session.running  # noqa: B018  (a damaged configuration is told before there is a prompt)
    except OperatorError as error:
        complain(str(error))
        return FAILED
    history: str | None = os.path.join(session.folder, "history")
    try:
        make_folder(session.folder)
    except OSError as error:
        complain(f"esashell: {session.folder}: {error.strerror}; no history will be kept.")
        history = None
    console = Terminal(
        _completer(session),
        output.say,
        output.prompt,
        history,
    )
    hint = _hint(_colour(os.environ)) if session.options.hints else None
    shell = Shell(session, console, complain, hint, attended=True)
    _collect_garbage()
    shell.run_all()
    return DONE


def _completer(session: Session) -> Callable[[str], Sequence[tuple[str, int, str]]]:
    from esashell.shell.complete import complete

    def candidates(line: str) -> Sequence[tuple[str, int, str]]:
        try:
            return [(each.text, each.start, each.help) for each in complete(line, session)]
        except Exception as error:  # a mistake of ours, while somebody is typing: no place to tell
            from esashell.shell.state import write_fault

            write_fault(session.folder, fault_report(error, "Tab"), session.clock.now())
            return ()

    return candidates


def _colour(environment: Mapping[str, str]) -> bool:
    """Whether a terminal wants colour (no-color.org: any value but the empty one says no)."""
    return not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"


def _hint(colour: bool) -> Callable[[str], None]:
    return lambda text: complain(f"{DIM}{text}{NORMAL}" if colour else text)


def _collect_garbage() -> None:
    """From here on there is garbage; what was imported until now is none (see `__main__`)."""
    gc.freeze()
    gc.enable()
