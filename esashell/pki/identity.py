"""Whether a certificate carries a name we expect: reference identifiers against presented ones.

The names we would accept (*reference identifiers*) are decided before the certificate is seen; the
names a certificate *presents* are its DNS subject alternative names, and only where it has none,
its common names (RFC 6125 6.4.4, RFC 7672 3.2.3). One agreeing pair is enough.

A presented name may be a wildcard when the asterisk is the whole left-most label, and then stands
for exactly one label of letters, digits and hyphens, as hosts have (RFC 1123 2.1). Its other labels
must be such labels too. `mail*.example.com` matches nothing but itself, which no host is called.
Neither does `*.com`: what is left of the asterisk must be at least two labels, as every TLS
library in use has it, since one certificate cannot speak for a whole registry.

Names are compared as they are in the DNS, A-labels without case. No certificate name is converted:
one with other than ASCII letters in it equals no reference identifier. Addresses are never
compared with DNS names; mail hosts are found by name (RFC 7672 3.2.2).
"""

from collections.abc import Iterable
from string import ascii_lowercase, digits

from msgspec import Struct

from esashell.pki.certificate import Certificate

_LDH = frozenset(ascii_lowercase + digits + "-")


class Identity(Struct, frozen=True):
    """The pair that agreed: what we expected, and what the certificate presents."""

    reference: str
    presented: str


class Mismatch(Struct, frozen=True):
    """No pair agreed; both lists, for the report."""

    references: tuple[str, ...]
    presented: tuple[str, ...]


def presented_identifiers(certificate: Certificate) -> tuple[str, ...]:
    """The names that count: DNS alternative names, or else common names."""
    return certificate.dns_names or certificate.common_names


def identity(certificate: Certificate, references: Iterable[str]) -> Identity | Mismatch:
    """The first reference identifier that the certificate carries."""
    return first_agreement(presented_identifiers(certificate), references)


def first_agreement(presented: tuple[str, ...], references: Iterable[str]) -> Identity | Mismatch:
    """The first reference identifier that one of the presented names stands for."""
    wanted = tuple(references)
    for reference in wanted:
        for each in presented:
            if agree(each, reference):
                return Identity(reference, each)
    return Mismatch(wanted, presented)


def agree(presented: str, reference: str) -> bool:
    """Whether a name in a certificate stands for this reference identifier.

    The reference may end in a dot. Neither side may hold an empty label, so that `.example.com` in
    a certificate is no suffix match.
    """
    reference = reference.removesuffix(".").lower()
    presented = presented.lower()
    if not (presented.isascii() and reference.isascii()):
        return False
    wanted, offered = reference.split("."), presented.split(".")
    if not all(wanted) or not all(offered) or _is_address(wanted):
        return False
    if offered == wanted:
        return True
    star = offered[0] == "*" and len(offered) > 2 and offered[1:] == wanted[1:]
    return star and _LDH.issuperset(wanted[0]) and all(map(_of_a_host, wanted[1:]))


def _of_a_host(label: str) -> bool:
    return _LDH.issuperset(label) and "-" not in (label[0], label[-1])


def _is_address(labels: list[str]) -> bool:
    """No top-level domain is numeric, so a name ending in digits is an IPv4 address."""
    return labels[-1].isdigit() or ":" in labels[-1]
