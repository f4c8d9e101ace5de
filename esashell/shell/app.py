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
from esashell.shell.options import HELP, Options, read, unreadable
from esashell.shell.output import (
    DIM,
    NORMAL,
    Output,
    OutputLost,
    abandon,
    complain,
    put,
    wants_colour,
)
from esashell.shell.session import Session
from esashell.shell.state import in_the_way, make_folder, state_folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TextIO

INTERRUPTED = 130  # what a shell reports for SIGINT


def main(arguments: list[str]) -> int:
    """Run the program with these arguments; its exit status."""
    try:
        put("")  # before anything is done of which nothing could be seen
        status = _run(arguments)
        put("")
    except OutputLost as lost:
        abandon(sys.stdout)
        if str(lost):
            complain(f"esashell: standard output cannot be written: {lost}.")
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    return status


def _run(arguments: list[str]) -> int:
    if arguments[:1] == ["lab"]:
        from esashell.shell.lab import main as lab

        return lab(arguments[1:])
    try:
        options = read(arguments)
        if options.help or options.version:
            return _about(options)
        folder = state_folder(options.state, options.world, os.environ)
        _refuse_unusable(options, folder)
    except UsageError as error:
        complain(f"esashell: {error}")
        return USAGE
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
        for each in session.news:
            complain(each)


def _about(options: Options) -> int:
    from esashell import __version__

    put(HELP if options.help else f"esashell {__version__}\n")
    return DONE


def _refuse_unusable(options: Options, folder: str) -> None:
    """Raise `UsageError` for a folder or a file that nothing could be done with."""
    if fault := in_the_way(folder):
        raise UsageError(f"the state folder cannot be {folder}: {fault}.")
    for option, paths in (
        ("--anchor", () if options.anchor is None else (options.anchor,)),
        ("--roots", () if options.roots is None else (options.roots,)),
        ("--scenario", options.scenarios),
    ):
        for path in paths:
            if fault := unreadable(path):
                raise UsageError(f"{option} {path}: {fault}.")


def _in_session(session: Session) -> int:
    options = session.options
    scripted = options.commands or options.file is not None
    if not scripted and sys.stdin and sys.stdin.isatty() and sys.stdout.isatty():
        status = _at_terminal(session)
    else:
        status = _unattended(session)
    if options.stats:
        complain(f"total: {session.cost}")
    return status


def _unattended(session: Session) -> int:
    """Commands from the options, a file or a pipe; questions are answered by the lines there."""
    from esashell.dialogue.piped import Piped

    options = session.options
    try:
        lines = _lines(options)
    except OSError as error:
        complain(f"esashell: -f {options.file}: {error.strerror}.")
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
    return open(options.file, encoding="utf-8")


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
    names = _names(session)
    complete = _completer(session, names)
    console = Terminal(
        complete,
        output.say,
        output.prompt,
        history,
        page=output.page,
        names=names,
        recall=session.trial_is_over,
    )
    hint = (
        _hint(wants_colour(session.options.colour, os.environ)) if session.options.hints else None
    )

    def folded(text: str) -> None:
        complain(console.folded(text) if sys.stderr and sys.stderr.isatty() else text)

    shell = Shell(session, console, folded, hint, attended=True)
    _collect_garbage()
    shell.run_all()
    return DONE


def _completer(
    session: Session, names: Callable[[], Sequence[str]] = tuple
) -> Callable[[str], Sequence[tuple[str, int, str]]]:
    from esashell.shell.complete import complete

    def candidates(line: str) -> Sequence[tuple[str, int, str]]:
        try:
            return [(each.text, each.start, each.help) for each in complete(line, session, names)]
        except Exception as error:
            _keep(error, session)
            return ()

    return candidates


def _names(session: Session) -> Callable[[], Sequence[str]]:
    """The domain names for Tab; nothing is read or imported for them before it is pressed."""
    known: Callable[[], Sequence[str]] | None = None

    def names() -> Sequence[str]:
        nonlocal known
        try:
            if known is None:
                from esashell.shell.names import KnownNames

                known = KnownNames(session)
            return known()
        except Exception as error:
            _keep(error, session)
            return ()

    return names


def _keep(error: Exception, session: Session) -> None:
    """Report a mistake of ours that is made while somebody is typing: no place to tell of it."""
    from esashell.shell.state import write_fault

    write_fault(session.folder, fault_report(error, "Tab"), session.clock.now())


def _hint(colour: bool) -> Callable[[str], None]:
    return lambda text: complain(f"{DIM}{text}{NORMAL}" if colour else text)


def _collect_garbage() -> None:
    """From here on there is garbage; what was imported until now is none (see `__main__`)."""
    gc.freeze()
    gc.enable()
