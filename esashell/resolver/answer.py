"""What a validated look-up answers: existence and security, apart, with reasons and proof.

Two questions are kept apart everywhere. *Does it exist?* has the answers of `Existence`. *May I
believe it?* has those of `Security`. `NXDOMAIN` can be secure, insecure or bogus like any other
answer; folding the two into one word is how software comes to treat "we could not find out" as
"there is none" (RFC 7672 2.1.2 forbids that, and much mail has been lost to it).
"""

from enum import IntEnum, StrEnum
from typing import Final

from msgspec import Struct

from esashell.resolver.names import Name
from esashell.resolver.rdata import text
from esashell.resolver.wire import Rrset


class Security(StrEnum):
    """What validation says of an RRset, or of its absence (RFC 4035 4.3).

    INDETERMINATE means that *we could not find out*: nobody answered, or nothing usable. DANE
    treats it like BOGUS and defers. A name for which there is no trust anchor at all is INSECURE
    here; some validators use the word indeterminate for that.
    """

    SECURE = "SECURE"
    INSECURE = "INSECURE"
    BOGUS = "BOGUS"
    INDETERMINATE = "INDETERMINATE"


class Existence(StrEnum):
    FOUND = "FOUND"
    NO_DATA = "NODATA"
    NX_DOMAIN = "NXDOMAIN"


# The same by name alone, for where it counts: an enumeration looks for its members each time.
SECURE: Final = Security.SECURE
INSECURE: Final = Security.INSECURE
BOGUS: Final = Security.BOGUS
INDETERMINATE: Final = Security.INDETERMINATE
FOUND: Final = Existence.FOUND
NO_DATA: Final = Existence.NO_DATA
NX_DOMAIN: Final = Existence.NX_DOMAIN
_BELIEVED = (SECURE, INSECURE)
_ABSENT = (NO_DATA, NX_DOMAIN)


class Ede(IntEnum):
    """Extended DNS errors (RFC 8914 4 and the registry): the published vocabulary for "why"."""

    OTHER = 0
    UNSUPPORTED_DNSKEY_ALGORITHM = 1
    UNSUPPORTED_DS_DIGEST_TYPE = 2
    STALE_ANSWER = 3
    FORGED_ANSWER = 4
    DNSSEC_INDETERMINATE = 5
    DNSSEC_BOGUS = 6
    SIGNATURE_EXPIRED = 7
    SIGNATURE_NOT_YET_VALID = 8
    DNSKEY_MISSING = 9
    RRSIGS_MISSING = 10
    NO_ZONE_KEY_BIT_SET = 11
    NSEC_MISSING = 12
    CACHED_ERROR = 13
    NOT_READY = 14
    NOT_AUTHORITATIVE = 20
    NOT_SUPPORTED = 21
    NO_REACHABLE_AUTHORITY = 22
    NETWORK_ERROR = 23
    INVALID_DATA = 24
    SIGNATURE_EXPIRED_BEFORE_VALID = 25
    TOO_EARLY = 26
    UNSUPPORTED_NSEC3_ITERATIONS = 27


class Reason(Struct, frozen=True, gc=False):
    """Why: a published code, and a sentence that names the zone, the record and the cure.

    `about` is the record (a name with a type) and `zone` the zone that it is in, or that is at
    fault. `cure` is the end of the sentence. `situation` is the row of `reasons.Why`.
    """

    code: int
    text: str
    about: str = ""
    zone: str = ""
    cure: str = ""
    situation: str = ""

    @property
    def finding(self) -> str:
        """The sentence without its cure."""
        return self.text.removesuffix(f": {self.cure}")


class Strike(Struct, frozen=True, gc=False):
    """A work limit that was reached: its name and number, the attack it stops, and where it was."""

    limit: str
    number: int
    counted: str
    attack: str
    about: str


class Trial(Struct, frozen=True, gc=False):
    """One signature that was tried: by which key, and how it went ("verified", "expired", …).

    Of one that cannot be read nobody knows who it is `by`.
    """

    by: Name | None
    key_tag: int
    algorithm: int
    result: str

    @property
    def signer(self) -> str:
        """The name of the zone that signed; empty when it is not known."""
        return str(self.by) if self.by is not None else ""


class Link(Struct, frozen=True, gc=False):
    """One link of the chain of trust: which zone, what was shown about it, and by which records.

    `what` is "anchor", "DS", "DNSKEY", "no DS", or the type of the RRset itself. Most links are of
    an RRset and are never looked at, so its `rrset` is kept as it is and put into words by whoever
    asks for the `text` and the `records`; the others say them in `finding` and `said`.
    """

    zone: Name
    what: str
    security: Security
    finding: str = ""
    said: tuple[str, ...] = ()
    trials: tuple[Trial, ...] = ()
    rrset: Rrset | None = None

    @property
    def text(self) -> str:
        """What was found, in a sentence."""
        return self.finding or f"signed by {self.zone.dotted}"

    @property
    def records(self) -> tuple[str, ...]:
        """The records that show it, in presentation format."""
        it = self.rrset
        return tuple(text(it.rdtype, each) for each in it.rdatas) if it is not None else self.said


class Hop(Struct, frozen=True, gc=False):
    """One step of an answer: an alias that was followed, or the last RRset (or its denial).

    `target` is where an alias leads, None for the last step. Each step keeps the security of its
    own zone: a secure alias into an unsigned zone is common, and DANE depends on the difference.
    """

    owner: Name
    target: Name | None
    security: Security
    reason: Reason | None = None
    chain: tuple[Link, ...] = ()


class Asked(Struct, frozen=True, gc=False):
    """One question that went to a server, and what came of it: a response code, or a fault."""

    server: str
    qname: Name
    rdtype: int
    result: str
    microseconds: int = 0
    tcp: bool = False


class Answer(Struct, frozen=True, gc=False):
    """The outcome of one look-up.

    `security` is that of the whole: the weakest of its hops. `existence` is None when there was no
    usable answer (`security` is then BOGUS or INDETERMINATE). `rdatas` are canonical and in the
    order received; they are kept for a bogus answer too, for the report, and never used.
    `ttl` is in seconds and already limited by the signatures (RFC 4035 5.3.3). `rrsets` are the
    records that the hops rest on, aliases first, as an answer section would show them. `strikes`
    are the work limits that were reached, whether or not they decided anything.
    """

    qname: Name
    rdtype: int
    security: Security
    existence: Existence | None
    rdatas: tuple[bytes, ...] = ()
    hops: tuple[Hop, ...] = ()
    reason: Reason | None = None
    ttl: int = 0
    asked: tuple[Asked, ...] = ()
    cached: bool = False
    rcode: int = 0
    rrsets: tuple[Rrset, ...] = ()
    strikes: tuple[Strike, ...] = ()

    @property
    def name(self) -> Name:
        """The name at the end of the aliases; the name asked for when there were none."""
        return self.hops[-1].owner if self.hops else self.qname

    @property
    def found(self) -> bool:
        """Whether there are records that may be used: present, and neither bogus nor unknown."""
        return self.existence is FOUND and self.security in _BELIEVED

    @property
    def denied(self) -> bool:
        """Whether absence is an answer to rely on (RFC 7672 2.1.2), proved or insecure."""
        return self.existence in _ABSENT and self.security in _BELIEVED
