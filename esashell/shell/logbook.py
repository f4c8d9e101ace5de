"""A session's side of the logs: what is typed, told and committed goes to the subscriptions.

Lines are written when a command ends. What has gone wrong with that is told in one line, and
nothing else fails for it.

Who typed what is logged of every command, but which logs there are stands in the configuration, and
reading that takes ten times as long as the shortest commands. Where nothing else has read it by the
end of the session, what was typed is put aside in a file, `logs/typed`, which the next session that
knows the logs takes over. An appliance that has kept nothing yet does not begin with that.
"""

from __future__ import annotations

import os
from contextlib import suppress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from esashell.config.tree import Config
    from esashell.logs.subscriptions import Subscriptions

MOST_TYPED = 1000  # lines that are remembered before they are put aside
MASK = "*****"
ASIDE = "typed"

# What somebody typed, when, and at which prompt; None is the main one.
Typed = tuple[int, str, "str | None"]

# Options whose values are nobody's business, as in `passphrase=...`.
SECRETS = ("passphrase=", "password=", "secret=")


class Logbook:
    """`user` tells who sits here, and `place` where each log has a folder of its own."""

    def __init__(self, user: Callable[[], str], place: Callable[[], str]) -> None:
        self._user = user
        self._place = place
        self._typed: list[Typed] = []
        self._subscriptions: Subscriptions | None = None
        self._took_over = False

    @property
    def folder(self) -> str:
        return self._place()

    def typed(self, now: int, text: str, prompt: str | None = None) -> None:
        """Somebody typed a line, a command or the answer to a question."""
        self._typed.append((now, masked(text), prompt))

    def committed(self, config: Config, comment: str, revision: int, now: int) -> None:
        """A configuration has become the running one, and is followed from here on."""
        from esashell.events import ConfigCommitted

        logs = self._subscriptions or self.following(config, now)
        logs.record(ConfigCommitted(os.getpid(), self._user(), comment, revision), now)
        self.following(config, now)

    def following(self, config: Config, now: int) -> Subscriptions:
        """The logs that this configuration asks for."""
        if self._subscriptions is None:
            from esashell.logs.subscriptions import Subscriptions

            self._subscriptions = Subscriptions(self.folder)
        self._subscriptions.follow(config, now)
        return self._subscriptions

    def ear(
        self, config: Config, now: Callable[[], int], then: Callable[[Any], None]
    ) -> Callable[[Any], None]:
        """What listens to a conversation: events are logged, and all that is told goes on."""
        from esashell.events import Event

        record = self.following(config, now()).record

        def hear(told: Any) -> None:
            if isinstance(told, Event):
                record(told, now())
            then(told)

        return hear

    def follows_trails(self, config: Config, now: int) -> bool:
        """Whether a log is written of every step of a look-up."""
        from esashell.events import DnsAsked

        return self.following(config, now).wants(DnsAsked)

    def roll_over(self, config: Config, names: Iterable[str], now: int) -> None:
        """Begin new files of these logs. Raises `OperatorError`."""
        from esashell.errors import OperatorError

        logs = self.following(config, now)
        for name in names:
            try:
                logs.roll_over(name, now)
            except KeyError:
                raise OperatorError(f'Error: There is no log "{name}".') from None
            except OSError as error:
                raise OperatorError(f"Error: {name}: {error.strerror or error}.") from None

    def settle(self, config: Config | None, now: int) -> Iterable[str]:
        """Write what has happened; the warnings, if that goes wrong.

        Without a configuration nothing has happened but lines typed, and they can wait.
        """
        if config is None:
            return self._put_aside() if len(self._typed) >= MOST_TYPED else ()
        logs = self.following(config, now)
        if not self._took_over:
            self._took_over = True
            self._take_over(logs, config, now)
        typed, self._typed = self._typed, []
        self._record(logs, config, os.getpid(), self._user(), typed)
        return logs.flush(now)

    def close(self, config: Config | None, now: int) -> Iterable[str]:
        """Keep what is left, in the logs or aside."""
        return self._put_aside() if config is None else self.settle(config, now)

    def _record(
        self, logs: Subscriptions, config: Config, pid: int, user: str, typed: Iterable[Typed]
    ) -> None:
        from esashell.events import CommandTyped

        for when, text, prompt in typed:
            shown = f"\n{config.hostname}> " if prompt is None else prompt
            logs.record(CommandTyped(pid, user, text, shown), when)

    def _put_aside(self) -> Iterable[str]:
        typed, self._typed = self._typed, []
        if not typed or not os.path.isdir(self.folder):
            return ()
        pid, user = os.getpid(), self._user()
        rows = [
            "\t".join(map(_kept, (str(when), str(pid), user, text, prompt or "")))
            for when, text, prompt in typed
        ]
        from esashell.logs.lock import Busy, alone, leave

        text = "".join(f"{row}\n" for row in rows).encode()
        try:
            try:
                with alone(os.path.join(self.folder, ASIDE)) as file:
                    os.lseek(file, 0, os.SEEK_END)
                    os.write(file, text)
            except Busy:
                leave(self.folder, text)
        except OSError as error:
            return (f"Warning: {self.folder} cannot be written ({error.strerror}).",)
        return ()

    def _take_over(self, logs: Subscriptions, config: Config, now: int) -> None:
        """Log what sessions have put aside; a crash in between logs it twice, and loses nothing."""
        aside = os.path.join(self.folder, ASIDE)
        if not os.path.exists(aside):
            return
        from esashell.logs.lock import alone, left

        with suppress(OSError), alone(aside) as file:
            others = left(self.folder)
            texts = [os.pread(file, os.fstat(file).st_size, 0)]
            for each in others:
                with open(each, "rb") as other:
                    texts.append(other.read())
            for row in b"\n".join(texts).split(b"\n"):
                # A row that a crash has cut off, or somebody has written into, says nothing.
                with suppress(ValueError):
                    when, pid, user, text, prompt = (
                        each.decode("unicode_escape") for each in row.split(b"\t")
                    )
                    typed = (max(0, min(int(when), now)), text, prompt or None)
                    self._record(logs, config, int(pid), user, [typed])
            if logs.write(now):
                os.ftruncate(file, 0)
                for each in others:
                    os.unlink(each)


def masked(text: str) -> str:
    """A command line without the values of options that are secret."""
    lower = text.lower()
    if not any(each[:-1] in lower for each in SECRETS):
        return text
    from esashell.shell.parse import raw_words

    found = []
    name, hidden = False, False  # the word before is a secret's name; this one is a secret
    for word in raw_words(text):
        if word.isspace():
            found.append(word)
            continue
        lower = word.lower()
        if name and word.startswith("="):
            lower = SECRETS[0] + word[1:]
        secret = next((each for each in SECRETS if each in lower), None)
        if hidden:
            word, hidden = MASK, False
        elif secret is not None:
            value = len(lower) - lower.index(secret) - len(secret)
            hidden = value == 0
            word = word[: len(word) - value] + (MASK if value else "")
        name = f"{lower}=" in SECRETS
        found.append(word)
    return "".join(found)


def _kept(text: str) -> str:
    """In ASCII, without a tab or a line end of its own."""
    return text.encode("unicode_escape", "backslashreplace").decode("ascii")
