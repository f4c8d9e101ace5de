"""OpenSSL and we agree about thousands of servers and their TLSA records.

Each case is a real handshake, in memory, between a server that sends the chain of the case and a
client that is OpenSSL's own DANE verifier; our verdict is about the very same octets. What is
compared: whether the chain matches; which records can be used at all; and, after a match, that
the record, the depth and the name that OpenSSL tells are among those that we tell.

OpenSSL leaves it to its user to withhold the records with usages 0 and 1 (RFC 7672 3.1.3), so they
are withheld. The differences that remain have a name and a reason in `RULES`.

    .venv/bin/python -m tests.differential.test_dane_openssl --seed 7 --cases 5000

explores; every case on which the two differ, and no rule says why, is shown. With `--damaged` the
certificates are good ones with a changed octet or two, signed again. ESASHELL_DANE_SEED and
ESASHELL_DANE_CASES do the same for the test.
"""

import argparse
import itertools
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from ctypes.util import find_library

import msgspec
import pytest
from cryptography import x509
from msgspec import Struct

from esashell.dane.tlsa import MatchingType, Tlsa, Usage
from esashell.dane.verify import DaneResult, DaneVerdict, Finding, RecordResult, verify
from esashell.pki.certificate import BadCertificate, Certificate, certificate
from esashell.pki.der import outline
from esashell.pki.path import SECOND, PathFault
from esashell.pki.signature import signature_fault
from esashell.resolver.names import name_from_text
from tests.conftest import lacking
from tests.differential.dane_cases import Case, damaged, planned
from tests.differential.libssl import HandshakeFailed, Judged, Libssl
from tests.differential.shapes import SHAPES, shapes

SEED = int(os.environ.get("ESASHELL_DANE_SEED", "20250301"))
CASES = int(os.environ.get("ESASHELL_DANE_CASES", "4000"))


def ours(case: Case) -> DaneVerdict:
    names = tuple(name_from_text(each) for each in case.names)
    return verify(case.records, case.chain, names, case.now)


def shown_to_openssl(case: Case) -> list[Tlsa]:
    """The records that a mail client hands over; what is no record at all cannot be."""
    return [
        each
        for each in case.records
        if isinstance(each, Tlsa) and each.usage not in (Usage.PKIX_TA, Usage.PKIX_EE)
    ]


