"""One look-up from question to judged answer: cache, ask, follow the aliases, validate.

    resolver = Resolver(servers, anchors, clock)
    answer = yield from resolver.look_up(name, RRType.MX)

Each step of the answer is judged on its own and kept as a `Hop`; the answer as a whole is as secure
as its weakest hop. Where a response ends at an alias, the alias's target is asked about in its own
right. What could not be found out is INDETERMINATE with the reason, never absence, and nothing that
a stranger sends raises an exception out of here.
"""

from collections.abc import Callable, Sequence

from msgspec import Struct, structs

from esashell.clock import SECOND, Clock
from esashell.resolver import trail
from esashell.resolver.algorithms import Policy
from esashell.resolver.anchors import Anchor
from esashell.resolver.answer import (
    BOGUS,
    INDETERMINATE,
    INSECURE,
    NX_DOMAIN,
    SECURE,
    Answer,
    Asked,
    Existence,
    Hop,
    Link,
    Reason,
    Security,
)
from esashell.resolver.budget import Budget, Effort, OutOfBudget, Work
from esashell.resolver.cache import LONGEST, Cache, lifetime
from esashell.resolver.exchange import Source
from esashell.resolver.forward import Forwarder, Server
from esashell.resolver.names import ROOT, Name
from esashell.resolver.reading import Reading, reading
from esashell.resolver.reasons import Why, because, stopped
from esashell.resolver.rrtypes import RRType, type_text
from esashell.resolver.validate import Judged, absence_judged, rrset_judged
from esashell.resolver.wire import Message, Rrset
from esashell.resolver.zonekeys import Walk
from esashell.steps import Steps, Tell

__all__ = ["Resolver", "Server"]

# From best to worst: the whole is as good as its weakest part. BOGUS is the last, since it is a
# finding about the zone, where INDETERMINATE is only the lack of one.
_RANK = (SECURE, INSECURE, INDETERMINATE, BOGUS)
# RFC 6672 3.4: a DNAME may answer for other names only when it is known to be true.
_KEPT_WHEN = {
    RRType.CNAME.value: (SECURE, INSECURE),
    RRType.DNAME.value: (SECURE,),
}
_WITHOUT_ALIAS = frozenset((RRType.ANY.value, RRType.RRSIG.value, RRType.NSEC.value))


