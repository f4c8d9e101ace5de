"""Asking the configured recursive resolvers, the best first, until one gives a usable answer.

The resolvers are trusted with nothing but carrying messages: CD is set, AD is ignored, and whatever
comes back is validated here (RFC 4035 4.9.3). So any well-formed NOERROR or NXDOMAIN that answers
the very question is usable, and everything else (silence, SERVFAIL, REFUSED, garbage, the answer
to another question, a referral) sends the question to the next resolver. An answer that later
turns out to be BOGUS is *not* asked for elsewhere: a resolver that strips DNSSEC would otherwise be
hidden by its neighbour, and the operator would learn of it on the day the neighbour fails.

Lower numbers are asked first; equals are taken in turn, or as `pick` says. A time-out belongs to a
priority and grows with it. A resolver that kept silent goes to the end of the queue for a while
and is still asked when nobody else has an answer.
"""

from collections.abc import Callable, Sequence

from msgspec import Struct

from esashell.clock import SECOND, Clock
from esashell.resolver.answer import Asked, Ede, Reason
from esashell.resolver.budget import Work
from esashell.resolver.exchange import USABLE, Ask, Question, Reply, exchanged
from esashell.resolver.names import Name
from esashell.resolver.reading import reading
from esashell.resolver.rrtypes import type_text
from esashell.steps import Steps

SILENCE = 60 * SECOND  # how long a resolver that kept silent is asked last
FIRST_TIMEOUT = 5 * SECOND
ROUNDS = 2  # a datagram may be lost; resolvers that kept silent are asked once more


class Server(Struct, frozen=True):
    """A recursive resolver; 0 is the highest priority."""

    address: str
    priority: int = 0


class Forwarder:
    """Asks the resolvers; remembers which of them kept silent, and whose turn it is."""

    def __init__(
        self, servers: Sequence[Server], clock: Clock, pick: Callable[[int], int] | None = None
    ) -> None:
        self.servers = tuple(servers)
        self.clock = clock
        self._pick = pick
        self._turn = 0
        self._silent_until: dict[str, int] = {}
        levels = sorted({each.priority for each in self.servers})
        self._timeouts = {
            priority: FIRST_TIMEOUT * (rank + 1) for rank, priority in enumerate(levels)
        }

    def order(self) -> tuple[Server, ...]:
        """The resolvers in the order in which one look-up asks them."""
        now = self.clock.now()
        ordered: list[Server] = []
        for priority in self._timeouts:
            equals = [each for each in self.servers if each.priority == priority]
            if self._pick is None:
                start = self._turn % len(equals)
            else:
                start = self._pick(len(equals)) % len(equals)
            ordered += equals[start:] + equals[:start]
        self._turn += 1
        ordered.sort(key=lambda each: self._silent_until.get(each.address, 0) > now)
        return tuple(ordered)

    def source(self, work: Work, asked: list[Asked]) -> Ask:
        """Who one look-up asks: the resolvers in an order that stays the same throughout it."""
        order = self.order()
        return lambda qname, rdtype: self._ask((qname, rdtype), order, work, asked)

    def forget(self) -> None:
        """Ask as if for the first time: none is known to be silent."""
        self._silent_until.clear()

    def _ask(
        self, wanted: tuple[Name, int], order: Sequence[Server], work: Work, asked: list[Asked]
    ) -> Steps[Reply]:
        """The first usable answer; when there is none, a reason that names what each one said."""
        qname, rdtype = wanted
        if not self.servers:
            text = "no DNS server is configured (dnsconfig)"
            return Reply(None, Reason(Ede.NOT_READY, text))
        said: dict[str, str] = {}
        errors: list[tuple[int, str]] = []
        waiting = list(order)
        for _ in range(ROUNDS):
            silent: list[Server] = []
            for server in waiting:
                timeout = self._timeouts[server.priority]
                one = Question(server.address, qname, rdtype, timeout, recursive=True)
                message, result = yield from exchanged(one, self.clock, work, asked)
                said[server.address] = result
                if message is None:
                    silent.append(server)
                    self._silent_until[server.address] = self.clock.now() + SILENCE
                    continue
                self._silent_until.pop(server.address, None)
                if reading(message, qname, rdtype, 0).referral:
                    said[server.address] = "referral (not a recursive resolver)"
                elif result in USABLE:
                    return Reply(message)
                errors.extend(message.extended_errors)
            waiting = silent
        return Reply(None, _nobody(qname, rdtype, said, errors))


def _nobody(
    qname: Name, rdtype: int, said: dict[str, str], errors: Sequence[tuple[int, str]]
) -> Reason:
    each = ", ".join(f"{server}: {word}" for server, word in said.items())
    about = f"{qname.dotted} {type_text(rdtype)}"
    text = f"no configured DNS server gave an answer for {about} ({each})"
    if errors:
        text += "; " + "; ".join(f"it says: EDE {code} {extra}".rstrip() for code, extra in errors)
    spoke = any(word.isupper() for word in said.values())
    return Reason(Ede.NO_REACHABLE_AUTHORITY if spoke else Ede.NETWORK_ERROR, text, about)