def theirs(libssl: Libssl, case: Case) -> Judged:
    records = [msgspec.structs.astuple(each) for each in shown_to_openssl(case)]
    return libssl.judged(records, case.chain, case.key, case.names, case.now // SECOND)


# -- where the two differ, and why


class Trial(Struct, frozen=True):
    libssl: Libssl
    case: Case
    ours: DaneVerdict
    theirs: Judged

    @property
    def only_we_match(self) -> bool:
        return self.ours.result is DaneResult.MATCHED and not self.theirs.matched

    @property
    def only_we_find_a_path(self) -> bool:
        return self.only_we_match and self.theirs.error in (
            "no matching DANE TLSA records",
            "certificate signature failure",
        )

    @property
    def only_they_match(self) -> bool:
        return self.ours.result is not DaneResult.MATCHED and self.theirs.matched


def first_choice(trial: Trial) -> bool:
    """OpenSSL takes the first issuer that fits by name and dates, sent or carried by a record, ends
    at the first that a record stands for, and tries no other path if that one fails; all are tried
    here (RFC 4158 is about just that). So it must match as well when it is left no choice."""
    return trial.only_we_match and any(_with_less(trial, trial.case))


def last_second(trial: Trial) -> bool:
    """To OpenSSL a certificate has expired when its last second begins; that second belongs to the
    period (RFC 5280 4.1.2.5). So it must match a second earlier."""
    case, second = trial.case, trial.case.now // SECOND
    ends = any(each.not_after // SECOND == second for each in _all_certificates(case))
    earlier = msgspec.structs.replace(case, now=case.now - SECOND)
    return trial.only_we_match and ends and any(_with_less(trial, earlier))


def _with_less(trial: Trial, case: Case) -> Iterator[bool]:
    """Whether OpenSSL matches with these or those of the certificates above the leaf, and with the
    certificates that records carry or without. Digest agility does not depend on either."""
    leaf, *above = case.chain
    digests = tuple(each for each in case.records if each.parameters != "2 0 0")
    for count in range(len(above), -1, -1):
        for kept in itertools.combinations(above, count):
            for records in dict.fromkeys((case.records, digests)):
                less = msgspec.structs.replace(case, chain=(leaf, *kept), records=records)
                yield theirs(trial.libssl, less).matched


def _matched(finding: Finding) -> bool:
    return finding.result is RecordResult.MATCHED


def no_basic_constraints(trial: Trial) -> bool:
    """At the end of a path OpenSSL takes the key usage "certificate signing" for the flag of an
    authority. Without basicConstraints the key must not sign certificates (RFC 5280 4.2.1.9)."""
    alone = _only(trial, PathFault.NOT_AN_AUTHORITY)
    return (
        trial.only_they_match
        and alone
        and any(_signs_without_constraints(each) for each in _all_certificates(trial.case))
    )


def _signs_without_constraints(it: Certificate) -> bool:
    if it.doubts or "key_cert_sign" not in (it.key_usage or ()):
        return False
    kinds = {each.oid for each in x509.load_der_x509_certificate(it.der).extensions}
    return x509.BasicConstraints.oid not in kinds


def misleading_identifiers(trial: Trial) -> bool:
    """An authority key identifier helps to choose among issuers (RFC 5280 4.2.1.1), and the
    signature decides. OpenSSL takes no issuer with another identifier."""
    return trial.only_we_find_a_path and any(
        _contradict(below, above)
        for below, above in itertools.permutations(_all_certificates(trial.case), 2)
    )


def _contradict(below: Certificate, above: Certificate) -> bool:
    if below.doubts or above.doubts or below.issuer_match != above.subject_match:
        return False
    try:
        one = x509.load_der_x509_certificate(below.der).extensions
        other = x509.load_der_x509_certificate(above.der).extensions
        wanted = one.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
        offered = other.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    except x509.ExtensionNotFound:
        return False
    return wanted != offered


def self_issued(trial: Trial) -> bool:
    """OpenSSL takes a certificate with one name for subject and issuer for the end of its chain. It
    may have an issuer all the same: an authority may certify its own next key (RFC 5280 3.2), and
    one key may have several certificates."""
    if not trial.only_we_find_a_path:
        return False
    leaf, *others = _all_certificates(trial.case)
    return leaf.self_issued or any(
        each.self_issued and signature_fault(each.der, each.spki) for each in others
    )


def wildcard_common_name(trial: Trial) -> bool:
    """Where there are no alternative names, OpenSSL takes a common name with an asterisk for the
    name of a host, but does not put it under the name constraints. Here whatever counts as a name
    is bound by them (RFC 5280 4.2.1.10 knows no such gap)."""
    leaf = certificate(trial.case.chain[0])
    return (
        trial.only_they_match
        and not leaf.dns_names
        and any(each.startswith("*.") for each in leaf.common_names)
        and _only(trial, PathFault.NAME_CONSTRAINTS)
    )


def _only(trial: Trial, fault: PathFault) -> bool:
    """Whether this fault alone stands between some record and a match."""
    return any({each.fault for each in it.faults} == {fault} for it in trial.ours.findings)


def unreadable(trial: Trial) -> bool:
    """A certificate that cannot be read in part is no step of a path here, whatever the part (see
    `esashell.pki.certificate`). OpenSSL overlooks what it does not need; and a root that names an
    algorithm other than its key's is no root to it, so that its dates do not count."""
    sound = [each for each in _all_certificates(trial.case) if _sound(each)]
    return trial.only_they_match and len(sound) < len(set(trial.case.chain))


def _sound(it: Certificate) -> bool:
    found = outline(it.der)
    return not it.doubts and found.algorithm == found.signature_algorithm


def _all_certificates(case: Case) -> Iterator[Certificate]:
    """What was sent, the leaf first, and what the records carry."""
    carried = (e.data for e in case.records if isinstance(e, Tlsa) and e.parameters == "2 0 0")
    for each in dict.fromkeys((*case.chain, *carried)):
        with suppress(BadCertificate):
            yield certificate(each)


RULES: tuple[Callable[[Trial], bool], ...] = (
    unreadable,
    first_choice,
    last_second,
    no_basic_constraints,
    misleading_identifiers,
    self_issued,
    wildcard_common_name,
)


def damaged_full_data(finding: Finding, trial: Trial) -> bool:
    """To OpenSSL, Full(0) data is a record when a key can be read from it; here when it has the
    shape of a certificate or key. DANE-EE is a comparison of octets, whatever kind of key they are
    (RFC 7671 5.1), and a record that is damaged elsewhere than in its shape still says that the
    server is to be authenticated. It must match nothing, of course, to either."""
    it = finding.record
    full = isinstance(it, Tlsa) and it.matching_type == MatchingType.FULL
    return full and not _matched(finding) and trial.theirs.record != msgspec.structs.astuple(it)


class Comparison(Struct):
    """What came of the cases: the differences, and how often everything came up."""

    wrong: list[str] = []
    ruled: Counter[str] = msgspec.field(default_factory=Counter)
    results: Counter[str] = msgspec.field(default_factory=Counter)
    kinds: Counter[str] = msgspec.field(default_factory=Counter)
    faults: Counter[str] = msgspec.field(default_factory=Counter)
    shapes: Counter[str] = msgspec.field(default_factory=Counter)


def compared(
    seed: int, numbers: Iterable[int], make: Callable[[int, int], Case] = planned
) -> Comparison:
    outcome = Comparison()
    libssl = Libssl()
    try:
        for number in numbers:
            case = make(seed, number)
            our = ours(case)
            try:
                trial = Trial(libssl, case, our, theirs(libssl, case))
            except (ValueError, HandshakeFailed):
                outcome.results["no handshake"] += 1
                continue
            _count(outcome, trial)
            if trial.only_we_match or trial.only_they_match:
                rule = next((each for each in RULES if each(trial)), None)
                if rule is not None:
                    outcome.ruled[rule.__name__] += 1
                    continue
            outcome.wrong += [f"{said}\n{_shown(trial)}" for said in _differences(trial)]
    finally:
        libssl.close()
    return outcome


def _count(outcome: Comparison, trial: Trial) -> None:
    outcome.results[f"{trial.ours.result}, OpenSSL {trial.theirs.error or 'matched'}"] += 1
    for each in trial.ours.findings:
        outcome.kinds[f"{each.record.parameters} {each.result}"] += 1
        outcome.faults.update(fault.fault for fault in each.faults)
    outcome.shapes.update(shapes(trial.case, trial.ours))


def _differences(trial: Trial) -> Iterator[str]:
    our, their = trial.ours, trial.theirs
    if trial.only_we_match or trial.only_they_match:
        yield "one matches"
    known = {each.record: each for each in our.findings}
    for record, taken in zip(shown_to_openssl(trial.case), their.taken, strict=True):
        finding = known[record]
        able = finding.result is not RecordResult.UNUSABLE
        if able != taken and not damaged_full_data(finding, trial):
            yield f"{record.parameters}, {finding.result} to us, taken by OpenSSL: {taken}"
    if our.result is DaneResult.MATCHED and their.matched:
        matches = [each for each in our.findings if _matched(each)]
        # Of a bare key, OpenSSL tells the depth of what it signed. Its way may be the longer one.
        depth = their.depth + their.bare_key
        told = [
            msgspec.structs.astuple(each.record) for each in matches if (each.depth or 0) <= depth
        ]
        # To OpenSSL a certificate that came with a record is as good as sent for the others.
        carried = [each.depth for each in matches if each.record.parameters == "2 0 0"]
        if their.record not in told and depth not in carried:
            yield f"OpenSSL matches {their.record} at {depth}"
        names = {each.identity.presented for each in matches if each.identity}
        if their.record and their.record[0] == Usage.DANE_TA and their.peer_name not in names:
            yield f"OpenSSL matches the name {their.peer_name}, we {names}"


def _shown(trial: Trial) -> str:
    lines = [str(trial.case), f"  OpenSSL: {trial.theirs}", f"  we: {trial.ours.reason.text}"]
    lines += [f"    {each.result}: {each.reason.text}" for each in trial.ours.findings]
    return "\n".join(lines)


# A run must have met all of these, and more than once.
_MET = (
    *(
        f"{usage} {selector} {kind} matched"
        for usage in (2, 3)
        for selector in (0, 1)
        for kind in (0, 1, 2)
    ),
    *(
        f"{usage} {selector} {kind} {RecordResult.NO_MATCH}"
        for usage, selector, kind in ((2, 0, 1), (3, 1, 1), (3, 0, 2))
    ),
    *(
        f"2 {selector} {kind} {result}"
        for selector in (0, 1)
        for kind in (0, 1, 2)
        for result in (RecordResult.NO_PATH, RecordResult.NAME_MISMATCH)
    ),
    *(f"{usage} {selector} 1 {RecordResult.SUPERSEDED}" for usage in (2, 3) for selector in (0, 1)),
    *(f"{usage} 1 1 {RecordResult.UNUSABLE}" for usage in (0, 1, 2, 3)),
    f"malformed {RecordResult.UNUSABLE}",
)


@pytest.mark.differential
@pytest.mark.slow
def test_openssl_and_we_agree_about_every_server_but_for_the_rules() -> None:
    if find_library("ssl") is None:
        lacking("there is no libssl (Debian package: libssl3)")
    outcome = compared(SEED, range(CASES))
    assert outcome.wrong == []
    # Agreement is cheap where there is nothing to disagree about.
    assert sum(outcome.results.values()) - outcome.results["no handshake"] == CASES
    matched = outcome.results[f"{DaneResult.MATCHED}, OpenSSL matched"]
    assert CASES // 3 < matched < CASES * 2 // 3
    # A difference is a rare thing, even one with a name.
    assert sum(outcome.ruled.values()) < CASES // 50
    assert {each for each in _MET if outcome.kinds[each] < 2} == set()
    assert {each for each in SHAPES if outcome.shapes[each] < 5} == set()
    met = set(outcome.faults) | {PathFault.UNREADABLE, PathFault.TOO_MUCH_WORK}
    assert met == set(PathFault)


@pytest.mark.differential
@pytest.mark.slow
def test_openssl_accepts_every_damaged_certificate_that_we_accept() -> None:
    if find_library("ssl") is None:
        lacking("there is no libssl (Debian package: libssl3)")
    outcome = compared(SEED, range(CASES), damaged)
    assert outcome.wrong == []
    assert set(outcome.ruled) <= {"unreadable", "first_choice"}
    assert outcome.results[f"{DaneResult.MATCHED}, OpenSSL matched"] > CASES // 20
    assert len(outcome.results) > 10
    assert outcome.faults[PathFault.UNREADABLE] > CASES // 20


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--cases", type=int, default=CASES)
    parser.add_argument("--damaged", action="store_true")
    parser.add_argument("--only", type=int, nargs="*")
    given = parser.parse_args()
    make = damaged if given.damaged else planned
    outcome = compared(given.seed, given.only or range(given.cases), make)
    print("\n\n".join(outcome.wrong))
    for title in ("results", "kinds", "faults", "ruled"):
        print(f"{title}:")
        for what, count in getattr(outcome, title).most_common():
            print(f"  {count:6} {what}")
    print(f"{len(outcome.wrong)} without a rule")
    return bool(outcome.wrong)


if __name__ == "__main__":
    sys.exit(main())
