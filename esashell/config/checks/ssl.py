"""Rules for protocols and ciphers (`sslconfig`)."""

from collections.abc import Iterator, Sequence

from esashell.config.faults import Breach, name_fault
from esashell.config.model.security import METHODS, VERSIONS
from esashell.config.quoting import quoted
from esashell.config.tree import Config

LONGEST_CIPHERS = 4000


def methods_fault(methods: Sequence[str]) -> str | None:
    """What is wrong with a choice of protocols, as a sentence without its end; None for nothing."""
    spoken = list(VERSIONS)
    chosen = [spoken.index(each) for each in spoken if each in methods]
    if not chosen:
        return f"there is no protocol among {', '.join(spoken)}"
    # A handshake offers a lowest and a highest version, and all between them.
    if chosen[-1] - chosen[0] >= len(chosen):
        missing = next(each for each in range(chosen[0], chosen[-1]) if each not in chosen)
        return f"{spoken[missing]} is missing between two others"
    return None


def breaches(config: Config) -> Iterator[Breach]:
    for name, side in (("inbound", config.ssl.inbound), ("outbound", config.ssl.outbound)):
        if len(set(side.methods)) < len(side.methods):
            yield Breach(("ssl", name, "methods"), f"ssl {name}: a protocol is listed twice.")
        for position, method in enumerate(side.methods):
            if method not in METHODS:
                known = ", ".join(METHODS)
                text = f"ssl {name}: {quoted(method)} is no protocol; known: {known}."
                yield Breach(("ssl", name, "methods", position), text)
        if fault := methods_fault(side.methods):
            yield Breach(("ssl", name, "methods"), f"ssl {name}: {fault}.")
        if fault := name_fault(side.ciphers, LONGEST_CIPHERS):
            text = f"ssl {name}: the cipher list {fault}."
            yield Breach(("ssl", name, "ciphers"), text)
