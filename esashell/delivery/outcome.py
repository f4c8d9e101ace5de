"""What becomes of a message: delivered, kept, returned or dropped, and by which rule.

`attempt.outcome` is a function of what was observed and of the settings, and of nothing else. It
may be asked about settings that were never tried. Where those would have led to something that the
observation does not hold, the answer is that it is not known; nothing is ever guessed.
"""

from enum import StrEnum

from msgspec import Struct

from esashell.dane.reason import DaneReason
from esashell.resolver.names import Name
from esashell.smtp.transaction import Transaction


class Result(StrEnum):
    DELIVER = "deliver"
    DEFER = "defer"
    BOUNCE = "hard bounce"
    DROP = "drop"
    NOT_KNOWN = "not known"


class Protection(StrEnum):
    """How a message travels."""

    DANE = "DANE"
    AUTHENTICATED = "TLS, authenticated"
    UNAUTHENTICATED = "TLS, not authenticated"
    CLEAR = "clear text"


class Rule(Struct, frozen=True):
    """What decided: a row of the decision table, a TLS setting or a rule of SMTP."""

    name: str
    source: str


class Try(Struct, frozen=True):
    """One host or address that the mail did not go to, and why the next had its turn.

    `address` is empty when it did not come to a connection. `protection` is how the message would
    have travelled, where it failed only as it was handed over.
    """

    host: Name | None
    address: str
    rule: Rule
    status: str
    reason: DaneReason
    protection: Protection | None = None


class Outcome(Struct, frozen=True):
    """The decision. `status` is an enhanced status code (RFC 3463).

    `protection`, `host`, `address` and `server_name` (what went out as SNI) are of the delivery;
    `tries` are the hosts and addresses before it. A message that was deferred has the reason of the
    best host, which is the one to be mended first. `transaction` is None where no message was
    handed over: then DELIVER says that it would be.
    """

    result: Result
    rule: Rule
    status: str
    reason: DaneReason
    protection: Protection | None = None
    host: Name | None = None
    address: str = ""
    server_name: str = ""
    tries: tuple[Try, ...] = ()
    transaction: Transaction | None = None
