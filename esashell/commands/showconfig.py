"""showconfig: every setting there is.

The appliance prints XML. Most of what is configured here has no published element names, and none
are made up, so this prints the configuration as it is kept, in TOML; `showconfig format=xml`
(neither is the appliance's) prints the part that has names. Private keys are shown only to who says
no to masking, and `loadconfig` can load a file with them anywhere.
"""

from typing import TYPE_CHECKING

from esashell.commands.dates import date_time_and_zone
from esashell.commands.registry import TABLE, command
from esashell.dialogue.kinds import ask, choice_kind, yes_no
from esashell.dialogue.requests import Ask, Say

if TYPE_CHECKING:
    from esashell.commands.registry import Appliance
    from esashell.dialogue.drive import Dialogue

FORMATS = choice_kind(("toml", "xml"))
MASK = """\
Do you want to mask the password? Files with masked passwords cannot be loaded using
loadconfig command."""


@command("showconfig", help=TABLE["showconfig"])
def showconfig(appliance: "Appliance") -> "Dialogue[None]":
    appliance.config  # noqa: B018  (a damaged one is told before anything is asked)
    form = yield from file_format()
    masked = yield from yes_no("mask", MASK, True, positional=True)
    yield Say(whole(appliance, form, secrets=not masked).rstrip("\n"))


def file_format() -> "Dialogue[str]":
    """`format=xml` on a command line; TOML where nobody said so."""
    return ask(Ask("format", "", FORMATS, "toml", silent=True))


def whole(appliance: "Appliance", form: str, *, secrets: bool) -> str:
    """The working configuration as a file."""
    config = appliance.config
    when = date_time_and_zone(appliance.now, config.timezone)
    if form == "xml":
        from esashell.config.files.xmltext import written as xml

        return xml(config, when)
    from esashell.config.files.whole import written

    comment = f"A configuration of esashell, written {when}. 'loadconfig' loads it."
    return written(config, appliance.pem, secrets=secrets, comment=comment)
