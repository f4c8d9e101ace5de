"""sslconfig: which protocols and ciphers our side of TLS has.

OUTBOUND is what `daneverify`, `tlsverify` and deliveries offer, after `commit`. INBOUND is kept for
the listeners. Protocols are chosen by their numbers with commas between them, without a gap, since
a handshake offers a lowest version and a highest. The cipher list is OpenSSL's, and is refused
where the TLS library knows none of it. The suites of TLS v1.3 are the library's own. There is no
web interface, so GUI has its place in the menu and nothing behind it.
"""

from typing import TYPE_CHECKING

from msgspec.structs import replace

from esashell.commands.registry import TABLE, command
from esashell.config.checks.ssl import LONGEST_CIPHERS, methods_fault
from esashell.config.faults import name_fault
from esashell.config.model.security import DEFAULT_CIPHERS, METHODS, SslSide
from esashell.config.quoting import quoted
from esashell.config.tree import Config
from esashell.dialogue.kinds import ask, numbered
from esashell.dialogue.requests import Ask, Ciphers, Kind, Refuse, Say
from esashell.dialogue.table import Operation, operate
from esashell.errors import BadAnswer, OperatorError

if TYPE_CHECKING:
    from esashell.commands.registry import Appliance
    from esashell.dialogue.drive import Dialogue

WORDS = dict(zip(("sslv3", "tlsv1_0", "tlsv1_1", "tlsv1_2", "tlsv1_3"), METHODS, strict=True))


def method_words(methods: tuple[str, ...]) -> str:
    """The protocols in the appliance's short form: tlsv1_1tlsv1_2."""
    return "".join(word for word, method in WORDS.items() if method in methods)


def _methods(text: str) -> tuple[str, ...]:
    found = set()
    by_name = {**WORDS, **{each.lower(): each for each in METHODS}}
    for each in (part.strip().lower() for part in text.split(",")):
        if each in by_name:
            found.add(by_name[each])
        elif each.isascii() and each.isdigit() and len(each) < 4 and 1 <= int(each) <= len(METHODS):
            found.add(METHODS[int(each) - 1])
        else:
            raise BadAnswer(
                f"Error: {quoted(each, 40)} is not a method; they are 1 to {len(METHODS)}, or "
                f"{', '.join(WORDS)}."
            )
    methods = tuple(each for each in METHODS if each in found)
    if fault := methods_fault(methods):
        raise BadAnswer(f"Error: {fault}.")
    return methods


def _shown(methods: tuple[str, ...]) -> str:
    return ",".join(str(METHODS.index(each) + 1) for each in METHODS if each in methods)


def _cipher_list(text: str) -> str:
    if fault := name_fault(text, LONGEST_CIPHERS):
        raise BadAnswer(f"Error: The cipher list {fault}.")
    return text


# What is offered is taken: not the protocol that may not stand alone.
ALONE = tuple(word for word, method in WORDS.items() if not methods_fault((method,)))
METHOD: Kind[tuple[str, ...]] = Kind(_methods, _shown, ALONE, "tlsv1_2")
CIPHERS: Kind[str] = Kind(
    _cipher_list, words=(DEFAULT_CIPHERS,), sample="HIGH", about="A cipher list"
)


def _side(direction: str, old: SslSide) -> "Dialogue[SslSide]":
    methods = yield from ask(
        Ask(
            "method",
            f"Enter the {direction} SMTP ssl method you want to use.\n{numbered(METHODS)}",
            METHOD,
            old.methods,
            label="method[,method]",
        )
    )
    ciphers = yield from ask(
        Ask(
            "ciphers",
            f"Enter the {direction} SMTP ssl cipher you want to use.",
            CIPHERS,
            old.ciphers,
        )
    )
    known: tuple[str, ...] | OperatorError = yield Ciphers(ciphers, methods)
    if isinstance(known, OperatorError):
        yield Refuse(str(known))
        return old
    return SslSide(methods, ciphers)


def _inbound(config: Config) -> "Dialogue[Config]":
    side = yield from _side("inbound", config.ssl.inbound)
    return replace(config, ssl=replace(config.ssl, inbound=side))


def _outbound(config: Config) -> "Dialogue[Config]":
    side = yield from _side("outbound", config.ssl.outbound)
    return replace(config, ssl=replace(config.ssl, outbound=side))


def _verify(config: Config) -> "Dialogue[Config]":
    outbound = config.ssl.outbound
    prompt = "Enter the ssl cipher you want to verify."
    ciphers = yield from ask(Ask("list", prompt, CIPHERS, outbound.ciphers, positional=True))
    found: tuple[str, ...] | OperatorError = yield Ciphers(ciphers, outbound.methods)
    if isinstance(found, OperatorError):
        yield Refuse(str(found))
    else:
        yield Say("\n".join(("", *found)))
    return config


def summary(config: Config) -> str:
    lines = ["sslconfig settings:"]
    for name, side in (("inbound", config.ssl.inbound), ("outbound", config.ssl.outbound)):
        lines += [
            f"  {name} SMTP method:  {method_words(side.methods)}",
            f"  {name} SMTP ciphers: {side.ciphers}",
        ]
    return "\n".join(lines)


def _gui(config: Config) -> "Dialogue[Config]":
    yield Refuse("Error: There is no web interface here.")
    return config


OPERATIONS = (
    Operation("gui", "Edit GUI HTTPS ssl settings.", _gui),
    Operation("inbound", "Edit inbound SMTP ssl settings.", _inbound),
    Operation("outbound", "Edit outbound SMTP ssl settings.", _outbound),
    Operation("verify", "Verify and show ssl cipher list.", _verify),
)


@command("sslconfig", help=TABLE["sslconfig"], commits=True)
def sslconfig(appliance: "Appliance") -> "Dialogue[None]":
    yield from operate(appliance.config, summary, OPERATIONS)
