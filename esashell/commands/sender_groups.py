"""The menu of one sender group: its senders, its policy, its name."""

from typing import TYPE_CHECKING

from msgspec.structs import replace

from esashell.commands.listeners import SENDERS, Place
from esashell.commands.policy_questions import BEHAVIOR_TEXTS
from esashell.config.checks.senders import LONGEST_COMMENT
from esashell.config.faults import name_fault
from esashell.config.files.hat import group_lines
from esashell.config.model.listeners import ALL, BEHAVIORS, Behavior, Listener, SenderGroup
from esashell.config.quoting import quoted
from esashell.config.tree import Config
from esashell.dialogue.kinds import ask, choice_kind, number, numbered, row_kind
from esashell.dialogue.requests import Ask, Kind, Refuse
from esashell.dialogue.table import Operation, listing, operate
from esashell.errors import BadAnswer

if TYPE_CHECKING:
    from esashell.dialogue.drive import Dialogue


def _comment(text: str) -> str:
    if fault := name_fault(text, LONGEST_COMMENT):
        raise BadAnswer(f"Error: {quoted(text, 60)} {fault}.")
    return text


COMMENT = Kind(_comment, sample="text", about=f"Text of at most {LONGEST_COMMENT} characters")


def behavior(listener: Listener, present: str | None = None) -> "Dialogue[str]":
    """A behaviour, or one of the listener's policies."""
    names = tuple(each.name for each in listener.policies)
    texts = (*BEHAVIOR_TEXTS.values(), *(f"Policy: {name}" for name in names))
    prompt = f"Select a behavior for this entry.\n{numbered(texts)}"
    default = present if present in (*BEHAVIORS, *names) else Behavior.ACCEPT.value
    kind = choice_kind((*BEHAVIORS, *names), closed=False)
    return ask(Ask("behavior", prompt, kind, default, label="policy"))


class _At(Place, frozen=True):
    """A sender group of a listener, by its position."""

    group: int

    def row(self, config: Config) -> SenderGroup:
        return self.of(config).sender_groups[self.group]

    def change(self, config: Config, changed: SenderGroup) -> Config:
        rows = list(self.of(config).sender_groups)
        rows[self.group] = changed
        return self.put(config, sender_groups=tuple(rows))

    def takes_senders(self, config: Config) -> bool:
        return not self.row(config).single

    def has_senders(self, config: Config) -> bool:
        return bool(self.row(config).senders)


def group_menu(
    place: Place, config: Config, group: int, name_kind: Kind[str]
) -> "Dialogue[Config]":
    at = _At(place.position, group)

    def new(config: Config) -> "Dialogue[Config]":
        old = at.row(config)
        prompt = "Enter the hosts to add. Separate multiple hosts with commas."
        hosts = yield from ask(Ask("hosts", prompt, SENDERS, label="host[,host]"))
        known = {each.partition(" ")[0].lower() for each in old.senders}
        # Those that are there already are discarded, as on the appliance.
        fresh = (each for each in hosts if each.partition(" ")[0].lower() not in known)
        return at.change(config, replace(old, senders=(*old.senders, *fresh)))

    def delete(config: Config) -> "Dialogue[Config]":
        old = at.row(config)
        gone = yield from _which(old, "delete")
        return at.change(
            config, replace(old, senders=tuple(each for each in old.senders if each != gone))
        )

    def move(config: Config) -> "Dialogue[Config]":
        old = at.row(config)
        moved = yield from _which(old, "move")
        rows = [each for each in old.senders if each != moved]
        to = yield from number(
            "position", f"Enter the new position of {moved}.", None, 1, len(old.senders)
        )
        rows.insert(to - 1, moved)
        return at.change(config, replace(old, senders=tuple(rows)))

    def policy(config: Config) -> "Dialogue[Config]":
        old = at.row(config)
        rule = yield from behavior(at.of(config), old.policy)
        prompt = "Enter a comment for this sender group."
        comment = yield from ask(Ask("comment", prompt, COMMENT, old.comment))
        return at.change(config, replace(old, policy=rule, comment=comment))

    def rename(config: Config) -> "Dialogue[Config]":
        old = at.row(config)
        name = yield from ask(Ask("name", "Enter a name for this sender group.", name_kind))
        others = (each for each in at.of(config).sender_groups if each is not old)
        if name.lower() in (each.name.lower() for each in others):
            yield Refuse(f"Error: The sender group {name} already exists.")
            return config
        return at.change(config, replace(old, name=name))

    operations = (
        Operation("new", "Add a new host.", new, at.takes_senders),
        Operation("delete", "Remove a host.", delete, at.has_senders),
        Operation("move", "Reorder the hosts.", move, at.has_senders),
        Operation("policy", "Change the policy settings and options.", policy),
        listing("print", "Display the current definition.", lambda now: _definition(at.row(now))),
        Operation("rename", "Rename this sender group.", rename, at.takes_senders),
    )
    return operate(config, lambda now: _title(at.row(now)), operations, "group_operation")


def _which(group: SenderGroup, purpose: str) -> "Dialogue[str]":
    prompt = f"{numbered(group.senders)}\nEnter the number of the host you wish to {purpose}."
    return ask(Ask("host", prompt, row_kind(group.senders, "host")))


def _title(group: SenderGroup) -> str:
    if group.single:
        return "All other hosts." if group.name == ALL else f"Host: {group.name}"
    count = len(group.senders)
    return f"Sender group {group.name}: {count or 'no'} host{'' if count == 1 else 's'}."


def _definition(group: SenderGroup) -> str:
    return "\n".join(group_lines(group))
