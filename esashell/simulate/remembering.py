"""A resolver's cache in a world that changes only when something happens in it.

When an answer has run out, it is asked for again, and in a world in which nothing has happened
meanwhile it comes out as before: the same records, the same verdict, for as long again. So it need
not be asked for. Here what has run out is *renewed*: it is taken for found at the instant at which
somebody wants it, with the life that it had the first time, and so is everything that was looked at
on the way to it. A look-up that would have gone over the network costs a microsecond, and ends in
the same cache.

When something does happen, whoever knows what says which names it touches (`touch`). What is kept
of those stays until it has run out, as in every cache, and is really asked for then.
"""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from esashell.clock import Clock
from esashell.resolver.answer import Answer
from esashell.resolver.cache import Cache, Shelf
from esashell.resolver.lookup import Resolver
from esashell.resolver.names import ROOT, Name
from esashell.resolver.zone import Zone
from esashell.simulate.traffic import NEVER
from esashell.steps import Steps

V = TypeVar("V")

ROOM = 1 << 20
Journal = list[tuple["LastingShelf[Any]", object]]


class Life(Struct):
    """How long an entry lives each time, what was looked at for it, and whether it is renewed."""

    span: int
    renewed: bool = True
    leaned_on: Journal = []


class LastingShelf(Shelf[V]):
    """A shelf whose entries are renewed when they have run out, as long as nothing has happened."""

    def __init__(self, clock: Clock, journal: Journal) -> None:
        super().__init__(ROOM)
        self.lives: dict[object, Life] = {}
        self.unsteady: Callable[[object, V], bool] | None = None
        self._clock = clock
        self._journal = journal

    def find(self, key: object, now: int) -> tuple[V, int] | None:
        self._journal.append((self, key))
        self.renew(key, now)
        return super().find(key, now)

    def keep(self, key: object, value: V, until: int) -> None:
        super().keep(key, value, until)
        self._journal.append((self, key))
        steady = self.unsteady is None or not self.unsteady(key, value)
        self.lives[key] = Life(until - self._clock.now(), steady)

    def kept(self, key: object) -> tuple[int, V] | None:
        """The entry and its end, whether or not it has run out."""
        return self._kept.get(key)

    def renew(self, key: object, now: int) -> None:
        kept = self._kept.get(key)
        if kept is None or kept[0] > now:
            return
        life = self.lives[key]
        if life.renewed:
            for shelf, other in life.leaned_on:
                shelf.renew(other, now)
            until = now + life.span
            value: Any = kept[1]
            if isinstance(value, Zone):
                value = replace(value, until=until)
            self._kept[key] = (until, value)

    def expire(self, touches: Callable[[object, V], bool]) -> None:
        """What this is true of is not renewed any more."""
        for key, (_, value) in self._kept.items():
            if touches(key, value):
                self.lives[key].renewed = False

    def clear(self) -> None:
        super().clear()
        self.lives.clear()


class LastingCache(Cache):
    """A cache of such shelves; `journal` is what has been looked at since it was last emptied."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.journal: Journal = []
        self.answers: LastingShelf[Answer] = LastingShelf(clock, self.journal)
        self.zones: LastingShelf[object] = LastingShelf(clock, self.journal)
        self.uncut: LastingShelf[Name] = LastingShelf(clock, self.journal)
        self.aliases: LastingShelf[Any] = LastingShelf(clock, self.journal)

    def touch(self, apexes: Iterable[Name] | None) -> None:
        """Something has happened below these names; None is everywhere."""
        for shelf, concerns in self._concerned(apexes):
            shelf.expire(concerns)

    def unsteady(self, apexes: Iterable[Name]) -> None:
        """Below these names something depends on the time: nothing there is ever renewed."""
        for shelf, concerns in self._concerned(apexes):
            shelf.unsteady = concerns

    def _concerned(
        self, apexes: Iterable[Name] | None
    ) -> Iterable[tuple[LastingShelf[Any], Callable[[Any, Any], bool]]]:
        """For each shelf, what says of an entry whether it rests on one of these zones."""
        below = tuple(apexes) if apexes is not None else (ROOT,)

        def within(name: Name | None) -> bool:
            return name is not None and any(name.is_under(each) for each in below)

        yield self.answers, lambda key, it: any(map(within, names_in(it)))
        yield self.zones, lambda key, it: within(key)
        yield self.uncut, lambda key, it: within(it)
        yield self.aliases, lambda key, it: within(key[0])


def names_in(answer: Answer) -> Iterable[Name | None]:
    """Every name that an answer rests on."""
    yield answer.qname
    for hop in answer.hops:
        yield hop.owner
        yield hop.target
        for link in hop.chain:
            yield link.zone


class Answered(Struct, frozen=True):
    """A question, and the very answer that was kept."""

    question: tuple[Name, int]
    answer: Answer


class LastingResolver(Resolver):
    """The look-ups of another resolver, with such a cache."""

    cache: LastingCache

    def __init__(self, resolver: Resolver) -> None:
        self.cache = LastingCache(resolver.clock)
        super().__init__(
            (),
            resolver.anchors,
            resolver.clock,
            minimum_ttl=resolver.minimum_ttl,
            cache=self.cache,
            budget=resolver.budget,
            policy=resolver.policy,
            source=resolver.source,
        )
        self.effort = resolver.effort
        self.asked: list[tuple[Name, int]] = []

    def look_up(self, qname: Name, rdtype: int) -> Steps[Answer]:
        """What is at the name; `asked` gets to know of the question."""
        self.asked.append((qname, rdtype))
        journal = self.cache.journal
        journal.clear()
        answer = yield from super().look_up(qname, rdtype)
        key = qname, rdtype
        if not answer.cached and (life := self.cache.answers.lives.get(key)) is not None:
            life.leaned_on = [
                each for each in dict.fromkeys(journal) if each != (self.cache.answers, key)
            ]
        journal.clear()
        return answer

    def renewed(self, answered: Iterable[Answered], now: int) -> int:
        """As if these questions had been asked now: when the first of the answers runs out.

        In the past where one has run out for good, or another answer has taken its place.
        """
        answers = self.cache.answers
        until = NEVER
        for each in answered:
            answers.renew(each.question, now)
            kept = answers.kept(each.question)
            if kept is None or kept[1] is not each.answer:
                return 0
            until = min(until, kept[0])
        return until

    def answered(self) -> tuple[Answered, ...]:
        """The questions since `asked` was last emptied, and what is kept as their answers."""
        questions = dict.fromkeys(self.asked)
        kept = ((each, self.cache.answers.kept(each)) for each in questions)
        return tuple(Answered(question, it[1]) for question, it in kept if it is not None)
