"""The configuration as one session has it in hand, beside others that may work at the same one.

What runs is read when it is first wanted. From then on the file's signature tells whether another
session has committed: one that has nothing pending follows, one that has is told at `commit` what
happened meanwhile, its changes are put on top of that, and the next `commit` is accepted. Where
both changed the same value it has to decide first (`conflict`). The promise of `commit confirmed`
is kept here too, by whichever session first notices that its time has come (`trial`).
"""

from __future__ import annotations

import os
from contextlib import suppress

from esashell.errors import BadConfiguration, CommitRefused
from esashell.shell.trial import Trial

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from esashell.config.revision import Head, Revision
    from esashell.config.store import Store
    from esashell.config.tree import Config
    from esashell.config.working import Working
    from esashell.shell.logbook import Logbook
    from esashell.shell.surroundings import Surroundings


class Workbench:
    """`login` tells who commits; the logbook is told every revision that comes about here, and
    `tell`, in a line, what has happened without a command."""

    def __init__(
        self,
        surroundings: Surroundings,
        login: Callable[[], str],
        logbook: Logbook,
        tell: Callable[[str], None],
    ) -> None:
        self._surroundings = surroundings
        self._login = login
        self._logbook = logbook
        self._tell = tell
        self._store: Store | None = None
        self._working: Working | None = None
        self._seen: tuple[int, ...] | None = None
        self._trial = Trial()

    # The configuration that runs, and the one that is pending.

    @property
    def running(self) -> Config:
        return self._work().committed

    @property
    def pending(self) -> Config:
        return self._work().pending

    @property
    def head(self) -> Head:
        return self._work().head

    @property
    def known(self) -> Config | None:
        """What runs, if anything has wanted it yet."""
        return self._working.committed if self._working is not None else None

    @property
    def dirty(self) -> bool:
        return self._working is not None and self._working.dirty

    def history(self) -> tuple[Head, ...]:
        return self._stored().history() or (self.head,)

    def revision(self, number: int) -> Revision:
        return self._stored().revision(number)

    def stage(self, config: Config) -> None:
        self._work().stage(config)

    def clear(self) -> None:
        self._work().clear()

    def commit(self, comment: str, minutes: int) -> Revision:
        work = self._work()
        try:
            revision = self._stored().commit(
                work.base, work.pending, self._login(), comment, minutes=minutes
            )
        except CommitRefused as refusal:
            self._catch_up(work, refusal)
            raise
        work.committed_as(revision)
        self._seen = self._signature()
        self._trial.note(self._seen, revision.confirm_by)
        self._trial.began(revision.head)
        self._log(revision)
        return revision

    # The others.

    def refresh(self) -> None:
        """Follow what another session has committed, unless something is pending here.

        A file that has been damaged meanwhile is not followed; `commit` will tell.
        """
        if self._working is None:
            return
        self._end_trial(self._working)
        seen = self._signature()
        if line := self._trial.outcome(seen, self._stored()):
            self._tell(line)
        if self.dirty or seen == self._seen:
            return
        with suppress(BadConfiguration):
            self._working.committed_as(self._stored().load())
            self._seen = seen

    def settle(self) -> None:
        """Leave the configuration's file with everything in its place."""
        if self._store is not None:
            self._store.settle()

    def trial_is_over(self) -> bool | None:
        """Whether what runs should have been confirmed by now; None where nothing is to be."""
        return self._trial.is_over(self._surroundings.clock.now())

    def _stored(self) -> Store:
        if self._store is None:
            import time
            from pathlib import Path

            from esashell.config.store import Store
            from esashell.shell.state import in_the_way

            it = self._surroundings
            folder = Path(it.memory, "config")
            if fault := in_the_way(str(folder)):
                raise BadConfiguration(f"{fault}. Move it away.")
            factory = it.factory()
            self._store = Store(folder, it.clock, factory, time.sleep)
        return self._store

    def _work(self) -> Working:
        if self._working is None:
            from esashell.config.working import Working

            # The signature first: a commit in between is then noticed once more than needed.
            self._seen = self._signature()
            revision = self._stored().load()
            self._working = Working(revision)
            self._trial.note(self._seen, revision.confirm_by)
            who, now = self._login(), self._surroundings.clock.now()
            if line := self._trial.found(revision.head, who, self._stored(), now):
                self._tell(line)
            self._end_trial(self._working)
        return self._working

    def log_to(self, logbook: Logbook) -> None:
        """Revisions are told to this one from here on."""
        self._logbook = logbook

    def _log(self, revision: Revision) -> None:
        it = revision
        self._logbook.committed(it.config, it.comment, it.number, it.when)

    def _end_trial(self, work: Working) -> None:
        """Keep the promise of `commit confirmed` when its time has come, and have it told."""
        now = self._surroundings.clock.now()
        revision, line = self._trial.end(self._signature(), self._stored(), now)
        if line:
            self._tell(line)
        if revision is not None:
            self._log(revision)
            with suppress(CommitRefused):  # what contradicts it is told by the next commit
                work.rebase(revision)
            self._seen = self._signature()
            self._trial.note(self._seen, 0)
            self._trial.began(revision.head)

    def _signature(self) -> tuple[int, ...] | None:
        """What changes whenever the running configuration's file is replaced."""
        try:
            found = os.stat(os.path.join(self._surroundings.memory, "config", "running.toml"))
        except OSError:
            return None
        return found.st_mtime_ns, found.st_ino, found.st_size

    def _catch_up(self, work: Working, refusal: CommitRefused) -> None:
        """After a commit that came too late: put the changes on top of what runs now."""
        try:
            revision = self._stored().load()
        except BadConfiguration:
            return
        if revision.number == work.base and revision.config == work.committed:
            return
        base, pending = work.committed, work.pending
        try:
            work.rebase(revision)
        except CommitRefused as conflict:
            from esashell.shell.conflict import told

            since = self._stored().since(work.base)
            lines = told(str(conflict), base, pending, revision.config, since)
            raise CommitRefused("\n".join((str(refusal), *lines))) from None
        self._seen = self._signature()
        if not work.dirty:
            raise CommitRefused(
                f"{refusal}\nNone is left: revision {revision.number} has them all."
            )
        raise CommitRefused(
            f"{refusal}\nThey now stand on revision {revision.number}: look at them with "
            "'showchanges', then 'commit' again."
        ) from None
