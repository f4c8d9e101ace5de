"""Looking things up at the zones' own servers, from the root servers down (RFC 1034 5.3.3).

A server that knows better refers: NS records of a zone further down, and perhaps the addresses of
its servers; `referral` reads that. Delegations are remembered for their TTL. The DS records, or the
proof that there are none, often come with the referral; they are kept as the answer to the DS
question that validation asks next, which saves one question for each zone. A DS question goes to
the parent's servers (RFC 4035 3.1.4.1).

A zone's servers are asked in this order: those that nothing is known against; those without an
address, whose address is looked up first; those that are set back (`standing`); then, once more and
for longer, those that kept silent, since a datagram may be lost; and those that do not understand
EDNS without it (RFC 6891 7), which comes last because no signature comes back then. When all that
fails, and the servers are from an earlier referral, the parent is asked who they are now.

Nothing here is trusted: a wrong address leads to an answer that does not validate. But what was
learnt from a wrong answer must not stay. Whoever cannot validate a message asks `Reply.again`: the
delegation that it came from is forgotten, with its DS records, and another server is tried.
"""

from collections.abc import Mapping, Sequence

from msgspec import Struct, structs

from esashell.clock import SECOND, Clock
from esashell.resolver import rdata as rd
from esashell.resolver import trail
from esashell.resolver.answer import Asked
from esashell.resolver.budget import Work
from esashell.resolver.cache import LONGEST, Shelf
from esashell.resolver.exchange import USABLE, Ask, Question, Reply, exchanged
from esashell.resolver.names import ROOT, Name
from esashell.resolver.reading import reading
from esashell.resolver.reasons import Why, because
from esashell.resolver.referral import (
    Delegation,
    Referral,
    addresses,
    in_bailiwick,
    lame,
    referral,
)
from esashell.resolver.rrtypes import Rcode, RRType, type_text
from esashell.resolver.signatures import HALF
from esashell.resolver.standing import ROOM, Standing
from esashell.resolver.wire import Message, Rrset
from esashell.steps import Steps, Tell

TIMEOUT = 1500 * SECOND // 1000
LAST_TIMEOUT = 3 * SECOND  # in the second round
AGAIN = 2  # how often a question is asked anew when its answer is not believed
# What a server says that does not understand EDNS (RFC 6891 6.1.3, 7; RFC 1035 4.1.1).
NO_EDNS = ("FORMERR", "NOTIMP", "BADVERS")


class _KeptDs(Struct, frozen=True):
    """What a referral said of the child's DS records, and whose word that was."""

    message: Message
    told: str


