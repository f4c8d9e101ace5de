"""How much work one look-up may cause, and how much was done.

A validator computes on behalf of strangers: whoever writes a zone or a message chooses how many
signatures, keys, hashes and aliases there are. Each limit stops one way of turning that into a
denial of service, and is far above what honest zones need. A limit that strikes makes the look-up
INDETERMINATE and is named in the reason; it never makes anything pass, so more budget never
weakens a verdict.

| limit | stops | precedent |
|---|---|---|
| `queries` | referral storms (NXNSAttack, CVE-2020-8616) | BIND: 100 |
| `verifications` | many RRsets, each with a signature of its own | PowerDNS |
| `failures` | KeyTrap: tags that collide x signatures (CVE-2023-50387) | unbound: 8 at once |
| `signatures` | many RRSIGs over one RRset (CVE-2023-50387) | unbound: 8 |
| `keys` | many keys with one tag (CVE-2023-50387) | unbound: 4 |
| `digests` | many DS records with the tag of some key | unbound: 4 mismatches |
| `nsec3_iterations` | costly hashes; beyond, a zone counts as unsigned (RFC 9276) | unbound: 150 |
| `nsec3_hashes` | many labels x many parameter sets (CVE-2023-50868) | PowerDNS: 600 |
| `denials` | authority sections stuffed with NSEC and NSEC3 | PowerDNS: 10 a name |
| `aliases` | CNAME and DNAME chains that are long, or loop | unbound: 11 |
"""

from msgspec import Struct
from msgspec.structs import astuple

from esashell.resolver.names import Name
from esashell.resolver.rrtypes import RRType, type_text


class Budget(Struct, frozen=True):
    """The limits of one look-up; the table is in the module's docstring."""

    queries: int = 100
    verifications: int = 150
    failures: int = 16
    signatures: int = 8
    keys: int = 4
    digests: int = 16
    nsec3_iterations: int = 150
    nsec3_hashes: int = 300
    denials: int = 24
    aliases: int = 11


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
    """A limit was reached; the text names it. Caught where the look-up ends, never shown raw."""

    def __init__(self, limit: str, allowed: int, owner: Name, rdtype: int) -> None:
        about = f"{owner.dotted} {type_text(rdtype)}"
        super().__init__(f"stopped at the limit of {allowed} {limit} for one look-up, at {about}")


class Work:
    """The account of one look-up: charges it against its budget and adds it to the effort."""

    def __init__(self, budget: Budget, effort: Effort) -> None:
        self.budget = budget
        self.effort = effort
        self._queries = 0
        self._verifications = 0
        self._failures = 0
        self._hashes = 0

    def query(self, qname: Name, rdtype: int) -> None:
        """One message is about to be sent."""
        if self._queries >= self.budget.queries:
            raise OutOfBudget("queries", self.budget.queries, qname, rdtype)
        self._queries += 1
        self.effort.queries += 1

    def verification(self, owner: Name, rdtype: int) -> None:
        """One public-key operation is about to be done."""
        if self._verifications >= self.budget.verifications:
            raise OutOfBudget("verifications", self.budget.verifications, owner, rdtype)
        self._verifications += 1
        self.effort.verifications += 1

    def failure(self, owner: Name, rdtype: int) -> None:
        """A public-key operation said no."""
        self._failures += 1
        if self._failures >= self.budget.failures:
            raise OutOfBudget("failed verifications", self.budget.failures, owner, rdtype)

    def hash(self, name: Name) -> None:
        """One NSEC3 hash is about to be computed."""
        if self._hashes >= self.budget.nsec3_hashes:
            raise OutOfBudget("NSEC3 hashes", self.budget.nsec3_hashes, name, RRType.NSEC3)
        self._hashes += 1
