"""How an IP interface is shown where one is to be chosen."""

from esashell.config.model.network import Interface
from esashell.config.tree import Config


def interface_line(config: Config, interface: Interface) -> str:
    """Its name, where it is and what it greets with: `Management (192.0.2.10/24: mail.example)`."""
    name = interface.hostname or config.hostname
    return f"{interface.name} ({interface_address(interface)}: {name})"


def interface_address(interface: Interface) -> str:
    """Its address with the length of the prefix; of two, the one of IPv4."""
    if interface.address:
        return f"{interface.address}/{interface.prefix}"
    return f"{interface.address6}/{interface.prefix6}"
