"""The file of HOSTACCESS, which PRINT shows as well: policies, then who gets them.

    $THROTTLED
        ACCEPT {
            max_msgs_per_session = 10
            tls = "off"
        }
    $BLOCKED
        REJECT
    BLACKLIST:
        192.0.2.1 (a comment)
            $BLOCKED (Spammers are rejected)
    spamdomain.com
        REJECT (reject the domain "spamdomain.com")
    ALL
        $ACCEPTED

The layout is published (CLI Reference Guide 9.7, listenerconfig), but for the senders of a group,
which no published example has. Reading goes by the words and not by the indentation: a line that
begins with a policy's name or a behaviour ends the entry above it. A parameter that nothing here
goes by is kept as it stands and written out again. An import replaces policies and sender groups;
the default parameters are not part of the file.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from msgspec import Struct

from esashell.config.checks.listeners import (
    LIMITS,
    group_name_fault,
    parameter_fault,
    policy_name_fault,
)
from esashell.config.checks.senders import LONGEST_COMMENT, sender_fault, sender_parts
from esashell.config.faults import LARGEST
from esashell.config.files.reading import lines, refuse
from esashell.config.model.listeners import (
    ALL,
    BEHAVIORS,
    Behavior,
    MailFlowPolicy,
    ReceivingTls,
    SenderGroup,
)
from esashell.config.quoting import quoted

# In the order of the file; the names are the appliance's.
FIELDS: Mapping[str, str] = {
    "spam_check": "spam_check",
    "max_msgs_per_session": "max_messages_per_session",
    "max_concurrency": "max_concurrency",
    "max_rcpts_per_msg": "max_recipients_per_message",
    "max_rcpts_per_hour": "max_recipients_per_hour",
    "dhap_limit": "dhap_limit",
    "virus_check": "virus_check",
    "max_message_size": "max_message_size",
    "use_sb": "use_senderbase",
    "tls": "tls",
}
SWITCH: Mapping[str, bool] = {"off": False, "on": True}
TLS: Mapping[str, ReceivingTls] = {
    "off": ReceivingTls.NO,
    "on": ReceivingTls.PREFERRED,
    "require": ReceivingTls.REQUIRED,
}


class HostAccess(Struct, frozen=True):
    """A host access table: the policies and the entries, ALL the last of them."""

    policies: tuple[MailFlowPolicy, ...]
    groups: tuple[SenderGroup, ...]


def written(table: HostAccess) -> str:
    """The table as PRINT shows it, with a line end after each line."""
    found = [line for policy in table.policies for line in policy_lines(policy)]
    found += (line for group in table.groups for line in group_lines(group))
    return "".join(f"{line}\n" for line in found)


def policy_lines(policy: MailFlowPolicy) -> Iterator[str]:
    yield f"${policy.name}"
    parameters = [
        f"{name} = {_shown(value)}"
        for name, field in FIELDS.items()
        if (value := getattr(policy, field)) is not None
    ]
    parameters += policy.others
    if not parameters:
        yield f"    {policy.behavior}"
        return
    yield f"    {policy.behavior} {{"
    yield from (f"        {each}" for each in parameters)
    yield "    }"


def _shown(value: int | bool | ReceivingTls) -> str:
    if isinstance(value, ReceivingTls):
        return next(f'"{word}"' for word, tls in TLS.items() if tls is value)
    if isinstance(value, bool):
        return '"on"' if value else '"off"'
    return str(value)


def group_lines(group: SenderGroup) -> Iterator[str]:
    comment = f" ({group.comment})" if group.comment else ""
    rule = group.policy if group.policy in BEHAVIORS else f"${group.policy}"
    if group.single:
        yield group.name
        yield f"    {rule}{comment}"
        return
    yield f"{group.name}:"
    yield from (f"    {each}" for each in group.senders)
    yield f"        {rule}{comment}"


def read(raw: bytes, where: str) -> HostAccess:
    """The table of a file; raises `BadConfiguration`."""
    reader = _Reader(where)
    for line, text in lines(raw, where):
        reader.take(line, text)
    return reader.table()


RULE = re.compile(r"(\$?[^\s(){}$]+)\s*(?:\((.*)\))?\s*(\{\s*\}?)?")


class _Reader:
    """Takes the file line by line. What is open is a policy, its braces, or an entry."""

    def __init__(self, where: str) -> None:
        self._where = where
        self._line = 0
        self._policies: dict[str, MailFlowPolicy] = {}
        self._groups: dict[str, SenderGroup] = {}
        self._uses: list[tuple[int, str]] = []
        self._policy = ""  # is being defined
        self._behavior: Behavior | None = None  # its own, once its brace is open
        self._parameters: dict[str, Any] = {}
        self._others: list[str] = []
        self._name = ""  # of the entry whose rule is to come
        self._group = False
        self._senders: dict[str, str] = {}  # by the sender alone, in lower case

    def take(self, line: int, text: str) -> None:
        self._line = line
        if self._behavior is not None:
            self._inside(text)
        elif self._policy:
            self._define(text)
        elif self._name:
            self._entry(text)
        else:
            self._begin(text)

    def _refuse(self, reason: str) -> NoReturn:
        refuse(self._where, self._line, reason)

    def _begin(self, text: str) -> None:
        if text.startswith("$"):
            # A definition on one line is taken as well.
            name, _, rest = text[1:].partition(" ")
            if fault := policy_name_fault(name):
                self._refuse(f"the policy {quoted(name)} {fault}")
            if name.lower() in self._policies:
                self._refuse(f"there is a policy {quoted(name)} already")
            self._policy = name
            if rest.strip():
                self._define(rest.strip())
            return
        name, _, rest = text.partition(" ")
        self._group = name.endswith(":") and name != f"{ALL}:" and not _is_sender(name)
        name = name.removesuffix(":") if self._group or name == f"{ALL}:" else name
        if name.upper() == ALL:
            name = ALL
        elif fault := group_name_fault(name) if self._group else sender_fault(name):
            self._refuse(f"{quoted(name)} {fault}")
        if name.lower() in self._groups:
            self._refuse(f"there is an entry {quoted(name)} already")
        if ALL.lower() in self._groups:
            self._refuse(f"{quoted(name)} stands behind {ALL}, which is for everybody")
        self._name, self._senders = name, {}
        if rest.strip():
            self._entry(rest.strip())

    def _define(self, text: str) -> None:
        found = RULE.fullmatch(text)
        if not found or found[1].upper() not in BEHAVIORS or found[2] is not None:
            self._refuse(f"{quoted(text)} is not one of {', '.join(BEHAVIORS)}")
        self._behavior = Behavior(found[1].upper())
        self._parameters, self._others = {}, []
        if found[3] is None or "}" in found[3]:
            self._close()

    def _inside(self, text: str) -> None:
        """A parameter, or the brace behind the last."""
        if text == "}":
            self._close()
            return
        name, _, value = (part.strip() for part in text.partition("="))
        if fault := parameter_fault(text):
            self._refuse(f"{quoted(text)} {fault}")
        if name in FIELDS:
            if FIELDS[name] in self._parameters:
                self._refuse(f"{name} is given twice")
            self._parameters[FIELDS[name]] = self._value(name, value)
        else:
            self._others.append(f"{name} = {value}")

    def _value(self, name: str, text: str) -> int | bool | ReceivingTls:
        field = FIELDS[name]
        if field in LIMITS:
            lowest = LIMITS[field]
            if re.fullmatch(r"-?[0-9]{1,12}", text) and lowest <= int(text) <= LARGEST:
                return int(text)
            self._refuse(f"{name}: {quoted(text)} is not a number from {lowest} to {LARGEST}")
        word = text.strip('"').lower()
        words: Mapping[str, bool | ReceivingTls] = TLS if name == "tls" else SWITCH
        if word not in words:
            self._refuse(f"{name}: {quoted(text)} is not one of {', '.join(words)}")
        return words[word]

    def _close(self) -> None:
        assert self._behavior is not None
        policy = MailFlowPolicy(
            self._policy, self._behavior, **self._parameters, others=tuple(self._others)
        )
        self._policies[policy.name.lower()] = policy
        self._policy, self._behavior = "", None

    def _entry(self, text: str) -> None:
        """A sender of the group, or the rule that ends the entry."""
        found = RULE.fullmatch(text)
        is_rule = found and (found[1].startswith("$") or found[1].upper() in BEHAVIORS)
        if found is None or not is_rule:
            self._sender(text)
            return
        if found[3] is not None:
            self._refuse(f"{quoted(text)} has parameters; here they are a policy's only")
        comment = (found[2] or "").strip()
        if len(comment) > LONGEST_COMMENT:
            self._refuse(f"the comment is longer than {LONGEST_COMMENT} characters")
        rule = found[1]
        policy = rule[1:] if rule.startswith("$") else rule.upper()
        if rule.startswith("$"):
            self._uses.append((self._line, policy))
        group = SenderGroup(
            self._name, policy, tuple(self._senders.values()), comment, single=not self._group
        )
        self._groups[group.name.lower()] = group
        self._name = ""

    def _sender(self, text: str) -> None:
        if not self._group:
            self._refuse(f"{quoted(text)} is neither a policy nor one of {', '.join(BEHAVIORS)}")
        sender, comment = sender_parts(text)
        text = f"{sender} ({comment})" if comment else sender
        if fault := sender_fault(text):
            self._refuse(f"{quoted(text)} {fault}")
        # User Guide 8.5, sender groups: a sender that is there already is discarded.
        self._senders.setdefault(sender.lower(), text)

    def table(self) -> HostAccess:
        """The whole; what is missing at the end is told of the last line."""
        if self._policy:
            self._refuse(f"the policy {quoted(self._policy)} is not complete")
        if self._name:
            self._refuse(f"the entry {quoted(self._name)} has no policy")
        if ALL.lower() not in self._groups:
            self._refuse(f"there is no entry {ALL} at the end")
        for line, name in self._uses:
            if name.lower() not in self._policies:
                refuse(self._where, line, f"there is no policy {quoted('$' + name)}")
        groups = (
            group
            if group.policy in BEHAVIORS
            else SenderGroup(
                group.name,
                self._policies[group.policy.lower()].name,
                group.senders,
                group.comment,
                group.single,
            )
            for group in self._groups.values()
        )
        return HostAccess(tuple(self._policies.values()), tuple(groups))


def _is_sender(text: str) -> bool:
    """An IPv6 address may end in a colon, as the name of a group does."""
    return text.endswith("::") and sender_fault(text) is None
