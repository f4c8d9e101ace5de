"""The configuration on disk: the running one, every one that was committed before, and a lock.

    running.toml            what runs
    history/000042.toml     each revision, as it was committed; never written again, never removed
    lock                    held while somebody commits; says who
    running.cache           what a long running.toml was read as; may be missing (see `sidecar`)

**The truth is `running.toml`, and its renaming is the commit.** A commit writes the revision into
the history, makes sure that it is on the disk, and only then puts the same text in the place of
the running file; each file appears whole or not at all (see `durable`). A crash at any moment
therefore leaves the old or the new running file. A crash between the two leaves a revision in the
history that never ran. Nobody was told that it did: it is not listed, and its number is not used
again. That is why each revision tells which one it was made from, and why the history is what
can be reached from the running file.

**Two shells.** A commit names the revision that its work began from, and is refused when that is
no longer the running one. So that nothing happens between that look and the renaming, it holds a
lock. Reading needs no lock: a name always stands for a whole file. A running file that was edited
by hand is taken as it is, but not overwritten by a shell that had read it before the edit.

**On trial.** `commit confirmed` says in the revision's head until when it must be confirmed, and
what runs again if it is not. Any commit before that confirms it. `expire` keeps the promise: it
commits the earlier configuration once more, as a revision of its own, since the history is never
rewritten. Every shell calls it; the lock sees to it that one does it.

**Damage.** A running file that cannot be read is never replaced: whatever it is, it was somebody's
work. The complaint names the newest revision that is good, and how to put it back. A running file
that is missing although revisions were built on others is damage too, not a new appliance.
"""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from esashell.clock import SECOND, Clock
from esashell.config import durable, sidecar
from esashell.config.check import check
from esashell.config.codec import remember
from esashell.config.quoting import quoted
from esashell.config.revision import (
    BY_HAND,
    Head,
    Revision,
    read,
    read_head,
    utc,
    written,
)
from esashell.config.tree import Config
from esashell.errors import BadConfiguration, CommitRefused

__all__ = ["Head", "Revision", "Store"]

LONGEST_COMMENT = 1000
MOST_TOLD = 10
NOBODY = "esashell"  # who commits when a trial is over
# A comment of 1,000 characters may need 10 bytes for each when escaped.
HEAD_SIZE = 16_384


def _at_once(seconds: float) -> None:
    """No pause at all: the looks at a lock that is taken follow one another at once."""


