"""A small internet for the resolver's tests: zones signed here, answered as a recursive resolver.

Nothing of the program under test makes signatures or proofs, so nothing of it is needed to make
them here; only names, rdata and messages are shared, and those have tests of their own.
"""

import base64
import hashlib
from collections.abc import Callable, Iterator

import msgspec
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa, utils

from esashell.clock import SECOND, FixedClock
from esashell.errors import TimedOut
from esashell.resolver import rdata as rd
from esashell.resolver import wire
from esashell.resolver.anchors import Anchor
from esashell.resolver.answer import Answer
from esashell.resolver.lookup import Resolver, Server
from esashell.resolver.names import ROOT, Name, name_from_text
from esashell.resolver.rrtypes import RRType
from esashell.resolver.wire import Message, Rrset
from esashell.steps import Exchange, run

NOW = 1_767_225_600  # 2026-01-01
DAY = 86_400
TTL = 3600


def n(text: str) -> Name:
    return name_from_text(text)


_RSA: dict[int, rsa.RSAPrivateKey] = {}


class SigningKey:
    """A private key and its DNSKEY rdata."""

    def __init__(self, algorithm: int = 13, flags: int = 257, protocol: int = 3, which: int = 0):
        self.algorithm = algorithm
        if algorithm in (5, 7, 8, 10):
            if which not in _RSA:
                _RSA[which] = rsa.generate_private_key(65537, 1024)
            self.private = _RSA[which]
            numbers = self.private.public_key().public_numbers()
            public = b"\x03\x01\x00\x01" + numbers.n.to_bytes(128, "big")
        elif algorithm in (13, 14):
            curve = ec.SECP256R1() if algorithm == 13 else ec.SECP384R1()
            self.private = ec.generate_private_key(curve)
            public = self.private.public_key().public_bytes(
                serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
            )[1:]
        else:
            kind = ed25519.Ed25519PrivateKey if algorithm == 15 else ed448.Ed448PrivateKey
            self.private = kind.generate()
            public = self.private.public_key().public_bytes_raw()
        self.rdata = flags.to_bytes(2, "big") + bytes((protocol, algorithm)) + public

    @property
    def tag(self) -> int:
        return rd.key_tag(self.rdata)

    def sign(self, data: bytes) -> bytes:
        if self.algorithm in (5, 7, 8, 10):
            kind = {8: hashes.SHA256, 10: hashes.SHA512}.get(self.algorithm, hashes.SHA1)()
            return self.private.sign(data, padding.PKCS1v15(), kind)
        if self.algorithm in (13, 14):
            kind = hashes.SHA256() if self.algorithm == 13 else hashes.SHA384()
            size = 32 if self.algorithm == 13 else 48
            r, s = utils.decode_dss_signature(self.private.sign(data, ec.ECDSA(kind)))
            return r.to_bytes(size, "big") + s.to_bytes(size, "big")
        return self.private.sign(data)


def rrsig(
    key: SigningKey,
    signer: Name,
    owner: Name,
    rdtype: int,
    rdatas: tuple[bytes, ...],
    *,
    inception: int = NOW - DAY,
    expiration: int = NOW + 30 * DAY,
    labels: int | None = None,
    ttl: int = TTL,
    algorithm: int | None = None,
    tag: int | None = None,
) -> bytes:
    """An RRSIG rdata, made from RFC 4034 3.1.8.1 alone."""
    if labels is None:
        labels = len([label for label in owner.labels() if label != b"*"])
    head = (
        rdtype.to_bytes(2, "big")
        + bytes((key.algorithm if algorithm is None else algorithm, labels))
        + ttl.to_bytes(4, "big")
        + (expiration & 0xFFFFFFFF).to_bytes(4, "big")
        + (inception & 0xFFFFFFFF).to_bytes(4, "big")
        + (key.tag if tag is None else tag).to_bytes(2, "big")
        + signer
    )
    body = b"".join(
        owner + rdtype.to_bytes(2, "big") + b"\x00\x01" + ttl.to_bytes(4, "big")
        + len(each).to_bytes(2, "big") + each
        for each in sorted(set(rdatas))
    )  # fmt: skip
    return head + key.sign(head + body)


def h3(name: bytes, iterations: int, salt: bytes) -> bytes:
    value = hashlib.sha1(name + salt).digest()
    for _ in range(iterations):
        value = hashlib.sha1(value + salt).digest()
    return value


