"""Where the appliance is on the network: its IP interfaces (`interfaceconfig`)."""

from msgspec import Struct


class Interface(Struct, frozen=True, forbid_unknown_fields=True):
    """An IP interface: an address of each version, "" for none, on an Ethernet port.

    `hostname` is the name it greets with; empty is the appliance's own.
    """

    name: str = "Management"
    address: str = "192.168.42.42"
    prefix: int = 24
    address6: str = ""
    prefix6: int = 64
    port: str = "Management"
    hostname: str = ""


class InterfaceGroup(Struct, frozen=True, forbid_unknown_fields=True):
    """Interfaces under one name, for settings that may use any of them."""

    name: str
    interfaces: tuple[str, ...] = ()
