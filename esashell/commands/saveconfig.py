"""saveconfig: the configuration into a file, with what is pending in it.

The file goes to the folder for configurations, from where `loadconfig` takes it. It is TOML, and
with `format=xml` (ours) the appliance's XML of what has published element names. Passphrases are
private keys here: in the file only with option 3.
"""

from collections.abc import Sequence
from itertools import chain, count
from typing import TYPE_CHECKING

from esashell.commands.dates import zone
from esashell.commands.registry import TABLE, command
from esashell.commands.showconfig import file_format, whole
from esashell.dialogue.kinds import ask, choice
from esashell.dialogue.requests import Ask, Kind, Notice, Refuse, Say, WriteFile

if TYPE_CHECKING:
    from esashell.commands.registry import Appliance
    from esashell.dialogue.drive import Dialogue
    from esashell.errors import OperatorError

OPTIONS = {
    "mask": "Mask passphrases (Files with masked passphrases cannot be loaded using loadconfig\n"
    "   command)",
    "encrypt": "Encrypt passphrases",
    "plain": "Plain passphrases",
}
USAGE = ("saveconfig [mask|plain|1|3] [format=toml|xml]", "saveconfig y 1")


def _published(words: Sequence[str]) -> int:
    """The y of the published one-line form, `saveconfig y 1`, which says no more than the 1."""
    return int(len(words) > 1 and words[0].lower() in ("y", "yes"))


@command("saveconfig", help=TABLE["saveconfig"], usage=USAGE)
def saveconfig(appliance: "Appliance") -> "Dialogue[None]":
    form = yield from file_format()
    yield from ask(Ask("y", "", Kind(str, sample="y"), "", takes=_published, silent=True))
    option = yield from choice(
        "passphrase", "Choose the passphrase option:", OPTIONS, "mask", positional=True
    )
    if option == "encrypt":
        yield Refuse("Error: Passphrases cannot be encrypted here; choose 1 or 3.")
        return
    name = _free_name(appliance, form)
    text = whole(appliance, form, secrets=option == "plain")
    fault: OperatorError | None = yield WriteFile(name, text)
    if fault is not None:
        yield Refuse(str(fault))
        return
    host = appliance.running.hostname
    yield Notice(f'File written on machine "{host}" to the location "/configuration/{name}".')
    yield Say("Configuration saved.")


def _free_name(appliance: "Appliance", form: str) -> str:
    """A name after the time that no file has yet: two saves may fall into one second."""
    stem = f"esashell-{_stamp(appliance)}"
    taken = set(appliance.files())
    names = (f"{stem}-{number}.{form}" for number in count(2))
    return next(each for each in chain((f"{stem}.{form}",), names) if each not in taken)


def _stamp(appliance: "Appliance") -> str:
    from datetime import datetime

    local = zone(appliance.running.timezone)
    return f"{datetime.fromtimestamp(appliance.now // 1_000_000, local):%Y%m%dT%H%M%S}"
