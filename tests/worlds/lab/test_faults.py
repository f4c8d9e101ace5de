"""Faults are in the data: a sound record's signature verifies, a flawed one's does not."""

import pytest

from esashell.errors import BadConfiguration
from esashell.resolver.names import name_from_text
from esashell.resolver.rdata import rrsig
from esashell.resolver.rrtypes import RRType
from esashell.worlds.lab.faults import Faults, FaultSpec, Flaw, Mishap, spoilt
from tests.worlds.lab.shared_lab import HOSTING, NOON, ask

APEX = name_from_text("mine.lab")
MAIL = name_from_text("mail.mine.lab")


def test_a_fault_may_lie_on_one_rrset_on_a_type_or_on_everything() -> None:
    one = Faults(APEX, FaultSpec(bogus=("mail A",)))
    assert one.flaw(MAIL, RRType.A) is Flaw.BOGUS
    assert one.flaw(MAIL, RRType.AAAA) is None
    assert one.flaw(APEX, RRType.A) is None
    of_type = Faults(APEX, FaultSpec(servfail=("TLSA",)))
    assert of_type.mishap(MAIL, RRType.TLSA) is Mishap.SERVFAIL
    assert of_type.mishap(MAIL, RRType.A) is None
    assert Faults(APEX, FaultSpec(expired=("*",))).flaw(APEX, RRType.SOA) is Flaw.EXPIRED


def test_owners_are_relative_or_absolute() -> None:
    faults = Faults(APEX, FaultSpec(unproved=("@ MX", "mail.mine.lab. TLSA")))
    assert faults.withholds_proof(APEX, RRType.MX)
    assert faults.withholds_proof(MAIL, RRType.TLSA)
    assert not faults.withholds_proof(MAIL, RRType.MX)


@pytest.mark.parametrize("text", ["", "a b c", "MXX", "@ MXX", "a..b MX", "é MX"])
def test_what_names_no_rrset_is_refused(text: str) -> None:
    with pytest.raises(BadConfiguration, match=r"fault\.timeout of mine\.lab"):
        Faults(APEX, FaultSpec(timeout=(text,)))


def test_a_spoilt_signature_differs_in_one_bit() -> None:
    whole = bytes(range(64))
    changed = [one ^ other for one, other in zip(whole, spoilt(whole), strict=True)]
    assert sum(each.bit_count() for each in changed) == 1


def test_dates_are_what_is_wrong_with_expired_and_early_signatures() -> None:
    now = NOON // 1_000_000
    (old,) = ask(HOSTING, "signature-expired.lab", "MX").answer[0].signatures
    (early,) = ask(HOSTING, "signature-from-the-future.lab", "MX").answer[0].signatures
    assert rrsig(old).inception < rrsig(old).expiration < now
    assert now < rrsig(early).inception < rrsig(early).expiration


def test_a_missing_signature_is_missing_and_the_rest_is_there() -> None:
    assert ask(HOSTING, "signature-missing.lab", "MX").answer[0].signatures == ()
    assert ask(HOSTING, "signature-missing.lab", "SOA").answer[0].signatures


def test_a_withheld_proof_leaves_the_soa_alone() -> None:
    reply = ask(HOSTING, "_25._tcp.mail.tlsa-denial-bogus.lab", "TLSA")
    assert [each.rdtype for each in reply.authority] == [RRType.SOA]
