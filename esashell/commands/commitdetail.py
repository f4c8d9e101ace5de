"""commitdetail: when the running configuration was committed, and with which comment."""

from typing import TYPE_CHECKING

from esashell.commands.dates import date_time_and_zone
from esashell.commands.registry import TABLE, command
from esashell.config.quoting import quoted
from esashell.dialogue.requests import Remark

if TYPE_CHECKING:
    from esashell.commands.registry import Appliance
    from esashell.dialogue.drive import Dialogue


@command("commitdetail", help=TABLE["commitdetail"])
def commitdetail(appliance: "Appliance") -> "Dialogue[None]":
    head, zone = appliance.head, appliance.running.timezone
    if not head.number:
        yield Remark("Nothing has been committed yet.")
        return
    when = date_time_and_zone(head.when, zone)
    yield Remark(f"Commit at {when} with comments: {quoted(head.comment, 1100)}.")
    if head.confirm_by:
        until = date_time_and_zone(head.confirm_by, zone)
        yield Remark(f"It is taken back at {until}, unless another 'commit' confirms it.")
