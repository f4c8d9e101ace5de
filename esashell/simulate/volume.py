"""How much of a simulation is written down: which messages the log tells the story of.

Millions of messages would be millions of lines, and nearly all of them alike. A message is either
told whole, from its connection to its end, or not at all. Told are the first few of each
destination, every message with which something changes (the one that meets another outcome than
those before it), and of the rest one in so many. Whether a message is told is known when it comes,
so a log that was read once only ever grows.

A simulation of a thousand messages is told whole. What is left out is said in the first line of the
log. The figures of the simulation count all
messages; a log that was cut short must never be taken for them.
"""

from msgspec import Struct


class Volume(Struct, frozen=True):
    """`first` of each destination, then one in `every`; `most` in all, and none after that.

    `every` of 1 tells everything, up to `most`; 0 none but the first and those of a change. Each
    may be a hundred lines and more, where it waits for three days.
    """

    first: int = 3
    every: int = 1000
    most: int = 3000

    def __post_init__(self) -> None:
        if min(self.first, self.every, self.most) < 0:
            raise ValueError("a number of messages is not below 0")

    @property
    def is_whole(self) -> bool:
        return self.every == 1

    def destinations(self, count: int) -> int:
        """Of how many destinations messages are told; as many more, where they fail.

        That leaves half of the room for what is told besides the first messages.
        """
        if self.is_whole:
            return count
        return min(count, max(self.most // (4 * max(self.first, 1)), 1))

    def chooses(self, number: int) -> bool:
        """Whether the message of this number, from 1, is told whatever happens."""
        return number <= self.first or (self.every > 0 and number % self.every == 0)

    def numbers(self, after: int, last: int) -> list[int]:
        """Those of the messages after `after` up to `last` that are told whatever happens."""
        if self.is_whole:
            return list(range(after + 1, last + 1))
        found = list(range(after + 1, min(self.first, last) + 1))
        if self.every:
            begin = max(after, self.first)
            found += range((begin // self.every + 1) * self.every, last + 1, self.every)
        return found

    def sentence(self, messages: int, destinations: int) -> str:
        """What a reader of the log has to know, for a run of so many messages."""
        begin = "This log is of a simulation."
        if self.is_whole and messages <= self.most:
            return f"{begin} All of its {messages:,} messages are in it."
        parts = []
        if not self.is_whole:
            if self.first:
                parts.append(f"the first {self.first} of {self._of_whom(destinations)}")
            parts.append("every message there with which something changes")
        if self.every > 1:
            parts.append(f"one in {self.every:,} of the others")
        told = ", ".join(parts) or "all"
        return (
            f"{begin} Of its {messages:,} messages it tells {told}, and no more than "
            f"{self.most:,}. The figures count all of them."
        )

    def _of_whom(self, destinations: int) -> str:
        read = self.destinations(destinations)
        if read == destinations:
            return f"each of {destinations:,} destinations"
        return f"{read:,} of {destinations:,} destinations and of up to {read:,} that fail"


USUAL = Volume()
# About so many messages are told besides the first ones and those of a change.
ABOUT = 1000
EVERYTHING = Volume(every=1, most=1 << 40)


def volume_for(messages: int) -> Volume:
    """The volume for a simulation of so many messages; a small one is told whole."""
    return Volume(every=max(1, -(-messages // ABOUT)))
