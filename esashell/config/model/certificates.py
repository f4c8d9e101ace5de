"""The appliance's own certificates, and whose certificates it trusts (`certconfig`).

A certificate and its private key are kept in a file of their own, which the configuration names by
the SHA-256 of its text. So a configuration can be shown and sent around without a secret in it, and
one of the past names the very certificate that it had.
"""

from msgspec import Struct


class CertificateProfile(Struct, frozen=True, forbid_unknown_fields=True):
    """A certificate under the name that other settings use for it."""

    name: str
    fingerprint: str


class AuthoritySettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The lists of authorities that certificates of others are verified with.

    `custom_list` is the fingerprint of the list that was imported; empty for none.
    """

    system: bool = True
    custom: bool = False
    custom_list: str = ""
