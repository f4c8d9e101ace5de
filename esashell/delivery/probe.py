"""Is it the destination that cannot be looked up, or do our resolvers fail on everything?

A resolver that says SERVFAIL says the same in both cases (`dane.blame`). Every resolver that works
has the root's own NS records, though, so whoever wants to know asks for those; validating
programs probe in the same way at their start.
"""

from msgspec.structs import replace

from esashell.dane.reason import Fault
from esashell.delivery.evidence import Evidence
from esashell.resolver.answer import Security
from esashell.resolver.lookup import Resolver
from esashell.resolver.names import ROOT
from esashell.resolver.rrtypes import RRType
from esashell.steps import Steps

NOTHING = "the resolvers that are configured fail on the root's own records too"


def blamed(evidence: Evidence, resolver: Resolver) -> Steps[Evidence]:
    """The evidence, with our resolvers to blame where they turn out to give nothing at all.

    Asks only where a domain's MX records were not answered and it may have been for that reason.
    """
    reason = evidence.reason
    silent = evidence.destination.mx.security is Security.INDETERMINATE
    if not silent or reason.fault is Fault.OURS_BY_CONFIGURATION:
        return evidence
    root = yield from resolver.look_up(ROOT, RRType.NS)
    if root.found:
        return evidence
    detail = f"{reason.detail}; {NOTHING}" if reason.detail else NOTHING
    return replace(
        evidence, reason=replace(reason, fault=Fault.OURS_BY_CONFIGURATION, detail=detail)
    )
