"""The configuration on disk: the running one, every one that was committed before, and a lock.

    running.toml            what runs
    history/000042.toml     each revision, as it was committed; never removed
    lock                    held while somebody commits; says who
    running.cache           what a long running.toml was read as; may be missing (see `sidecar`)

**The truth is `running.toml`, and its writing is the commit.** A commit writes the revision into
the history, makes sure that it is on the disk, and only then makes it run. A short configuration
is written whole, and the same text put in the place of the running file; each file appears whole
or not at all (see `durable`). To a long one only what was changed is added, as a block at its end,
which counts when it is there to its last octet (see `later`). A crash at any moment therefore
leaves the old or the new configuration. A crash between the two writings leaves a revision in the
history that never ran. Nobody was told that it did: it is not listed, and its number is not used
again. That is why each revision tells which one it was made from, and why the history is what can
be reached from the running file.

**Why at the end of the same file.** Whoever opens it sees all that was committed, in TOML, and the
file says so at its top; copying it copies everything; putting an old revision in its place takes
everything back; an edit by hand and a commit that came after it are one text, in which both hold
or contradict each other visibly. None of this is so with a journal beside the file. A block has no
reason to stay at the end, though, where one looks for the entry itself: `settle`, which a session
does when it ends, writes the file anew with everything in its place, and so does the commit that
finds a hundred blocks.

**Two shells.** A commit names the revision that its work began from, and is refused when that is
no longer the running one. So that nothing happens between that look and the writing, it holds a
lock. Reading needs no lock: a name always stands for a whole file, or one with a block at its end
that does not count yet. A running file that was edited by hand is taken as it is, but not
overwritten by a shell that had read it before the edit; the next commit is then a whole one.

**On trial.** `commit confirmed` says in the revision's head until when it must be confirmed, and
what runs again if it is not. Any commit before that confirms it. `expire` keeps the promise: it
commits the earlier configuration once more, as a revision of its own, since the history is never
rewritten. Every shell calls it; the lock sees to it that one does it.

**Damage.** A running file that cannot be read is never replaced: whatever it is, it was somebody's
work. The complaint names the newest revision that is good, and how to put it back. A running file
that is missing although revisions were built on others is damage too, not a new appliance.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from esashell.clock import SECOND, Clock
from esashell.config import durable
from esashell.config.changes import Change, changes
from esashell.config.check import check
from esashell.config.past import Past
from esashell.config.quoting import quoted
from esashell.config.revision import BY_HAND, Head, Revision, utc
from esashell.config.running import Running
from esashell.config.tree import Config
from esashell.errors import BadConfiguration, CommitRefused

__all__ = ["Head", "Revision", "Store"]

LONGEST_COMMENT = 1000
MOST_TOLD = 10
NOBODY = "esashell"  # who commits when a trial is over


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
        self._clock = clock
        self._pause = pause
        self._factory = Revision(0, factory, "factory", 0, "")
        self._past = Past(directory / "history", self._factory)
        self._file = Running(directory / "running.toml", clock, self._past.file)
        self._last_seen = self._factory

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
        with suppress(BadConfiguration):
            return self._read_running().confirm_by
        return 0

    def settle(self) -> None:
        """Write the running file anew, with everything in its place, where blocks are at its end.

        It stays as it is where that is not to be done now: while somebody else commits, where it
        was edited by hand or is damaged, and where the disk will not have it.
        """
        if not self._file.has_blocks:
            return
        holder = f"settling (process {os.getpid()})"
        with (
            suppress(BadConfiguration, CommitRefused, OSError, durable.Held),
            durable.alone(self._directory / "lock", holder, _at_once),
        ):
            running = self._read_running()
            if self._file.has_blocks and self._file.is_ours():
                self._replace_running(running, settling=True)

    def _to_go_back_to(self, running: Revision) -> int:
        """The last revision that was not on trial. It must be in the history as it runs."""
        if running.confirm_by:
            return running.back_to
        if self._file.is_ours():
            return running.number
        with suppress(BadConfiguration):
            kept = self.revision(running.number)
            if running.who != BY_HAND and kept.config == running.config:
                return running.number
        raise CommitRefused(
            f"Not committed: {self._file.path} was edited by hand, so there would be no way back. "
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
                number = max([running.number, *self._past.numbers()]) + 1
                now = self._clock.now()
                trial = on_trial(running, now)
                revision = Revision(number, config, who, now, comment, running.number, *trial)
                block = self._file.block(revision)
                if block is None:
                    self._replace_running(revision)
                else:
                    self._add_to_running(revision, block)
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
            numbers = sorted(self._past.numbers(), reverse=True)
        except OSError as error:
            raise BadConfiguration(f"{durable.reason(error)}.") from None
        chain = [running.head]
        wanted = running.base
        for number in numbers:
            # The nearest below, should a revision have been removed by hand.
            if number <= wanted and (head := self._past.head(number)):
                chain.append(head)
                wanted = min(head.base, number - 1)
        return tuple(chain)

    def since(self, base: int) -> tuple[tuple[Head, tuple[Change, ...]], ...]:
        """What was committed after that revision, newest first; a damaged one has no changes."""

        def made(number: int) -> tuple[Change, ...]:
            with suppress(BadConfiguration, OSError):
                return self._past.changes(number)
            return ()

        return tuple((head, made(head.number)) for head in self.history() if head.number > base)

    def head(self, number: int) -> Head | None:
        """The head of a revision of the past; None where there is none, or it is damaged."""
        return self._past.head(number)

    def follower(self, number: int) -> Head | None:
        """The revision that took the place of this one, if one has and leads to what runs."""
        return next((head for head in self.history() if head.base == number), None)

    def revision(self, number: int) -> Revision:
        """A revision of the past as it was committed; 0 is the factory's."""
        try:
            return self._past.revision(number)
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
            raise BadConfiguration(f"{error} {self._past.cure(self._file.path)}") from None
        except OSError as error:
            raise BadConfiguration(
                f"{durable.reason(error)}. {self._past.cure(self._file.path)}"
            ) from None

    def _running_or_factory(self) -> Revision:
        try:
            revision = self._file.revision()
        except FileNotFoundError:
            heads = [self._past.head(number) for number in self._past.numbers()]
            # Only a revision that was running has others built on it. The rest are first commits
            # that were cut short.
            if not any(head and head.base for head in heads):
                return self._factory
            if self._file.path.exists():  # committed twice since we looked
                return self._running_or_factory()
            raise BadConfiguration(f"{self._file.path} is missing.") from None
        if revision.number:
            return revision
        # Written by hand, without a head: the file's own time is all there is.
        when = self._file.path.stat().st_mtime_ns // 1000
        return Revision(0, revision.config, revision.who, when, "")

    # Refusing.

    def _refuse_if_moved(self, base: int, running: Revision) -> None:
        seen = self._last_seen
        if running.number != base:
            raise CommitRefused("\n".join(self._what_happened(base, running)))
        same = seen.config is running.config or seen.config == running.config
        if seen.number == base and not same:
            told = "\n".join(_told(changes(seen.config, running.config)))
            raise CommitRefused(
                f"Not committed: {self._file.path} was edited by hand meanwhile.\n{told}\n"
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
            with suppress(BadConfiguration, OSError):
                yield from _told(self._past.changes(head.number))
        yield "Your changes are still pending."

    # Writing.

    def _replace_running(self, revision: Revision, *, settling: bool = False) -> None:
        text = self._file.text(revision)
        kept, path = self._past.file(revision.number), self._file.path
        before = path.read_bytes() if path.exists() else None
        durable.folder(kept.parent)
        try:
            durable.replace(kept, text)
            durable.replace(path, text)
        except BaseException:
            # The new name may already be in place, and only the last flush have failed. Then the
            # disk decides what survives a power cut, but a refusal must not look like a commit.
            try:
                self._put_back(before)
                if not settling:
                    kept.unlink(missing_ok=True)
            except OSError as error:
                raise _in_doubt(revision, durable.reason(error)) from None
            raise
        self._file.replaced(text, revision)

    def _put_back(self, before: bytes | None) -> None:
        if before is None:
            self._file.path.unlink(missing_ok=True)
        elif self._file.path.read_bytes() != before:
            durable.replace(self._file.path, before)

    def _add_to_running(self, revision: Revision, block: bytes) -> None:
        kept = self._past.file(revision.number)
        try:
            durable.replace(kept, block)
            self._file.append(block, revision)
        except durable.PutBackFailed as error:
            raise _in_doubt(revision, str(error)) from None
        except BaseException as error:
            with suppress(OSError):
                kept.unlink(missing_ok=True)
            if isinstance(error, durable.Moved):
                raise CommitRefused(
                    f"Not committed: {self._file.path} was edited by hand at this moment. Try "
                    "again."
                ) from None
            raise


def _in_doubt(revision: Revision, why: str) -> CommitRefused:
    return CommitRefused(
        f"The disk fails, and revision {revision.number} may run now or not: {why}."
    )


def _writable(text: str) -> str:
    """Without the lone surrogates that stand for undecodable bytes of a command line."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _name(who: str) -> str:
    return quoted(who)[1:-1]


def _told(found: Iterable[Change]) -> Iterator[str]:
    """The changes as indented lines, the first ones only when there are many."""
    listed = tuple(found)
    yield from (f"  {each}" for each in listed[:MOST_TOLD])
    if len(listed) > MOST_TOLD:
        yield f"  and {len(listed) - MOST_TOLD} more changes"
    if not listed:
        yield "  no setting changed"
