"""Lines in, commands run, statuses out: the same loop for a terminal, a file and a pipe.

This is the one place where our own mistakes end: any exception that is not an operator's mistake
becomes a report in the state folder and one line on the screen, and the session lives.
"""

from __future__ import annotations

from esashell.commands.registry import ALIASES, TABLE, find
from esashell.config.quoting import quoted
from esashell.dialogue.interview import Interview
from esashell.errors import OperatorError, UsageError
from esashell.shell.logbook import MASK
from esashell.shell.output import OutputLost
from esashell.shell.parse import Statement, statements

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from esashell.commands.registry import Command
    from esashell.dialogue.interview import Console
    from esashell.dialogue.requests import Ask
    from esashell.shell.conversations import Cost
    from esashell.shell.session import Session

DONE, FAILED, USAGE = 0, 1, 2
LONGEST_LINE = 64 * 1024  # characters


class Shell:
    """Runs command lines in a session.

    `complain` is for refusals and for our own mistakes, `hint` for the line under an unknown
    command (None: no hints). `attended` says that somebody sits at the console: then a value that a
    line lacks is asked for, and Ctrl-C ends the command instead of everything.
    """

    def __init__(
        self,
        session: Session,
        console: Console,
        complain: Callable[[str], None],
        hint: Callable[[str], None] | None = None,
        *,
        attended: bool = False,
    ) -> None:
        self.session = session
        self.console = console
        self.complain = complain
        self.hint = hint
        self.attended = attended
        self.worst = DONE

    def run_all(self) -> int:
        """Take lines from the console until they end or the session does; the worst status."""
        closed = False
        while not self.session.left:
            try:
                line = self.console.command(self._prompt())
            except KeyboardInterrupt:
                if not self.attended:
                    raise
                continue
            except EOFError:
                # A terminal's Ctrl-D is "exit", which asks when work would be lost. A second one
                # there, or a terminal that has gone away, is an end without a question.
                if not self.attended or not self.session.dirty or closed:
                    break
                closed = not self._exit()
                continue
            closed = False
            self.run_line(line)
        return self.worst

    def run_line(self, line: str) -> int:
        """Run the commands of one line, whatever becomes of each; the worst status."""
        status = DONE
        if len(line) > LONGEST_LINE:
            text = f"Error: The line is too long ({len(line):,} characters)."
            status = self._fail("", text, USAGE)
            self.session.output.command_ends()
        elif not line.lstrip().startswith("#"):
            for statement in statements(line):
                status = max(status, self._run(statement))
                if self.session.left:
                    break
        self.worst = max(self.worst, status)
        return status

    def _prompt(self) -> str:
        if not self.attended:
            return ""
        self.session.refresh()
        self._tell_news()
        return f"{self.session.running.hostname}{self.session.standing}> "

    def _exit(self) -> bool:
        """Run "exit" for a Ctrl-D; whether its question was answered."""
        command = find("exit")
        assert command is not None
        try:
            Interview(self.session, _Overheard(self.console, self.session)).run(
                command.function(self.session)
            )
        except EOFError:
            return False
        except KeyboardInterrupt:
            pass
        return True

    def _run(self, statement: Statement) -> int:
        name = statement.words[0]
        before = self.session.cost
        self.session.typed(statement.text)
        try:
            command = find(name)
            if command is None:
                return self._unknown(statement)
            self.session.refresh()
            self._tell_news()
            return self._drive(command, statement.words[1:])
        except UsageError as error:
            return self._fail(name, str(error), USAGE)
        except OperatorError as error:
            return self._fail(name, str(error))
        except EOFError:
            text = "Error: The input ended before the question was answered."
            return FAILED if self.attended else self._fail(name, text)
        except KeyboardInterrupt:
            if not self.attended:
                raise
            self.console.interrupted()
            return FAILED
        except OutputLost:
            raise
        except Exception as error:  # our own mistake, and the one place where it ends
            return self._report(error, name)
        finally:
            self._write_logs(name)
            self._tell_news()
            self.session.output.command_ends()
            self._tell_cost(name, before)

    def _write_logs(self, name: str) -> None:
        try:
            self.session.settle()
        except Exception as error:  # a mistake of ours in the logs costs the command nothing
            self._report(error, name)

    def _tell_news(self) -> None:
        """What happened without a command, as a commit that was not confirmed being taken back."""
        while self.session.news:
            self.complain(self.session.news.pop(0))

    def _fail(self, name: str, text: str, status: int = FAILED) -> int:
        """Tell a command's failure, to people and to machines; the status."""
        self.session.output.failed(name, text)
        self.complain(text)
        return status

    def _tell_cost(self, name: str, before: Cost) -> None:
        """What one command cost; at the end of the session all of them together are told."""
        if self.session.options.stats:
            spent = self.session.cost - before
            if spent:
                self.complain(f"{name}: {spent}")

    def _drive(self, command: Command, words: tuple[str, ...]) -> int:
        asking = Interview(self.session, _Overheard(self.console, self.session), command.about)
        dialogue = command.function(self.session)
        if not words:
            return int(asking.run(dialogue) or DONE)
        from esashell.dialogue.batch import Batch

        fallback = asking if self.attended else None
        console = self.console
        batch = Batch(words, self.session, console.say, fallback, console.tell)
        return int(batch.run(dialogue) or DONE)

    def _unknown(self, statement: Statement) -> int:
        text = quoted(statement.text)[1:-1]
        self._fail(statement.words[0], f"Unknown command or missing feature key: {text}", USAGE)
        if self.hint is not None:
            from difflib import get_close_matches

            word = statement.words[0].lower()[:40]
            close = get_close_matches(word, [*TABLE, *ALIASES], n=1)
            if close:
                self.hint(f'Did you mean "{ALIASES.get(close[0], close[0])}"?')
        return USAGE

    def _report(self, error: Exception, name: str) -> int:
        from esashell.shell.state import write_fault

        now = self.session.clock.now()
        kept = write_fault(self.session.folder, fault_report(error, name), now)
        reason = quoted(f"{type(error).__name__}: {error}", 200)[1:-1]
        text = f"Error: {name} failed by a mistake of this program ({reason})."
        self._fail(name, f"{text}\nA report is in {kept}" if kept else text)
        return FAILED


class _Overheard:
    """A console whose answers are logged: who typed what, at which question."""

    def __init__(self, console: Console, session: Session) -> None:
        self._console = console
        self._session = session

    def say(self, text: str) -> None:
        self._console.say(text)

    def tell(self, text: str) -> None:
        self._console.tell(text)

    def reject(self, text: str) -> None:
        self._console.reject(text)

    def interrupted(self) -> None:
        self._console.interrupted()

    def command(self, prompt: str) -> str:
        return self._console.command(prompt)

    def answer(self, question: Ask[Any]) -> str:
        from esashell.dialogue.requests import show_prompt

        text = self._console.answer(question)
        self._session.typed(MASK if question.kind.secret else text, show_prompt(question))
        return text


def fault_report(error: Exception, name: str) -> str:
    """What is kept about a mistake of ours; of the line only the name, for it may hold secrets."""
    import sys
    from traceback import format_exception

    from esashell import __version__

    trace = "".join(format_exception(error))
    return f"esashell {__version__}, Python {sys.version}\ncommand: {name}\n\n{trace}"
