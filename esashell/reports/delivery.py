"""What becomes of mail to a domain by our own configuration, and which rule of it decides.

That is another question than whether DANE can be verified. A domain in perfect order gets its mail
in clear text where the destination control has TLS off, one that fails DANE gets it where DANE is
not asked for, and an SMTP route leads it past all of it. So every setting is shown with the entry
that it is from: that is where it would be changed.
"""

from collections.abc import Iterator

from msgspec import Struct

from esashell.config.model.destination import DaneSetting, TlsSetting
from esashell.delivery.outcome import Outcome, Protection, Result, Rule, Try
from esashell.delivery.settings import Origins, Settings
from esashell.reports.evidence import Document, reason_document
from esashell.reports.explain import WHOSE, Entry
from esashell.reports.screen import PLAIN, Screen
from esashell.resolver.names import Name

_TOLD = {
    Result.DELIVER: "delivered",
    Result.DEFER: "not delivered, kept in the queue",
    Result.BOUNCE: "returned to the sender (hard bounce)",
    Result.DROP: "discarded",
    Result.NOT_KNOWN: "not known",
}


_HOW = {
    Protection.DANE: "with DANE",
    Protection.AUTHENTICATED: "over TLS, authenticated",
    Protection.UNAUTHENTICATED: "over TLS, not authenticated",
    Protection.CLEAR: "in clear text",
}


ROUTED = "row 18"
CURE = (
    "give the domain a destination control with DANE No, or its SMTP route the destination USEDNS "
    "(TechNote 214794)"
)


class Delivery(Struct, frozen=True):
    """The settings of mail to a domain and what comes of them. `accepted` is the outcome for mail
    that came in under a policy with behavior ACCEPT, as far as the same attempt tells it."""

    domain: Name
    settings: Settings
    origins: Origins
    outcome: Outcome
    accepted: Outcome


RUNNING = "the running configuration"


def delivery_lines(it: Delivery, screen: Screen | None = None, by: str = RUNNING) -> list[str]:
    """The section of a report, no wider than the screen where words allow it; `by` is how the
    configuration is called."""
    screen = screen or PLAIN
    return [screen.by_meaning(x) for e in _entries(it, by) for x in e.wrapped(screen.width)]


def parting_lines(first: Delivery, second: Delivery, screen: Screen | None = None) -> list[str]:
    """Where two configurations part on the way to one destination: each step that differs."""
    screen = screen or PLAIN
    entries = list(_parting(first, second))
    head = Entry("where they part" if entries else "they do not part anywhere", "")
    return [screen.by_meaning(x) for e in (head, *entries) for x in e.wrapped(screen.width)]


def _parting(first: Delivery, second: Delivery) -> Iterator[Entry]:
    for (label, one), (_, other) in zip(_steps(first), _steps(second), strict=True):
        if one != other:
            yield Entry(label, f"{one} -> {other}", 1)


def _steps(it: Delivery) -> Iterator[tuple[str, str]]:
    """What decides, in the order in which it does, and what comes of it."""
    yield "route", _route(it.origins) or "none"
    yield "TLS", f"{it.settings.tls.value} (destination control {it.origins.tls})"
    yield "DANE", _dane(it)
    yield "rule", _rule(it.outcome.rule)
    yield "outcome", _outcome(it.outcome)


def _dane(it: Delivery) -> str:
    text = f"{it.settings.dane.value} (destination control {it.origins.dane})"
    if it.settings.dane is not it.settings.dane_in_force:
        no_tls = it.settings.tls is TlsSetting.NO
        policy = f"the mail came in under a policy with behavior {it.settings.behavior.value}"
        text += f": not in force, as {'TLS is No' if no_tls else policy}"
    return text


def _route(origins: Origins) -> str:
    if not origins.route:
        return ""
    return f"{', '.join(origins.destinations)} (SMTP route for {origins.route})"


def _entries(it: Delivery, by: str) -> Iterator[Entry]:
    yield Entry(f"mail to {it.domain}, by {by}", "")
    settings, origins = it.settings, it.origins
    yield Entry("TLS", f"{settings.tls.value} (destination control {origins.tls})", 1)
    yield Entry("DANE", _dane(it), 1)
    if route := _route(origins):
        yield Entry("route", route, 1)
    for each in it.outcome.tries:
        yield Entry("tried", _tried(each), 1)
    yield Entry("outcome", _outcome(it.outcome), 1)
    yield Entry("rule", _rule(it.outcome.rule), 1)
    if it.outcome.result in (Result.DEFER, Result.BOUNCE):
        yield Entry("whose", WHOSE[it.outcome.reason.fault], 1)
    if it.outcome.rule.name == ROUTED:
        yield Entry("cure", CURE, 1)
    if settings.dane_in_force is not DaneSetting.NONE:
        text = "mail accepted under a policy with behavior ACCEPT is not subject to DANE"
        if it.accepted.result is not Result.NOT_KNOWN:
            text += f": {_outcome(it.accepted)}, by {_rule(it.accepted.rule)}"
        yield Entry("ACCEPT", text, 1)


def _tried(it: Try) -> str:
    where = " ".join(str(each) for each in (it.host, it.address) if each)
    return f"{where}: {it.status} {it.reason.whole}"


def _outcome(it: Outcome) -> str:
    text = _TOLD[it.result]
    if it.result is Result.DELIVER and it.protection is not None:
        where = " ".join(str(each) for each in (it.host, it.address) if each)
        return f"{text} to {where} {_HOW[it.protection]}"
    if it.result in (Result.DEFER, Result.BOUNCE):
        return f"{text}: {it.status} {it.reason.whole}"
    return f"{text}: {it.reason.text}"


def _rule(it: Rule) -> str:
    of_the_table = " of the decision table" if it.name.startswith("row ") else ""
    return f"{it.name}{of_the_table} ({it.source})"


def delivery_document(it: Delivery) -> Document:
    """The same for machines."""
    settings, origins = it.settings, it.origins
    return {
        "behavior": settings.behavior.value,
        "settings": {
            "tls": {"value": settings.tls.value, "entry": origins.tls},
            "dane": {
                "value": settings.dane.value,
                "entry": origins.dane,
                "in_force": settings.dane_in_force.value,
            },
            "ip_preference": {
                "value": settings.ip_preference.value,
                "entry": origins.ip_preference,
            },
            "digest_agility": settings.digest_agility,
            "route": (
                {"entry": origins.route, "destinations": list(origins.destinations)}
                if origins.route
                else None
            ),
        },
        "outcome": outcome_document(it.outcome),
        "accepted": outcome_document(it.accepted),
    }


def outcome_document(it: Outcome) -> Document:
    """A decision, with what was tried before it."""
    return {
        "result": it.result.value,
        "status": it.status,
        "rule": {"name": it.rule.name, "source": it.rule.source},
        "reason": reason_document(it.reason),
        "protection": it.protection.value if it.protection else None,
        "host": str(it.host) if it.host is not None else None,
        "address": it.address or None,
        "server_name": it.server_name or None,
        "tries": [
            {
                "host": str(each.host) if each.host is not None else None,
                "address": each.address or None,
                "status": each.status,
                "rule": {"name": each.rule.name, "source": each.rule.source},
                "reason": reason_document(each.reason),
            }
            for each in it.tries
        ],
    }
