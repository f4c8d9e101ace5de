"""How much work one look-up may cause, and how much was done.

A validator computes on behalf of strangers: whoever writes a zone or a message chooses how many
signatures, keys, hashes and aliases there are. Each limit stops one way of turning that into a
denial of service, and is far above what honest zones need. `LIMITS` has them all, with the attack
that each one stops and where its number comes from.

A limit that strikes makes the look-up INDETERMINATE, whatever was found before, and is named in the
evidence. It never makes anything pass and never condemns anything: with a smaller budget the
verdict is either the same or INDETERMINATE. What a limit leaves undone must therefore never be
concluded from. The one number of the table that may decide a verdict, the iterations of NSEC3, is
no work limit but a policy (RFC 9276 3.2), and stands in `algorithms.Policy`.
"""

from msgspec import Struct
from msgspec.structs import astuple

from esashell.clock import SECOND
from esashell.resolver.answer import Strike, Trial
from esashell.resolver.names import Name
from esashell.resolver.rrtypes import RRType, type_text


class Limit(Struct, frozen=True):
    """One row: the field that has its number, what is counted, what it stops, and its precedent."""

    name: str
    counted: str
    attack: str
    source: str


LIMITS = (
    Limit("queries", "queries", "referral storms (NXNSAttack, CVE-2020-8616)", "BIND: 100"),
    Limit("seconds", "seconds", "servers that answer as late as they can", "BIND: 30"),
    Limit(
        "records",
        "records in one answer",
        "oversized answers (CVE-2024-1737)",
        "BIND: 100",
    ),
    Limit("octets", "octets of answers", "oversized answers, many of them", "no precedent"),
    Limit(
        "referrals", "referrals in one question", "referral loops and endless zones", "unbound: 130"
    ),
    Limit(
        "servers",
        "servers of one zone",
        "delegations to addresses without end, all of them silent",
        "unbound: 32 questions",
    ),
    Limit(
        "fetches",
        "servers looked up for one delegation",
        "NXNSAttack (CVE-2020-8616): delegations to names without end",
        "unbound: 5",
    ),
    Limit(
        "depth",
        "look-ups of servers within one another",
        "referral loops over servers' names (CVE-2014-8500)",
        "BIND: 7",
    ),
    Limit("aliases", "aliases", "CNAME and DNAME chains that are long, or loop", "unbound: 11"),
    Limit(
        "verifications",
        "verifications",
        "KeyTrap (CVE-2023-50387): many signed RRsets",
        "PowerDNS: 30",
    ),
    Limit(
        "failures",
        "failed verifications",
        "KeyTrap (CVE-2023-50387): signatures x keys with one tag",
        "unbound: 8 at once; BIND: 16",
    ),
    Limit(
        "signatures",
        "signatures on one RRset",
        "KeyTrap (CVE-2023-50387): many RRSIGs over one RRset",
        "unbound: 8",
    ),
    Limit(
        "keys",
        "keys with one tag",
        "KeyTrap (CVE-2023-50387): keys whose tags collide",
        "unbound: 4",
    ),
    Limit(
        "digests",
        "comparisons of DS records with keys",
        "KeyTrap's hashes (CVE-2023-50387): DS records x keys with one tag",
        "unbound: 4",
    ),
    Limit("denials", "denial records", "answers stuffed with NSEC and NSEC3", "PowerDNS: 10"),
    Limit(
        "nsec3_hashes",
        "NSEC3 hashes",
        "closest-encloser proofs of long names (CVE-2023-50868)",
        "PowerDNS: 600",
    ),
    Limit(
        "nsec3_iterations",
        "NSEC3 iterations",
        "costly hashes; beyond, the zone counts as unsigned (RFC 9276 3.2)",
        "unbound: 150",
    ),
)
SHORTEST = 11  # octets of a record: the root's name, type, class, TTL, and no data
_BY_NAME = {each.name: each for each in LIMITS}


class Budget(Struct, frozen=True):
    """The limits of one look-up, by the names in `LIMITS`."""

    queries: int = 100
    seconds: int = 120
    records: int = 2000
    octets: int = 1 << 20
    referrals: int = 30
    servers: int = 16
    fetches: int = 4
    depth: int = 4
    aliases: int = 11
    verifications: int = 150
    failures: int = 16
    signatures: int = 8
    keys: int = 4
    digests: int = 16
    denials: int = 24
    nsec3_hashes: int = 300


