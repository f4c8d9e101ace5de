"""The trail of a look-up, as mail logs at Debug have it (TechNote 214794).

The shapes, odd spacing included, are those of the TechNote: `Q(` and `QN(` say that a question is
asked and of which group of servers, `QIP (` and `Q (` to which address it goes and with how much
time, then comes what was in the response and what is kept. The number in `QIP (` is the time-out in
seconds, which depends on how many priorities there are and on the server's own.

Only at Trace there are the questions that come up on the way, for the keys of zones above all.

A quirk is kept. AsyncOS 12.0 cannot validate AAAA: where an answer would have to be, the log
has a warning `Unsupported qtype` in the place of the response, and only where nothing is signed the
ordinary lines. Here such an answer is validated all the same; only the log speaks like that.
"""

from esashell.config.model.logs import LogLevel
from esashell.events import DnsAnswered, DnsAsked, DnsFailed, DnsSent
from esashell.logs.render.line import Form, Lines, Table

# AsyncOS user guide, "Multiple Entries and Priority": about a minute for all priorities together.
TIMEOUTS = {1: (60,), 2: (15, 45)}
MORE_TIMEOUTS = (5, 10, 45)

# What a server says instead of an answer, in the appliance's words where they are known.
REFUSALS = {"SERVFAIL": "SERVER FAILED"}
RCODES = {"NODATA": "NoError", "NXDOMAIN": "NXDomain"}


def _asked(it: DnsAsked, form: Form) -> tuple[str, ...]:
    question = f"{it.qname!r}, {it.rdtype!r}"
    return (
        f"DNS query: Q({question})",
        f"DNS query: QN({question}, 'recursive_nameserver0.parent')",
    )


def _sent_first(it: DnsSent, form: Form) -> tuple[str, ...]:
    return () if it.in_passing else _sent(it)


def _sent_in_passing(it: DnsSent, form: Form) -> tuple[str, ...]:
    return _sent(it) if it.in_passing else ()


def _sent(it: DnsSent) -> tuple[str, ...]:
    by_level = TIMEOUTS.get(it.levels, MORE_TIMEOUTS)
    seconds = by_level[min(it.level, len(by_level) - 1)]
    name, rdtype, server = repr(it.qname), repr(it.rdtype), repr(it.server)
    return (
        f"DNS query: QIP ({name},{rdtype},{server},{seconds})",
        f"DNS query: Q ({name}, {rdtype}, {server})",
    )


def _failed(it: DnsFailed, form: Form) -> tuple[str, ...]:
    if not it.heard:
        return (f"DNS query network error {it.result!r} to {it.server!r} looking up {it.qname!r}",)
    said = REFUSALS.get(it.result) or repr(it.result)
    return (f"Received an invalid DNS Response: {said} to IP {it.server} looking up {it.qname}",)


def _unsupported(it: DnsAnswered) -> bool:
    return it.rdtype == "AAAA" and it.security in ("SECURE", "BOGUS")


def _warned(it: DnsAnswered, form: Form) -> tuple[str, ...]:
    if not _unsupported(it):
        return ()
    error = (
        f"DNSSEC Error for hostname {it.qname} ({it.rdtype}) while asking {it.server}. "
        "Error was: Unsupported qtype"
    )
    return (
        f"Received an invalid DNSSEC Response: DNSSEC_Error({it.qname!r}, {it.rdtype!r}, "
        f"{it.server!r}, {error!r}) of qtype {it.rdtype} looking up {it.qname}",
    )


def _answered(it: DnsAnswered, form: Form) -> tuple[str, ...]:
    if _unsupported(it):
        return ()
    lines: list[str] = []
    if it.data or it.existence or it.security == "BOGUS":
        # The state of an absence is left out, proved or not.
        state = "" if it.existence and not it.data else it.security.lower()
        shown = [_dotted(each) for each in it.data]
        lines.append(f"DNSSEC Response data({shown!r}, {state}, 0, {it.ttl})")
    if it.data:
        kept = ", ".join(f"({it.until}L, 0, {it.security!r}, {each!r})" for each in it.data)
        lines.append(f"DNS encache ({it.qname}, {it.rdtype}, [{kept}])")
    elif it.existence:
        lines.append(f"Received {it.existence} for domain {it.qname} type {it.rdtype}")
    if it.rdtype == "CNAME" and not it.data:
        rcode = RCODES.get(it.existence, "")
        lines.append(f"No CNAME record({rcode}) found for domain({it.qname})")
    return tuple(lines)


def _dotted(datum: str | tuple[int, str]) -> str | tuple[int, str]:
    """As it is in the response: with the dot that ends a name."""
    return datum if isinstance(datum, str) else (datum[0], f"{datum[1].removesuffix('.')}.")


DNS: Table = {
    DnsAsked: (Lines(LogLevel.DEBUG, _asked),),
    DnsSent: (Lines(LogLevel.DEBUG, _sent_first), Lines(LogLevel.TRACE, _sent_in_passing)),
    DnsFailed: (Lines(LogLevel.WARNING, _failed),),
    DnsAnswered: (Lines(LogLevel.WARNING, _warned), Lines(LogLevel.DEBUG, _answered)),
}