class Iterator:
    """Asks the zones' own servers; `fixed` names the servers of given zones (the root's too)."""

    def __init__(self, fixed: Mapping[Name, Sequence[str]], clock: Clock) -> None:
        self.clock = clock
        self.standing = Standing(clock)
        self._fixed = {zone: Delegation(zone, tuple(each)) for zone, each in fixed.items()}
        self._learnt: Shelf[Delegation] = Shelf(ROOM)
        self._glue: Shelf[tuple[str, ...]] = Shelf(ROOM)
        self._ds: Shelf[_KeptDs] = Shelf(ROOM)

    def source(self, work: Work, asked: list[Asked]) -> Ask:
        """Who one look-up asks: whichever servers lead to the name."""
        descent = _Descent(self, work, asked)
        return lambda qname, rdtype: descent.ask(qname, rdtype, 0)

    def forget(self) -> None:
        """Ask as if for the first time: only the fixed servers are known."""
        for each in (self._learnt, self._glue, self._ds):
            each.clear()
        self.standing.clear()

    def closest(self, name: Name) -> Delegation | None:
        """The servers of the lowest zone above the name that are known."""
        now = self.clock.now()
        for each in name.ancestors():
            fixed = self._fixed.get(each)
            if fixed is not None:
                return fixed
            kept = self._learnt.find(each, now)
            if kept is not None:
                return kept[0]
        return None

    def learn(self, found: Referral) -> None:
        """Remember a referral, and what it says of the child's DS records."""
        now = self.clock.now()
        zone, told = found.delegation.zone, found.delegation.told
        self._learnt.keep(zone, found.delegation, now + min(found.ttl, LONGEST) * SECOND)
        for name in found.delegation.glued:
            self.found(name, [each for each in found.glue if each.owner == name], found.ttl)
        if found.ds is not None:
            rrsets = [*found.ds.answer, *found.ds.authority]
            seconds = min(LONGEST, *(_lifetime(each, now // SECOND) for each in rrsets))
            self._ds.keep(zone, _KeptDs(found.ds, told), now + seconds * SECOND)

    def found(self, name: Name, rrsets: Sequence[Rrset], most: int = LONGEST) -> list[str]:
        """Remember these addresses of a server, for no more than so many seconds."""
        texts = [text for each in rrsets for text in addresses(each)]
        if texts:
            ttl = min(most, LONGEST, *(each.ttl for each in rrsets))
            self._glue.keep(name, tuple(texts), self.clock.now() + ttl * SECOND)
        return texts

    def distrust(self, zone: Name) -> None:
        """Forget who the zone's servers are said to be, and what was said of its DS records."""
        kept = self._learnt.find(zone, self.clock.now())
        for name in (*kept[0].names, *kept[0].glued) if kept is not None else ():
            self._glue.drop(name)
        self._learnt.drop(zone)
        self._ds.drop(zone)

    def kept_ds(self, name: Name) -> tuple[Message, str] | None:
        """What a referral said of the zone's DS records, aged since then, and whose word it is."""
        now = self.clock.now()
        kept = self._ds.find(name, now)
        if kept is None:
            return None
        (message, told), until = structs.astuple(kept[0]), kept[1]
        left = (until - now) // SECOND
        answer, authority = (
            tuple(structs.replace(each, ttl=min(each.ttl, left)) for each in section)
            for section in (message.answer, message.authority)
        )
        return structs.replace(message, answer=answer, authority=authority), told

    def is_fixed(self, zone: Name) -> bool:
        return zone in self._fixed

    def glue(self, name: Name) -> list[str]:
        """The addresses of a server that are known, by a referral or from asking."""
        kept = self._glue.find(name, self.clock.now())
        return list(kept[0]) if kept is not None else []


def _lifetime(rrset: Rrset, now: int) -> int:
    """For how many seconds an RRset may be kept that nobody has validated yet.

    As long as any signature on it lets it be valid (RFC 4035 5.3.3): the records are not known to
    be true, but afterwards they are known to be worthless.
    """
    most = rrset.ttl
    for each in rrset.signatures:
        try:
            signature = rd.rrsig(each)
        except rd.BadRdata:
            continue
        left = (signature.expiration - now) & 0xFFFFFFFF  # serial arithmetic, RFC 4034 3.1.5
        most = min(most, signature.original_ttl, left if left < HALF else 0)
    return most


class _Search:
    """One question on its way down, and what has come of it so far."""

    def __init__(self, qname: Name, rdtype: int, depth: int) -> None:
        self.qname = qname
        self.rdtype = rdtype
        self.depth = depth
        self.said: list[str] = []
        self.silences: dict[str, int] = {}
        self.useless: set[tuple[Name, str]] = set()  # answered, and it was of no use
        self.bare: dict[str, None] = {}  # did not understand EDNS
        self.doubted: set[tuple[Name, str]] = set()  # gave an answer that was not believed
        self.left = AGAIN
        self.too_long = False  # so a server said of the name that a DNAME makes (RFC 6672 2.2)

    @property
    def about(self) -> str:
        return f"{self.qname.dotted} {type_text(self.rdtype)}"

    @property
    def is_ds(self) -> bool:
        return self.rdtype == RRType.DS and len(self.qname) > 1


class _Descent:
    """The way down for one look-up, and for the addresses of servers met on it."""

    def __init__(self, iterator: Iterator, work: Work, asked: list[Asked]) -> None:
        self.iterator = iterator
        self.work = work
        self.asked = asked
        self.fetching: set[Name] = set()

    def ask(self, qname: Name, rdtype: int, depth: int) -> Steps[Reply]:
        search = _Search(qname, rdtype, depth)
        kept = self.iterator.kept_ds(qname) if search.is_ds else None
        if kept is not None:
            message, told = kept
            parent = self.iterator.closest(qname.parent)
            above = parent.zone if parent is not None else ROOT
            return Reply(message, again=lambda: self._again(search, qname, (above, told)))
        return (yield from self._down(search))

    def _again(self, search: _Search, zone: Name, doubted: tuple[Name, str]) -> Steps[Reply]:
        """The same question anew, to somebody else if there is anybody."""
        self.iterator.distrust(zone)
        search.doubted.add(doubted)
        search.left -= 1
        return (yield from self._down(search))

    def _down(self, search: _Search) -> Steps[Reply]:
        qname, rdtype = search.qname, search.rdtype
        delegation = self.iterator.closest(qname.parent if search.is_ds else qname)
        zone = delegation.zone if delegation is not None else ROOT
        fresh: set[Name] = set()
        for _ in range(self.work.budget.referrals):
            if delegation is None:
                break
            zone = delegation.zone
            spoken = yield from self._one_of(delegation, search)
            if spoken is None:
                delegation = self._above(zone, fresh)
                continue
            message, server = spoken
            found = referral(message, zone, qname, rdtype, server)
            if found is None:
                return self._reply(search, message, (zone, server))
            fresh.add(found.delegation.zone)
            self.iterator.learn(found)
            if search.is_ds and found.delegation.zone == qname:
                # From the parent that is as much of an answer as there is.
                return self._reply(search, found.ds or message, (zone, server))
            delegation = found.delegation
        else:
            self._stopped("referrals", search)
        heard = ", ".join(dict.fromkeys(search.said)) or "no servers are known"
        who = "no authoritative server"
        if search.too_long:
            return Reply(None, because(Why.SUBSTITUTION_TOO_LONG, zone, search.about, said=heard))
        return Reply(None, because(Why.NO_ANSWER, zone, search.about, who=who, said=heard))

    def _reply(self, search: _Search, message: Message, by: tuple[Name, str]) -> Reply:
        if not search.left or search.depth:
            return Reply(message)
        return Reply(message, again=lambda: self._again(search, by[0], by))

    def _above(self, zone: Name, fresh: set[Name]) -> Delegation | None:
        """Who may know the zone's servers better, when none of those known has an answer.

        Nobody, when they are new or configured.
        """
        if zone in fresh or self.iterator.is_fixed(zone):
            return None
        self.iterator.distrust(zone)
        return self.iterator.closest(zone.parent)

    def _stopped(self, limit: str, search: _Search) -> None:
        """A limit ends this way of getting an answer; it is named where no other leads to one."""
        strike = self.work.struck(limit, search.qname, search.rdtype)
        search.said.append(f"stopped at the limit of {strike.number} {strike.counted}")

    def _one_of(self, delegation: Delegation, search: _Search) -> Steps[tuple[Message, str] | None]:
        """The first usable response of the zone's servers, within their bailiwick, and whose."""
        zone = delegation.zone
        found: Sequence[str] = delegation.addresses
        known: dict[str, None] = {}
        late: list[str] = []
        waiting = list(delegation.names)
        fetched = 0
        while True:
            known.update(dict.fromkeys(found))
            first, behind = self.iterator.standing.parted(found, zone)
            late += behind
            doubted = [each for each in first if (zone, each) in search.doubted]
            late += doubted
            spoken = yield from self._tried([e for e in first if e not in doubted], zone, search)
            if spoken is not None:
                return spoken
            if not waiting or self._limited(fetched, search):
                break
            fetched += 1
            found = yield from self._address(waiting.pop(0), search.depth + 1)
        spoken = yield from self._tried(late, zone, search)
        if spoken is None:
            silent = [each for each in known if search.silences.get(each, 0) == 1]
            spoken = yield from self._tried(silent, zone, search, timeout=LAST_TIMEOUT)
        if spoken is None:
            bare = [each for each in known if each in search.bare]
            spoken = yield from self._tried(bare, zone, search, edns=False)
        return spoken

    def _limited(self, fetched: int, search: _Search) -> bool:
        for limit, number in (("fetches", fetched), ("depth", search.depth)):
            if number >= getattr(self.work.budget, limit):
                self._stopped(limit, search)
                return True
        return False

    def _tried(
        self,
        servers: Sequence[str],
        zone: Name,
        search: _Search,
        *,
        timeout: int = TIMEOUT,
        edns: bool = True,
    ) -> Steps[tuple[Message, str] | None]:
        """The first of these servers with a usable response, and that."""
        most = self.work.budget.servers
        several = tuple(dict.fromkeys(servers))
        for address in several[:most]:
            silent = search.silences.get(address, 0) > (timeout == LAST_TIMEOUT)
            if silent or (edns and (zone, address) in search.useless):
                continue
            message = yield from self._asked(address, zone, search, timeout, edns)
            if message is not None:
                return message, address
        if len(several) > most:
            self._stopped("servers", search)
        return None

    def _asked(
        self, address: str, zone: Name, search: _Search, timeout: int, edns: bool
    ) -> Steps[Message | None]:
        qname, rdtype, standing = search.qname, search.rdtype, self.iterator.standing
        question = Question(address, qname, rdtype, timeout, recursive=False, edns=edns)
        trailed = self.work.trail == (qname, rdtype)
        if self.work.tells:
            yield Tell(trail.sent(qname, rdtype, address, in_passing=not trailed))
        message, result = yield from exchanged(question, self.iterator.clock, self.work, self.asked)
        if message is None:
            search.silences[address] = search.silences.get(address, 0) + 1
            standing.silent(address)
        else:
            standing.spoke(address)
            if result in USABLE:
                referred = not self.iterator.is_fixed(zone)
                kept = in_bailiwick(message, zone, qname, rdtype, referred=referred)
                if not lame(message, kept, zone, qname, rdtype):
                    return kept
                result = "lame"
            search.useless.add((zone, address))
            search.too_long |= message.rcode == Rcode.YXDOMAIN
            if result in NO_EDNS:
                search.bare[address] = None
            elif result in ("lame", "REFUSED", "NOTAUTH"):
                standing.lame(address, zone)
        search.said.append(f"{address}: {result}")
        if trailed:
            heard = message is not None
            yield Tell(trail.failed(qname, rdtype, address, result, heard=heard))
        return None

    def _address(self, name: Name, depth: int) -> Steps[list[str]]:
        """The addresses of a server that came without any."""
        if name in self.fetching:
            return []  # its address would be at itself
        known = self.iterator.glue(name)
        if known:
            return known
        self.fetching.add(name)
        found: list[str] = []
        for rdtype in (RRType.A, RRType.AAAA):
            target = name
            for _ in range(self.work.budget.aliases):
                reply = yield from self.ask(target, rdtype, depth)
                if reply.message is None:
                    break
                path = reading(reply.message, target, rdtype, self.work.budget.aliases)
                found += self.iterator.found(name, path.rrsets)
                if path.rrsets or path.denies or path.fault or path.name == target:
                    break
                target = path.name
            else:
                self.work.struck("aliases", name, rdtype)
            if found:
                break
        self.fetching.discard(name)
        return found


def root_servers(hints: Sequence[str]) -> dict[Name, tuple[str, ...]]:
    """The `fixed` argument for iteration from these root servers."""
    return {ROOT: tuple(hints)}
