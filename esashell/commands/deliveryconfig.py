"""deliveryconfig: the interface that mail leaves from, and how many connections it may take.

"Possible Delivery" treats a message as delivered when the connection broke after its last line and
before the answer: the recipient may get it never, and without it twice. RFC 5321 section 4.5.3.2.6
wants the second. The menu and its lines are from a published session (TechNote 118601).
"""

from typing import TYPE_CHECKING

from msgspec.structs import replace

from esashell.commands.interfaces import interface_line
from esashell.commands.registry import TABLE, command
from esashell.config.checks.across import AUTO
from esashell.config.model.delivery import DeliverySettings
from esashell.config.tree import Config
from esashell.dialogue.kinds import ask, choice_kind, number, numbered, yes_no
from esashell.dialogue.requests import Ask
from esashell.dialogue.table import Operation, operate

if TYPE_CHECKING:
    from esashell.commands.registry import Appliance
    from esashell.dialogue.drive import Dialogue

MOST_CONNECTIONS = 1_000_000


def summary(config: Config) -> str:
    found = config.delivery
    return (
        f"Default interface to deliver mail: {found.interface}\n"
        f'"Possible Delivery": {"Enabled" if found.possible_delivery else "Disabled"}\n'
        "Default system wide maximum outbound message delivery\n"
        f"concurrency: {found.concurrency}\n"
        "Default system wide TLS maximum outbound message delivery\n"
        f"concurrency: {found.tls_concurrency}"
    )


def _setup(config: Config) -> "Dialogue[Config]":
    old = config.delivery
    names = (AUTO, *(each.name for each in config.interfaces))
    lines = (AUTO, *(interface_line(config, each) for each in config.interfaces))
    prompt = f"Choose the default interface to deliver mail.\n{numbered(lines)}"
    present = old.interface if old.interface in names else None
    interface = yield from ask(Ask("interface", prompt, choice_kind(names, closed=False), present))
    possible = yield from yes_no(
        "possible_delivery", 'Enable "Possible Delivery" (recommended)?', old.possible_delivery
    )
    concurrency = yield from _connections(
        "concurrency",
        "Please enter the default system wide maximum outbound message\ndelivery concurrency.",
        old.concurrency,
    )
    with_tls = yield from _connections(
        "tls_concurrency",
        "Please enter the default system wide TLS maximum outbound message\ndelivery concurrency.",
        old.tls_concurrency,
    )
    return replace(config, delivery=DeliverySettings(interface, possible, concurrency, with_tls))


def _connections(key: str, prompt: str, default: int) -> "Dialogue[int]":
    return number(key, prompt, default, 1, MOST_CONNECTIONS, label="connections")


@command("deliveryconfig", help=TABLE["deliveryconfig"], commits=True)
def deliveryconfig(appliance: "Appliance") -> "Dialogue[None]":
    operations = (Operation("setup", "Configure mail delivery.", _setup),)
    yield from operate(appliance.config, summary, operations)
