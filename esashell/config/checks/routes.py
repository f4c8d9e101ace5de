"""Rules for SMTP routes (`smtproutes`)."""

from collections.abc import Iterator, Sequence
from functools import lru_cache

from esashell.config.faults import Breach, are_patterns, host_name_fault, pattern_fault, twice
from esashell.config.model.routes import (
    ALL,
    DEV_NULL,
    MOST_DESTINATIONS,
    MOST_ROUTES,
    USEDNS,
    SmtpRoute,
    route_host,
)
from esashell.config.quoting import quoted
from esashell.config.tree import Config, KeyPath


def breaches(config: Config) -> Iterator[Breach]:
    at: KeyPath = ("smtp_routes",)
    if len(config.smtp_routes) > MOST_ROUTES:
        yield Breach(at, f"There are {len(config.smtp_routes):,} routes; {MOST_ROUTES:,} may be.")
    yield from twice(at, "domain", "route", (each.domain for each in config.smtp_routes))
    for position, each in enumerate(() if _are_good(config.smtp_routes) else config.smtp_routes):
        if fault := route_domain_fault(each.domain):
            text = f"route {quoted(each.domain)} {fault}."
            yield Breach((*at, position, "domain"), text)
        if fault := destinations_fault(each):
            text = f"route {quoted(each.domain)}: {fault}."
            yield Breach((*at, position, "destinations"), text)


def _are_good(routes: Sequence[SmtpRoute]) -> bool:
    """Whether nothing is wrong with any route; False where they have to be looked at one by one."""
    ways = {each.destinations: each for each in routes}  # many routes lead to the same machines
    return are_patterns(each.domain for each in routes if each.domain != ALL) and not any(
        map(destinations_fault, ways.values())
    )


def route_domain_fault(text: str) -> str | None:
    """What is wrong with what a route is for: a domain, `.domain` or `ALL`."""
    return None if text == ALL else pattern_fault(text)


def destinations_fault(route: SmtpRoute) -> str | None:
    """What is wrong with a route's destinations, as a sentence without its end."""
    destinations = route.destinations
    if not destinations:
        return "there is no destination"
    if len(destinations) > MOST_DESTINATIONS:
        return f"there are more than {MOST_DESTINATIONS} destinations"
    for each in destinations:
        if each in (USEDNS, DEV_NULL):
            if len(destinations) > 1:
                return f"{each} stands by itself or not at all"
        elif fault := destination_fault(each):
            return f"{quoted(each)} {fault}"
    if len(set(destinations)) < len(destinations):
        return "a destination is given twice"
    return None


@lru_cache(4096)  # many routes lead to few machines
def destination_fault(text: str) -> str | None:
    """What is wrong with one destination that is a machine."""
    try:
        host = route_host(text)
    except ValueError as error:
        return str(error)
    if host.is_address:
        return None
    return host_name_fault(host.host)
