"""Why a step of DANE ended as it did, in words that reports and other programs already use.

`result_type` is the vocabulary of SMTP TLS reporting (RFC 8460 4.3), so that what is shown here and
what the destination's operator reads in a report are the same words. `fault` says who can do
something about it, which decides what advice makes sense.
"""

from enum import StrEnum

from msgspec import Struct


class ResultType(StrEnum):
    """The failure types of RFC 8460 4.3.1 and 4.3.2.1 that an SMTP client with DANE can meet."""

    STARTTLS_NOT_SUPPORTED = "starttls-not-supported"
    CERTIFICATE_HOST_MISMATCH = "certificate-host-mismatch"
    CERTIFICATE_NOT_TRUSTED = "certificate-not-trusted"
    CERTIFICATE_EXPIRED = "certificate-expired"
    VALIDATION_FAILURE = "validation-failure"
    TLSA_INVALID = "tlsa-invalid"
    DNSSEC_INVALID = "dnssec-invalid"
    DANE_REQUIRED = "dane-required"


class Fault(StrEnum):
    """Whose affair it is."""

    NOBODYS = "nobody's"
    THEIRS = "theirs"
    OURS_BY_CONFIGURATION = "ours by configuration"


class DaneReason(Struct, frozen=True):
    """A word for programs, a sentence for people, and where it is laid down.

    Without a `result_type` nothing went wrong: DANE applies, or rightly does not. `detail` is what
    lies below the text, where that is told elsewhere already: a look-up's own reason.
    """

    code: str
    text: str
    section: str
    result_type: ResultType | None = None
    fault: Fault = Fault.NOBODYS
    detail: str = ""

    @property
    def whole(self) -> str:
        """The sentence with its detail."""
        return f"{self.text}: {self.detail}" if self.detail else self.text


def dane_required(why: DaneReason) -> DaneReason:
    """The same reason where our setting is Mandatory: what DANE lets pass, the setting does not
    (RFC 7672 6)."""
    return DaneReason(
        why.code,
        f"DANE is mandatory for this destination: {why.text}",
        "RFC 7672 6",
        ResultType.DANE_REQUIRED,
        Fault.OURS_BY_CONFIGURATION,
    )
