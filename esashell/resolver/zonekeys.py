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

from msgspec import Struct, structs

from esashell.clock import SECOND
from esashell.resolver import rdata as rd
from esashell.resolver.algorithms import Key, Policy, algorithm_text, digest, zone_key
from esashell.resolver.anchors import Anchor
from esashell.resolver.answer import Ede, Link, Reason, Security
from esashell.resolver.budget import Work
from esashell.resolver.cache import BOGUS_SECONDS, FAILURE_SECONDS, LONGEST, Cache
from esashell.resolver.denial import Denial, Records, no_ds, verified_records
from esashell.resolver.exchange import Ask
from esashell.resolver.names import ROOT, Name
from esashell.resolver.reading import reading
from esashell.resolver.rrtypes import RRType, type_text
from esashell.resolver.signatures import Keyring, Verdict, keyring, rrset_verdict, unexpanded
from esashell.resolver.wire import Message, Rrset
from esashell.steps import Steps


class Zone(Struct, frozen=True, gc=False):
    """A zone and what is known of its keys.

    SECURE: `keys` are its keys. INSECURE: it is proved that nothing vouches for it. BOGUS and
    INDETERMINATE: `reason` says which link of `chain` failed. `until` is in microseconds.
    `cut` means that a zone is known to begin at the name: by DS records, by the proof of a
    delegation without any, or by keys that fit an anchor. Otherwise it may begin further up.
    """

    name: Name
    security: Security
    keys: Keyring
    chain: tuple[Link, ...]
    until: int
    reason: Reason | None = None
    cut: bool = False


