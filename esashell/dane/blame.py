"""Who can do something about a look-up that gave nothing to rely on.

Most failures are the destination's: its zone is signed wrongly, its servers are silent. Some look
exactly like that and are ours. A resolver that drops signatures makes every signed domain bogus,
one that does not answer makes every domain unknown, an old trust anchor makes all that is signed
forged. What tells them apart is where the chain of trust broke: nobody's mistake but our own
breaks it at the root. (A resolver that says SERVFAIL cannot be told from one that was told so.)
"""

from esashell.dane.reason import Fault
from esashell.resolver.answer import Answer, Security

# Situations of `resolver.reasons` that only our own settings can bring about.
_OURS = frozenset(("SILENCE", "NO_SERVER", "ONLY_REFERRED", "STALE_ANCHOR", "NOT_BY_A_TRUSTED_KEY"))


def fault_of(answer: Answer) -> Fault:
    """Whose affair it is that this answer is bogus, or none."""
    reason = answer.reason
    if reason is None:
        return Fault.THEIRS
    root = answer.security is Security.BOGUS and reason.zone == "."
    return Fault.OURS_BY_CONFIGURATION if root or reason.situation in _OURS else Fault.THEIRS
