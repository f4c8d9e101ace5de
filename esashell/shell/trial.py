"""A session's part in `commit confirmed`: it knows until when, and keeps the promise.

Any session may have made the commit, so whenever the configuration's file is another one its head
is read for the time; until then looking costs nothing. Who takes the commit back, of several
sessions, is settled by the store's lock.
"""

from __future__ import annotations

from esashell.errors import OperatorError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from esashell.config.revision import Revision
    from esashell.config.store import Store

    # What changes whenever the running configuration's file is replaced.
    Signature = tuple[int, ...] | None


class Trial:
    """Until when what runs has to be confirmed, as far as this session knows."""

    def __init__(self) -> None:
        self._file: Signature = None
        self._deadline = 0

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
