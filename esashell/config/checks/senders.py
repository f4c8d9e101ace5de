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
BACKWARDS = "is a range that runs backwards"

TEST = re.compile(r"[A-Za-z]{1,32}\[[^\[\]\s(){}]{1,200}\]")
SCORE = r"(-?[0-9]{1,2}(?:\.[0-9])?)"
SCORES = re.compile(rf"sbrs\[(?:none|{SCORE}:{SCORE})\]", re.IGNORECASE)
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
    if sender.lower().startswith("sbrs["):
        return _scores_fault(sender)
    if TEST.fullmatch(sender) or OWNER.fullmatch(sender):
        return None
    if "/" in sender:
        return _network_fault(sender)
    if ":" in sender:
        return _ipv6_fault(sender)
    if sender and not set(sender) - set("0123456789.-"):
        return _ipv4_fault(sender)
    return pattern_fault(sender)


def _scores_fault(text: str) -> str | None:
    """SenderBase scores go from -10 to 10; a sender without one has `none`."""
    found = SCORES.fullmatch(text)
    if not found:
        return "is not a range of scores, as sbrs[-10.0:-3.0] or sbrs[none]"
    scores = [float(each) for each in found.groups() if each is not None]
    if any(not -10 <= each <= 10 for each in scores):
        return "has a score that is not from -10.0 to 10.0"
    if sorted(scores) != scores:
        return BACKWARDS
    return None


def _network_fault(text: str) -> str | None:
    # ip_network takes a netmask for the prefix too, and a zone index.
    address, _, prefix = text.partition("/")
    if not re.fullmatch(r"[0-9A-Fa-f.:]+/[0-9]{1,3}", text):
        return "is not a network: an address, a slash and a number of bits"
    try:
        version = ipaddress.ip_address(address).version
    except ValueError:
        return "is not a network: what stands before the slash is no address"
    most = 32 if version == 4 else 128
    return None if int(prefix) <= most else f"is not a network: IPv{version} has {most} bits"


def _ipv6_fault(text: str) -> str | None:
    try:
        found = [ipaddress.IPv6Address(each) for each in text.split("-")]
    except ValueError:
        found = []
    if not 1 <= len(found) <= 2 or "%" in text:
        return "is not an IPv6 address or a range of them, as 2001:db8::1-2001:db8::5"
    return None if found[0] <= found[-1] else BACKWARDS


def _ipv4_fault(text: str) -> str | None:
    if re.fullmatch(r"[0-9.]+\.[0-9]+-[0-9]+\.[0-9.]+", text):
        return "is no range: behind the dash stands the last part only, as in 10.1.1.10-20"
    if re.fullmatch(rf"{OCTET}(?:\.{OCTET}){{0,2}}", text):
        return "is not a whole address; the beginning of one ends in a dot (10.1.1.)"
    if not IPV4_PART.fullmatch(text):
        return "is not an IPv4 address or a range of them, as 10.1.1.10-20"
    for octet in text.removesuffix(".").split("."):
        first, _, last = octet.partition("-")
        if max(int(first), int(last or first)) > 255:
            return f"has {octet} in it; the parts of an address are numbers from 0 to 255"
        if int(first) > int(last or first):
            return BACKWARDS
    return None


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
