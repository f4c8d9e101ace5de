"""The configuration that an operator is working on: what was committed, and what is pending.

Everything here is in memory and belongs to one session. A command is handed `pending` and stages
another tree; nothing is running until a commit, and `clear` forgets it all.

`base` is the number of the revision that the work began from. A commit is accepted only while
that is still the running one, so nobody's commit is lost under another's.
"""

from esashell.config.revision import Head, Revision
from esashell.config.tree import Config


class Working:
    """One session's committed and pending configuration."""

    def __init__(self, revision: Revision) -> None:
        self.committed_as(revision)

    @property
    def committed(self) -> Config:
        return self._committed

    @property
    def base(self) -> int:
        return self._head.number

    @property
    def head(self) -> Head:
        """Who committed what runs, when and why."""
        return self._head

    @property
    def pending(self) -> Config:
        return self._pending

    @property
    def dirty(self) -> bool:
        """Whether there is anything to commit; a change that was taken back is none."""
        return self._pending is not self._committed and self._pending != self._committed

    def stage(self, config: Config) -> None:
        self._pending = config

    def clear(self) -> None:
        """Forget what is pending."""
        self._pending = self._committed

    def committed_as(self, revision: Revision) -> None:
        """Begin anew from this revision: it was just committed, or just read."""
        self._committed = self._pending = revision.config
        self._head = revision.head

    def rebase(self, revision: Revision) -> None:
        """Put what is pending on top of a revision that somebody else has committed meanwhile.

        Raises `CommitRefused`, and changes nothing, when both touched the same object.
        """
        from esashell.config.merge import merged

        pending = merged(self._committed, self._pending, revision.config)
        self.committed_as(revision)
        self._pending = pending
