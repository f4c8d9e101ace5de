"""nslookup: what the appliance itself finds at a name, by its own resolvers and out of its cache.

What the cache keeps is what a delivery would use, so the TTL is the cache's: the record's own, or
the configured minimum where that is longer. A name without a dot is tried in the domains of the
search list (`dnsconfig search`) first. An answer that is bogus is no answer, to a delivery or
here. The types are the appliance's; `dig` and `dnsstatus trace` take every type.
"""

from typing import TYPE_CHECKING

from esashell.commands.registry import TABLE, command
from esashell.config.faults import address_fault
from esashell.config.lookup import candidates
from esashell.dialogue.kinds import QUERY_NAME, choice
from esashell.dialogue.kinds import ask as put_question
from esashell.dialogue.requests import Ask, Kind, Notice, Show, do
from esashell.reports.nslookup import answer_lines, nslookup_document
from esashell.resolver.rrtypes import type_number

if TYPE_CHECKING:
    from esashell.commands.registry import Appliance
    from esashell.dialogue.drive import Dialogue
    from esashell.resolver.answer import Answer
    from esashell.resolver.names import Name
    from esashell.steps import Steps

TYPES = {
    "A": "A       the host's IP address",
    "AAAA": "AAAA    the host's IPv6 address",
    "CNAME": "CNAME   the canonical name for an alias",
    "MX": "MX      the mail exchanger",
    "NS": "NS      the name server for the named zone",
    "PTR": "PTR     the hostname if the query is an Internet address,\n"
    "           otherwise the pointer to other information",
    "SOA": 'SOA     the domain\'s "start-of-authority" information',
    "TXT": "TXT     the text information",
}


def _host(text: str) -> str:
    QUERY_NAME.parse(text)
    return text


def _name_in(host: str) -> str:
    return str(QUERY_NAME.parse(host)) if address_fault(host) else host


HOST = Kind(_host, sample="example.com", name_in=_name_in)


@command("nslookup", help=TABLE["nslookup"])
def nslookup(appliance: "Appliance") -> "Dialogue[int]":
    host = yield from put_question(
        Ask("host", "Please enter the host or IP address to resolve.", HOST)
    )
    default = "A" if address_fault(host) else "PTR"
    word = yield from choice("type", "Choose the query type:", TYPES, default, positional=True)
    rdtype = type_number(word)
    for candidate in candidates(host, appliance.running.dns.search):
        answer, ttl = yield from do(_looked_up(appliance, QUERY_NAME.parse(candidate), rdtype))
        if answer.found:
            break
    yield Notice("\n".join(answer_lines(candidate, answer, ttl, appliance.screen)))
    yield Show(nslookup_document(answer, appliance.now))
    return 0 if answer.found else 1


def _looked_up(appliance: "Appliance", name: "Name", rdtype: int) -> "Steps[tuple[Answer, int]]":
    """The answer, and for how many seconds the cache keeps it."""
    resolver = appliance.sender.resolver
    answer = yield from resolver.look_up(name, rdtype)
    return answer, resolver.kept_for(name, rdtype)
