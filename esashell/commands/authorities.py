"""The authorities that certificates are checked against: CERTAUTHORITY of `certconfig`.

There are the system's list, which comes with esashell, and one of the operator's own. Each can be
switched off; an imported list is in use at once.
"""

from typing import TYPE_CHECKING

from msgspec.structs import replace

from esashell.commands.certificates import authorities, without_key
from esashell.config.tree import Config
from esashell.dialogue.kinds import ask, file_kind, yes_no
from esashell.dialogue.requests import Ask, KeepPem, Notice, ReadFile, Refuse, Say
from esashell.dialogue.table import Operation, operate
from esashell.errors import BadAnswer, OperatorError

if TYPE_CHECKING:
    from esashell.commands.registry import Appliance
    from esashell.dialogue.drive import Dialogue


class Authorities:
    """The operations, on one appliance: its files and what it keeps."""

    def __init__(self, appliance: "Appliance") -> None:
        self._appliance = appliance

    def menu(self, config: Config) -> "Dialogue[Config]":
        operations = (
            Operation("system", "Use the system's list of authorities or not.", self._system),
            Operation("custom", "Use the custom list or not.", self._custom, _has_custom),
            Operation("import", "Import a custom list of authorities.", self._import_list),
            Operation("print", "Show the lists.", self._show_lists),
        )
        return (yield from operate(config, self.summary, operations, "list_operation"))

    def summary(self, config: Config) -> str:
        settings = config.authorities
        count = 0
        if settings.custom_list:
            try:
                count = authorities(self._appliance.pem(settings.custom_list))
            except BadAnswer:
                count = 0
        return "\n".join(
            (
                "Certificate authorities:",
                f"  System list: {'Enabled' if settings.system else 'Disabled'}",
                f"  Custom list: {'Enabled' if settings.custom else 'Disabled'} ({count} entries)",
            )
        )

    def _system(self, config: Config) -> "Dialogue[Config]":
        on = yield from yes_no(
            "system",
            "Do you want to use the system's list of certificate authorities?",
            config.authorities.system,
            positional=True,
        )
        return replace(config, authorities=replace(config.authorities, system=on))

    def _custom(self, config: Config) -> "Dialogue[Config]":
        on = yield from yes_no(
            "custom",
            "Do you want to use the custom list of certificate authorities?",
            config.authorities.custom,
            positional=True,
        )
        return replace(config, authorities=replace(config.authorities, custom=on))

    def _import_list(self, config: Config) -> "Dialogue[Config]":
        kind = file_kind(self._appliance.files())
        file = yield from ask(Ask("file", "Enter the name of the file to import:", kind))
        found: bytes | OperatorError = yield ReadFile(file)
        if isinstance(found, OperatorError):
            yield Refuse(str(found))
            return config
        raw = found
        kept: str | OperatorError = yield KeepPem(
            lambda: without_key(raw.decode("ascii", "replace"))
        )
        if isinstance(kept, OperatorError):
            yield Refuse(str(kept))
            return config
        yield Notice("The custom list has been imported; it is in use.")
        after = replace(config.authorities, custom=True, custom_list=kept)
        return replace(config, authorities=after)

    def _show_lists(self, config: Config) -> "Dialogue[Config]":
        yield Say(self.summary(config))
        return config


def _has_custom(config: Config) -> bool:
    return bool(config.authorities.custom_list)
