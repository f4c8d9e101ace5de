"""The shell's side of a search of logs: where the lines go, and how long it lasts.

Lines go to standard output as they come, through a pager where one is asked for and somebody is
there to turn the pages. Two processors are used where there are two.
"""

from __future__ import annotations

import os
from pathlib import Path

from esashell.dialogue.requests import Archive
from esashell.errors import OperatorError
from esashell.shell.output import Enough

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from esashell.shell.output import Output


def search(work: Callable[[Archive], Any], folder: str, output: Output, paged: bool) -> Any:
    """What `work` returns; None where the operator wanted to see no more."""
    put = output.octets
    if paged and output.watched:
        from esashell.shell.pager import Pager

        put = Pager(output.octets).put
    archive = Archive(
        Path(folder, "logs"),
        put,
        output.wait,
        watched=output.watched,
        machines=output.json,
        processes=min(2, len(os.sched_getaffinity(0))),
    )
    try:
        return work(archive)
    except Enough:
        return None
    except OSError as error:
        name = error.filename or "The log"
        raise OperatorError(f"Error: {name} cannot be read: {error.strerror or error}.") from None
