"""A configuration to try dialogues on, and the dialogues that are tried."""

from typing import TYPE_CHECKING, Any

from esashell.config.model.dnsserver import DnsServer, DnsSettings
from esashell.config.tree import Config
from esashell.dialogue.kinds import choice, confirm, number, yes_no
from esashell.dialogue.requests import Notice, Say
from esashell.dialogue.script import Logbook

if TYPE_CHECKING:
    from esashell.dialogue.drive import Dialogue

CONFIG = Config(dns=DnsSettings(servers=(DnsServer("192.0.2.1"), DnsServer("192.0.2.2", 1))))
TLS = {"off": "No", "on": "Preferred", "require": "Required"}


def logbook() -> Logbook:
    return Logbook(CONFIG)


def limits() -> "Dialogue[dict[str, Any]]":
    """Questions behind gates, as destination controls have them."""
    found: dict[str, Any] = {}
    if (yield from yes_no("limited", "Do you wish to limit it?", False, gates=["limit"])):
        found["limit"] = yield from number("limit", "Enter the limit.", 500, 1, 1000)
    if (yield from yes_no("secured", "Do you wish to secure it?", False, gates=["tls", "port"])):
        found["tls"] = yield from choice("tls", "Do you want to use TLS support?", TLS, "on")
        if found["tls"] != "off":
            found["port"] = yield from number("port", "Enter the port.", 25, 1, 65535)
    if (yield from confirm("Are you sure?")):
        yield Notice("Done.")
    else:
        yield Say("Not done.")
    return found
