"""The file of RCPTACCESS: a line for each recipient, and ALL the last (User Guide 9.1.2).

    # File exported by the CLI at 20250301T090000
    example.com ACCEPT
    postmaster@ ACCEPT
    ALL REJECT

An import replaces all of them. A response of one's own and the exemption from limits are not in any
published file; here they stand behind the word, and only where there is one.

    info@example.com REJECT response="550 Moved" bypass
"""

import re

from esashell.config.checks.senders import recipient_fault, response_fault
from esashell.config.files.reading import lines, refuse
from esashell.config.model.listeners import ALL, RecipientAccess
from esashell.config.quoting import quoted

LINE = re.compile(r'(\S+)\s+(\w+)(?:\s+response="([^"]*)")?(\s+bypass)?')
ACCESS = {"ACCEPT": True, "REJECT": False}


def written(recipients: tuple[RecipientAccess, ...]) -> str:
    return "".join(f"{line(each)}\n" for each in recipients)


def line(recipient: RecipientAccess) -> str:
    found = f"{recipient.address} {'ACCEPT' if recipient.accept else 'REJECT'}"
    if recipient.response:
        found += f' response="{recipient.response}"'
    return f"{found} bypass" if recipient.bypass else found


def usual(address: str) -> str:
    """The usual spelling of a recipient: a user name may mean its capitals, a domain does not."""
    if address.upper() == ALL:
        return ALL
    local, at, domain = address.rpartition("@")
    return f"{local}{at}{domain.lower()}"


def read(raw: bytes, where: str) -> tuple[RecipientAccess, ...]:
    """The recipients of a file, ALL at the end; raises `BadConfiguration`."""
    found: dict[str, RecipientAccess] = {}
    at = 0
    for at, text in lines(raw, where):
        parts = LINE.fullmatch(text)
        if not parts or parts[2].upper() not in ACCESS:
            refuse(where, at, f"{quoted(text)} is not a recipient and ACCEPT or REJECT")
        address, response = usual(parts[1]), parts[3] or ""
        if address != ALL and (fault := recipient_fault(address)):
            refuse(where, at, f"{quoted(address)} {fault}")
        if address.lower() in found:
            refuse(where, at, f"there is a line for {quoted(address)} already")
        if response and (fault := response_fault(response)):
            refuse(where, at, f"{quoted(response)} {fault}")
        accept = ACCESS[parts[2].upper()]
        found[address.lower()] = RecipientAccess(address, accept, response, parts[4] is not None)
    everybody = found.pop(ALL.lower(), None)
    if everybody is None:
        refuse(where, at or 1, f"there is no line for {ALL}")
    return (*found.values(), everybody)
