"""Listeners (`listenerconfig`): where mail comes in, from whom, and for whom.

A connection belongs to the first entry of the host access table that is for its address. The entry
names a mail flow policy, which says what happens to it: RELAY sends the mail on to anywhere, which
is how an organisation's own servers deliver, and DANE is asked for on the way; ACCEPT takes mail
for the domains of the recipient access table only.

An entry is a sender group, which has a name and any number of senders, or is for a single one. The
last entry is always ALL, for everybody that no other is for.
"""

from enum import StrEnum

from msgspec import Struct

ALL = "ALL"


class ListenerType(StrEnum):
    PUBLIC = "Public"
    PRIVATE = "Private"


class Behavior(StrEnum):
    """What a mail flow policy does with a connection."""

    ACCEPT = "ACCEPT"
    RELAY = "RELAY"
    REJECT = "REJECT"
    TCPREFUSE = "TCPREFUSE"
    CONTINUE = "CONTINUE"


BEHAVIORS = tuple(each.value for each in Behavior)


class ReceivingTls(StrEnum):
    """How much TLS a policy asks of the senders."""

    NO = "No"
    PREFERRED = "Preferred"
    REQUIRED = "Required"


NO_RATE = -1
"""No limit of recipients per hour."""


class PolicyParameters(Struct, frozen=True, forbid_unknown_fields=True):
    """The parameters of a listener's policies that do not set their own; as of a public listener.

    Sizes are in bytes. `max_recipients_per_hour` is -1 where there is no limit, and `dhap_limit`,
    of recipients that do not exist, is 0.
    """

    max_messages_per_session: int = 10
    max_concurrency: int = 10
    max_recipients_per_message: int = 50
    max_recipients_per_hour: int = NO_RATE
    max_message_size: int = 10_485_760
    tls: ReceivingTls = ReceivingTls.NO
    dhap_limit: int = 25
    use_senderbase: bool = True
    spam_check: bool = True
    virus_check: bool = True


class MailFlowPolicy(Struct, frozen=True, forbid_unknown_fields=True):
    """A named behaviour with its parameters; None is the listener's default.

    `others` are parameters of an imported table that nothing here goes by, as they stood there.
    """

    name: str
    behavior: Behavior
    max_messages_per_session: int | None = None
    max_concurrency: int | None = None
    max_recipients_per_message: int | None = None
    max_recipients_per_hour: int | None = None
    max_message_size: int | None = None
    tls: ReceivingTls | None = None
    dhap_limit: int | None = None
    use_senderbase: bool | None = None
    spam_check: bool | None = None
    virus_check: bool | None = None
    others: tuple[str, ...] = ()


class SenderGroup(Struct, frozen=True, forbid_unknown_fields=True):
    """An entry of the host access table. `policy` is a policy's name or a behaviour.

    A sender is an address, a range, a host name or a test in brackets; a comment in parentheses may
    follow it. A `single` entry is for the sender that is its name.
    """

    name: str
    policy: str
    senders: tuple[str, ...] = ()
    comment: str = ""
    single: bool = False


class RecipientAccess(Struct, frozen=True, forbid_unknown_fields=True):
    """One line of the recipient access table: a domain, `.domain`, `user@`, address or `ALL`.

    `response` is what is answered to RCPT TO, code and text, where it is not the usual answer;
    `bypass` takes the recipient out of the limits of the policies.
    """

    address: str
    accept: bool
    response: str = ""
    bypass: bool = False


class Listener(Struct, frozen=True, forbid_unknown_fields=True):
    """One listener. The order of the sender groups decides; the order of the recipients does not.

    `tcp_queue` is how many connections wait to be taken. `default_domain` completes addresses that
    have none. `recipients` are of a public listener only.
    """

    name: str
    type: ListenerType
    interface: str = "Management"
    port: int = 25
    max_concurrency: int = 1000
    bounce_profile: str = "Default"
    tcp_queue: int = 50
    default_domain: str = ""
    certificate: str = "Demo"
    defaults: PolicyParameters = PolicyParameters()
    policies: tuple[MailFlowPolicy, ...] = ()
    sender_groups: tuple[SenderGroup, ...] = ()
    recipients: tuple[RecipientAccess, ...] = ()


class ReceivingSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """What holds for all listeners together. Times are in seconds.

    `header_lines` is 0 where there is no limit. With `late_rejection` a connection that the host
    access table rejects is told so at RCPT TO, so that the log has the recipient.
    """

    concurrency: int = 300
    tls_concurrency: int = 100
    header_lines: int = 1000
    counter_reset: int = 3600
    unsuccessful_timeout: int = 300
    connection_time: int = 900
    late_rejection: bool = False
