"""The decision table: from what was found to what happens to the message.

One row, one line, with its source, so that changing a decision means changing a line. The states in
front are what the DNS and the handshake showed; behind them stand the outcomes under the two DANE
settings of a destination control, Mandatory and Opportunistic, and what `daneverify` says, which
asks whether everything is in order and knows no settings: it succeeds only when every step was
secure and a record matched.

Sources: TN is the vendor's technical note on DANE for outgoing mail, with its rule; PF is
Postfix as measured (levels `dane` and `dane-only`); TM is another vendor's published table for
the same feature; RFC names the section. Where they differ the TN wins. Rows 9, 10 and 12 are not
settled by it.

The rows do not overlap, so their order means nothing.
"""

from enum import StrEnum

from msgspec import Struct

from esashell.dane.answers import (
    AddressState,
    MxState,
    TlsaState,
    address_state,
    mx_state,
    next_tlsa_question,
    tlsa_state,
)
from esashell.dane.base_domain import tlsa_base_domains
from esashell.dane.verify import DaneResult, DaneVerdict
from esashell.resolver.answer import Answer


class Route(StrEnum):
    """Whether an SMTP route takes the place of the MX look-up."""

    NONE = "none"
    USEDNS = "USEDNS"
    TO_HOST = "to a host"


class CertificateState(StrEnum):
    """NO_MATCH includes a server that offers no STARTTLS or with whom the handshake failed."""

    NOT_SEEN = "not seen"
    MATCHES = "matches"
    NO_MATCH = "does not match, or no STARTTLS"


class Outcome(StrEnum):
    """What happens to the message as far as DANE has a say."""

    SUCCESS = "DANE success"
    FAIL = "DANE fail"
    FALL_BACK = "DANE fallback to TLS"
    TLS_REQUIRED = "TLS required, unauthenticated"
    HARD_BOUNCE = "hard bounce"


class Verified(StrEnum):
    """`daneverify`'s own word."""

    SUCCESS = "DANE SUCCESS"
    FAILED = "DANE FAILED"


class Situation(Struct, frozen=True):
    """One MX host's key into the table."""

    mx: MxState
    address: AddressState | None = None
    tlsa: TlsaState | None = None
    certificate: CertificateState = CertificateState.NOT_SEEN
    route: Route = Route.NONE


class Row(Struct, frozen=True):
    """One line. An empty tuple of states means that the column does not matter."""

    number: int
    mx: tuple[MxState, ...]
    address: tuple[AddressState, ...]
    tlsa: tuple[TlsaState, ...]
    certificate: tuple[CertificateState, ...]
    mandatory: Outcome
    opportunistic: Outcome
    verified: Verified
    source: str
    # Row 19: a route whose destination is USEDNS leaves everything as it is without a route.
    route: tuple[Route, ...] = (Route.NONE, Route.USEDNS)

    def holds(self, situation: Situation) -> bool:
        """Whether this line speaks of the situation."""
        return situation.route in self.route and all(
            not states or state in states
            for states, state in (
                (self.mx, situation.mx),
                (self.address, situation.address),
                (self.tlsa, situation.tlsa),
                (self.certificate, situation.certificate),
            )
        )


_M, _A, _T, _C, _O = MxState, AddressState, TlsaState, CertificateState, Outcome
_YES, _NO = Verified.SUCCESS, Verified.FAILED
_SEC, _INS = (_M.SECURE,), (_M.INSECURE,)
_NAME = (_A.SECURE,)
_FAIL, _BACK, _DONE = _O.FAIL, _O.FALL_BACK, _O.SUCCESS
_NONE = (_T.ABSENT,)
_NO_TLSA = (_T.INSECURE, _T.ABSENT)

