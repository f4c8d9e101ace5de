"""Who the appliance is on the network: its host name and the interface that mail leaves from."""

from msgspec import Struct


class Interface(Struct, frozen=True, forbid_unknown_fields=True):
    """An IP interface. `address` is where outbound connections come from."""

    name: str = "Management"
    address: str = "192.168.42.42"