class Resolver:
    """Validating look-ups through recursive resolvers; one for each set of settings.

    A `source` takes the servers' place: `iterate.Iterator` asks the zones' own servers instead.

    `minimum_ttl` is a floor in seconds. `pick` chooses among resolvers of equal priority: it is
    given how many there are; by default they take turns. Without any anchor nothing is validated
    and everything is INSECURE. Set `tells` to have each step of a look-up told (`trail`).
    """

    def __init__(
        self,
        servers: Sequence[Server],
        anchors: Sequence[Anchor],
        clock: Clock,
        *,
        minimum_ttl: int = 0,
        pick: Callable[[int], int] | None = None,
        cache: Cache | None = None,
        budget: Budget | None = None,
        policy: Policy | None = None,
        source: Source | None = None,
    ) -> None:
        self.anchors = tuple(anchors)
        self.clock = clock
        self.minimum_ttl = minimum_ttl
        self.cache = cache if cache is not None else Cache()
        self.budget = budget or Budget()
        self.policy = policy or Policy()
        self.effort = Effort()
        self.source = source or Forwarder(servers, clock, pick)
        self.tells = False

    def look_up(self, qname: Name, rdtype: int) -> Steps[Answer]:
        """What is at the name, and how far it may be believed."""
        expired = self.cache.answers.expired
        known = self.remembered(qname, rdtype)
        if known is not None:
            return known
        self.effort.cache_misses += 1
        self.effort.cache_expired += self.cache.answers.expired - expired
        answer, signed_until = yield from _LookUp(self, qname, rdtype).answer()
        now = self.clock.now()
        if answer.existence is None:
            self.effort.failures += 1
        until = lifetime(answer, self.minimum_ttl, signed_until, now)
        self.cache.answers.keep((qname, rdtype), answer, until)
        if self.tells or trail.is_warned_of(answer):
            yield Tell(trail.answered(answer, until))
        return answer

    def remembered(self, qname: Name, rdtype: int) -> Answer | None:
        """The answer that the cache has; None where it has to be asked for."""
        now = self.clock.now()
        kept = self.cache.answers.find((qname, rdtype), now)
        if kept is None:
            return None
        self.effort.cache_hits += 1
        answer, until = kept
        return structs.replace(answer, ttl=(until - now) // SECOND, asked=(), cached=True)

    def kept_for(self, qname: Name, rdtype: int) -> int:
        """For how many seconds more, the last begun counted, the cache keeps its answer; or 0."""
        now = self.clock.now()
        kept = self.cache.answers.find((qname, rdtype), now)
        return -((now - kept[1]) // SECOND) if kept is not None else 0

    def flush(self) -> None:
        """Forget every answer, key and server (`dnsflush`); the anchors stay, and the effort."""
        self.cache.clear()
        self.source.forget()


def _is_weaker(one: Security, other: Security) -> bool:
    return _RANK.index(one) > _RANK.index(other)


def _rdatas(rrsets: tuple[Rrset, ...], rdtype: int) -> tuple[bytes, ...]:
    """Those of this type, of all sets together."""
    if len(rrsets) == 1 and rrsets[0].rdtype == rdtype:
        return rrsets[0].rdatas
    return tuple(e for one in rrsets if one.rdtype == rdtype for e in one.rdatas)


class _Ending(Struct, frozen=True, gc=False):
    """What stands at the end of the aliases."""

    security: Security
    existence: Existence | None
    reason: Reason | None
    rrsets: tuple[Rrset, ...] = ()
    rcode: int = 0


class _LookUp:
    """The state of one look-up on its way through the hops."""

    def __init__(self, resolver: Resolver, qname: Name, rdtype: int) -> None:
        self.resolver = resolver
        self.qname = qname
        self.rdtype = rdtype
        self.asked: list[Asked] = []
        self.hops: list[Hop] = []
        self.rrsets: list[Rrset] = []
        self.ttls: list[int] = []
        self.untils: list[int] = []
        self.at = qname
        self.known: dict[tuple[Name, int], Judged] = {}
        self.work = Work(resolver.budget, resolver.effort)
        self.work.tells = resolver.tells
        self.ask = resolver.source.source(self.work, self.asked)
        self.walk = Walk(
            resolver.anchors,
            resolver.cache,
            self.ask,
            work=self.work,
            now=resolver.clock.now(),
            policy=resolver.policy,
        )

    def answer(self) -> Steps[tuple[Answer, int]]:
        """The answer, and the second at which the first signature it rests on ends (0: none)."""
        try:
            ending = yield from self._follow()
        except OutOfBudget as error:
            ending = self._out_of_budget(error)
        security, reason = ending.security, ending.reason
        for hop in self.hops:
            if hop.security is not security and _is_weaker(hop.security, security):
                security, reason = hop.security, None
        if reason is None:
            reason = next((hop.reason for hop in self.hops if hop.security is security), None)
        believable = security is SECURE or security is INSECURE
        answer = Answer(
            qname=self.qname,
            rdtype=self.rdtype,
            security=security,
            existence=ending.existence if believable else None,
            rdatas=_rdatas(ending.rrsets, self.rdtype),
            hops=tuple(self.hops),
            reason=reason,
            ttl=min(self.ttls, default=0) if believable else 0,
            asked=tuple(self.asked),
            rcode=ending.rcode,
            rrsets=(*self.rrsets, *ending.rrsets),
            strikes=tuple(self.work.strikes),
        )
        return answer, min(self.untils, default=0)

    def _out_of_budget(self, error: OutOfBudget) -> _Ending:
        """What had been shown until the limit struck, and the limit."""
        chain = self.walk.reached
        reason = stopped(error.strike, self._zone_reached())
        what = type_text(error.rdtype)
        zone = chain[-1].zone if chain else ROOT
        link = Link(zone, what, INDETERMINATE, reason.finding, (), error.trials)
        hop = Hop(self.at, None, INDETERMINATE, reason, (*chain, link))
        self.hops.append(hop)
        return _Ending(INDETERMINATE, None, reason)

    def _zone_reached(self) -> Name:
        """The lowest zone on the way to the present name that was shown to be one, or the root."""
        return self.walk.reached[-1].zone if self.walk.reached else ROOT

    def _follow(self) -> Steps[_Ending]:
        """Ask, follow what the response holds of the path, and ask again from where it ends."""
        name = self.qname
        passed = {name}
        limit = self.work.budget.aliases
        while True:
            self.at, self.walk.reached = name, ()
            message, again = self._remembered(name), None
            if message is None:
                self.work.trail = name, self.rdtype
                if self.work.tells:
                    yield Tell(trail.asked(name, self.rdtype))
                reply = yield from self.ask(name, self.rdtype)
                message, again = reply.message, reply.again
                if message is None:
                    return self._unanswered(name, reply.reason)
            before = self._mark() if again else ()
            found = yield from self._read(message, name)
            # Another server of the zone may know it better, where there are several to ask.
            while isinstance(found, _Ending) and found.security is BOGUS and again:
                reply = yield from again()
                if reply.message is None:
                    break
                self._back_to(before)
                found, again = (yield from self._read(reply.message, name)), reply.again
            if isinstance(found, _Ending):
                return found
            name = found
            if name in passed:
                return self._stop(name, Why.ALIAS_CIRCLE)
            passed.add(name)
            if len(self.hops) > limit:
                raise self.work.out("aliases", name, self.rdtype)

    def _read(self, message: Message, name: Name) -> Steps[_Ending | Name]:
        """How the path through a response ends, or the name that has to be asked about next."""
        limit = self.work.budget.aliases
        path = reading(message, name, self.rdtype, limit)
        for alias in path.aliases:
            judged = yield from self._judged(alias.rrset, message)
            self._passed(alias.owner, alias.target, judged)
            if alias.rrset not in self.rrsets:
                self.rrsets.append(alias.rrset)
            if judged.security in (BOGUS, INDETERMINATE):
                return _Ending(judged.security, None, judged.reason, rcode=message.rcode)
        if len(path.aliases) > limit:
            raise self.work.out("aliases", path.name, self.rdtype)
        if path.fault:
            return self._stop(path.name, Why.CONTRADICTION, detail=path.fault)
        if path.referral:
            return self._stop(path.name, Why.ONLY_REFERRED)
        if path.rrsets or path.denies:
            before = self._mark() if path.aliases else ()
            ending = yield from self._ended(message, path)
            if ending.security is not BOGUS or not path.aliases:
                return ending
            # What was said of the target in passing does not hold: ask about it directly.
            self._back_to(before)
        return path.name

    def _ended(self, message: Message, path: Reading) -> Steps[_Ending]:
        """The records, or the absence, at the end of the aliases."""
        if not path.rrsets:
            judged = yield from absence_judged(self.walk, message, path.name, self.rdtype)
            self._passed(path.name, None, judged)
            rcode = 3 if judged.existence is NX_DOMAIN else 0
            if judged.existence is None:
                rcode = message.rcode
            return _Ending(judged.security, judged.existence, judged.reason, (), rcode)
        weakest: Judged | None = None
        # RFC 6840 4.2: of an answer to ANY, everything received is validated.
        if path.made_from is not None:
            self.rrsets.append(path.made_from)
        for rrset in (path.made_from,) if path.made_from is not None else path.rrsets:
            judged = yield from self._judged(rrset, message)
            self.ttls.append(judged.ttl)
            if judged.until:
                self.untils.append(judged.until)
            self.hops.append(Hop(path.name, None, judged.security, judged.reason, judged.chain))
            if weakest is None or _is_weaker(judged.security, weakest.security):
                weakest = judged
        assert weakest is not None
        return _Ending(
            weakest.security, weakest.existence, weakest.reason, path.rrsets, message.rcode
        )

    def _judged(self, rrset: Rrset, message: Message) -> Steps[Judged]:
        """The verdict on an RRset; those on aliases are remembered for other questions."""
        key = (rrset.owner, rrset.rdtype)
        known = self.known.get(key)
        if known is not None:
            return known
        judged = yield from rrset_judged(self.walk, rrset, message)
        if judged.security in _KEPT_WHEN.get(rrset.rdtype, ()):
            until = self.resolver.clock.now() + min(judged.ttl, LONGEST) * SECOND
            self.resolver.cache.aliases.keep(key, (rrset, judged), until)
        return judged

    def _remembered(self, name: Name) -> Message | None:
        """The alias at the name, or the DNAME above it, when one was met before and judged."""
        if not len(self.resolver.cache.aliases) or self.rdtype in _WITHOUT_ALIAS:
            return None
        now = self.resolver.clock.now()
        keys = [(each, RRType.DNAME) for each in name.ancestors()[1:]]
        if self.rdtype != RRType.DS:
            # Above the cut, where DS records are, an alias at the zone's own name is unknown.
            keys.insert(0, (name, RRType.CNAME))
        for key in keys:
            kept = self.resolver.cache.aliases.find(key, now)
            if kept is not None:
                (rrset, judged), until = kept
                left = (until - now) // SECOND
                self.known[rrset.owner, rrset.rdtype] = structs.replace(judged, ttl=left)
                return Message(question=((name, self.rdtype),), answer=(rrset,))
        return None

    def _mark(self) -> tuple[int, ...]:
        return len(self.hops), len(self.rrsets), len(self.ttls), len(self.untils)

    def _back_to(self, mark: tuple[int, ...]) -> None:
        hops, rrsets, ttls, untils = mark
        del self.hops[hops:], self.rrsets[rrsets:], self.ttls[ttls:], self.untils[untils:]

    def _passed(self, owner: Name, target: Name | None, judged: Judged) -> None:
        self.hops.append(Hop(owner, target, judged.security, judged.reason, judged.chain))
        self.ttls.append(judged.ttl)
        if judged.until:
            self.untils.append(judged.until)

    def _stop(self, name: Name, why: Why, detail: str = "") -> _Ending:
        """The end at a name whose answer is none."""
        about = f"{name.dotted} {type_text(self.rdtype)}"
        return self._unanswered(name, because(why, self._zone_reached(), about, detail=detail))

    def _unanswered(self, name: Name, reason: Reason | None) -> _Ending:
        self.hops.append(Hop(name, None, INDETERMINATE, reason))
        return _Ending(INDETERMINATE, None, reason)