# fmt: off
TABLE: tuple[Row, ...] = (
    #    MX    address        TLSA            certificate    mandatory opportunistic daneverify
    Row(1, _SEC, _NAME, (_T.USABLE,), (_C.MATCHES,), _DONE, _DONE, _YES, "TN, TM, PF"),
    Row(2, _SEC, _NAME, (_T.USABLE,), (_C.NO_MATCH,), _FAIL, _FAIL, _NO, "TN 7, TM, PF"),
    Row(3, _SEC, _NAME, (_T.UNUSABLE,), (), _FAIL, _O.TLS_REQUIRED, _NO, "RFC 7672 2.2, PF"),
    Row(4, _SEC, _NAME, (_T.INSECURE,), (), _FAIL, _BACK, _NO, "TM, PF"),
    Row(5, _SEC, _NAME, _NONE, (), _FAIL, _BACK, _NO, "TM, PF"),
    Row(6, _SEC, _NAME, (_T.FAILED,), (), _FAIL, _FAIL, _NO, "TN 7, TM, PF, RFC 7672 2.1.2"),
    Row(7, _SEC, (_A.INSECURE,), (), (), _FAIL, _BACK, _NO, "TM, PF, RFC 7672 2.2.2"),
    Row(8, _SEC, (_A.FAILED,), (), (), _FAIL, _FAIL, _NO, "TM, PF"),
    Row(9, _INS, _NAME, (_T.USABLE,), (_C.MATCHES,), _FAIL, _DONE, _NO, "TM, RFC 7672 2.2.1, PF"),
    Row(10, _INS, _NAME, (_T.USABLE,), (_C.NO_MATCH,), _FAIL, _FAIL, _NO, "TM, PF"),
    Row(11, _INS, _NAME, _NO_TLSA, (), _FAIL, _BACK, _NO, "TM, PF"),
    Row(12, _INS, _NAME, (_T.FAILED,), (), _FAIL, _FAIL, _NO, "TM, PF"),
    Row(13, _INS, (_A.INSECURE,), (), (), _FAIL, _BACK, _NO, "TN 10, TM, PF"),
    Row(14, _INS, (_A.FAILED,), (), (), _FAIL, _FAIL, _NO, "TM, PF"),
    Row(15, (_M.FAILED,), (), (), (), _FAIL, _FAIL, _NO, "TN 1, TM, PF"),
    Row(16, (_M.NO_DOMAIN,), (), (), (), _O.HARD_BOUNCE, _O.HARD_BOUNCE, _NO, "RFC 5321 5.1"),
    Row(17, (_M.NULL,), (), (), (), _O.HARD_BOUNCE, _O.HARD_BOUNCE, _NO, "RFC 7505 3"),
    Row(18, (), (), (), (), _FAIL, _FAIL, _NO, "TN 6", (Route.TO_HOST,)),
    # 19 is the default of the column `route`. The next two are ours: the TN has no line for a host
    # that has no address at all, nor for unusable records below an insecure MX, where row 3's
    # reason holds as well.
    Row(20, (*_SEC, *_INS), (_A.ABSENT,), (), (), _FAIL, _FAIL, _NO, "RFC 5321 5.1"),
    Row(21, _INS, _NAME, (_T.UNUSABLE,), (), _FAIL, _O.TLS_REQUIRED, _NO, "RFC 7672 2.2"),
)
# fmt: on


def row(situation: Situation) -> Row | None:
    """The line that decides; None while the certificate that it depends on has not been seen."""
    return next((each for each in TABLE if each.holds(situation)), None)


def situation(
    mx_answer: Answer,
    addresses: tuple[Answer, ...] = (),
    tlsa: tuple[Answer, ...] = (),
    certificate: CertificateState = CertificateState.NOT_SEEN,
    *,
    route: Route = Route.NONE,
    port: int = 25,
) -> Situation:
    """The key of one host, from the same answers that `applicability` takes."""
    state = mx_state(mx_answer)
    if state not in (MxState.SECURE, MxState.INSECURE):
        return Situation(state, route=route)
    address = address_state(addresses, port)
    if address is not AddressState.SECURE:
        return Situation(state, address, TlsaState.NOT_ASKED, route=route)
    if next_tlsa_question(tlsa_base_domains(addresses, port), tlsa, port) is not None:
        raise ValueError("a TLSA question is still open")
    return Situation(state, address, tlsa_state(tlsa[-1]), certificate, route)


def certificate_state(verdict: DaneVerdict | None) -> CertificateState:
    """Of a handshake that was due: None stands for one that did not come about."""
    if verdict is not None and verdict.result is DaneResult.MATCHED:
        return CertificateState.MATCHES
    return CertificateState.NO_MATCH