class SignedZone:
    """A zone with its records, its keys and one way to deny: nsec, nsec3, optout or none."""

    def __init__(
        self,
        name: str,
        *,
        denial: str = "nsec",
        algorithm: int = 13,
        iterations: int = 0,
        salt: bytes = b"",
        digest_types: tuple[int, ...] = (2,),
        **validity: int,
    ) -> None:
        self.name = n(name)
        self.denial = denial
        self.iterations, self.salt = iterations, salt
        self.digest_types = digest_types
        self.validity = validity
        self.records: dict[tuple[Name, int], list[bytes]] = {}
        self.cuts: dict[Name, bool] = {}
        self.signatures: dict[tuple[Name, int], tuple[bytes, ...]] = {}
        self.key = SigningKey(algorithm)
        mname = n("ns").labels()[0]
        soa = self.name.prepend(mname) + self.name.prepend(b"host") + bytes(16) + b"\0\0\x01\x2c"
        self.add(self.name, RRType.SOA, soa)
        self.add(self.name, RRType.NS, self.name.prepend(b"ns"))
        if self.signed:
            self.add(self.name, RRType.DNSKEY, self.key.rdata)

    @property
    def signed(self) -> bool:
        return self.denial != "none"

    def add(self, owner: str | Name, rdtype: int, *rdatas: bytes) -> None:
        name = owner if isinstance(owner, Name) else n(owner)
        self.records.setdefault((name, int(rdtype)), []).extend(rdatas)

    def delegate(self, child: "SignedZone") -> None:
        """A cut at the child's name, with DS records when the child is signed."""
        self.cuts[child.name] = child.signed
        self.add(child.name, RRType.NS, child.name.prepend(b"ns"))
        for kind in child.digest_types if child.signed else ():
            self.add(child.name, RRType.DS, child.ds(kind))

    def ds(self, digest_type: int = 2) -> bytes:
        kind = {1: "sha1", 2: "sha256", 4: "sha384"}.get(digest_type, "sha256")
        value = hashlib.new(kind, self.name + self.key.rdata).digest()
        head = self.key.tag.to_bytes(2, "big") + bytes((self.key.algorithm, digest_type))
        return head + value

    def _names(self) -> list[Name]:
        """Names with authoritative data or a cut; nothing below a cut."""
        names = {owner for owner, _ in self.records}
        return [e for e in names if not any(e != c and e.is_under(c) for c in self.cuts)]

    def _types(self, name: Name) -> set[int]:
        types = {rdtype for owner, rdtype in self.records if owner == name}
        return types & {RRType.NS, RRType.DS} if name in self.cuts else types

    def nsec_sets(self) -> list[tuple[Name, int, bytes]]:
        if self.denial == "nsec":
            ring = sorted(self._names(), key=lambda e: e.order)
            return [
                (
                    owner,
                    int(RRType.NSEC),
                    ring[(i + 1) % len(ring)]
                    + rd.bitmap_of(frozenset(self._types(owner) | {RRType.NSEC, RRType.RRSIG})),
                )
                for i, owner in enumerate(ring)
            ]
        if self.denial == "none":
            return []
        optout = self.denial == "optout"
        covered = {e for e in self._names() if not (optout and self.cuts.get(e) is False)}
        for each in list(covered):
            for above in each.ancestors():
                if above.is_under(self.name):
                    covered.add(above)
        hashed = sorted((h3(e, self.iterations, self.salt), e) for e in covered)
        found = []
        for i, (value, name) in enumerate(hashed):
            types = self._types(name)
            if types and (name not in self.cuts or RRType.DS in types):
                types = types | {RRType.RRSIG}
            following = hashed[(i + 1) % len(hashed)][0]
            rdata = (
                bytes((1, int(optout)))
                + self.iterations.to_bytes(2, "big")
                + bytes((len(self.salt),)) + self.salt
                + bytes((len(following),)) + following
                + rd.bitmap_of(frozenset(types))
            )  # fmt: skip
            owner = self.name.prepend(base64.b32hexencode(value))
            found.append((owner, int(RRType.NSEC3), rdata))
        return found

    def rrset(self, owner: Name, rdtype: int, *, at: Name | None = None) -> Rrset | None:
        """An RRset with its signature; `at` is the name asked for when a wildcard stands in."""
        rdatas = tuple(self.records.get((owner, int(rdtype)), ()))
        if not rdatas:
            return None
        signatures: tuple[bytes, ...] = ()
        beyond = owner in self.cuts and rdtype != RRType.DS
        if self.signed and not beyond:
            signatures = self.signatures.get((owner, int(rdtype)), ()) or (
                rrsig(self.key, self.name, owner, int(rdtype), rdatas, **self.validity),
            )
        return Rrset(at or owner, int(rdtype), TTL, rdatas, signatures)

    def denial_set(self, owner: Name, rdtype: int, rdata: bytes) -> Rrset:
        made = rrsig(self.key, self.name, owner, rdtype, (rdata,), **self.validity)
        return Rrset(owner, rdtype, TTL, (rdata,), (made,))

    def exists(self, name: Name) -> bool:
        return any(owner.is_under(name) for owner, _ in self.records)

    def deny(self, *names: Name) -> list[Rrset]:
        """The NSEC or NSEC3 records that match or cover these names."""
        found: dict[Name, Rrset] = {}
        sets = self.nsec_sets()
        for name in names:
            for i, (owner, rdtype, rdata) in enumerate(sets):
                following = sets[(i + 1) % len(sets)][0]
                if rdtype == RRType.NSEC:
                    first, wanted, last = owner.order, name.order, following.order
                else:
                    wanted = self.name.prepend(
                        base64.b32hexencode(h3(name, self.iterations, self.salt))
                    ).labels()[0]  # type: ignore[assignment]
                    first, last = owner.labels()[0], following.labels()[0]  # type: ignore[assignment]
                inside = first < wanted < last if first < last else first < wanted or wanted < last
                if first == wanted or inside:
                    found[owner] = self.denial_set(owner, rdtype, rdata)
        return list(found.values())

    def encloser(self, name: Name) -> tuple[Name, Name]:
        """The closest existing ancestor of a name that does not exist, and the next closer."""
        below = name
        for each in name.ancestors():
            if self.exists(each):
                return each, below
            below = each
        raise AssertionError(name)


