"""Which zone does a name belong to, and which keys does that zone sign with?

Trust is walked downwards (RFC 4035 5). An anchor vouches for the keys of its zone. From there each
label on the way to the name is a possible zone cut, and the parent is asked for the DS record:

* a DS record, signed by the parent, names the child's keys; the child's DNSKEY RRset must be
  signed by a key that it names (5.2). Then the child is SECURE too, and the walk goes on there;
* a proof that there is no DS at a delegation makes everything below INSECURE (RFC 6840 4.4), and so
  do DS records of which none has an algorithm and a digest that we support;
* a proof that there is no delegation at all means that the parent's keys go on counting;
* anything else, above all an answer without signatures, is BOGUS. This is what tells a zone that
  is not signed from a resolver that leaves the signatures out: only the parent can say that the
  child is unsigned, and it must sign what it says.

A cold walk to a zone whose parent is known costs two look-ups, DS and DNSKEY. What is learnt about
zones, and about names where none begins, goes into the cache.
"""

from collections.abc import Callable, Sequence
from functools import partial

from msgspec import structs

from esashell.clock import SECOND
from esashell.resolver import rdata as rd
from esashell.resolver.algorithms import Policy
from esashell.resolver.anchors import Anchor
from esashell.resolver.answer import BOGUS, INDETERMINATE, INSECURE, SECURE, Link, Reason
from esashell.resolver.budget import Work
from esashell.resolver.cache import LONGEST, Cache
from esashell.resolver.denial import Records, no_ds, verified_records
from esashell.resolver.exchange import Ask, Reply
from esashell.resolver.names import Name
from esashell.resolver.reading import reading
from esashell.resolver.reasons import Why, because
from esashell.resolver.rrtypes import RRType, type_text
from esashell.resolver.signatures import Keyring, Verdict, judging, rrset_verdict, unexpanded
from esashell.resolver.wire import Message, Rrset
from esashell.resolver.zone import (
    Voucher,
    Zone,
    by_keys,
    ds_records,
    keyless,
    rrset_link,
    unanchored,
    unsupported,
)
from esashell.steps import Steps


