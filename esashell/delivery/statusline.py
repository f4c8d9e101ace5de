"""The line of a Status Log: the counters and gauges of one instant, in the order of the appliance.

The names and their order are those of published lines. What stands for a machine or a service that
does not exist here (processors, memory, disks, scanners, quarantines) is 0: whoever reads such logs
by a pattern expects every name to be there.
"""

from esashell.delivery.figures import ApplianceFigures
from esashell.events import StatusTaken
from esashell.resolver.budget import Effort

# The size of the queue of a new appliance, in kilobytes.
QUEUE = 8_388_608

_BEFORE = ("CPULd", "DskIO", "RAMUtil")
_AFTER = (
    *("CPUTTm", "CPUETm", "MaxIO", "RAMUsd", "MMLen", "DstInMem", "ResCon", "WorkQ", "QuarMsgs"),
    *("QuarQKUsd", "LogUsd", "SophLd", "BMLd", "CASELd", "TotalLd", "LogAvail", "EuQ", "EuqRls"),
    *("CmrkLd", "McafLd", "SwIn", "SwOut", "SwPgIn", "SwPgOut", "SwapUsage", "RptLd", "QtnLd"),
    *("EncrQ", "InjBytes"),
)
_NONE = {"LogAvail": "0G", "SwapUsage": "0%"}


def status_taken(it: ApplianceFigures, effort: Effort = Effort()) -> StatusTaken:  # noqa: B008
    """What a status log says of these figures; `effort` is of the look-ups."""
    done = it.completion
    values: list[tuple[str, int | str]] = [(name, 0) for name in _BEFORE]
    values += (
        ("QKUsd", it.kilobytes),
        ("QKFre", max(QUEUE - it.kilobytes, 0)),
        # Every message has a number of its own, and comes by a connection of its own.
        ("CrtMID", it.mid or it.messages),
        ("CrtICID", it.icid or it.messages),
        ("CrtDCID", it.dcid),
        ("InjMsg", it.messages),
        ("InjRcp", it.received),
        ("GenBncRcp", 0),
        ("RejRcp", 0),
        ("DrpMsg", done.dropped),
        ("SftBncEvnt", done.soft_bounced),
        ("CmpRcp", done.completed),
        ("HrdBncRcp", done.hard_bounced),
        ("DnsHrdBnc", done.dns_hard),
        ("5XXHrdBnc", done.smtp_hard),
        ("FltrHrdBnc", done.filter_hard),
        ("ExpHrdBnc", done.expired_hard),
        ("OtrHrdBnc", done.other_hard),
        ("DlvRcp", done.delivered),
        ("DelRcp", done.deleted),
        ("GlbUnsbHt", 0),
        ("ActvRcp", it.active),
        ("UnatmptRcp", it.unattempted),
        ("AtmptRcp", it.attempted),
        ("CrtCncIn", 0),
        ("CrtCncOut", it.connections_out),
        ("DnsReq", effort.cache_hits + effort.cache_misses),
        ("NetReq", effort.queries),
        ("CchHit", effort.cache_hits),
        ("CchMis", effort.cache_misses - effort.cache_expired),
        ("CchEct", effort.failures),
        ("CchExp", effort.cache_expired),
    )
    for name in _AFTER:
        values.append((name, it.destinations if name == "DstInMem" else _NONE.get(name, 0)))
    return StatusTaken(tuple(values))