Mutation = Callable[[Name, int, Message], Message]


class Internet:
    """All zones, seen through one recursive resolver; performs `Exchange`, and counts."""

    def __init__(self, *zones: SignedZone) -> None:
        self.zones = {each.name: each for each in zones}
        self.ways: dict[str, str] = {}
        self.mutate: Mutation = lambda qname, rdtype, message: message
        self.log: list[tuple[str, Name, int, bool]] = []

    def perform(self, request: Exchange) -> bytes:
        query = wire.parse(request.message)
        qname, rdtype = query.question[0]
        self.log.append((request.server, qname, rdtype, request.tcp))
        way = self.ways.get(request.server, "")
        if way == "silent":
            raise TimedOut
        if way == "garbage":
            return b"\x00\x01garbage"
        message = self.answer(qname, rdtype)
        if way in ("SERVFAIL", "REFUSED"):
            rcode = {"SERVFAIL": 2, "REFUSED": 5}[way]
            message = Message(flags=message.flags, rcode=rcode, question=message.question)
        if way == "strip":
            message = stripped(message)
        if way == "other":
            message = msgspec.structs.replace(message, question=((n("other.test"), rdtype),))
        message = self.mutate(qname, rdtype, message)
        limit = 100 if way == "small" and not request.tcp else 65535
        return wire.encode(message, limit)

    def zone_for(self, name: Name, rdtype: int) -> SignedZone:
        above = name.parent if rdtype == RRType.DS and len(name) > 1 else name
        return max(
            (z for z in self.zones.values() if above.is_under(z.name)), key=lambda z: len(z.name)
        )

    def answer(self, qname: Name, rdtype: int) -> Message:
        answer: list[Rrset] = []
        authority: list[Rrset] = []
        rcode = 0
        name = qname
        for _ in range(20):
            rcode, done, name = self._step(name, rdtype, answer, authority)
            if done:
                break
        return Message(
            flags=wire.QR | wire.RD | wire.RA,
            rcode=rcode,
            question=((qname, rdtype),),
            answer=tuple(answer),
            authority=tuple(authority),
            payload=1232,
            dnssec_ok=True,
        )

    def _step(
        self, name: Name, rdtype: int, answer: list[Rrset], authority: list[Rrset]
    ) -> tuple[int, bool, Name]:
        zone = self.zone_for(name, rdtype)
        for above in name.ancestors():
            dname = zone.rrset(above, RRType.DNAME) if above != name else None
            if dname is not None:
                target = rd.one_name(dname.rdatas[0])
                made = target.prepend(*name.labels()[: len(name.labels()) - len(above.labels())])
                answer += [dname, Rrset(name, int(RRType.CNAME), TTL, (made,))]
                return 0, False, made
        source, proof = name, []
        if not zone.exists(name):
            encloser, closer = zone.encloser(name)
            source = Name(b"\x01*" + encloser)
            if not zone.exists(source):
                authority += [*self._soa(zone), *zone.deny(*self._denied(zone, encloser, closer))]
                return 3, True, name
            proof = [name if zone.denial == "nsec" else closer]
        cname = zone.rrset(source, RRType.CNAME, at=name)
        if cname is not None and rdtype not in (RRType.CNAME, RRType.ANY):
            answer.append(cname)
            authority += zone.deny(*proof)
            return 0, False, rd.one_name(cname.rdatas[0])
        types = [rdtype]
        if rdtype == RRType.ANY:
            types = sorted(each for owner, each in zone.records if owner == source)
        found = [e for e in (zone.rrset(source, each, at=name) for each in types) if e]
        if found:
            answer += found
            authority += zone.deny(*proof)
        else:
            if proof and zone.denial != "nsec":
                proof.append(zone.encloser(name)[0])
            matching = self._at(zone, name, source, proof)
            authority += [*self._soa(zone), *zone.deny(*matching)]
        return 0, True, name

    def _at(self, zone: SignedZone, name: Name, source: Name, proof: list[Name]) -> list[Name]:
        if zone.denial == "optout" and not proof:
            # A name that the ring leaves out: its closest encloser that is in it, and the next.
            ring = {owner.labels()[0] for owner, _, _ in zone.nsec_sets()}
            below = name
            for each in name.ancestors():
                value = base64.b32hexencode(h3(each, zone.iterations, zone.salt)).lower()
                if value in ring:
                    return [each] if each == name else [each, below]
                below = each
        return [source, *proof]

    def _denied(self, zone: SignedZone, encloser: Name, closer: Name) -> list[Name]:
        wildcard = Name(b"\x01*" + encloser)
        return [closer, wildcard] if zone.denial == "nsec" else [encloser, closer, wildcard]

    def _soa(self, zone: SignedZone) -> Iterator[Rrset]:
        soa = zone.rrset(zone.name, RRType.SOA)
        assert soa is not None
        yield soa


