"""What can be seen of a destination, apart from what we make of it.

A decision about a delivery is made by asking for one thing after the other: the MX records, the
addresses of a host, its greeting. Each such question is a *want*, and what is found is a *fact*.
Facts depend on the world and never on our destination controls, so that one observation can be
judged under any settings. Who decides (`decision`) does not know whether a want is met from the
network or from an observation made earlier; that is why both come to the same outcome.

Only the handing over of a message is not an observation: it is done once, where the decision led.
"""

from typing import Any

from msgspec import Struct

from esashell.resolver.names import Name
from esashell.smtp.client import Finding, Greeting, Turn
from esashell.steps import TlsPeer


class MxWanted(Struct, frozen=True):
    """The fact is an `Answer`."""

    domain: Name


class AddressesWanted(Struct, frozen=True):
    """The fact is a `HostAddresses`."""

    host: Name


class TlsaWanted(Struct, frozen=True):
    """The fact is a tuple of `Answer`, one for each base domain that was asked for."""

    host: Name
    port: int


class PointerWanted(Struct, frozen=True):
    """The fact is the `Answer` with the name that an address points back to."""

    address: str


class ContactWanted(Struct, frozen=True):
    """A connection, opened and greeted; the fact is a `Contact`."""

    address: str
    port: int


class TlsWanted(Struct, frozen=True):
    """TLS on the connection that is open; the fact is a `Handshake`."""

    address: str
    port: int
    server_name: str


class RootsWanted(Struct, frozen=True):
    """Authorities that could have signed what this handshake showed; the fact is a tuple of their
    certificates, DER. Whether one did is judged later, for whatever time is asked about."""

    address: str
    port: int
    server_name: str


class DeliveryWanted(Struct, frozen=True):
    """The message, on the connection that is open; the fact is a `Transaction`, or None when
    there is no message to be handed over."""

    address: str
    port: int
    tls: bool


Want = (
    MxWanted
    | AddressesWanted
    | TlsaWanted
    | PointerWanted
    | ContactWanted
    | TlsWanted
    | RootsWanted
    | DeliveryWanted
)


class Contact(Struct, frozen=True):
    """A server as it presented itself. `greeting` is None exactly when there is a `failure`.

    `interface` is our own address, empty when no connection came about.
    """

    interface: str = ""
    greeting: Greeting | None = None
    failure: Finding | None = None
    transcript: tuple[Turn, ...] = ()


class Handshake(Struct, frozen=True):
    """What came of STARTTLS.

    `usable` says whether the connection could still be used, in TLS or, where STARTTLS was refused,
    in clear text. Both `peer` and `failure` are set when the server did not talk inside TLS.
    """

    peer: TlsPeer | None = None
    failure: Finding | None = None
    usable: bool = False
    transcript: tuple[Turn, ...] = ()


class Fact(Struct, frozen=True):
    """A want and what was found."""

    want: Want
    found: Any


class Observation(Struct, frozen=True):
    """Facts in the order in which they were found. `when` is in microseconds since 1970.

    `seed` settles the order of hosts of equal preference; `own_name` is what we say in EHLO, by
    which a mail loop is recognised.
    """

    domain: Name
    when: int
    seed: int
    own_name: str
    facts: tuple[Fact, ...]