class Voucher(Struct, frozen=True, gc=False):
    """What vouches for a zone's keys: the parent's DS records, or an anchor's records."""

    kind: str
    digests: tuple[rd.Ds, ...]
    keys: tuple[bytes, ...]
    ttl: int
    note: str = ""


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
        self.anchors = {each.zone: each for each in anchors}
        self.cache = cache
        self.ask = ask
        self.work = work
        self.now = now
        self.policy = policy
        self._verdicts: dict[tuple[Name, Rrset], Verdict] = {}

    @property
    def seconds(self) -> int:
        return self.now // SECOND

    def zone_of(self, target: Name) -> Steps[Zone]:
        """The zone that the name lies in, as far down as the parents let us see.

        With a zone's own name that is the zone itself. When the walk ends early (insecure, bogus,
        no answer) the zone where it ended stands for everything below it.
        """
        zone = yield from self._start(target)
        for name in _between(zone.name, target):
            if zone.security is not Security.SECURE:
                return zone
            if self.cache.uncut.find((zone.name, name), self.now):
                continue
            found = yield from self._below(zone, name)
            if found is not None:
                zone = found
                self.cache.zones.keep(name, zone, zone.until)
        return zone

    def zone_holding(self, target: Name, signer: Name | None) -> Steps[Zone]:
        """The zone that the name lies in, if `signer`, which is above it, claims to be that zone.

        The way is as far as the signer and costs no question beyond. But where a zone further
        down is known already, that is the one: its parent's signatures do not count below the cut
        (RFC 4035 5.3.1).
        """
        zone = yield from self.zone_of(target if signer is None else signer)
        if signer is None or signer == target:
            return zone
        for name in _between(signer, target):
            kept = self.cache.zones.find(name, self.now)
            if kept is not None and isinstance(kept[0], Zone) and kept[0].cut:
                zone = kept[0]
        return zone

    def _start(self, target: Name) -> Steps[Zone]:
        """The closest zone above the name that is known already, or has an anchor."""
        for name in target.ancestors():
            kept = self.cache.zones.find(name, self.now)
            if kept is not None and isinstance(kept[0], Zone):
                return kept[0]
            anchor = self.anchors.get(name)
            if anchor is not None:
                zone = yield from self._anchored(anchor)
                self.cache.zones.keep(name, zone, zone.until)
                return zone
        return unanchored(self.now)

    def _anchored(self, anchor: Anchor) -> Steps[Zone]:
        """The zone of an anchor: its DNSKEY RRset must be signed by a key that the anchor names."""
        name = anchor.zone
        records = tuple(rd.text(RRType.DS, each) for each in anchor.ds)
        records += tuple(rd.text(RRType.DNSKEY, each) for each in anchor.dnskeys)
        top = Link(name, "anchor", Security.SECURE, f"trusted key of {name.dotted}", records)
        if not records:
            text = f"the configuration says that {name.dotted} is not to be validated"
            text = anchor.note or text
            link = Link(name, "anchor", Security.INSECURE, text)
            return self._zone(
                name, Security.INSECURE, (link,), Reason(Ede.OTHER, text, name.dotted)
            )
        digests = self.policy.usable(_ds_records(anchor.ds))
        keys = tuple(
            each for each in anchor.dnskeys if len(each) > 4 and self.policy.supports(each[3])
        )
        if not digests and not keys:
            text = f"no trust anchor of {name.dotted} has an algorithm that is supported"
            reason = Reason(Ede.UNSUPPORTED_DNSKEY_ALGORITHM, text, f"{name.dotted} DNSKEY")
            link = Link(name, "anchor", Security.INSECURE, text, records)
            return self._zone(name, Security.INSECURE, (link,), reason)
        voucher = Voucher("trust anchor", digests, keys, LONGEST, anchor.note)
        zone = yield from self._keys(name, voucher, (top,))
        # An anchor may have outlived its zone: only keys that fit it show that there is one.
        return structs.replace(zone, cut=zone.security is Security.SECURE)

    def _below(self, parent: Zone, name: Name) -> Steps[Zone | None]:
        """The zone that begins at a name directly below what `parent` vouches for; None if none."""
        reply = yield from self.ask(name, RRType.DS)
        message = reply.message
        if message is None:
            text = f"the DS records of {name.dotted} could not be had"
            return self._failed(parent, name, "DS", reply.reason, text)
        path = reading(message, name, RRType.DS, 0)
        ds = path.rrsets[0] if path.rrsets and not path.aliases else None
        if ds is not None:
            # A wildcard cannot delegate (RFC 4592 4.2, 4.6), whoever signed it.
            verdict = unexpanded(self.verdict(ds, parent), ds)
            link = rrset_link(parent.name, ds, verdict)
            if verdict.security is not Security.SECURE:
                return self._zone(name, Security.BOGUS, (*parent.chain, link), verdict.reason)
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
                if verdict.security is Security.SECURE and verdict.encloser is None:
                    self._uncut(parent, name, verdict.ttl, verdict.until)
                    return True
        return False

    def _without_ds(self, message: Message, parent: Zone, name: Name) -> Zone | None:
        """What the absence of a DS record means, by the parent's own proof."""
        denial = no_ds(self.denials(message, parent), name)
        chain = (*parent.chain, denial.link)
        if denial.security is Security.BOGUS:
            return self._zone(name, Security.BOGUS, chain, denial.reason)
        until = min(self.now + denial.ttl * SECOND, denial.until * SECOND, parent.until)
        if denial.security is Security.SECURE and not denial.delegation:
            self._uncut(parent, name, denial.ttl, denial.until)
            return None
        return Zone(
            name,
            Security.INSECURE,
            Keyring(name),
            chain,
            until,
            self._unsigned(name, denial),
            cut=denial.delegation,
        )

    def _unsigned(self, name: Name, denial: Denial) -> Reason:
        if denial.reason is not None:
            return denial.reason
        text = f"the parent proves that {name.dotted} has no DS record, so it is not signed"
        return Reason(Ede.OTHER, text, f"{name.dotted} DS")

    def _delegated(
        self, parent: Zone, name: Name, ds: Rrset, verdict: Verdict, link: Link
    ) -> Steps[Zone]:
        records = _ds_records(ds.rdatas)
        usable = self.policy.usable(records)
        chain = (*parent.chain, link)
        if not usable:
            # RFC 4035 5.2: no supported algorithm or digest is as good as no DS at all.
            until = min(self.now + verdict.ttl * SECOND, parent.until)
            return Zone(
                name,
                Security.INSECURE,
                Keyring(name),
                chain,
                until,
                self._unsupported(name, records),
            )
        voucher = Voucher("DS record", usable, (), verdict.ttl)
        return (yield from self._keys(name, voucher, chain))

    def _unsupported(self, name: Name, records: Sequence[rd.Ds]) -> Reason:
        about = f"{name.dotted} DS"
        if any(self.policy.supports(each.algorithm) for each in records):
            text = f"no DS record of {name.dotted} has a digest type that is supported"
            return Reason(Ede.UNSUPPORTED_DS_DIGEST_TYPE, text, about)
        named = ", ".join(sorted({algorithm_text(each.algorithm) for each in records}))
        text = (
            f"{name.dotted} is signed only with what is not supported here ({named or 'nothing'})"
        )
        return Reason(Ede.UNSUPPORTED_DNSKEY_ALGORITHM, text, about)

    def _keys(self, name: Name, voucher: Voucher, chain: tuple[Link, ...]) -> Steps[Zone]:
        """The zone's keys, its DNSKEY RRset being signed by one that is vouched for."""
        reply = yield from self.ask(name, RRType.DNSKEY)
        message = reply.message
        if message is None:
            text = f"the DNSKEY records of {name.dotted} could not be had"
            above = Zone(name, Security.SECURE, Keyring(name), chain, 0)
            return self._failed(above, name, "DNSKEY", reply.reason, text)
        found = next(
            (e for e in message.answer if e.owner == name and e.rdtype == RRType.DNSKEY), None
        )
        if found is None:
            text = f"{name.dotted} has a {voucher.kind} but publishes no DNSKEY record"
            reason = Reason(Ede.DNSKEY_MISSING, text, f"{name.dotted} DNSKEY")
            link = Link(name, "DNSKEY", Security.BOGUS, text)
            return self._zone(name, Security.BOGUS, (*chain, link), reason)
        keys = [key for key in map(zone_key, sorted(found.rdatas)) if key is not None]
        vouched = self._vouched(name, keys, voucher)
        if not vouched:
            reason = _no_match(name, found.rdatas, voucher)
            records = tuple(rd.text(RRType.DNSKEY, each) for each in found.rdatas)
            link = Link(name, "DNSKEY", Security.BOGUS, reason.text, records)
            return self._zone(name, Security.BOGUS, (*chain, link), reason)
        verdict = rrset_verdict(found, keyring(name, vouched), self.seconds, self.work, self.policy)
        verdict = unexpanded(verdict, found)
        link = rrset_link(name, found, verdict)
        if verdict.security is not Security.SECURE:
            return self._zone(name, Security.BOGUS, (*chain, link), verdict.reason)
        usable = [key for key in keys if self.policy.supports(key.algorithm)]
        until = self.now + min(verdict.ttl, voucher.ttl, LONGEST) * SECOND
        return Zone(name, Security.SECURE, keyring(name, usable), (*chain, link), until)

    def _vouched(self, name: Name, keys: Sequence[Key], voucher: Voucher) -> list[Key]:
        """The keys that a DS record or an anchor names (RFC 4035 5.2)."""
        found = [key for key in keys if key.rdata in voucher.keys]
        compared = 0
        for each in sorted(voucher.digests, key=lambda ds: (ds.key_tag, ds.algorithm, ds.digest)):
            for key in keys:
                if key.tag != each.key_tag or key.algorithm != each.algorithm or key in found:
                    continue
                if compared >= self.work.budget.digests:
                    return found
                compared += 1
                if digest(name, key.rdata, each.digest_type) == each.digest:
                    found.append(key)
        return found

    def denials(self, message: Message, zone: Zone) -> Records:
        """The denial records in a message that a SECURE zone has signed."""
        return verified_records(message, zone.name, self.verdict_by(zone), self.work)

    def verdict(self, rrset: Rrset, zone: Zone) -> Verdict:
        """The verdict on an RRset by a SECURE zone's keys; reached once in a look-up."""
        key = (zone.name, rrset)
        known = self._verdicts.get(key)
        if known is None:
            known = rrset_verdict(rrset, zone.keys, self.seconds, self.work, self.policy)
            self._verdicts[key] = known
        return known

    def verdict_by(self, zone: Zone) -> Callable[[Rrset], Verdict]:
        return lambda rrset: self.verdict(rrset, zone)

    def _failed(
        self, parent: Zone, name: Name, what: str, reason: Reason | None, text: str
    ) -> Zone:
        if reason is not None:
            text = f"{text}: {reason.text}"
        code = reason.code if reason is not None else Ede.DNSSEC_INDETERMINATE
        link = Link(name, what, Security.INDETERMINATE, text)
        why = Reason(code, text, f"{name.dotted} {what}")
        return self._zone(name, Security.INDETERMINATE, (*parent.chain, link), why)

    def _zone(
        self, name: Name, security: Security, chain: tuple[Link, ...], reason: Reason | None
    ) -> Zone:
        """A zone without keys; how long it is remembered depends on what is wrong with it."""
        seconds = {Security.BOGUS: BOGUS_SECONDS, Security.INDETERMINATE: FAILURE_SECONDS}
        until = self.now + seconds.get(security, LONGEST) * SECOND
        return Zone(name, security, Keyring(name), chain, until, reason)

    def _uncut(self, parent: Zone, name: Name, ttl: int, signed_until: int) -> None:
        until = min(self.now + ttl * SECOND, signed_until * SECOND, parent.until)
        self.cache.uncut.keep((parent.name, name), name, until)


