"""smtproutes: where mail for a domain goes instead of where its MX records say.

A route for a domain wins over one for the sub-domains of one above it (`.example.com`), and that
over `ALL`. Its hosts are looked up in DNS once more, their MX records first; routes of their own
are not followed. For a domain that has a route DANE is not enforced, which `commit` warns of.
"""

from typing import TYPE_CHECKING

from msgspec.structs import replace

from esashell.commands.registry import TABLE, command
from esashell.config.checks.routes import destinations_fault, route_domain_fault
from esashell.config.files.routes import destinations, read, route_domain, written
from esashell.config.model.routes import DEV_NULL, MOST_ROUTES, USEDNS, SmtpRoute
from esashell.config.quoting import quoted
from esashell.config.tree import Config
from esashell.dialogue.files import exporting, importing
from esashell.dialogue.kinds import ask
from esashell.dialogue.requests import Ask, Kind
from esashell.dialogue.table import Table, listing, operate
from esashell.errors import BadAnswer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from esashell.commands.registry import Appliance
    from esashell.dialogue.drive import Dialogue

WIDTH = 80

ROUTES: Table[SmtpRoute] = Table(
    at=lambda config: config.smtp_routes,
    put=lambda config, rows: replace(config, smtp_routes=rows),
    key=lambda route: route.domain,
    called="route",
    most=MOST_ROUTES,
)


def _domain(text: str) -> str:
    domain = route_domain(text)
    if fault := route_domain_fault(domain):
        raise BadAnswer(f"Error: {quoted(text, 60)} {fault}.")
    return domain


def _destinations(text: str) -> tuple[str, ...]:
    found = destinations(text)
    if fault := destinations_fault(SmtpRoute("", found)):
        raise BadAnswer(f"Error: {fault[0].upper()}{fault[1:]}.")
    return found


DOMAIN = Kind(_domain, words=("ALL",), sample="partner.example")
DESTINATIONS = Kind(_destinations, ", ".join, (USEDNS, DEV_NULL), "relay.example.com")


def summary(config: Config) -> str:
    count = len(config.smtp_routes)
    # "1 routes" is how the appliance has it.
    return f"There are currently {count} routes configured." if count else NONE


NONE = "There are no routes configured."


def route_lines(config: Config) -> str:
    return "\n".join(map(_line, config.smtp_routes)) or NONE


def _line(route: SmtpRoute) -> str:
    line = f"{route.domain}: {', '.join(route.destinations)}"
    if len(line) <= WIDTH:
        return line
    from textwrap import fill

    return fill(
        line, WIDTH, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False
    )


def _every_word(words: "Sequence[str]") -> int:
    return len(words)


def _hosts(domain: str, present: tuple[str, ...] | None) -> "Dialogue[tuple[str, ...]]":
    question = Ask(
        "destinations",
        "Enter the destination hosts, separated by commas, which you want mail\n"
        f"for {domain} to be delivered.\n"
        "Enter USEDNS by itself to use normal DNS resolution for this route.\n"
        "Enter /dev/null by itself if you wish to discard the mail.\n"
        "Enclose in square brackets to force resolution via address (A)\n"
        "records, ignoring any MX records.",
        DESTINATIONS,
        present,
        takes=_every_word,
        label="destination",
    )
    return ask(question)


def _new(config: Config) -> "Dialogue[tuple[SmtpRoute, ...]]":
    prompt = (
        "Enter the domain for which you want to set up a permanent route.\n"
        'Partial hostnames such as ".example.com" are allowed.\n'
        'Use "ALL" for the default route.'
    )
    domain = yield from ask(Ask("domain", prompt, DOMAIN))
    if not (yield from ROUTES.is_free(config, domain)):
        return ()
    return (SmtpRoute(domain, (yield from _hosts(domain, None))),)


def _edit(config: Config, old: SmtpRoute) -> "Dialogue[SmtpRoute]":
    return SmtpRoute(old.domain, (yield from _hosts(old.domain, old.destinations)))


def _import(config: Config, raw: bytes, where: str) -> Config:
    return ROUTES.put(config, read(raw, where))


@command("smtproutes", help=TABLE["smtproutes"], commits=True)
def smtproutes(appliance: "Appliance") -> "Dialogue[None]":
    operations = (
        ROUTES.new("Create a new route.", _new),
        ROUTES.edit(
            "Edit destinations of an existing route.", _edit, "Enter the route you want to edit."
        ),
        ROUTES.delete("Remove a route.", "Enter the route you want to delete."),
        listing("print", "Display all routes.", route_lines, listed=ROUTES.has_rows),
        importing(
            "Import new routes from a file.", _import, appliance.files, ROUTES.has_rows, "routes"
        ),
        exporting(
            "Export all routes to a file.",
            lambda config: written(config.smtp_routes),
            appliance.files,
            ROUTES.has_rows,
        ),
        ROUTES.clear("Remove all routes."),
    )
    yield from operate(appliance.config, summary, operations)
