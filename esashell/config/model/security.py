"""TLS as a whole (`sslconfig`): which protocols and ciphers our side of a handshake offers."""

from msgspec import Struct

METHODS = ("SSL v3.0", "TLS v1.0", "TLS v1.1", "TLS v1.2", "TLS v1.3")
"""Every protocol that a side can be set to, oldest first."""

VERSIONS = {
    "TLS v1.0": "TLSv1",
    "TLS v1.1": "TLSv1.1",
    "TLS v1.2": "TLSv1.2",
    "TLS v1.3": "TLSv1.3",
}
"""The protocols that a TLS library still speaks, as it calls them."""

DEFAULT_CIPHERS = "HIGH:MEDIUM:-SSLv2:-aNULL:!RC4:@STRENGTH:-EXPORT"


class SslSide(Struct, frozen=True, forbid_unknown_fields=True):
    """One direction: the protocols in words, oldest first, and ciphers as OpenSSL writes them."""

    methods: tuple[str, ...] = ("TLS v1.0", "TLS v1.1", "TLS v1.2")
    ciphers: str = DEFAULT_CIPHERS


class SslSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """What we accept as a server (`inbound`) and offer as a client (`outbound`)."""

    inbound: SslSide = SslSide()
    outbound: SslSide = SslSide()


DEMO = "Demo"
"""The certificate that every appliance has; it is nobody's, and not secure."""
