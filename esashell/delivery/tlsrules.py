"""The TLS settings of a destination control, as data: when TLS, when clear text, which names.

The line that divides the settings is the server's 220 to STARTTLS. Before it, a delivery that only
prefers TLS goes on in clear text; after it, nothing ever does, since whoever can break a handshake
could otherwise choose clear text.

Two algorithms compare names. *Verify* takes every name of the certificate, common name included,
and accepts the receiving host's name or the recipient's domain. *Hosted Verify* looks at the common
name only where there is no alternative name, and accepts more: the domain, all its MX hosts, the
name that the address's pointer record gives, and the host of an SMTP route.

Sources: AG is the vendor's administration guide (chapter on destination controls), TA its technical
note on the verification algorithms.
"""

from msgspec import Struct

from esashell.config.model.destination import TlsSetting
from esashell.pki.certificate import Certificate
from esashell.pki.identity import Identity, Mismatch, first_agreement, presented_identifiers


class NameRule(Struct, frozen=True):
    """Which names of a certificate count, and whether the wider list of our own is accepted."""

    name: str
    common_name_always: bool
    hosted: bool
    source: str


VERIFY = NameRule("Verify", common_name_always=True, hosted=False, source="TA, Verify")
HOSTED_VERIFY = NameRule(
    "Hosted Verify", common_name_always=False, hosted=True, source="TA, Hosted Verify"
)


class TlsRule(Struct, frozen=True):
    """One setting. `required`: no clear text; `verified`: nothing to a host that is not verified.

    `names` is how a certificate is compared, None where it is not looked at.
    """

    setting: TlsSetting
    tried: bool
    required: bool
    names: NameRule | None
    verified: bool
    source: str


# fmt: off
TLS_RULES = {each.setting: each for each in (
    #       setting                    tried  required  names  verified  source
    TlsRule(TlsSetting.NO,               False, False, None,          False, "AG, No"),
    TlsRule(TlsSetting.PREFERRED,        True,  False, None,          False, "AG, Preferred"),
    TlsRule(TlsSetting.REQUIRED,         True,  True,  None,          False, "AG, Required"),
    TlsRule(TlsSetting.PREFERRED_VERIFY, True,  False, VERIFY,        False, "AG, Preferred (V)"),
    TlsRule(TlsSetting.REQUIRED_VERIFY,  True,  True,  VERIFY,        True,  "AG, Required (V)"),
    TlsRule(TlsSetting.REQUIRED_VERIFY_HOSTED, True, True, HOSTED_VERIFY, True, "TA"),
)}
# fmt: on


def compared(
    certificate: Certificate, rule: NameRule, references: tuple[str, ...]
) -> Identity | Mismatch:
    """The pair of names that agrees by this rule."""
    if rule.common_name_always:
        presented = (*certificate.dns_names, *certificate.common_names)
    else:
        presented = presented_identifiers(certificate)
    return first_agreement(presented, references)
