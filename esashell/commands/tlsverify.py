"""tlsverify: does a host come to TLS, with a certificate that a Verify setting would accept?

    tlsverify <tls_domain> <hostname>[:port]

It names a domain, as a destination control does, and a host to connect to, whether or not the
domain's MX records name it. Nothing is changed and no mail is sent. The status is 0 when the host
was verified, else 1.
"""

from typing import TYPE_CHECKING

from msgspec.structs import replace

from esashell.commands.registry import TABLE, command
from esashell.config.faults import host_name_fault
from esashell.config.lookup import Destinations, candidates
from esashell.config.model.routes import RouteHost, route_host
from esashell.config.quoting import quoted
from esashell.delivery.tlstrial import try_tls
from esashell.dialogue.kinds import ask, domain
from esashell.dialogue.requests import Ask, Kind, Say, Show, do
from esashell.errors import BadAnswer
from esashell.reports.tlstrial import conclusion, document, lines

if TYPE_CHECKING:
    from esashell.commands.registry import Appliance
    from esashell.delivery.tlstrial import TlsTrial
    from esashell.dialogue.drive import Dialogue
    from esashell.resolver.names import Name
    from esashell.steps import Steps

DOMAIN_PROMPT = "Enter the TLS domain to verify against:"
HOST_PROMPT = """\
Enter the destination host to connect to.  Append the port (example.com:26) if you are not
connecting on port 25:"""


def _place(text: str) -> RouteHost:
    try:
        place = route_host(text)
    except ValueError as fault:
        raise BadAnswer(f"Error: {quoted(text, 60)} {fault}.") from None
    if place.priority or "/" in text:
        raise BadAnswer(f"Error: {quoted(text, 60)} has more in it than a host and a port.")
    if not place.is_address and (wrong := host_name_fault(place.host)):
        raise BadAnswer(f"Error: {quoted(text, 60)} {wrong}.")
    return place


PLACE = Kind(
    _place,
    sample="mx.example.com:25",
    name_in=lambda place: "" if place.is_address else place.host,
    about="A host name or an IP address, and a port behind a colon if it is not 25",
)


@command("tlsverify", help=TABLE["tlsverify"])
def tlsverify(appliance: "Appliance") -> "Dialogue[int]":
    name = yield from domain("tls_domain", DOMAIN_PROMPT)
    question = Ask(
        "hostname",
        HOST_PROMPT,
        PLACE,
        RouteHost(str(name)),
        positional=True,
        label="hostname[:port]",
    )
    place = yield from ask(question)
    yield Say("")
    trial = yield from do(_trial(appliance, name, place), lines)
    yield Say("\n".join(conclusion(trial)))
    yield Show(document(trial))
    return 0 if trial.verified else 1


def _trial(appliance: "Appliance", name: "Name", place: RouteHost) -> "Steps[TlsTrial]":
    preference = Destinations(appliance.running.destinations).control(str(name)).ip_preference
    hosts = candidates(place.host, appliance.running.dns.search)
    for host in (place.host,) if place.is_address else hosts:
        tried = replace(place, host=host)
        trial = yield from try_tls(name, tried, appliance.sender, preference)
        if trial.failure is None:
            break
    return trial