class Store:
    """The configuration files of one appliance, in one folder, which need not exist yet.

    `pause` sleeps for so many seconds between two looks at a lock that somebody else holds.
    """

    def __init__(
        self, directory: Path, clock: Clock, factory: Config, pause: durable.Pause = _at_once
    ) -> None:
        self._directory = directory
        self._running = directory / "running.toml"
        self._history = directory / "history"
        self._clock = clock
        self._pause = pause
        self._factory = Revision(0, factory, "factory", 0, "")
        self._last_seen = self._factory
        self._last_read: tuple[bytes, sidecar.Kept] | None = None
        self._learn_from_it = False

    def load(self) -> Revision:
        """The running revision; the factory's, number 0, where nothing was ever committed.

        Changes nothing. Raises `BadConfiguration` with a cure when the file is not to be taken.
        """
        self._last_seen = self._read_running()
        return self._last_seen

    def commit(
        self, base: int, config: Config, who: str, comment: str, *, minutes: int = 0
    ) -> Revision:
        """Make this the running configuration, if `base` is still the running revision.

        With `minutes` it is on trial for so long. Raises `CommitRefused`, and has then changed
        nothing: when a rule is broken, when somebody else was faster, when a trial is over, when
        the running file is damaged, or when the disk will not have it.
        """

        def on_trial(running: Revision, now: int) -> tuple[int, int]:
            if running.confirm_by and now >= running.confirm_by:
                raise CommitRefused(
                    f"Not committed: revision {running.number}, which runs, was not confirmed in "
                    "time. Try again."
                )
            if not minutes:
                return 0, 0
            return now + minutes * 60 * SECOND, self._to_go_back_to(running)

        return self._commit(base, config, who, comment, on_trial)

    def expire(self) -> Revision | None:
        """Take back a running revision whose time to be confirmed is over; what runs instead.

        None where there is none, or somebody else was faster. Raises `BadConfiguration` when the
        revision to go back to cannot be read, `CommitRefused` when the disk will not have it.
        """
        running = self._read_running()
        if not running.confirm_by or self._clock.now() < running.confirm_by:
            return None
        self._last_seen = running
        before = self.revision(running.back_to)
        comment = (
            f"Revision {running.number} was not confirmed by {utc(running.confirm_by)}: "
            f"back to revision {running.back_to}."
        )
        try:
            return self._commit(running.number, before.config, NOBODY, comment, lambda *_: (0, 0))
        except CommitRefused:
            if self._read_running().number != running.number:
                return None
            raise

    def confirm_by(self) -> int:
        """Until when the running revision has to be confirmed; 0 where that is no question."""
        with suppress(BadConfiguration, OSError):
            head = read_head(*_contents(self._running, HEAD_SIZE))
            return head.confirm_by if head else 0
        return 0

    def _to_go_back_to(self, running: Revision) -> int:
        """The last revision that was not on trial. It must be in the history as it runs."""
        if running.confirm_by:
            return running.back_to
        with suppress(BadConfiguration):
            kept = self.revision(running.number)
            if running.who != BY_HAND and kept.config == running.config:
                return running.number
        raise CommitRefused(
            f"Not committed: {self._running} was edited by hand, so there would be no way back. "
            "Make a plain 'commit' first."
        )

    def _commit(
        self,
        base: int,
        config: Config,
        who: str,
        comment: str,
        on_trial: Callable[[Revision, int], tuple[int, int]],
    ) -> Revision:
        check(config, self._last_seen.config)
        if len(comment) > LONGEST_COMMENT:
            raise CommitRefused(
                f"Not committed: the comment has {len(comment)} characters, "
                f"and {LONGEST_COMMENT} are the most."
            )
        who, comment = _writable(who), _writable(comment)
        holder = f"{_name(who)} (process {os.getpid()})"
        try:
            durable.folder(self._directory)
            with durable.alone(self._directory / "lock", holder, self._pause):
                running = self._read_running()
                self._refuse_if_moved(base, running)
                number = max([running.number, *self._numbers()]) + 1
                now = self._clock.now()
                trial = on_trial(running, now)
                revision = Revision(number, config, who, now, comment, running.number, *trial)
                text = self._replace_running(revision)
        except durable.Held as held:
            other = _name(str(held)) or "somebody"
            raise CommitRefused(
                f"Not committed: {other} is committing at this moment. Try again."
            ) from None
        except BadConfiguration as error:
            raise CommitRefused(f"Not committed: {error}") from None
        except OSError as error:
            raise CommitRefused(
                f"Not committed, nothing was changed: {durable.reason(error)}."
            ) from None
        self._last_seen = revision
        kept = sidecar.Kept(True, revision)
        self._last_read, self._learn_from_it = (text, kept), False
        sidecar.keep(text, self._running, kept)
        return revision

    def history(self) -> tuple[Head, ...]:
        """What led to the running revision, newest first, the running one included.

        A file in the history that is damaged is passed over; `revision` tells what is wrong. A
        running file without a head, written by hand, has no history.
        """
        running = self._read_running()
        if not running.number:
            return ()
        try:
            numbers = sorted(self._numbers(), reverse=True)
        except OSError as error:
            raise BadConfiguration(f"{durable.reason(error)}.") from None
        chain = [running.head]
        wanted = running.base
        for number in numbers:
            # The nearest below, should a revision have been removed by hand.
            if number <= wanted and (head := self._head(number)):
                chain.append(head)
                wanted = min(head.base, number - 1)
        return tuple(chain)

    def revision(self, number: int) -> Revision:
        """A revision of the past as it was committed; 0 is the factory's."""
        if number == 0:
            return self._factory
        try:
            return read(*_contents(self._file(number)))
        except FileNotFoundError:
            running = self._read_running()
            if running.number == number:
                return running
            raise BadConfiguration(f"There is no revision {number}.") from None
        except OSError as error:
            raise BadConfiguration(f"{durable.reason(error)}.") from None

    # Reading.

    def _read_running(self) -> Revision:
        try:
            return self._running_or_factory()
        except BadConfiguration as error:
            raise BadConfiguration(f"{error} {self._cure()}") from None
        except OSError as error:
            raise BadConfiguration(f"{durable.reason(error)}. {self._cure()}") from None

    def _running_or_factory(self) -> Revision:
        try:
            revision = self._look()
        except FileNotFoundError:
            heads = [self._head(number) for number in self._numbers()]
            # Only a revision that was running has others built on it. The rest are first commits
            # that were cut short.
            if not any(head and head.base for head in heads):
                return self._factory
            if self._running.exists():  # committed twice since we looked
                return self._running_or_factory()
            raise BadConfiguration(f"{self._running} is missing.") from None
        if revision.number:
            return revision
        # Written by hand, without a head: the file's own time is all there is.
        when = self._running.stat().st_mtime_ns // 1000
        return Revision(0, revision.config, revision.who, when, "")

    def _look(self) -> Revision:
        """What the running file says; it is read only where it is another one than last time."""
        raw, where = _contents(self._running)
        if self._last_read is None or self._last_read[0] != raw:
            kept = sidecar.known(raw, self._running)
            if kept is None:
                kept = sidecar.Kept(False, read(raw, where))
                sidecar.keep(raw, self._running, kept)
            self._last_read, self._learn_from_it = (raw, kept), kept.ours
        return self._last_read[1].revision

    def _cure(self) -> str:
        """How to get a running file again, as the last sentence of a complaint."""
        import shlex

        away = f"move {self._running} away"
        with suppress(OSError):
            for number in sorted(self._numbers(), reverse=True):
                path = self._file(number)
                with suppress(BadConfiguration, OSError):
                    read(*_contents(path))
                    first = f"{away}, and then " if self._running.is_dir() else ""
                    copy = shlex.join(["cp", str(path), str(self._running)])
                    return f"To go back to revision {number}, the last good one: {first}{copy}"
        return f"To begin with the factory's settings, {away}."

    def _file(self, number: int) -> Path:
        return self._history / f"{number:06d}.toml"

    def _numbers(self) -> list[int]:
        """The revisions that have a file in the history, in no order."""
        try:
            names = os.listdir(self._history)
        except FileNotFoundError:
            return []
        return [int(name[:-5]) for name in names if re.fullmatch(r"[0-9]{6,9}\.toml", name)]

    def _head(self, number: int) -> Head | None:
        with suppress(BadConfiguration, OSError):
            return read_head(*_contents(self._file(number), HEAD_SIZE))
        return None

    # Refusing.

    def _refuse_if_moved(self, base: int, running: Revision) -> None:
        seen = self._last_seen
        if running.number != base:
            raise CommitRefused("\n".join(self._what_happened(base, running)))
        if seen.number == base and seen.config != running.config:
            told = "\n".join(_told(seen.config, running.config))
            raise CommitRefused(
                f"Not committed: {self._running} was edited by hand meanwhile.\n{told}\n"
                "Your changes are still pending."
            )

    def _what_happened(self, base: int, running: Revision) -> Iterator[str]:
        """The lines for an operator whose work began from a revision that no longer runs."""
        yield f"Not committed: your changes began from revision {base}, which no longer runs."
        chain = [head for head in self.history() if head.number > base] or [running.head]
        if len(chain) > MOST_TOLD:
            yield f"{len(chain) - MOST_TOLD} earlier revisions are not shown."
        for head in reversed(chain[:MOST_TOLD]):
            comment = quoted(head.comment) if head.comment else "without a comment"
            yield f"Revision {head.number}, by {_name(head.who)}, {utc(head.when)}, {comment}:"
            with suppress(BadConfiguration):
                after = running if head.number == running.number else self.revision(head.number)
                yield from _told(self.revision(head.base).config, after.config)
        yield "Your changes are still pending."

    # Writing.

    def _replace_running(self, revision: Revision) -> bytes:
        if self._last_read and self._learn_from_it:
            raw, known = self._last_read
            remember(raw.decode(), known.revision.config)
        text = written(revision).encode()
        kept = self._file(revision.number)
        before = self._running.read_bytes() if self._running.exists() else None
        durable.folder(self._history)
        try:
            durable.replace(kept, text)
            durable.replace(self._running, text)
        except BaseException:
            # The new name may already be in place, and only the last flush have failed. Then the
            # disk decides what survives a power cut, but a refusal must not look like a commit.
            try:
                self._put_back(before)
                kept.unlink(missing_ok=True)
            except OSError as error:
                raise CommitRefused(
                    f"The disk fails, and revision {revision.number} may run now or not: "
                    f"{durable.reason(error)}."
                ) from None
            raise
        return text

    def _put_back(self, before: bytes | None) -> None:
        if before is None:
            self._running.unlink(missing_ok=True)
        elif self._running.read_bytes() != before:
            durable.replace(self._running, before)


def _contents(path: Path, size: int = -1) -> tuple[bytes, str]:
    """A file's bytes, or as many as asked for, and its name for complaints."""
    with open(path, "rb") as file:
        return file.read(size), str(path)


def _writable(text: str) -> str:
    """Without the lone surrogates that stand for undecodable bytes of a command line."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _name(who: str) -> str:
    return quoted(who)[1:-1]


def _told(before: Config, after: Config) -> Iterator[str]:
    """The changes as indented lines, the first ones only when there are many."""
    from esashell.config.changes import changes

    found = changes(before, after)
    yield from (f"  {each}" for each in found[:MOST_TOLD])
    if len(found) > MOST_TOLD:
        yield f"  and {len(found) - MOST_TOLD} more changes"
    if not found:
        yield "  no setting changed"
