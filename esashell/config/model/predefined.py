"""What a new listener begins with, and the two that the setup wizard makes.

The policies and sender groups of a public listener are those of the published tables (CLI Reference
Guide 9.7, listenerconfig; User Guide 8.5.5, table 6-1), those of a private one of the Configuration
Guide 7.5, table 5-13. The senders of the groups come from reputation scores on the appliance; there
is no reputation service here, so the groups begin empty and whoever is in none gets ALL's policy.

The wizard puts incoming and outgoing mail on two interfaces. There is one here, so outgoing mail
comes in on the port for submission (RFC 6409).
"""

from esashell.config.model.listeners import (
    ALL,
    NO_RATE,
    Behavior,
    Listener,
    ListenerType,
    MailFlowPolicy,
    PolicyParameters,
    ReceivingTls,
    RecipientAccess,
    SenderGroup,
)

PUBLIC_POLICIES = (
    MailFlowPolicy("ACCEPTED", Behavior.ACCEPT),
    MailFlowPolicy(
        "THROTTLED",
        Behavior.ACCEPT,
        max_messages_per_session=10,
        max_concurrency=10,
        max_recipients_per_message=25,
        max_recipients_per_hour=20,
        max_message_size=1_048_576,
        tls=ReceivingTls.NO,
        dhap_limit=0,
        use_senderbase=True,
        spam_check=True,
        virus_check=True,
    ),
    MailFlowPolicy(
        "TRUSTED",
        Behavior.ACCEPT,
        max_messages_per_session=5000,
        max_concurrency=600,
        max_recipients_per_message=5000,
        max_recipients_per_hour=NO_RATE,
        max_message_size=104_857_600,
        tls=ReceivingTls.NO,
        dhap_limit=0,
        use_senderbase=False,
        spam_check=False,
        virus_check=True,
    ),
    MailFlowPolicy("BLOCKED", Behavior.REJECT),
)
PUBLIC_GROUPS = (
    SenderGroup(
        "WHITELIST",
        "TRUSTED",
        comment="My trusted senders have no anti-spam scanning or rate limiting",
    ),
    SenderGroup("BLACKLIST", "BLOCKED", comment="Spammers are rejected"),
    SenderGroup("SUSPECTLIST", "THROTTLED", comment="Suspicious senders are throttled"),
    SenderGroup(
        "UNKNOWNLIST", "ACCEPTED", comment="Reviewed but undecided, continue normal acceptance"
    ),
    SenderGroup(ALL, "ACCEPTED", single=True),
)
PRIVATE_POLICIES = (
    MailFlowPolicy("RELAYED", Behavior.RELAY, max_recipients_per_hour=NO_RATE, virus_check=False),
    MailFlowPolicy("BLOCKED", Behavior.REJECT),
)
PRIVATE_DEFAULTS = PolicyParameters(
    max_messages_per_session=10_000,
    max_concurrency=600,
    max_recipients_per_message=100_000,
    max_message_size=104_857_600,
    dhap_limit=0,
    use_senderbase=False,
    spam_check=False,
)
# User Guide 10.0, delivery parameters: per listener, 1,000 connections or 600.
PUBLIC_CONCURRENCY, PRIVATE_CONCURRENCY = 1000, 600
REJECT_OTHERS = RecipientAccess(ALL, accept=False)


def public_listener(name: str, interface: str, port: int, recipients: tuple[str, ...]) -> Listener:
    """A listener for mail from the Internet to these recipients."""
    accepted = (RecipientAccess(each, accept=True) for each in recipients)
    return Listener(
        name,
        ListenerType.PUBLIC,
        interface,
        port,
        PUBLIC_CONCURRENCY,
        policies=PUBLIC_POLICIES,
        sender_groups=PUBLIC_GROUPS,
        recipients=(*accepted, REJECT_OTHERS),
    )


def private_listener(name: str, interface: str, port: int, relayed: tuple[str, ...]) -> Listener:
    """A listener for mail from these systems to anywhere."""
    groups = (
        SenderGroup("RELAYLIST", "RELAYED", relayed),
        SenderGroup(ALL, "BLOCKED", single=True),
    )
    return Listener(
        name,
        ListenerType.PRIVATE,
        interface,
        port,
        PRIVATE_CONCURRENCY,
        defaults=PRIVATE_DEFAULTS,
        policies=PRIVATE_POLICIES,
        sender_groups=groups,
    )


WIZARDS_LISTENERS = (
    public_listener("IncomingMail", "Management", 25, ("myesa.local",)),
    private_listener("OutgoingMail", "Management", 587, ("192.168.42.0/24",)),
)