class Walk:
    """The walks of one look-up: from the anchors down to whatever name is asked about."""

    def __init__(
        self,
        anchors: Sequence[Anchor],
        cache: Cache,
        ask: Ask,
        *,
        work: Work,
        now: int,
        policy: Policy,
    ) -> None:
        self.anchors = anchors
        self.cache = cache
        self.ask = ask
        self.work = work
        self.now = now
        self.policy = policy
        self._verdicts: dict[tuple[Name, Rrset], Verdict] = {}
        # What was learnt counts for the whole look-up, even with a TTL of 0 (RFC 1035 3.2.1).
        self._zones: dict[Name, Zone] = {}
        self._uncut_names: set[tuple[Name, Name]] = set()
        # How far down the chain was when something ended the walk, for the report.
        self.reached: tuple[Link, ...] = ()

    @property
    def seconds(self) -> int:
        return self.now // SECOND

    def zone_of(self, target: Name) -> Steps[Zone]:
        """The zone that the name lies in, as far down as the parents let us see.

        With a zone's own name that is the zone itself. When the walk ends early (insecure, bogus,
        no answer) the zone where it ended stands for everything below it.
        """
        zone = yield from self._start(target)
        self.reached = zone.chain
        for name in _between(zone.name, target):
            if zone.security is not SECURE:
                return zone
            cut = (zone.name, name)
            if self.cache.uncut.find(cut, self.now) or cut in self._uncut_names:
                continue
            found = yield from self._below(zone, name)
            if found is not None:
                zone = found
                self.reached = zone.chain
                self._keep(zone)
        return zone

    def zone_holding(self, target: Name, signer: Name | None) -> Steps[Zone]:
        """The zone that the name lies in, if `signer`, which is above it, claims to be that zone.

        The way is as far as the signer and costs no question beyond. But where a zone further
        down is known already, that is the one: its parent's signatures do not count below the cut
        (RFC 4035 5.3.1).
        """
        begins = target if signer is None else signer
        zone = self._known(begins) or (yield from self.zone_of(begins))
        self.reached = zone.chain
        for name in target.ancestors():
            if len(name) <= len(begins):
                break
            known = self._known(name)
            if known is not None and known.cut:
                self.reached = known.chain
                return known
        return zone

    def _known(self, name: Name) -> Zone | None:
        """The zone that begins at the name, from the cache or from earlier in this look-up."""
        if name in self.cache.zones:
            kept = self.cache.zones.find(name, self.now)
            if kept is not None and isinstance(kept[0], Zone):
                return kept[0]
        return self._zones.get(name)

    def _keep(self, zone: Zone) -> None:
        self._zones[zone.name] = zone
        self.cache.zones.keep(zone.name, zone, zone.until)

    def _start(self, target: Name) -> Steps[Zone]:
        """The closest zone above the name that is known already, or has an anchor."""
        for name in target.ancestors():
            known = self._known(name)
            if known is not None:
                return known
            anchor = next((each for each in self.anchors if each.zone == name), None)
            if anchor is not None:
                zone = yield from self._anchored(anchor)
                self._keep(zone)
                return zone
        return unanchored(target, self.now)

    def _anchored(self, anchor: Anchor) -> Steps[Zone]:
        """The zone of an anchor: its DNSKEY RRset must be signed by a key that the anchor names."""
        name = anchor.zone
        records = tuple(rd.text(RRType.DS, each) for each in anchor.ds)
        records += tuple(rd.text(RRType.DNSKEY, each) for each in anchor.dnskeys)
        top = Link(name, "anchor", SECURE, f"trusted key of {name.dotted}", records)
        if not records:
            text = f"the configuration says that {name.dotted} is not to be validated"
            text = anchor.note or text
            link = Link(name, "anchor", INSECURE, text)
            reason = because(Why.NOT_VALIDATED, name, f"{name.dotted} DNSKEY", note=text)
            return keyless(name, INSECURE, (link,), reason, self.now)
        digests = self.policy.usable(ds_records(anchor.ds))
        keys = tuple(
            each for each in anchor.dnskeys if len(each) > 4 and self.policy.supports(each[3])
        )
        if not digests and not keys:
            reason = because(Why.ANCHOR_UNSUPPORTED, name, f"{name.dotted} DNSKEY")
            link = Link(name, "anchor", INSECURE, reason.finding, records)
            return keyless(name, INSECURE, (link,), reason, self.now)
        voucher = Voucher(digests, keys, LONGEST, note=anchor.note)
        zone = yield from self._keys(name, voucher, (top,))
        # An anchor may have outlived its zone: only keys that fit it show that there is one.
        return structs.replace(zone, cut=zone.security is SECURE)

    def _below(self, parent: Zone, name: Name) -> Steps[Zone | None]:
        """The zone that begins at a name directly below what `parent` vouches for; None if none."""
        reply = yield from self.ask(name, RRType.DS)
        if reply.message is None:
            return self._failed(parent.name, name, RRType.DS, reply.reason, parent.chain)
        found = yield from self._by_ds(parent, name, reply.message)
        # What the parent itself says is BOGUS: somebody else may have said it.
        while found is not None and found.security is BOGUS and not found.cut:
            reply = (yield from reply.again()) if reply.again is not None else Reply(None)
            if reply.message is None:
                break
            found = yield from self._by_ds(parent, name, reply.message)
        return found

    def _by_ds(self, parent: Zone, name: Name, message: Message) -> Steps[Zone | None]:
        """What the answer to the DS question says of the zone, and then of its keys."""
        path = reading(message, name, RRType.DS, 0)
        ds = path.rrsets[0] if path.rrsets and not path.aliases else None
        if ds is not None:
            # A wildcard cannot delegate (RFC 4592 4.2, 4.6), whoever signed it.
            verdict = unexpanded((yield from self.judged(ds, parent)), ds, parent.name)
            link = rrset_link(parent.name, ds, verdict)
            if verdict.security is not SECURE:
                return keyless(name, BOGUS, (*parent.chain, link), verdict.reason, self.now)
            found = yield from self._delegated(parent, name, ds, verdict, link)
            return structs.replace(found, cut=True)
        if self._alias(message, parent, name):
            return None
        return self._without_ds(message, parent, name)

    def _alias(self, message: Message, parent: Zone, name: Name) -> bool:
        """Whether the parent signs an alias at the name, or above it: no zone begins there."""
        for each in message.answer:
            alias = (each.rdtype == RRType.CNAME and each.owner == name) or (
                each.rdtype == RRType.DNAME and name != each.owner and name.is_under(each.owner)
            )
            if alias and each.owner.is_under(parent.name):
                verdict = self.verdict(each, parent)
                # An alias made from a wildcard owes a proof that is not looked for here.
                if verdict.security is SECURE and verdict.encloser is None:
                    self._uncut(parent, name, verdict.ttl, verdict.until)
                    return True
        return False

    def _without_ds(self, message: Message, parent: Zone, name: Name) -> Zone | None:
        """What the absence of a DS record means, by the parent's own proof."""
        denial = no_ds(self.denials(message, parent), name)
        chain = (*parent.chain, denial.link)
        if denial.security is BOGUS:
            return keyless(name, BOGUS, chain, denial.reason, self.now)
        until = min(self.now + denial.ttl * SECOND, denial.until * SECOND, parent.until)
        if denial.security is SECURE and not denial.delegation:
            self._uncut(parent, name, denial.ttl, denial.until)
            return None
        return Zone(
            name,
            INSECURE,
            Keyring(name),
            chain,
            until,
            denial.reason
            or because(Why.NO_DS, parent.name, f"{name.dotted} DS", child=name.dotted),
            cut=denial.delegation,
        )

    def _delegated(
        self, parent: Zone, name: Name, ds: Rrset, verdict: Verdict, link: Link
    ) -> Steps[Zone]:
        records = ds_records(ds.rdatas)
        usable = self.policy.usable(records)
        chain = (*parent.chain, link)
        if not usable:
            # RFC 4035 5.2: no supported algorithm or digest is as good as no DS at all.
            until = min(self.now + verdict.ttl * SECOND, parent.until)
            return Zone(
                name,
                INSECURE,
                Keyring(name),
                chain,
                until,
                unsupported(parent.name, name, records, self.policy),
            )
        voucher = Voucher(usable, (), verdict.ttl, parent.name)
        return (yield from self._keys(name, voucher, chain))

    def _keys(self, name: Name, voucher: Voucher, chain: tuple[Link, ...]) -> Steps[Zone]:
        """The zone's keys, its DNSKEY RRset being signed by one that is vouched for."""
        self.reached = chain
        reply = yield from self.ask(name, RRType.DNSKEY)
        if reply.message is None:
            return self._failed(name, name, RRType.DNSKEY, reply.reason, chain)
        judged = partial(by_keys, now=self.now, work=self.work, policy=self.policy)
        zone = yield from judged(name, voucher, chain, reply.message)
        while zone.security is BOGUS and reply.again is not None:
            reply = yield from reply.again()
            if reply.message is None:
                break
            zone = yield from judged(name, voucher, chain, reply.message)
        return zone

    def denials(self, message: Message, zone: Zone) -> Records:
        """The denial records in a message that a SECURE zone has signed."""
        judge, limit = self.verdict_by(zone), self.policy.nsec3_iterations
        return verified_records(message, zone.name, judge, self.work, limit)

    def judged(self, rrset: Rrset, zone: Zone) -> Steps[Verdict]:
        """The verdict on an RRset by a SECURE zone's keys; reached once in a look-up."""
        key = (zone.name, rrset)
        known = self._verdicts.get(key)
        if known is None:
            known = yield from judging(rrset, zone.keys, self.seconds, self.work, self.policy)
            self._verdicts[key] = known
        return known

    def verdict(self, rrset: Rrset, zone: Zone) -> Verdict:
        """The same verdict, for whoever cannot wait for it."""
        key = (zone.name, rrset)
        known = self._verdicts.get(key)
        if known is None:
            known = rrset_verdict(rrset, zone.keys, self.seconds, self.work, self.policy)
            self._verdicts[key] = known
        return known

    def verdict_by(self, zone: Zone) -> Callable[[Rrset], Verdict]:
        return lambda rrset: self.verdict(rrset, zone)

    def _failed(
        self, zone: Name, name: Name, rdtype: int, below: Reason | None, chain: tuple[Link, ...]
    ) -> Zone:
        what = type_text(rdtype)
        why = because(
            Why.NOT_HAD,
            zone,
            f"{name.dotted} {what}",
            code=below.code if below else None,
            said=f" ({below.finding})" if below else "",
            cure=below.cure if below else "mend the zone's servers, or the way to them",
        )
        link = Link(name, what, INDETERMINATE, why.finding)
        return keyless(name, INDETERMINATE, (*chain, link), why, self.now)

    def _uncut(self, parent: Zone, name: Name, ttl: int, signed_until: int) -> None:
        until = min(self.now + ttl * SECOND, signed_until * SECOND, parent.until)
        self._uncut_names.add((parent.name, name))
        self.cache.uncut.keep((parent.name, name), name, until)


def _between(zone: Name, target: Name) -> list[Name]:
    """The names below the zone on the way to the target, shortest first."""
    depth = len(zone)
    return [each for each in reversed(target.ancestors()) if len(each) > depth]
