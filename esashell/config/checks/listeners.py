"""Rules for listeners (`listenerconfig`): policies, sender groups and recipients."""

from collections.abc import Iterator

from esashell.config.checks.across import certificate_names
from esashell.config.checks.senders import (
    LONGEST_COMMENT,
    recipient_fault,
    response_fault,
    sender_fault,
)
from esashell.config.faults import Breach, host_name_fault, name_fault, number, twice
from esashell.config.model.listeners import (
    ALL,
    BEHAVIORS,
    NO_RATE,
    Listener,
    ListenerType,
    MailFlowPolicy,
    PolicyParameters,
    RecipientAccess,
    SenderGroup,
)
from esashell.config.quoting import quoted
from esashell.config.tree import Config, KeyPath

# Each with its least value.
LIMITS = {
    "max_messages_per_session": 1,
    "max_concurrency": 1,
    "max_recipients_per_message": 1,
    "max_recipients_per_hour": NO_RATE,
    "max_message_size": 1,
    "dhap_limit": 0,
}
RECEIVING = {
    "concurrency": 1,
    "tls_concurrency": 1,
    "header_lines": 0,
    "counter_reset": 1,
    "unsuccessful_timeout": 1,
    "connection_time": 1,
}


def breaches(config: Config) -> Iterator[Breach]:
    for field, lowest in RECEIVING.items():
        found = getattr(config.receiving, field)
        yield from number(("receiving", field), f"receiving: {field}", found, lowest)
    yield from twice(("listeners",), "name", "listener", (each.name for each in config.listeners))
    places: set[tuple[str, int]] = set()
    certificates = certificate_names(config)
    for position, each in enumerate(config.listeners):
        at: KeyPath = ("listeners", position)
        yield from _listener(at, each)
        if (each.interface, each.port) in places:
            text = f"listener {quoted(each.name)}: another one has port {each.port} already."
            yield Breach((*at, "port"), text)
        places.add((each.interface, each.port))
        if each.certificate not in certificates:
            name = quoted(each.certificate)
            text = f"listener {quoted(each.name)}: there is no certificate profile {name}."
            yield Breach((*at, "certificate"), text)


def policy_name_fault(name: str) -> str | None:
    """What is wrong with a policy's name: in a table it stands as one word beside behaviours."""
    return _word_fault(name, "policy")


def group_name_fault(name: str) -> str | None:
    return _word_fault(name, "sender group")


def _word_fault(name: str, called: str) -> str | None:
    if fault := name_fault(name):
        return fault
    if not (name[0].isalnum() or name[0] == "_") or set(name) & set(" :$(){}#;"):
        return "is not a name: letters, digits and _ . - only"
    if name.upper() in (ALL, *BEHAVIORS):
        return f"is a word of the table and no {called}'s name"
    return None


def _listener(at: KeyPath, listener: Listener) -> Iterator[Breach]:
    subject = f"listener {quoted(listener.name)}"
    if fault := name_fault(listener.name):
        yield Breach((*at, "name"), f"{subject} {fault}.")
    yield from number((*at, "port"), f"{subject}: port", listener.port, 1, 65535)
    for field in ("max_concurrency", "tcp_queue"):
        yield from number((*at, field), f"{subject}: {field}", getattr(listener, field), 1)
    domain = listener.default_domain
    if domain and (fault := host_name_fault(domain)):
        text = f"{subject}: default_domain {quoted(domain)} {fault}."
        yield Breach((*at, "default_domain"), text)
    yield from _parameters((*at, "defaults"), f"{subject}: defaults", listener.defaults)
    names = [each.name for each in listener.policies]
    yield from twice((*at, "policies"), "name", f"{subject}: policy", names)
    for position, policy in enumerate(listener.policies):
        yield from _policy((*at, "policies", position), subject, policy)
    groups = listener.sender_groups
    group_names = (each.name for each in groups)
    yield from twice((*at, "sender_groups"), "name", f"{subject}: sender group", group_names)
    for position, group in enumerate(groups):
        last = position == len(groups) - 1
        yield from _group((*at, "sender_groups", position), subject, group, names, last=last)
    yield from _recipients(at, subject, listener)


def _parameters(
    at: KeyPath, subject: str, found: PolicyParameters | MailFlowPolicy
) -> Iterator[Breach]:
    for field, lowest in LIMITS.items():
        if (value := getattr(found, field)) is not None:
            yield from number((*at, field), f"{subject}: {field}", value, lowest)


def _policy(at: KeyPath, subject: str, policy: MailFlowPolicy) -> Iterator[Breach]:
    about = f"{subject}: policy {quoted(policy.name)}"
    if fault := policy_name_fault(policy.name):
        yield Breach((*at, "name"), f"{about} {fault}.")
    yield from _parameters(at, about, policy)
    for position, each in enumerate(policy.others):
        if fault := parameter_fault(each):
            yield Breach((*at, "others", position), f"{about}: {quoted(each)} {fault}.")


def parameter_fault(text: str) -> str | None:
    """What is wrong with a parameter as a table has it: `name = value`."""
    name, sign, value = (part.strip() for part in text.partition("="))
    if sign and value and name.isidentifier() and name.isascii() and value.isprintable():
        return None if not set(value) & set("{}") else "holds a brace"
    return "is not name = value"


def _group(
    at: KeyPath, subject: str, group: SenderGroup, policies: list[str], *, last: bool
) -> Iterator[Breach]:
    about = f"{subject}: sender group {quoted(group.name)}"
    if group.name == ALL:
        if not group.single:
            yield Breach((*at, "single"), f"{about} is for everybody and no group.")
        if not last:
            yield Breach((*at, "name"), f"{about} is not the last.")
    elif fault := sender_fault(group.name) if group.single else group_name_fault(group.name):
        yield Breach((*at, "name"), f"{about} {fault}.")
    if group.single and group.senders:
        yield Breach((*at, "senders"), f"{about} is for one sender only.")
    if group.policy not in (*policies, *BEHAVIORS):
        yield Breach((*at, "policy"), f"{about}: there is no policy {quoted(group.policy)}.")
    seen = set()
    for position, text in enumerate(group.senders):
        if fault := sender_fault(text):
            yield Breach((*at, "senders", position), f"{about}: sender {quoted(text)} {fault}.")
        sender = text.partition(" ")[0].lower()
        if sender in seen:
            told = f"{about}: sender {quoted(text)} is listed twice."
            yield Breach((*at, "senders", position), told)
        seen.add(sender)
    if group.comment and (fault := name_fault(group.comment, LONGEST_COMMENT)):
        yield Breach((*at, "comment"), f"{about}: the comment {fault}.")


def _recipients(at: KeyPath, subject: str, listener: Listener) -> Iterator[Breach]:
    recipients = listener.recipients
    if recipients and listener.type is not ListenerType.PUBLIC:
        text = f"{subject}: a private listener has no recipient access table."
        yield Breach((*at, "recipients"), text)
    where: KeyPath = (*at, "recipients")
    addresses = (each.address for each in recipients)
    yield from twice(where, "address", f"{subject}: recipient", addresses)
    for position, each in enumerate(recipients):
        about = f"{subject}: recipient {quoted(each.address)}"
        yield from _recipient((*where, position), about, each)


def _recipient(at: KeyPath, about: str, recipient: RecipientAccess) -> Iterator[Breach]:
    if recipient.address != ALL and (fault := recipient_fault(recipient.address)):
        yield Breach((*at, "address"), f"{about} {fault}.")
    if recipient.response and (fault := response_fault(recipient.response)):
        yield Breach((*at, "response"), f"{about}: {quoted(recipient.response)} {fault}.")