def rrset_link(zone: Name, rrset: Rrset, verdict: Verdict) -> Link:
    """The link of the chain that an RRset of the zone makes, with its records as text."""
    text = verdict.reason.text if verdict.reason else f"signed by {zone.dotted}"
    records = tuple(rd.text(rrset.rdtype, each) for each in rrset.rdatas)
    return Link(zone, type_text(rrset.rdtype), verdict.security, text, records, verdict.trials)


def unanchored(now: int) -> Zone:
    """The zone of a name that no anchor is above of."""
    text = "there is no trust anchor above the name, so nothing can be validated"
    reason = Reason(Ede.OTHER, text)
    link = Link(ROOT, "anchor", Security.INSECURE, text)
    return Zone(ROOT, Security.INSECURE, Keyring(ROOT), (link,), now + LONGEST * SECOND, reason)


def _between(zone: Name, target: Name) -> list[Name]:
    """The names below the zone on the way to the target, shortest first."""
    names = []
    for each in target.ancestors():
        if len(each) <= len(zone):
            break
        names.append(each)
    return names[::-1]


def _ds_records(rdatas: Sequence[bytes]) -> tuple[rd.Ds, ...]:
    """Those that can be read; a DS that cannot is as one with an unknown digest."""
    found = []
    for each in rdatas:
        try:
            found.append(rd.ds(each))
        except rd.BadRdata:
            continue
    return tuple(found)


def _no_match(name: Name, rdatas: Sequence[bytes], voucher: Voucher) -> Reason:
    tags = sorted({each.key_tag for each in voucher.digests} | set(map(rd.key_tag, voucher.keys)))
    published = sorted({rd.key_tag(each) for each in rdatas if len(each) > 4})
    missing = [tag for tag in tags if tag not in published]
    wanted = ", ".join(map(str, missing or tags))
    if missing:
        fault = f"points to key {wanted}, which {name.dotted} does not publish"
    else:
        fault = (
            f"has the tag of key {wanted} but does not fit that key as {name.dotted} publishes it"
        )
    shown = ", ".join(map(str, published)) or "none"
    cure = "the parent must be given the DS of a key that is published"
    if voucher.kind != "DS record":
        cure = "the trust anchor must be brought up to date, or the answer was forged"
        cure = voucher.note or cure
    text = f"the {voucher.kind} of {name.dotted} {fault} (it publishes {shown}): {cure}"
    return Reason(Ede.DNSKEY_MISSING, text, f"{name.dotted} DNSKEY")
