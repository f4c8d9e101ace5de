"""What becomes of messages: their fates, who judged, and when, as plain records.

A queue's history is a list of entries. Each is a run of messages, by their numbers, that met one
fate; what failed for now is not in it, since it is still in the queue.
"""

from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

from esashell.simulate.traffic import NEVER

if TYPE_CHECKING:
    from esashell.delivery.attempt import Attempt


class Fate(StrEnum):
    """What an attempt does with a message, as far as the queue can tell."""

    DELIVERED_WITH_DANE = "delivered with DANE"
    DELIVERED_WITH_TLS = "delivered with TLS"
    DELIVERED_IN_CLEAR = "delivered in clear"
    BOUNCED = "bounced"
    UNROUTABLE = "bounced by the DNS"
    EXPIRED = "expired in the queue"
    RETURNED = "bounced by hand"
    DROPPED = "dropped"
    DELETED = "deleted"
    DEFERRED = "deferred"

    @property
    def is_delivery(self) -> bool:
        return self in _DELIVERIES

    @property
    def is_bounce(self) -> bool:
        return self in _BOUNCES

    @property
    def is_dropped(self) -> bool:
        """Whether it is gone without anybody being told."""
        return self is Fate.DROPPED or self is Fate.DELETED


_DELIVERIES = (Fate.DELIVERED_WITH_DANE, Fate.DELIVERED_WITH_TLS, Fate.DELIVERED_IN_CLEAR)
_BOUNCES = (Fate.BOUNCED, Fate.UNROUTABLE, Fate.EXPIRED, Fate.RETURNED)


class Judgement(Struct, frozen=True):
    """What an attempt would end in from now until, but not including, the instant `until`.

    `attempt` is the one that was made, if one was. `soft` says that the destination itself put the
    mail off, with a 4xx reply; of a destination that nobody got to talk to it is false.
    """

    fate: Fate
    until: int = NEVER
    attempt: "Attempt | None" = None
    soft: bool = False


class Entry(Struct, frozen=True):
    """The messages after `first` up to `last` met a fate.

    At the instant `when`; or, where `flowing`, each as it came, until the instant `when`.
    """

    when: int
    fate: Fate
    first: int
    last: int
    flowing: bool = False
    judgement: Judgement | None = None

    @property
    def count(self) -> int:
        return self.last - self.first


class Failed(Struct, frozen=True):
    """A queue was attempted and stays, all of it: the messages after `first` up to `last`.

    `until` is the slot at which it is attempted again; `NEVER` where nothing was left of it.
    """

    when: int
    judgement: Judgement
    first: int
    last: int
    until: int
