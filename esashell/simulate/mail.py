"""The messages of one queue: how many have come is a formula, and so is each one of them.

Nothing is kept of a message. Who it is from and for, and how large it is, follows from its number
whenever somebody asks: two askers, and two runs, see the same message.
"""

from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from esashell.config.model.listeners import Behavior
from esashell.simulate.handed import Handed
from esashell.simulate.scenario import Explicit, Traffic
from esashell.simulate.traffic import Merged, Stream

# Steps of the golden section: numbers that follow one another land far apart.
_WEYL = 0x9E3779B97F4A7C15
_SENDERS, _RECIPIENTS = 200, 1000


class Letter(Struct, frozen=True):
    """One message to one recipient; `size` in bytes."""

    number: int
    arrival: int
    sender: str
    recipient: str
    subject: str
    size: int
    behavior: Behavior
    listener: str
    group: str


class Letters(Protocol):
    """The messages of a queue."""

    @property
    def stream(self) -> Stream: ...

    def letter(self, number: int) -> Letter:
        """The message of this number, from 1."""


class Part(Struct, frozen=True):
    """A stream of the queue's mail, and what its messages are like."""

    stream: Stream
    like: Traffic | tuple[Explicit, ...]


class Mail(Struct, frozen=True):
    """All mail of a queue. `from_domain` is who we are, where nobody else is named as sender."""

    parts: tuple[Part, ...]
    stream: Stream
    from_domain: str
    seed: int

    def letter(self, number: int) -> Letter:
        """The message of this number, from 1."""
        index, own = 0, number
        if isinstance(self.stream, Merged):
            index, own = self.stream.origin(number)
        like, arrival = self.parts[index].like, self.stream.arrival(number)
        if isinstance(like, tuple):
            it = like[own - 1]
            return Letter(
                number,
                arrival,
                it.sender,
                it.recipient,
                it.subject,
                it.size,
                it.behavior,
                it.listener,
                it.group,
            )
        drawn = (own * _WEYL + self.seed * 0xD1342543DE82EF95 + index) % (1 << 64)
        sender = like.sender or f"user{drawn % _SENDERS}@{self.from_domain}"
        return Letter(
            number,
            arrival,
            sender,
            f"contact{(drawn >> 16) % _RECIPIENTS}@{like.domain}",
            f"Message {number}",
            # From a quarter of the average to what makes it the average.
            like.size // 4 + like.size * 3 // 2 * (drawn >> 32) // (1 << 32),
            like.behavior,
            like.listener,
            like.group,
        )


def mail(parts: tuple[Part, ...], from_domain: str, seed: int) -> Mail:
    stream = parts[0].stream if len(parts) == 1 else Merged(tuple(each.stream for each in parts))
    return Mail(parts, stream, from_domain, seed)


class HandedMail(Struct, frozen=True):
    """The mail that another appliance hands over."""

    stream: Handed
    letters: Letters

    def letter(self, number: int) -> Letter:
        letter = self.letters.letter(self.stream.origin(number))
        return replace(letter, number=number, arrival=self.stream.arrival(number))
