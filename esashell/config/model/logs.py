"""Log subscriptions (`logconfig`): what is written down, how closely, and how much is kept.

A new appliance has two dozen subscriptions. Here there are those whose subject exists here: mail,
bounces, the status line, the system, and what was typed. `antispam`, `euq_logs`, `gui_logs` and
their like would be folders that stay empty for ever, and an empty log is read as "nothing went
wrong". For the same reason a subscription can only be made of a type that is written. All of them
begin at Information, but for `error_logs`, which has the Critical lines of the mail log only.
"""

from enum import StrEnum

from msgspec import Struct


class LogType(StrEnum):
    """What a subscription is about; the values are the appliance's own names."""

    MAIL = "IronPort Text Mail Logs"
    SYSTEM = "System Logs"
    CLI = "CLI Audit Logs"
    BOUNCE = "Bounce Logs"
    STATUS = "Status Logs"
    DELIVERY = "Delivery Logs"


class LogLevel(StrEnum):
    """How much is written: each level with everything of those before it."""

    CRITICAL = "Critical"
    WARNING = "Warning"
    INFORMATION = "Information"
    DEBUG = "Debug"
    TRACE = "Trace"


class LogSubscription(Struct, frozen=True, forbid_unknown_fields=True):
    """One subscription: its files are `NAME/FILENAME.@TIME.s`, the newest still being written.

    A file is closed at `maximum_size` bytes, and `rollover` seconds after it was begun when that
    is not 0; `maximum_files` are kept. `bytes_to_record`, of a bounced message, is for bounce logs.
    """

    name: str
    type: LogType
    filename: str
    level: LogLevel = LogLevel.INFORMATION
    maximum_size: int = 10_485_760
    maximum_files: int = 10
    rollover: int = 0
    bytes_to_record: int = 0


class LogSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The subscriptions and the general settings; `metrics_interval` is in seconds."""

    metrics_interval: int = 60
    message_id_headers: bool = True
    original_subject: bool = True
    remote_response: bool = True
    headers: tuple[str, ...] = ()
    subscriptions: tuple[LogSubscription, ...] = (
        LogSubscription("bounces", LogType.BOUNCE, "bounces"),
        LogSubscription("cli_logs", LogType.CLI, "cli"),
        LogSubscription("error_logs", LogType.MAIL, "errors", LogLevel.CRITICAL),
        LogSubscription("mail_logs", LogType.MAIL, "mail"),
        LogSubscription("status", LogType.STATUS, "status"),
        LogSubscription("system_logs", LogType.SYSTEM, "system"),
    )
