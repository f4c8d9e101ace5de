"""The file of `smtproutes`: a line for each route, its domain and its destinations.

    example.com relay1.example.com/pri=0,[relay2.example.com]/pri=10
    .example.com USEDNS
    ALL 192.0.2.25

An import replaces all routes.
"""

import re

from esashell.config.checks.routes import destinations_fault, route_domain_fault
from esashell.config.files.reading import lines, refuse
from esashell.config.model.routes import ALL, DEV_NULL, MOST_ROUTES, USEDNS, SmtpRoute, route_host
from esashell.config.quoting import quoted


def written(routes: tuple[SmtpRoute, ...]) -> str:
    return "".join(f"{each.domain} {','.join(each.destinations)}\n" for each in routes)


def read(raw: bytes, where: str) -> tuple[SmtpRoute, ...]:
    """The routes of a file; raises `BadConfiguration`."""
    routes: dict[str, SmtpRoute] = {}
    for line, text in lines(raw, where):
        domain, _, rest = text.replace("\t", " ").partition(" ")
        domain = route_domain(domain)
        if fault := route_domain_fault(domain):
            refuse(where, line, f"{quoted(domain)} {fault}")
        if domain in routes:
            refuse(where, line, f"there is a route for {domain} already")
        route = SmtpRoute(domain, destinations(rest))
        if fault := destinations_fault(route):
            refuse(where, line, fault)
        routes[domain] = route
        if len(routes) > MOST_ROUTES:
            refuse(where, line, f"there are more than {MOST_ROUTES:,} routes")
    if not routes:
        # Taken by its word, an empty file would remove every route without saying so.
        refuse(where, 1, "there is no route in the file; CLEAR removes all routes")
    return tuple(routes.values())


def route_domain(text: str) -> str:
    """The usual spelling of what a route is for; not yet judged."""
    return ALL if text.upper() == ALL else text.lower()


def destinations(text: str) -> tuple[str, ...]:
    """The usual spelling of destinations with commas or blanks between them, the best priority
    first; not yet judged."""
    found = [_usual(each) for each in re.split(r"[,\s]+", text) if each]
    return tuple(sorted(found, key=_priority))


def _usual(text: str) -> str:
    if text.upper() == USEDNS:
        return USEDNS
    if text.lower() == DEV_NULL:
        return DEV_NULL
    try:
        return str(route_host(text))
    except ValueError:
        return text  # it will be refused as it was written


def _priority(destination: str) -> int:
    try:
        return route_host(destination).priority
    except ValueError:
        return 0
