"""Addresses of the loopback interface, for a lab that wants its true ones.

An address that belongs to a host on the internet, put on a connected machine's loopback interface,
takes that host away from the machine: everything sent there stays here. So an address is added only
where nothing can be taken away, which is a network namespace of one's own. `unshare --net` makes
one, with a loopback interface that is down and nothing else; `only_loopback` looks for just that.
"""

import fcntl
import shutil
import socket
import struct
import subprocess
from collections.abc import Iterable

from esashell.errors import OperatorError

_SIOCGIFFLAGS, _IFF_UP = 0x8913, 0x1  # netdevice(7)


def only_loopback() -> bool:
    """Whether no interface but the loopback one is up, so that nothing sent here can get out."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for _, name in socket.if_nameindex():
            request = struct.pack("16s16x", name.encode())
            flags = struct.unpack_from("H", fcntl.ioctl(sock, _SIOCGIFFLAGS, request), 16)[0]
            if flags & _IFF_UP and name != "lo":
                return False
    return True


def speaks_ipv6() -> bool:
    """Whether IPv6 addresses can be had on the loopback interface."""
    if not socket.has_ipv6:
        return False
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
            sock.bind(("::1", 0))
    except OSError:
        return False
    return True


def commands(addresses: Iterable[str]) -> list[str]:
    """What gives the loopback interface these addresses, as arguments of ip(8)."""
    made = ["link set lo up"]
    for each in dict.fromkeys(addresses):
        # Without `nodad` an IPv6 address cannot be used for the first second or two.
        made.append(
            f"address replace {each}/128 dev lo nodad"
            if ":" in each
            else f"address replace {each}/32 dev lo"
        )
    return made


def add(addresses: Iterable[str]) -> None:
    """Give the loopback interface these addresses, where that takes nothing away from anybody.

    Raises `OperatorError` elsewhere, and where it is not permitted.
    """
    if not only_loopback():
        raise OperatorError(
            "This machine is connected to a network, and the lab's addresses belong to others\n"
            "there. Begin in a network namespace of your own, for example:\n"
            "    unshare --map-root-user --net esashell lab serve --add-addresses"
        )
    ip = shutil.which("ip", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if ip is None:
        raise OperatorError("The program ip is needed to add addresses (Debian package: iproute2).")
    wanted = list(addresses)
    _batch(ip, commands(()))
    if not speaks_ipv6():
        wanted = [each for each in wanted if ":" not in each]
    _batch(ip, commands(wanted))


def _batch(ip: str, lines: list[str]) -> None:
    text = "\n".join(lines) + "\n"
    done = subprocess.run(
        [ip, "-batch", "-"], input=text, text=True, capture_output=True, check=False
    )
    if done.returncode:
        raise OperatorError(f"ip: {done.stderr.strip().splitlines()[0]}")