def stripped(message: Message) -> Message:
    """What a resolver that knows nothing of DNSSEC passes on."""
    kinds = (RRType.NSEC, RRType.NSEC3)
    bare = [
        tuple(
            msgspec.structs.replace(each, signatures=())
            for each in section
            if each.rdtype not in kinds
        )
        for section in (message.answer, message.authority)
    ]
    return msgspec.structs.replace(
        message, answer=bare[0], authority=bare[1], payload=0, dnssec_ok=False
    )


A1, A2 = bytes((192, 0, 2, 1)), bytes((192, 0, 2, 2))


def mx(preference: int, exchange: str) -> bytes:
    return preference.to_bytes(2, "big") + n(exchange)


class World:
    """Root, `test.`, and under it a signed `a.test.` and an unsigned `plain.test.`; grow it."""

    def __init__(self, denial: str = "nsec", **options: object) -> None:
        self.root = SignedZone(".", algorithm=8)
        self.test = SignedZone("test", denial=denial)
        self.a = SignedZone("a.test", denial=denial, **options)  # type: ignore[arg-type]
        self.plain = SignedZone("plain.test", denial="none")
        self.internet = Internet(self.root, self.test, self.a, self.plain)
        self.clock = FixedClock(NOW * SECOND)
        self.root.delegate(self.test)
        self.test.delegate(self.a)
        self.test.delegate(self.plain)
        self.a.add("a.test", RRType.MX, mx(10, "mail.a.test"))
        self.a.add("mail.a.test", RRType.A, A1, A2)
        self.a.add("*.wild.a.test", RRType.A, A1)
        self.a.add("deep.ent.a.test", RRType.A, A1)
        self.a.add("alias.a.test", RRType.CNAME, n("mail.a.test"))
        self.a.add("out.a.test", RRType.CNAME, n("www.plain.test"))
        self.plain.add("plain.test", RRType.MX, mx(10, "www.plain.test"))
        self.plain.add("www.plain.test", RRType.A, A2)
        self.plain.add("in.plain.test", RRType.CNAME, n("mail.a.test"))

    def anchor(self) -> Anchor:
        return Anchor(ROOT, ds=(self.root.ds(),))

    def resolver(self, *servers: Server, **options: object) -> Resolver:
        chosen = servers or (Server("192.0.2.53"),)
        return Resolver(chosen, (self.anchor(),), self.clock, **options)  # type: ignore[arg-type]

    def ask(self, qname: str, rdtype: int, resolver: Resolver | None = None) -> Answer:
        return run((resolver or self.resolver()).look_up(n(qname), rdtype), self.internet)
