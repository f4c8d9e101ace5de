"""What the answers of the DNS amount to, for one domain and one host: a state for each step.

Three questions are asked in turn, MX, addresses, TLSA, and each has its own set of states. Two
kinds of state must never be mixed up. *Absent* and *insecure* are findings: somebody entitled to
say so said so, or nobody is entitled. *Failed* is the lack of a finding: bogus, SERVFAIL, REFUSED,
timeout. Much mail has been delivered in clear text, and much more has been held up, by
software that took one for the other (RFC 7672 2.1.2).
"""

from enum import StrEnum

from esashell.dane.base_domain import tlsa_base_domains, tlsa_name
from esashell.dane.tlsa import from_rdata, usable
from esashell.resolver.answer import Answer, Existence, Security
from esashell.resolver.names import ROOT, Name
from esashell.resolver.rdata import BadRdata, mx


class MxState(StrEnum):
    SECURE = "secure"
    INSECURE = "insecure"
    FAILED = "bogus or failed"
    NO_DOMAIN = "NXDOMAIN"
    NULL = "null MX"


class AddressState(StrEnum):
    """SECURE: some name of the host may be asked for TLSA, be it only a secure alias of it."""

    SECURE = "secure"
    INSECURE = "insecure"
    FAILED = "bogus or failed"
    ABSENT = "none"


class TlsaState(StrEnum):
    NOT_ASKED = "not asked"
    USABLE = "secure, usable"
    UNUSABLE = "secure, all unusable"
    INSECURE = "insecure"
    ABSENT = "none"
    FAILED = "bogus or failed"


def mx_state(answer: Answer) -> MxState:
    """What an MX answer amounts to.

    No MX records at all leave the domain itself as the host (RFC 5321 5.1) and keep the security of
    the denial; a domain that does not exist is not its own mail host.
    """
    if not (answer.found or answer.denied):
        return MxState.FAILED
    if answer.existence is Existence.NX_DOMAIN:
        return MxState.NO_DOMAIN
    if is_null_mx(answer):
        return MxState.NULL
    return MxState.SECURE if answer.security is Security.SECURE else MxState.INSECURE


def is_null_mx(answer: Answer) -> bool:
    """Whether the domain says that it takes no mail: a single MX with the root as its host.

    Beside other records such an MX is a mistake and means nothing (RFC 7505 3). The preference
    should be 0 and is not looked at.
    """
    if not answer.found or len(answer.rdatas) != 1:
        return False
    try:
        return mx(answer.rdatas[0]).exchange == ROOT
    except BadRdata:
        return False


def address_state(addresses: tuple[Answer, ...], port: int = 25) -> AddressState:
    """What the A and AAAA answers of a host amount to, together.

    The better family speaks for the host, since many zones break one of them. A failure counts
    when no address is known, and then more than a denial: the other family might have had one.
    """
    if any(each.found for each in addresses):
        # RFC 7672 2.2.2: a secure alias makes the host a subject of DANE, wherever it leads.
        names = tlsa_base_domains(addresses, port)
        return AddressState.SECURE if names else AddressState.INSECURE
    if addresses and all(each.denied for each in addresses):
        return AddressState.ABSENT
    return AddressState.FAILED


def tlsa_state(answer: Answer) -> TlsaState:
    """What one TLSA answer amounts to.

    Only a secure set counts (RFC 6698 4.1), and the answer is secure only when every step of an
    alias is (RFC 7671 7). An absence that is not proved, below an opt-out span for one, is no more
    than an insecure answer.
    """
    if not (answer.found or answer.denied):
        return TlsaState.FAILED
    if answer.security is not Security.SECURE:
        return TlsaState.INSECURE
    if answer.denied:
        return TlsaState.ABSENT
    able = any(usable(from_rdata(each)) is None for each in answer.rdatas)
    return TlsaState.USABLE if able else TlsaState.UNUSABLE


def next_tlsa_question(
    base_domains: tuple[Name, ...], answered: tuple[Answer, ...], port: int = 25
) -> Name | None:
    """The TLSA name to ask for next; None when it is known what counts.

    The next base domain is tried only after a good answer with nothing in it to act on (RFC 7672
    2.2.3). After a failure it is not: whoever suppressed the first answer would choose the second.
    """
    open_after = (TlsaState.ABSENT, TlsaState.INSECURE)
    if answered and tlsa_state(answered[-1]) not in open_after:
        return None
    if len(answered) >= len(base_domains):
        return None
    return tlsa_name(base_domains[len(answered)], port)
