"""version: what this program is.

Imported by the shortest of all command lines, so it asks nothing of the configuration.
"""

from __future__ import annotations

from esashell import __version__
from esashell.commands.registry import TABLE, command
from esashell.dialogue.drive import Say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from esashell.commands.registry import Appliance
    from esashell.dialogue.drive import Dialogue


# The appliance's block has lines for dates, a serial number, BIOS and RAID besides. There is no
# such hardware here, and none is made up.
TEXT = f"""\
Current Version
===============
Product: esashell, an independent emulator
Model: none; AsyncOS 12.0 command line
Version: {__version__}"""


@command("version", help=TABLE["version"])
def version(appliance: Appliance) -> Dialogue[None]:
    yield Say(TEXT)
