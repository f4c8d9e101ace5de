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
from esashell.resolver.algorithms import Policy
from esashell.resolver.anchors import Anchor
from esashell.resolver.answer import Answer, Asked, Ede, Existence, Hop, Reason, Security
from esashell.resolver.budget import Budget, Effort, OutOfBudget, Work
from esashell.resolver.cache import LONGEST, Cache, lifetime
from esashell.resolver.exchange import Source
from esashell.resolver.forward import Forwarder, Server
from esashell.resolver.names import Name
from esashell.resolver.reading import Reading, reading
from esashell.resolver.rrtypes import RRType, type_text
from esashell.resolver.validate import Judged, absence_judged, rrset_judged
from esashell.resolver.wire import Message, Rrset
from esashell.resolver.zonekeys import Walk
from esashell.steps import Steps

__all__ = ["Resolver", "Server"]

# From best to worst: the whole is as good as its weakest part. BOGUS is the last, since it is a
# finding about the zone, where INDETERMINATE is only the lack of one.
_RANK = (Security.SECURE, Security.INSECURE, Security.INDETERMINATE, Security.BOGUS)


class Resolver:
    """Validating look-ups through recursive resolvers; one for each set of settings.

    A `source` takes the servers' place: `iterate.Iterator` asks the zones' own servers instead.

    `minimum_ttl` is a floor in seconds. `pick` chooses among resolvers of equal priority: it is
    given how many there are; by default they take turns. Without any anchor nothing is validated
    and everything is INSECURE.
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

    def look_up(self, qname: Name, rdtype: int) -> Steps[Answer]:
        """What is at the name, and how far it may be believed."""
        now = self.clock.now()
        expired = self.cache.answers.expired
        kept = self.cache.answers.find((qname, rdtype), now)
        if kept is not None:
            self.effort.cache_hits += 1
            answer, until = kept
            return structs.replace(answer, ttl=(until - now) // SECOND, asked=(), cached=True)
        self.effort.cache_misses += 1
        self.effort.cache_expired += self.cache.answers.expired - expired
        answer, signed_until = yield from _LookUp(self, qname, rdtype).answer()
        now = self.clock.now()
        if answer.existence is None:
            self.effort.failures += 1
        until = lifetime(answer, self.minimum_ttl, signed_until, now)
        self.cache.answers.keep((qname, rdtype), answer, until)
        return answer

    def kept_for(self, qname: Name, rdtype: int) -> int:
        """For how many seconds more, the last begun counted, the cache keeps its answer; or 0."""
        now = self.clock.now()
        kept = self.cache.answers.find((qname, rdtype), now)
        return -((now - kept[1]) // SECOND) if kept is not None else 0

    def flush(self) -> None:
        """Forget every answer, key and server (`dnsflush`); the anchors stay, and the effort."""
        self.cache.clear()
        self.source.forget()


class _Ending(Struct, frozen=True):
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
        self.known: dict[tuple[Name, int], Judged] = {}
        self.work = Work(resolver.budget, resolver.effort)
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
            about = f"{self.qname.dotted} {type_text(self.rdtype)}"
            ending = _Ending(Security.INDETERMINATE, None, Reason(Ede.OTHER, str(error), about))
        securities = [each.security for each in self.hops] + [ending.security]
        security = max(securities, key=_RANK.index)
        believable = security in (Security.SECURE, Security.INSECURE)
        weakest = next((hop for hop in self.hops if hop.security is security), None)
        reason = ending.reason if ending.security is security else None
        answer = Answer(
            qname=self.qname,
            rdtype=self.rdtype,
            security=security,
            existence=ending.existence if believable else None,
            rdatas=tuple(
                e for one in ending.rrsets if one.rdtype == self.rdtype for e in one.rdatas
            ),
            hops=tuple(self.hops),
            reason=reason or (weakest.reason if weakest else None),
            ttl=min(self.ttls, default=0) if believable else 0,
            asked=tuple(self.asked),
            rcode=ending.rcode,
            rrsets=(*self.rrsets, *ending.rrsets),
        )
        return answer, min(self.untils, default=0)

    def _follow(self) -> Steps[_Ending]:
        """Ask, follow what the response holds of the path, and ask again from where it ends."""
        name = self.qname
        passed = {name}
        limit = self.work.budget.aliases
        while True:
            message = self._remembered(name)
            if message is None:
                reply = yield from self.ask(name, self.rdtype)
                message = reply.message
                if message is None:
                    return self._stop(name, Security.INDETERMINATE, reply.reason)
            path = reading(message, name, self.rdtype, limit)
            for alias in path.aliases:
                judged = yield from self._judged(alias.rrset, message)
                self._passed(alias.owner, alias.target, judged)
                if alias.rrset not in self.rrsets:
                    self.rrsets.append(alias.rrset)
                if judged.security in (Security.BOGUS, Security.INDETERMINATE):
                    return _Ending(judged.security, None, judged.reason, rcode=message.rcode)
            if path.fault or path.referral:
                text = path.fault or f"the answer for {name.dotted} only refers to other servers"
                return self._stop(path.name, Security.INDETERMINATE, _invalid(text, path.name))
            if path.rrsets or path.denies:
                before = self._mark()
                ending = yield from self._ended(message, path)
                if ending.security is not Security.BOGUS or not path.aliases:
                    return ending
                # What was said of the target in passing does not hold: ask about it directly.
                self._back_to(before)
            name = path.name
            if name in passed:
                text = f"the aliases lead in a circle, at {name.dotted}"
                return self._stop(name, Security.INDETERMINATE, _invalid(text, name))
            passed.add(name)
            if len(self.hops) > limit:
                text = f"stopped at the limit of {limit} aliases for one look-up, at {name.dotted}"
                return self._stop(name, Security.INDETERMINATE, _invalid(text, name))

    def _ended(self, message: Message, path: Reading) -> Steps[_Ending]:
        """The records, or the absence, at the end of the aliases."""
        if not path.rrsets:
            judged = yield from absence_judged(self.walk, message, path.name, self.rdtype)
            self._passed(path.name, None, judged)
            rcode = 3 if judged.existence is Existence.NX_DOMAIN else 0
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
            if weakest is None or _RANK.index(judged.security) > _RANK.index(weakest.security):
                weakest = judged
        assert weakest is not None
        self.hops.append(Hop(path.name, None, weakest.security, weakest.reason, weakest.chain))
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
        # RFC 6672 3.4: a DNAME may answer for other names only when it is known to be true.
        enough = {
            RRType.CNAME.value: (Security.SECURE, Security.INSECURE),
            RRType.DNAME.value: (Security.SECURE,),
        }
        if judged.security in enough.get(rrset.rdtype, ()):
            until = self.resolver.clock.now() + min(judged.ttl, LONGEST) * SECOND
            self.resolver.cache.aliases.keep(key, (rrset, judged), until)
        return judged

    def _remembered(self, name: Name) -> Message | None:
        """The alias at the name, or the DNAME above it, when one was met before and judged."""
        if self.rdtype in (RRType.ANY, RRType.RRSIG, RRType.NSEC):
            return None
        if not len(self.resolver.cache.aliases):
            return None
        now = self.resolver.clock.now()
        above = [(each, RRType.DNAME) for each in name.ancestors() if each is not name]
        for key in [(name, RRType.CNAME), *above]:
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

    def _stop(self, name: Name, security: Security, reason: Reason | None) -> _Ending:
        self.hops.append(Hop(name, None, security, reason))
        return _Ending(security, None, reason)


def _invalid(text: str, name: Name) -> Reason:
    return Reason(Ede.INVALID_DATA, text, f"{name.dotted}")
