"""Name constraints: which names the certificates below an authority may carry (RFC 5280 4.2.1.10).

An authority's certificate may list subtrees of names that are permitted, and subtrees that are
excluded. A list concerns names of its own kind only: a permitted DNS subtree says nothing about
addresses, and a certificate without any name of the kind is not touched. DNS names, addresses and
directory names are compared here. For the other kinds (mail addresses, URIs, …) the standard lets
us refuse what we cannot process, so a certificate that carries a name of such a kind under such a
constraint is refused.
"""

import ipaddress
import warnings
from typing import TYPE_CHECKING

from esashell.pki.certificate import Certificate, folded

if TYPE_CHECKING:
    from cryptography import x509


def constraint_fault(authority: Certificate, below: Certificate) -> str | None:
    """Why the authority's constraints forbid a certificate below it; None when they do not."""
    from cryptography import x509

    if not authority.constrained:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        limits = x509.load_der_x509_certificate(authority.der).extensions
        constraints = limits.get_extension_for_class(x509.NameConstraints).value
        for name in _names(x509.load_der_x509_certificate(below.der)):
            if any(_within(name, each) for each in constraints.excluded_subtrees or ()):
                return f"{_shown(name)} is excluded by the constraints of the authority"
            permitted = [
                each for each in constraints.permitted_subtrees or () if _same_kind(name, each)
            ]
            if permitted and not any(_within(name, each, unknown=False) for each in permitted):
                return f"{_shown(name)} is not permitted by the constraints of the authority"
    return None


def _names(certificate: "x509.Certificate") -> "list[x509.GeneralName]":
    """Every name that constraints apply to: alternative names, subject, stand-in common names."""
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    found: list[x509.GeneralName] = []
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        found.extend(extension.value)
    except x509.ExtensionNotFound:
        pass
    if certificate.subject.rdns:
        found.append(x509.DirectoryName(certificate.subject))
    if not any(isinstance(each, x509.DNSName) for each in found):
        # `identity` falls back to the common names, so they must not escape the constraints.
        for attribute in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME):
            if isinstance(attribute.value, str) and _host_like(attribute.value):
                found.append(x509.DNSName(attribute.value))
    return found


def _host_like(text: str) -> bool:
    """Whether a common name could be taken for a host's name; "Example Root CA" could not."""
    return text.isascii() and "." in text and all(e.isalnum() or e in ".-_*" for e in text)


def _same_kind(name: "x509.GeneralName", subtree: "x509.GeneralName") -> bool:
    return type(name) is type(subtree)


def _within(name: "x509.GeneralName", subtree: "x509.GeneralName", unknown: bool = True) -> bool:
    """Whether the name lies in the subtree; `unknown` for a kind that is not compared here."""
    from cryptography import x509

    if not _same_kind(name, subtree):
        return False
    match name, subtree:
        case x509.DNSName(), x509.DNSName():
            top, host = subtree.value.lower(), name.value.lower()
            # A leading dot is not in the standard, but common: only the names below are meant.
            if top.startswith("."):
                return host.endswith(top)
            return not top or host == top or host.endswith(f".{top}")
        case x509.IPAddress(), x509.IPAddress():
            address, network = name.value, subtree.value
            if not isinstance(network, ipaddress.IPv4Network | ipaddress.IPv6Network):
                return unknown
            return address in network
        case x509.DirectoryName(), x509.DirectoryName():
            top_rdns = folded(subtree.value)
            return folded(name.value)[: len(top_rdns)] == top_rdns
    return unknown


def _shown(name: "x509.GeneralName") -> str:
    from cryptography import x509

    if isinstance(name, x509.DirectoryName):
        return name.value.rfc4514_string()
    return str(name.value)
