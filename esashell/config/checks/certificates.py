"""Rules for certificate profiles and lists of authorities (`certconfig`)."""

import re
from collections.abc import Iterator

from esashell.config.faults import Breach, name_fault, twice
from esashell.config.model.security import DEMO
from esashell.config.quoting import quoted
from esashell.config.tree import Config, KeyPath


def is_fingerprint(text: str) -> bool:
    """Whether this is a SHA-256 in lower-case hexadecimal; it then is a safe file name too."""
    return re.fullmatch(r"[0-9a-f]{64}", text) is not None


def breaches(config: Config) -> Iterator[Breach]:
    names = (each.name for each in config.certificates)
    yield from twice(("certificates",), "name", "certificate", names)
    for position, each in enumerate(config.certificates):
        at: KeyPath = ("certificates", position)
        subject = f"certificate {quoted(each.name)}"
        if fault := name_fault(each.name):
            yield Breach((*at, "name"), f"{subject} {fault}.")
        if each.name.lower() == DEMO.lower():
            yield Breach((*at, "name"), f"{subject}: the name is that of the built-in one.")
        if not is_fingerprint(each.fingerprint):
            text = f"{subject}: {quoted(each.fingerprint)} is no SHA-256 fingerprint."
            yield Breach((*at, "fingerprint"), text)
    authorities = config.authorities
    if authorities.custom_list and not is_fingerprint(authorities.custom_list):
        text = f"authorities: {quoted(authorities.custom_list)} is no SHA-256 fingerprint."
        yield Breach(("authorities", "custom_list"), text)
    if authorities.custom and not authorities.custom_list:
        text = "authorities: the custom list is in use, but there is none."
        yield Breach(("authorities", "custom"), text)
