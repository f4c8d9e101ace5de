"""Looking things up at the zones' own servers, from the root servers down (RFC 1034 5.3.3).

A server that knows better refers: NS records of a zone further down, and perhaps the addresses of
its servers. The zone that a server was asked *as* bounds what it may say, its bailiwick: records of
other names are dropped, a referral must lead down and towards the name, and addresses are taken
only for servers that lie in the bailiwick. What a server says of an alias's target elsewhere is
dropped too, so the target is asked about where it belongs.

Delegations are remembered for their TTL. The DS records, or the proof that there are none, often
come with the referral; they are kept as the answer to the DS question that validation asks next,
which saves one question for each zone. A DS question goes to the parent's servers
(RFC 4035 3.1.4.1).

Nothing here is trusted: a wrong address leads to an answer that does not validate.
"""

from collections.abc import Mapping, Sequence

from msgspec import Struct, structs

from esashell.clock import SECOND, Clock
from esashell.resolver import rdata as rd
from esashell.resolver.answer import Asked, Ede, Reason
from esashell.resolver.budget import Work
from esashell.resolver.cache import LONGEST, Shelf
from esashell.resolver.exchange import USABLE, Ask, Question, Reply, exchanged
from esashell.resolver.names import ROOT, Name
from esashell.resolver.reading import reading
from esashell.resolver.rrtypes import Rcode, RRType, type_text
from esashell.resolver.wire import Message, Rrset
from esashell.steps import Steps

TIMEOUT = 3 * SECOND
SILENCE = 60 * SECOND
REFERRALS = 30  # in one question; each leads at least one label down
FETCHED = 4  # servers without an address that are looked up for one delegation (NXNSAttack)
DEPTH = 4  # look-ups of servers' addresses within one another


class Delegation(Struct, frozen=True):
    """A zone's servers: addresses that are known, and names whose address must be asked for."""

    zone: Name
    addresses: tuple[str, ...]
    names: tuple[Name, ...] = ()


class Iterator:
    """Asks the zones' own servers; `fixed` names the servers of given zones (the root's too)."""

    def __init__(self, fixed: Mapping[Name, Sequence[str]], clock: Clock) -> None:
        self.clock = clock
        self._fixed = {zone: Delegation(zone, tuple(each)) for zone, each in fixed.items()}
        self._learnt: Shelf[Delegation] = Shelf(20_000)
        self._glue: Shelf[tuple[str, ...]] = Shelf(20_000)
        self._ds: Shelf[Message] = Shelf(20_000)
        self._silent_until: dict[str, int] = {}

    def source(self, work: Work, asked: list[Asked]) -> Ask:
        """Who one look-up asks: whichever servers lead to the name."""
        descent = _Descent(self, work, asked)
        return lambda qname, rdtype: descent.ask(qname, rdtype, 0)

    def forget(self) -> None:
        """Ask as if for the first time: only the fixed servers are known."""
        for each in (self._learnt, self._glue, self._ds):
            each.clear()
        self._silent_until.clear()

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

    def learn(self, delegation: Delegation, message: Message, ttl: int) -> None:
        """Remember a referral, and what it says of the child's DS records."""
        until = self.clock.now() + min(ttl, LONGEST) * SECOND
        self._learnt.keep(delegation.zone, delegation, until)
        for each in message.additional:
            if each.rdtype == RRType.A:
                self._glue.keep(each.owner, tuple(_addresses(each)), until)
        child = delegation.zone
        ds = [e for e in message.authority if (e.owner, e.rdtype) == (child, RRType.DS)]
        denial = [e for e in message.authority if e.rdtype in (RRType.NSEC, RRType.NSEC3)]
        kept = [each for each in ds or denial if each.signatures]
        if kept:
            until = self.clock.now() + min(LONGEST, *(e.ttl for e in kept)) * SECOND
            shown = Message(
                flags=message.flags,
                question=((child, RRType.DS),),
                answer=tuple(kept) if ds else (),
                authority=() if ds else tuple(kept),
            )
            self._ds.keep(child, shown, until)

    def kept_ds(self, name: Name) -> Message | None:
        kept = self._ds.find(name, self.clock.now())
        return kept[0] if kept is not None else None

    def glue(self, name: Name) -> list[str]:
        """The addresses that a referral gave for a server, while that referral counts."""
        kept = self._glue.find(name, self.clock.now())
        return list(kept[0]) if kept is not None else []

    def ordered(self, addresses: Sequence[str]) -> list[str]:
        """Those that kept silent lately come last."""
        now = self.clock.now()
        return sorted(addresses, key=lambda each: self._silent_until.get(each, 0) > now)

    def silent(self, address: str) -> None:
        self._silent_until[address] = self.clock.now() + SILENCE


