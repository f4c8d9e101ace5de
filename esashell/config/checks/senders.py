"""What a sender of the host access table and a recipient of the other table may look like.

Senders: an address, a network with a slash, a range (`10.1.1.10-20`), the beginning of an address
(`10.1.1.`), a host name, `.domain` for the names below it, a test in brackets (`sbrs[-3.0:-1.0]`,
`dnslist[query.bl.example]`), `SBO:` and a number for a network owner. A comment in parentheses may
stand behind it. (User Guide 9.1.2, Sender Group Syntax)

Recipients: a host name, `[192.0.2.1]`, `.domain`, `user@`, and an address of either.
(User Guide 9.1.2, Defining Recipient Addresses)
"""

import ipaddress
import re

from esashell.config.faults import address_fault, host_name_fault, name_fault, pattern_fault
from esashell.config.model.listeners import BEHAVIORS

LONGEST = 320  # characters: RFC 5321 4.5.3.1 has no longer address
LONGEST_COMMENT = 1000

TEST = re.compile(r"[A-Za-z]{1,32}\[[^\[\]\s(){}]{1,200}\]")
OWNER = re.compile(r"SBO:[0-9]{1,12}", re.IGNORECASE)
OCTET = r"(?:[0-9]{1,3}(?:-[0-9]{1,3})?)"
IPV4_PART = re.compile(rf"{OCTET}(?:\.{OCTET}){{3}}|(?:{OCTET}\.){{1,3}}")


def sender_parts(text: str) -> tuple[str, str]:
    """A sender and its comment, "" where there is none."""
    sender, _, comment = text.partition(" ")
    comment = comment.strip()
    return sender, comment[1:-1] if comment[:1] == "(" and comment[-1:] == ")" else comment


def sender_fault(text: str) -> str | None:
    """What is wrong with a sender, as the end of a sentence; None when nothing is."""
    sender, comment = sender_parts(text)
    if comment and (fault := name_fault(comment, LONGEST_COMMENT)):
        return f"has a comment that {fault}"
    if comment and not text.endswith(f"({comment})"):
        return "is not one sender; a comment stands in parentheses"
    return _sender_fault(sender)


def _sender_fault(sender: str) -> str | None:
    if len(sender) > LONGEST:
        return f"is longer than {LONGEST} characters"
    if sender.upper() in BEHAVIORS:
        return "is a word of the table and no sender"
    if TEST.fullmatch(sender) or OWNER.fullmatch(sender):
        return None
    if "/" in sender:
        return None if _is_network(sender) else "is not a network"
    if ":" in sender:
        return None if _is_ipv6_range(sender) else "is not an IPv6 address or a range of them"
    if sender and not set(sender) - set("0123456789.-"):
        return None if _is_ipv4_part(sender) else "is not an IPv4 address or a range of them"
    return pattern_fault(sender)


def _is_network(text: str) -> bool:
    # ip_network takes a netmask for the prefix too, and a zone index.
    if not re.fullmatch(r"[0-9A-Fa-f.:]+/[0-9]{1,3}", text):
        return False
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return True


def _is_ipv6_range(text: str) -> bool:
    ends = text.split("-")
    try:
        found = [ipaddress.IPv6Address(each) for each in ends]
    except ValueError:
        return False
    return "%" not in text and len(found) <= 2 and found[0] <= found[-1]


def _is_ipv4_part(text: str) -> bool:
    if not IPV4_PART.fullmatch(text):
        return False
    for octet in text.removesuffix(".").split("."):
        first, _, last = octet.partition("-")
        if not int(first) <= int(last or first) <= 255:
            return False
    return True


def recipient_fault(text: str) -> str | None:
    """What is wrong with a recipient, as the end of a sentence; None when nothing is."""
    local, at, domain = text.rpartition("@")
    if not text:
        return "is empty"
    if at and not re.fullmatch(r"[!#-'*+./0-9=?A-Z^-~-]{1,64}", local):
        return "is not an address: what stands before the @ is no user name"
    if at and not domain:
        return None
    if domain.startswith("["):
        inner = domain[1:-1].removeprefix("IPv6:")
        closed = domain.endswith("]")
        return address_fault(inner) if closed else "has a bracket that is not closed"
    return host_name_fault(domain) if at else pattern_fault(domain)


def response_fault(text: str) -> str | None:
    """What is wrong with an answer to RCPT TO: a code of three digits and a text."""
    # RFC 5321 4.2.1: the first digit of a reply is 2 to 5; 4.5.3.1.5: 512 octets with its end.
    if re.fullmatch(r"[2-5][0-5][0-9] [ !#-~]{1,500}", text):
        return None
    return "is not an SMTP response: a code and a text, as 550 No such user"
