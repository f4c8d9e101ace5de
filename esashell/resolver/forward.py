"""Asking the configured recursive resolvers, the best first, until one gives a usable answer.

The resolvers are trusted with nothing but carrying messages: CD is set, AD is ignored, and whatever
comes back is validated here (RFC 4035 4.9.3). So any well-formed NOERROR or NXDOMAIN that answers
the very question is usable, and everything else (silence, SERVFAIL, REFUSED, garbage, the answer
to another question, a referral) sends the question to the next resolver. An answer that later
turns out to be BOGUS is *not* asked for elsewhere: a resolver that strips DNSSEC would otherwise be
hidden by its neighbour, and the operator would learn of it on the day the neighbour fails.

Lower numbers are asked first; equals are taken in turn, or as `pick` says. A time-out belongs to a
priority and grows with it. A resolver that keeps silent goes to the end of the queue at once, in
the middle of a look-up too, and one that has only errors where others have answers goes there after
a few of them. Either is still asked when nobody else has an answer, and has its turn again
after a while (`standing`).
"""

from collections.abc import Callable, Sequence

from msgspec import Struct

from esashell.clock import SECOND, Clock
from esashell.resolver import trail
from esashell.resolver.answer import Asked, Reason
from esashell.resolver.budget import Work
from esashell.resolver.exchange import USABLE, Ask, Question, Reply, exchanged
from esashell.resolver.names import ROOT, Name
from esashell.resolver.reading import refers
from esashell.resolver.reasons import Why, because
from esashell.resolver.rrtypes import Rcode, rcode_text, type_text
from esashell.resolver.standing import Standing
from esashell.steps import Steps, Tell

FIRST_TIMEOUT = 5 * SECOND
ROUNDS = 2  # a datagram may be lost; resolvers that kept silent are asked once more


class Server(Struct, frozen=True):
    """A recursive resolver; 0 is the highest priority."""

    address: str
    priority: int = 0


class Forwarder:
    """Asks the resolvers; remembers which of them are of no use, and whose turn it is."""

    def __init__(
        self, servers: Sequence[Server], clock: Clock, pick: Callable[[int], int] | None = None
    ) -> None:
        self.servers = tuple(servers)
        self.clock = clock
        self._pick = pick
        self._turn = 0
        self.standing = Standing(clock)
        levels = sorted({each.priority for each in self.servers})
        self._levels = tuple(
            tuple(each for each in self.servers if each.priority == priority) for priority in levels
        )
        self._timeouts = {
            priority: FIRST_TIMEOUT * (rank + 1) for rank, priority in enumerate(levels)
        }

    def order(self) -> tuple[Server, ...]:
        """The resolvers in the order in which one look-up asks them, were they all well."""
        if len(self.servers) == 1 and self._pick is None:
            return self.servers
        ordered: list[Server] = []
        for equals in self._levels:
            if self._pick is None:
                start = self._turn % len(equals)
            else:
                start = self._pick(len(equals)) % len(equals)
            ordered += equals[start:] + equals[:start]
        self._turn += 1
        return tuple(ordered)

    def source(self, work: Work, asked: list[Asked]) -> Ask:
        """Who one look-up asks: the resolvers in one order throughout, but for those set back."""
        order = self.order()
        return lambda qname, rdtype: self._ask((qname, rdtype), order, work, asked)

    def forget(self) -> None:
        """Ask as if for the first time: nothing is known against any."""
        self.standing.clear()

    def _ask(
        self, wanted: tuple[Name, int], order: Sequence[Server], work: Work, asked: list[Asked]
    ) -> Steps[Reply]:
        """The first usable answer; when there is none, a reason that names what each one said."""
        qname, rdtype = wanted
        if not self.servers:
            about = f"{qname.dotted} {type_text(rdtype)}"
            return Reply(None, because(Why.NO_SERVER, ROOT, about))
        said: dict[str, str] = {}
        errors: list[tuple[int, str]] = []
        useless: list[str] = []
        waiting = list(order)
        if len(waiting) > 1 and self.standing.anybody:
            waiting.sort(key=lambda each: self.standing.set_back(each.address))
        trailed = work.trail == wanted
        for _ in range(ROUNDS):
            silent: list[Server] = []
            for server in waiting:
                timeout = self._timeouts[server.priority]
                one = Question(server.address, qname, rdtype, timeout, recursive=True)
                if work.tells:
                    level, passing = self._level(server), not trailed
                    it = trail.sent(qname, rdtype, server.address, level, in_passing=passing)
                    yield Tell(it)
                message, result = yield from exchanged(one, self.clock, work, asked)
                said[server.address] = result
                if message is None:
                    silent.append(server)
                    self.standing.silent(server.address)
                    if trailed:
                        yield Tell(trail.failed(qname, rdtype, server.address, result, heard=False))
                    continue
                if self.standing.anybody:
                    self.standing.spoke(server.address)
                if refers(message, qname, rdtype):
                    said[server.address] = "referral (not a recursive resolver)"
                elif result in USABLE:
                    self.standing.answered(server.address)
                    for each in useless:
                        self.standing.failed(each)
                    return Reply(message)
                if trailed:
                    word = said[server.address]
                    yield Tell(trail.failed(qname, rdtype, server.address, word, heard=True))
                useless.append(server.address)
                errors.extend(message.extended_errors)
            waiting = silent
        return Reply(None, _nobody(qname, rdtype, said, errors))

    def _level(self, server: Server) -> tuple[int, int]:
        """Which priority the server has, counted from 0, and how many there are."""
        levels = [equals[0].priority for equals in self._levels]
        return levels.index(server.priority), len(levels)


def _nobody(
    qname: Name, rdtype: int, said: dict[str, str], errors: Sequence[tuple[int, str]]
) -> Reason:
    each = ", ".join(f"{server}: {word}" for server, word in said.items())
    about = f"{qname.dotted} {type_text(rdtype)}"
    if errors:
        each += "; " + "; ".join(f"it says: EDE {code} {extra}".rstrip() for code, extra in errors)
    if rcode_text(Rcode.YXDOMAIN) in said.values():
        return because(Why.SUBSTITUTION_TOO_LONG, ROOT, about, said=each)
    spoke = any(word.isupper() for word in said.values())
    why = Why.NO_ANSWER if spoke else Why.SILENCE
    return because(why, ROOT, about, who="no configured DNS server", said=each)
