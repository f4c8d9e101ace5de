"""By which rules the resolver judges, as tables: its work limits, and the algorithms it counts.

Neither is the appliance's. The limits are `budget.LIMITS` with the numbers in force, each with the
attack that it stops; the algorithms are those of `algorithms`, by the policy that is configured.
"""

from collections.abc import Iterator
from textwrap import wrap

from esashell.reports.evidence import Document
from esashell.resolver.algorithms import ALGORITHMS, DIGESTS, Algorithm, Policy, Use
from esashell.resolver.budget import LIMITS, Budget, Limit

LIMITS_SCHEMA = "esashell.dnslimits"
ALGORITHMS_SCHEMA = "esashell.dnsalgorithms"
VERSION = 1
WIDTH = 80
_INDENT = "    "


def limit_lines(budget: Budget, policy: Policy) -> Iterator[str]:
    """The table of limits, of one look-up each."""
    yield "The work limits of one look-up, and what each one stops (not on the appliance):"
    yield ""
    yield f"{'Limit':<16}{'Number':>8}  Counted (elsewhere)"
    for row in LIMITS:
        yield f"{row.name:<16}{_number(row, budget, policy):>8}  {row.counted} ({row.source})"
        yield from wrap(row.attack, WIDTH, initial_indent=_INDENT, subsequent_indent=_INDENT)


def limits_document(budget: Budget, policy: Policy) -> Document:
    """The same for machines."""
    return {
        "schema": LIMITS_SCHEMA,
        "version": VERSION,
        "limits": [
            {
                "limit": row.name,
                "number": _number(row, budget, policy),
                "counted": row.counted,
                "attack": row.attack,
                "elsewhere": row.source,
            }
            for row in LIMITS
        ],
    }


def _number(row: Limit, budget: Budget, policy: Policy) -> int:
    holder = budget if row.name in budget.__struct_fields__ else policy
    number: int = getattr(holder, row.name)
    return number


def algorithm_lines(policy: Policy, *, pending: Policy | None = None) -> Iterator[str]:
    """The tables of algorithms and of digests; `pending` is the policy after a commit."""
    yield "Signatures (DNSKEY, RRSIG):"
    yield from _rows(ALGORITHMS, policy)
    yield ""
    yield "Digests (DS):"
    yield from _rows(DIGESTS, policy)
    yield ""
    yield "A zone with nothing that counts is insecure, not bogus (RFC 4035 5.2)."
    yield f"SHA-1 signatures count: {'yes' if policy.sha1 else 'no'} (dnsconfig sha1)"
    if pending is not None and pending.sha1 != policy.sha1:
        yield f"After 'commit': {'yes' if pending.sha1 else 'no'}"


def _rows(rows: tuple[Algorithm, ...], policy: Policy) -> Iterator[str]:
    yield f"  {'Number':>6}  {'Name':<20}{'Counts':<8}By"
    for row in rows:
        yield f"  {row.number:>6}  {row.name:<20}{_counts(row, policy):<8}{row.source}"


def _counts(row: Algorithm, policy: Policy) -> str:
    if row.use is Use.SWITCH:
        return "yes" if policy.sha1 else "no"
    return row.use.value


def algorithms_document(policy: Policy) -> Document:
    """The same for machines."""

    def listed(rows: tuple[Algorithm, ...]) -> list[Document]:
        return [
            {
                "number": row.number,
                "name": row.name,
                "counts": _counts(row, policy) == "yes",
                "switch": row.use is Use.SWITCH,
                "source": row.source,
            }
            for row in rows
        ]

    return {
        "schema": ALGORITHMS_SCHEMA,
        "version": VERSION,
        "sha1": policy.sha1,
        "signatures": listed(ALGORITHMS),
        "digests": listed(DIGESTS),
    }
