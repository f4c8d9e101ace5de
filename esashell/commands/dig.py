"""dig: one question to one server, and the reply as it comes.

    dig [-s <source_ip>] [-t] [-u] [@<ip>] [<type>] <name>
    dig -x <ip> [-s <source_ip>] [@<ip>]

`-t` asks over TCP, `-u` over UDP (the default; a reply that does not fit is fetched over TCP), `-s`
is the address of ours to ask from, `-x` the name of an address. `+dnssec` is ours here, as it is in
every other dig: it asks for signatures too. Every record type is taken. Without a server the first
of the best priority is asked, or, where the root servers are used, the one that they lead to: the
way down is gone first, and its last server then asked as the options say. Nothing is validated, and
the reply does not come from the cache.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from esashell.commands.registry import TABLE, command
from esashell.config.faults import address_fault
from esashell.config.quoting import quoted
from esashell.dialogue.kinds import ADDRESS, QUERY_NAME, RECORD_TYPE, TYPE_WORDS
from esashell.dialogue.kinds import ask as put_question
from esashell.dialogue.requests import Ask, Kind, Say, do
from esashell.errors import BadAnswer
from esashell.reports.dig import dig_lines
from esashell.resolver.direct import DirectQuestion, DirectReply, asked_directly, leading_to
from esashell.resolver.names import Name
from esashell.resolver.rrtypes import RRType

if TYPE_CHECKING:
    from esashell.commands.registry import Appliance
    from esashell.dialogue.drive import Dialogue
    from esashell.steps import Steps

USAGE = (
    "dig [-s <source_ip>] [-t] [-u] [@<ip>] [<type>] <name>",
    "dig -x <ip> [-s <source_ip>] [-t] [-u] [@<ip>]",
    "dig ... +dnssec                       (signatures too; esashell's own)",
)
OPTIONS = ("-s", "-t", "-u", "-x", "+dnssec")


class Wish(Struct, frozen=True):
    """What the words of a command line ask for; `server` is "" for the appliance's own."""

    qname: Name
    rdtype: int = RRType.A.value
    server: str = ""
    source: str = ""
    tcp: bool = False
    dnssec: bool = False


def _wish(text: str) -> Wish:
    words = iter(text.split())
    bare: list[str] = []
    found: dict[str, str] = {}
    tcp = dnssec = False
    for word in words:
        match word:
            case "-s" | "-x":
                found[word] = _operand(word, words)
            case "-t" | "-u":
                tcp = word == "-t"
            case "+dnssec":
                dnssec = True
            case _ if word.startswith("@"):
                found["@"] = ADDRESS.parse(word[1:])
            case _ if word.startswith(("-", "+")):
                raise BadAnswer(f"Error: {quoted(word, 40)} is not an option of dig.")
            case _:
                bare.append(word)
    qname, rdtype = _subject(bare, found.get("-x"))
    server, source = found.get("@", ""), found.get("-s", "")
    if server and source and (":" in server) != (":" in source):
        raise BadAnswer("Error: The source address and the server's are of different families.")
    return Wish(qname, rdtype, server, source, tcp, dnssec)


def _operand(option: str, words: Iterator[str]) -> str:
    word = next(words, None)
    if word is None:
        raise BadAnswer(f"Error: {option}: an IP address is required.")
    return ADDRESS.parse(word)


def _subject(bare: list[str], reverse: str | None) -> tuple[Name, int]:
    """The name and the type; a type may stand before the name or behind it."""
    if reverse is not None:
        if bare:
            raise BadAnswer(f"Error: {quoted(bare[0], 40)}: -x takes no name and no type.")
        return QUERY_NAME.parse(reverse), RRType.PTR.value
    if not bare:
        raise BadAnswer("Error: The name to look up is missing.")
    if len(bare) == 1:
        return _name(bare[0]), RRType.A.value
    if len(bare) > 2:
        raise BadAnswer(f"Error: Not understood: {quoted(bare[2], 40)}.")
    try:
        return _name(bare[1]), RECORD_TYPE.parse(bare[0])
    except BadAnswer as error:
        try:
            return _name(bare[0]), RECORD_TYPE.parse(bare[1])
        except BadAnswer:
            raise error from None


def _name(text: str) -> Name:
    """A name; here an address is one too, unlike with -x."""
    from esashell.resolver.names import name_from_text

    return name_from_text(text) if address_fault(text) is None else QUERY_NAME.parse(text)


WISH = Kind(
    _wish,
    words=(*TYPE_WORDS, *OPTIONS),
    sample="example.com",
    name_in=lambda wish: str(wish.qname),
)


@command("dig", help=TABLE["dig"], usage=USAGE)
def dig(appliance: "Appliance") -> "Dialogue[int]":
    prompt = "Please enter the name to look up, with a type or options before it."
    wish = yield from put_question(Ask("query", prompt, WISH, takes=len))
    question, reply = yield from do(_asked(appliance, wish))
    yield Say("\n".join(dig_lines(question, reply)))
    return 0 if reply.message is not None else 1


def _asked(appliance: "Appliance", wish: Wish) -> "Steps[tuple[DirectQuestion, DirectReply]]":
    """The conversation; the world's clock is wanted only when it begins."""
    sender, servers, fault = appliance.sender, appliance.running.dns.servers, ""
    server = wish.server
    if not server and servers:
        server = min(servers, key=lambda each: each.priority).address
    elif not server:
        resolver = sender.resolver
        server, fault = yield from leading_to(
            resolver.source, wish.qname, wish.rdtype, resolver.budget, resolver.effort
        )
    question = DirectQuestion(server, wish.qname, wish.rdtype, wish.tcp, wish.dnssec, wish.source)
    if not server:
        return question, DirectReply(None, fault)
    return question, (yield from asked_directly(question, sender.clock))
