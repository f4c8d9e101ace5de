"""The menu HOSTACCESS of a listener: mail flow policies, and which senders get them.

The menu and what PRINT shows are published (CLI Reference Guide 9.7, listenerconfig). The table is
read from the top and the first entry that is for a sender decides; ALL stays at its end.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from esashell.commands.listeners import SENDERS, Place
from esashell.commands.policy_questions import parameters, policy
from esashell.commands.sender_groups import COMMENT, behavior, group_menu
from esashell.config.checks.listeners import group_name_fault, policy_name_fault
from esashell.config.files.hat import HostAccess, read, written
from esashell.config.model.listeners import ALL, Behavior, MailFlowPolicy, SenderGroup
from esashell.config.quoting import quoted
from esashell.config.tree import Config
from esashell.dialogue.files import exporting, importing
from esashell.dialogue.kinds import ask, choice_kind, confirm, number, numbered, row_kind
from esashell.dialogue.requests import Ask, Kind, Notice, Refuse
from esashell.dialogue.table import Operation, listing, operate
from esashell.errors import BadAnswer

if TYPE_CHECKING:
    from esashell.commands.registry import Appliance
    from esashell.dialogue.drive import Dialogue

    Change = Callable[[Config], Dialogue[Config]]


def _name_kind(fault: Callable[[str], str | None], sample: str) -> Kind[str]:
    def parse(text: str) -> str:
        if wrong := fault(text):
            raise BadAnswer(f"Error: {quoted(text, 60)} {wrong}.")
        return text

    return Kind(parse, sample=sample, about="A name, without blanks")


GROUP_NAME = _name_kind(group_name_fault, "PARTNERS")
POLICY_NAME = _name_kind(policy_name_fault, "PARTNERS")


def summary(place: Place) -> Callable[[Config], str]:
    def lines(config: Config) -> str:
        listener = place.of(config)
        return (
            f"There are currently {len(listener.policies)} policies defined.\n"
            f"There are currently {len(listener.sender_groups)} sender groups."
        )

    return lines


# What an operation is about: a group or a policy.


def _either(
    texts: tuple[str, str],
    group: "Callable[[Place, Config], Dialogue[Config]]",
    of_policy: "Callable[[Place, Config], Dialogue[Config]]",
) -> "Callable[[Place], Change]":
    def at(place: Place) -> "Change":
        def run(config: Config) -> "Dialogue[Config]":
            options = dict(zip(("sendergroup", "policy"), texts, strict=True))
            prompt = numbered(options.values())
            word = yield from ask(Ask("entry", prompt, choice_kind(tuple(options))))
            chosen = group if word == "sendergroup" else of_policy
            return (yield from chosen(place, config))

        return run

    return at


def _which_group(groups: Sequence[SenderGroup], purpose: str) -> "Dialogue[SenderGroup]":
    names = [each.name for each in groups]
    lines = (f"{each.name} ({each.comment})" if each.comment else each.name for each in groups)
    prompt = (
        f"Currently configured HAT sender groups:\n{numbered(lines)}\n"
        f"Enter the sender group number or name you wish to {purpose}."
    )
    name = yield from ask(Ask("group", prompt, row_kind(names, "sender group")))
    return next(each for each in groups if each.name == name)


def _which_policy(policies: Sequence[MailFlowPolicy], purpose: str) -> "Dialogue[MailFlowPolicy]":
    names = [each.name for each in policies]
    prompt = (
        f"Currently configured HAT policies:\n{numbered(names)}\n"
        f"Enter the policy number or name you wish to {purpose}."
    )
    name = yield from ask(Ask("policy", prompt, row_kind(names, "policy"), label="policy"))
    return next(each for each in policies if each.name == name)


# NEW.


def _new_group(place: Place, config: Config) -> "Dialogue[Config]":
    listener = place.of(config)
    name = yield from ask(Ask("name", "Enter a name for this sender group.", GROUP_NAME))
    groups = listener.sender_groups
    if name.lower() in (each.name.lower() for each in groups) and not (
        yield Refuse(f"Error: The sender group {name} already exists.")
    ):
        return config
    prompt = (
        "Enter the hosts to add. CIDR addresses, ranges of addresses, partial addresses\n"
        'such as "10.1.1.", hostnames and partial hostnames such as ".example.com" are\n'
        "allowed. Separate multiple hosts with commas."
    )
    hosts = yield from ask(Ask("hosts", prompt, SENDERS, label="host[,host]"))
    rule = yield from behavior(listener)
    comment = yield from ask(Ask("comment", "Enter a comment for this sender group.", COMMENT, ""))
    added = SenderGroup(name, rule, hosts, comment)
    return place.put(config, sender_groups=_before_all(groups, added))


def _before_all(groups: tuple[SenderGroup, ...], added: SenderGroup) -> tuple[SenderGroup, ...]:
    """The table with the entry behind the others, but for ALL."""
    if groups and groups[-1].name == ALL:
        return (*groups[:-1], added, groups[-1])
    return (*groups, added)


def _new_policy(place: Place, config: Config) -> "Dialogue[Config]":
    policies = place.of(config).policies
    name = yield from ask(Ask("name", "Enter a name for this policy.", POLICY_NAME))
    if name.lower() in (each.name.lower() for each in policies) and not (
        yield Refuse(f"Error: The policy {name} already exists.")
    ):
        return config
    added = yield from policy(MailFlowPolicy(name, Behavior.ACCEPT))
    return place.put(config, policies=(*policies, added))


# EDIT.


def _edit_group(place: Place, config: Config) -> "Dialogue[Config]":
    groups = place.of(config).sender_groups
    if not groups:
        yield Refuse("Error: There are no sender groups.")
        return config
    found = yield from _which_group(groups, "edit")
    return (yield from group_menu(place, config, groups.index(found), GROUP_NAME))


def _edit_policy(place: Place, config: Config) -> "Dialogue[Config]":
    policies = place.of(config).policies
    if not policies:
        yield Refuse("Error: There are no policies.")
        return config
    old = yield from _which_policy(policies, "edit")
    new = yield from policy(old)
    return place.put(config, policies=tuple(new if each is old else each for each in policies))


# DELETE and MOVE.


def _delete_group(place: Place, config: Config) -> "Dialogue[Config]":
    groups = place.of(config).sender_groups
    if not groups:
        yield Refuse("Error: There are no sender groups.")
        return config
    gone = yield from _which_group(groups, "delete")
    if gone.name == ALL:
        yield Refuse(f"Error: The entry {ALL} cannot be deleted; it can be edited.")
        return config
    return place.put(config, sender_groups=tuple(each for each in groups if each is not gone))


def _delete_policy(place: Place, config: Config) -> "Dialogue[Config]":
    listener = place.of(config)
    if not listener.policies:
        yield Refuse("Error: There are no policies.")
        return config
    gone = yield from _which_policy(listener.policies, "delete")
    users = [each.name for each in listener.sender_groups if each.policy == gone.name]
    if users:
        yield Refuse(f"Error: The policy {gone.name} is in use by {', '.join(users)}.")
        return config
    left = tuple(each for each in listener.policies if each is not gone)
    return place.put(config, policies=left)


def _movable(place: Place, config: Config) -> list[SenderGroup]:
    return [each for each in place.of(config).sender_groups if each.name != ALL]


def _move(place: Place) -> "Change":
    def run(config: Config) -> "Dialogue[Config]":
        groups = place.of(config).sender_groups
        rows = _movable(place, config)
        moved = yield from _which_group(rows, "move")
        to = yield from number(
            "position",
            f"Enter the new position of {moved.name}. The table is read from the top.",
            None,
            1,
            len(rows),
        )
        rows.remove(moved)
        rows.insert(to - 1, moved)
        everybody = [each for each in groups if each.name == ALL]
        return place.put(config, sender_groups=(*rows, *everybody))

    return run


# The rest.


def _defaults(place: Place) -> "Change":
    def run(config: Config) -> "Dialogue[Config]":
        found = yield from parameters(place.of(config).defaults)
        return place.put(config, defaults=found)

    return run


def _clear(place: Place) -> "Change":
    def run(config: Config) -> "Dialogue[Config]":
        if not (yield from confirm("Are you sure you want to remove every sender group?")):
            return config
        left = tuple(each for each in place.of(config).sender_groups if each.name == ALL)
        return place.put(config, sender_groups=left)

    return run


def _table(place: Place, config: Config) -> str:
    listener = place.of(config)
    return written(HostAccess(listener.policies, listener.sender_groups))


def _importing(place: Place, appliance: "Appliance") -> Operation:
    def take(config: Config, raw: bytes, where: str) -> Config:
        table = read(raw, where)
        return place.put(config, policies=table.policies, sender_groups=table.groups)

    def there(config: Config) -> bool:
        return bool(place.of(config).policies or place.of(config).sender_groups)

    plain = importing(
        "Import a table from a file.", take, appliance.files, there, "policies and sender groups"
    )

    def run(config: Config) -> "Dialogue[Config]":
        after = yield from plain.run(config)
        if after is not config and (names := _not_gone_by(place, after)):
            yield Notice(f"Kept as they are, and not gone by here: {', '.join(names)}.")
        return after

    return replace(plain, run=run)


def _not_gone_by(place: Place, config: Config) -> list[str]:
    """The parameters of the table that mean nothing here."""
    found = (text for policy in place.of(config).policies for text in policy.others)
    return list(dict.fromkeys(text.partition(" ")[0] for text in found))


NEW = _either(("New Sender Group", "New Policy"), _new_group, _new_policy)
EDIT = _either(("Edit Sender Group", "Edit Policy"), _edit_group, _edit_policy)
DELETE = _either(("Delete Sender Group", "Delete Policy"), _delete_group, _delete_policy)


def host_access(place: Place, appliance: "Appliance") -> Operation:
    """The operation HOSTACCESS of a listener's menu."""
    operations = (
        Operation("new", "Create a new entry.", NEW(place)),
        Operation("edit", "Modify an entry.", EDIT(place)),
        Operation("delete", "Remove an entry.", DELETE(place)),
        Operation(
            "move", "Move an entry.", _move(place), lambda config: bool(_movable(place, config))
        ),
        Operation("default", "Set the defaults.", _defaults(place)),
        listing("print", "Display the table.", lambda config: _table(place, config)[:-1]),
        _importing(place, appliance),
        exporting(
            "Export the table to a file.",
            lambda config: _table(place, config),
            appliance.files,
        ),
        Operation("clear", "Remove all entries.", _clear(place)),
    )

    def run(config: Config) -> "Dialogue[Config]":
        return operate(config, summary(place), operations, "hostaccess")

    return Operation("hostaccess", "Modify the Host Access Table.", run)
