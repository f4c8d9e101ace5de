"""The certificates that a mail host shows, where a verification had no reason to look at them.

`daneverify` shakes hands only where TLSA records demand it. Whoever wants to know which record the
destination could publish needs the chain all the same.
"""

from esashell.delivery.connections import Meeting
from esashell.delivery.evidence import AddressEvidence, Evidence
from esashell.delivery.verification import Sender
from esashell.errors import TransportError
from esashell.resolver.names import Name
from esashell.steps import Steps

_PLACES = 4  # addresses that are tried


def presented(evidence: Evidence, sender: Sender) -> Steps[dict[Name, tuple[bytes, ...]]]:
    """The chains of the hosts whose certificates were not seen, by host; nothing for one that does
    not come to TLS. Hosts that are in order, or could not be reached, are left alone."""
    found: dict[Name, tuple[bytes, ...]] = {}
    for host in evidence.hosts:
        if host.failure is None or any(_looked_at(each) for each in host.attempts):
            continue
        name = host.host.name
        for address in host.lookups.addresses[:_PLACES]:
            meeting = Meeting(address.text, sender.port, sender.helo, str(name), sender.policy)
            try:
                yield from sender.connections.connect(address.text, sender.port)
            except TransportError:
                continue
            smtp = yield from sender.connections.shake_hands(meeting)
            if smtp.peer is not None:
                found[name] = smtp.peer.chain
                break
    return found


def _looked_at(it: AddressEvidence) -> bool:
    """Whether it is known already what there is at an address, or that there is nothing."""
    failure = it.failure
    return it.smtp is not None or (failure is not None and failure.code == "no-connection")
