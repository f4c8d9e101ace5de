"""A session's part in `commit confirmed`: it knows until when, keeps the promise, and tells.

Any session may have made the commit, so whenever the configuration's file is another one its head
is read for the time; until then looking costs nothing. Who takes the commit back, of several
sessions, is settled by the store's lock.

Any commit confirms it, whoever makes it, as on other systems that have the command: it was made on
top of what was on trial, by somebody who could get at the appliance and was told of the trial. But
it may not be what the one meant who began it. So that one is told, at the next prompt or at the
next start, who has confirmed it and when, and can still go back by `rollbackconfig`.
"""

from __future__ import annotations

from contextlib import suppress

from esashell.errors import BadConfiguration, OperatorError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from esashell.config.revision import Head, Revision
    from esashell.config.store import Store

    # What changes whenever the running configuration's file is replaced.
    Signature = tuple[int, ...] | None


DAY = 24 * 3600 * 1_000_000


class Trial:
    """Until when what runs has to be confirmed, as far as this session knows."""

    def __init__(self) -> None:
        self._file: Signature = None
        self._deadline = 0
        self._own: Head | None = None  # the revision on trial that was committed here
        self._looked: Signature = None

    def began(self, head: Head) -> None:
        """This was committed here: on trial, or so that what was on trial is not any more."""
        self._own = head if head.confirm_by else None

    def found(self, head: Head, who: str, store: Store, now: int) -> str:
        """A line about what became of this operator's last commit while no session of hers was
        there to tell; `head` is what runs when a session begins."""
        if head.who == who:
            self.began(head)
            return ""
        earlier = store.head(head.base)
        # For how long it is news, nobody can know; after a day it is none.
        if earlier and earlier.who == who and earlier.confirm_by:
            return _became(earlier, head) if now < earlier.confirm_by + DAY else ""
        return ""

    def outcome(self, file: Signature, store: Store) -> str:
        """A line about what another session has made of the commit that is on trial here."""
        if self._own is None or file == self._looked:
            return ""
        self._looked = file
        with suppress(BadConfiguration):
            if head := store.follower(self._own.number):
                own, self._own = self._own, None
                return _became(own, head)
        return ""

    def note(self, file: Signature, confirm_by: int) -> None:
        """The file of this signature is known: it is to be confirmed by then, or never when 0."""
        self._file, self._deadline = file, confirm_by

    def is_over(self, now: int) -> bool | None:
        """None where nothing is to be confirmed."""
        return now >= self._deadline if self._deadline else None

    def end(self, file: Signature, store: Store, now: int) -> tuple[Revision | None, str]:
        """Take back what was not confirmed, when its time has come; what runs instead, and a line
        about it.

        Where that is not possible the line says why, once, and the configuration runs on.
        """
        if self._file != file:
            self.note(file, store.confirm_by())
        if not self.is_over(now):
            return None, ""
        try:
            revision = store.expire()
        except OperatorError as error:
            self._deadline = 0
            return None, f"Error: a commit was not confirmed, and is not taken back: {error}"
        if revision is None:  # another session was faster
            return None, ""
        return revision, f"{revision.comment} It runs as revision {revision.number}."


def _became(trial: Head, after: Head) -> str:
    from esashell.config.quoting import quoted
    from esashell.config.revision import utc
    from esashell.config.store import NOBODY

    if after.who == NOBODY and after.comment.startswith(f"Revision {trial.number} "):
        return f"{after.comment} It runs as revision {after.number}."
    comment = f" ({quoted(after.comment, 60)})" if after.comment else ""
    more = f"; revision {after.number} is on trial" if after.confirm_by else ""
    return (
        f"Revision {trial.number}, which you had committed on trial until {utc(trial.confirm_by)}, "
        f"was confirmed by a commit of {quoted(after.who, 40)[1:-1]} at {utc(after.when)}{comment}"
        f"{more}. 'rollbackconfig' goes back."
    )