class Effort(Struct):
    """What has been done so far, over all look-ups of one resolver.

    Each look-up is a hit or a miss; `cache_expired` are the misses that an answer was kept for, but
    for too long. `failures` are look-ups that ended without an answer that can be used.
    """

    queries: int = 0
    verifications: int = 0
    cache_hits: int = 0
    cache_misses: int = 0
    cache_expired: int = 0
    failures: int = 0

    def __add__(self, other: "Effort") -> "Effort":
        return Effort(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))

    def __sub__(self, other: "Effort") -> "Effort":
        return Effort(*(a - b for a, b in zip(astuple(self), astuple(other), strict=True)))


class OutOfBudget(Exception):
    """A limit was reached. Caught where the look-up ends, never shown raw.

    `trials` are the signatures tried up to then that are in no other evidence yet.
    """

    def __init__(self, strike: Strike, owner: Name, rdtype: int) -> None:
        super().__init__(f"stopped at the limit of {strike.number} {strike.counted}")
        self.strike = strike
        self.owner = owner
        self.rdtype = rdtype
        self.trials: tuple[Trial, ...] = ()


class Work:
    """The account of one look-up: charges it against its budget and adds it to the effort.

    `trail` is the question that it is about just now; `tells`, whether each step is told.
    """

    def __init__(self, budget: Budget, effort: Effort) -> None:
        self.budget = budget
        self.effort = effort
        self.strikes: list[Strike] = []
        self.trail: tuple[Name, int] | None = None
        self.tells = False
        self._began: int | None = None
        self._queries = 0
        self._octets = 0
        self._verifications = 0
        self._failures = 0
        self._hashes = 0

    def struck(self, limit: str, owner: Name, rdtype: int) -> Strike:
        """Note that a limit has ended one way of getting on; there may be others."""
        number: int = getattr(self.budget, limit)
        row = _BY_NAME[limit]
        about = f"{owner.dotted} {type_text(rdtype)}"
        strike = Strike(limit, number, row.counted, row.attack, about)
        if strike not in self.strikes:
            self.strikes.append(strike)
        return strike

    def out(self, limit: str, owner: Name, rdtype: int) -> OutOfBudget:
        """What to raise when a limit ends the look-up."""
        return OutOfBudget(self.struck(limit, owner, rdtype), owner, rdtype)

    def query(self, qname: Name, rdtype: int, now: int) -> None:
        """One message is about to be sent, at `now` in microseconds."""
        if self._began is None:
            self._began = now
        if now - self._began >= self.budget.seconds * SECOND:
            raise self.out("seconds", qname, rdtype)
        if self._queries >= self.budget.queries:
            raise self.out("queries", qname, rdtype)
        self._queries += 1
        self.effort.queries += 1

    def response(self, octets: bytes, qname: Name, rdtype: int) -> None:
        """A message came back, and is about to be read."""
        self._octets += len(octets)
        if self._octets > self.budget.octets:
            raise self.out("octets", qname, rdtype)
        # The counts of its header (RFC 1035 4.1.1) bound the work of reading it, and so does its
        # length: no record is shorter than 11 octets.
        if len(octets) // SHORTEST > self.budget.records:
            counts = (octets[6:8], octets[8:10], octets[10:12])
            if sum(int.from_bytes(each, "big") for each in counts) > self.budget.records:
                raise self.out("records", qname, rdtype)

    def verification(self, owner: Name, rdtype: int) -> None:
        """One public-key operation is about to be done."""
        if self._verifications >= self.budget.verifications:
            raise self.out("verifications", owner, rdtype)
        self._verifications += 1
        self.effort.verifications += 1

    def failure(self, owner: Name, rdtype: int) -> None:
        """A public-key operation said no."""
        self._failures += 1
        if self._failures >= self.budget.failures:
            raise self.out("failures", owner, rdtype)

    def hash(self, name: Name) -> None:
        """One NSEC3 hash is about to be computed."""
        if self._hashes >= self.budget.nsec3_hashes:
            raise self.out("nsec3_hashes", name, RRType.NSEC3)
        self._hashes += 1