class _Descent:
    """The way down for one look-up, and for the addresses of servers met on it."""

    def __init__(self, iterator: Iterator, work: Work, asked: list[Asked]) -> None:
        self.iterator = iterator
        self.work = work
        self.asked = asked
        self.fetching: set[Name] = set()

    def ask(self, qname: Name, rdtype: int, depth: int) -> Steps[Reply]:
        is_ds = rdtype == RRType.DS and len(qname) > 1
        if is_ds:
            kept = self.iterator.kept_ds(qname)
            if kept is not None:
                return Reply(kept)
        delegation = self.iterator.closest(qname.parent if is_ds else qname)
        said: list[str] = []
        for _ in range(REFERRALS):
            if delegation is None:
                break
            message = yield from self._one_of(delegation, qname, rdtype, depth, said)
            if message is None:
                break
            referral = _referral(message, delegation.zone, qname, rdtype)
            if referral is None:
                return Reply(message)
            delegation, ttl = referral
            self.iterator.learn(delegation, message, ttl)
        about = f"{qname.dotted} {type_text(rdtype)}"
        heard = ", ".join(dict.fromkeys(said)) or "no servers are known"
        text = f"no authoritative server gave an answer for {about} ({heard})"
        return Reply(None, Reason(Ede.NO_REACHABLE_AUTHORITY, text, about))

    def _one_of(
        self, delegation: Delegation, qname: Name, rdtype: int, depth: int, said: list[str]
    ) -> Steps[Message | None]:
        """The first usable response of the zone's servers, with nothing but its bailiwick in it."""
        tried: set[str] = set()
        fetched = 0
        waiting = list(delegation.names)
        addresses = self.iterator.ordered(delegation.addresses)
        while True:
            for address in addresses:
                if address in tried:
                    continue
                tried.add(address)
                question = Question(address, qname, rdtype, TIMEOUT, recursive=False)
                message, result = yield from exchanged(
                    question, self.iterator.clock, self.work, self.asked
                )
                if message is None:
                    self.iterator.silent(address)
                elif result in USABLE:
                    kept = _in_bailiwick(message, delegation.zone, qname, rdtype)
                    if not _lame(message, kept, delegation.zone, (qname, rdtype)):
                        return kept
                    result = "lame"
                said.append(f"{address}: {result}")
            if not waiting or fetched >= FETCHED or depth >= DEPTH:
                return None
            fetched += 1
            addresses = yield from self._address(waiting.pop(0), depth + 1)

    def _address(self, name: Name, depth: int) -> Steps[list[str]]:
        """The addresses of a server that came without any."""
        if name in self.fetching:
            return []  # its address would be at itself
        known = self.iterator.glue(name)
        if known:
            return known
        self.fetching.add(name)
        found: list[str] = []
        target = name
        for rdtype in (RRType.A, RRType.AAAA):
            for _ in range(self.work.budget.aliases):
                reply = yield from self.ask(target, rdtype, depth)
                if reply.message is None:
                    break
                path = reading(reply.message, target, rdtype, self.work.budget.aliases)
                found += [text for each in path.rrsets for text in _addresses(each)]
                if path.rrsets or path.denies or path.fault or path.name == target:
                    break
                target = path.name
            if found:
                break
        self.fetching.discard(name)
        return found


def _addresses(rrset: Rrset) -> list[str]:
    found = []
    for each in rrset.rdatas:
        try:
            found.append(rd.address(each))
        except rd.BadRdata:
            continue
    return found


def _in_bailiwick(message: Message, zone: Name, qname: Name, rdtype: int) -> Message:
    """The message without what the zone's servers have no say about.

    That is records of other names, and a name error for a name that an alias leads out to.
    """
    path = reading(message, qname, rdtype, len(message.answer))
    inside = path.name.is_under(zone)
    return structs.replace(
        message,
        rcode=message.rcode if inside else Rcode.NOERROR.value,
        answer=tuple(each for each in message.answer if each.owner.is_under(zone)),
        authority=tuple(each for each in message.authority if each.owner.is_under(zone)),
        additional=tuple(each for each in message.additional if each.owner.is_under(zone)),
    )


def _servers(message: Message, zone: Name, qname: Name) -> Rrset | None:
    """The NS records of a referral that leads down from the zone and towards the name."""
    return next(
        (
            each
            for each in message.authority
            if each.rdtype == RRType.NS
            and each.owner != zone
            and each.owner.is_under(zone)
            and qname.is_under(each.owner)
        ),
        None,
    )


def _answers(message: Message, qname: Name, rdtype: int) -> bool:
    """Whether the message speaks about the name itself, and does not merely refer."""
    path = reading(message, qname, rdtype, 0)
    if path.rrsets or path.aliases or path.fault or message.rcode == Rcode.NXDOMAIN:
        return True
    return any(each.rdtype == RRType.SOA for each in message.authority)


def _lame(message: Message, kept: Message, zone: Name, asked: tuple[Name, int]) -> bool:
    """Whether the server neither answers nor leads any further, but back up or sideways.

    `kept` is what the bailiwick leaves of the message; what it does not leave still tells.
    """
    qname, rdtype = asked
    if _answers(kept, qname, rdtype) or _servers(kept, zone, qname) is not None:
        return False
    return any(each.rdtype == RRType.NS for each in message.authority)


def _referral(
    message: Message, zone: Name, qname: Name, rdtype: int
) -> tuple[Delegation, int] | None:
    """Where the message leads, and for how long; None when it is an answer."""
    if _answers(message, qname, rdtype):
        return None
    servers = _servers(message, zone, qname)
    # To the DS question at a cut, the parent's referral is as much of an answer as there is.
    if servers is None or (rdtype == RRType.DS and servers.owner == qname):
        return None
    names = []
    for each in servers.rdatas:
        try:
            names.append(rd.one_name(each))
        except rd.BadRdata:
            continue
    addresses = [
        text
        for kind in (RRType.A, RRType.AAAA)
        for each in message.additional
        if each.rdtype == kind and each.owner in names
        for text in _addresses(each)
    ]
    known = {each.owner for each in message.additional if each.rdtype in (RRType.A, RRType.AAAA)}
    missing = tuple(each for each in names if each not in known)
    return Delegation(servers.owner, tuple(addresses), missing), servers.ttl


def root_servers(addresses: Sequence[str]) -> dict[Name, tuple[str, ...]]:
    """The `fixed` argument for iteration from these root servers."""
    return {ROOT: tuple(addresses)}
