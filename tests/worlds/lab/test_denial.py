"""Proofs of absence: what a validator needs is there, and the hashes are the right ones."""

import dns.dnssec
import pytest

from esashell.resolver.answer import Existence, Security
from esashell.resolver.names import Name, name_from_text
from esashell.resolver.rdata import name_at, types_in_bitmap
from esashell.resolver.rrtypes import RRType
from esashell.resolver.wire import Rrset
from tests.worlds.lab.shared_lab import CAPABLE, HOSTING, TLD_SERVER, ask, lab, look_up


def proofs(server: str, qname: str, rdtype: str) -> list[Rrset]:
    kinds = (RRType.NSEC, RRType.NSEC3)
    return [each for each in ask(server, qname, rdtype).authority if each.rdtype in kinds]


def bits(rrset: Rrset) -> frozenset[int]:
    """The types that an NSEC or NSEC3 record lists."""
    rdata = rrset.rdatas[0]
    if rrset.rdtype == RRType.NSEC:
        return types_in_bitmap(rdata[name_at(rdata, 0)[1] :])
    at = 5 + rdata[4]
    return types_in_bitmap(rdata[at + 1 + rdata[at] :])


def hashed(name: str, salt: str = "", iterations: int = 0) -> str:
    return dns.dnssec.nsec3_hash(name, salt, iterations, "SHA1").lower()


def test_nsec_no_data_is_the_record_at_the_name() -> None:
    (proof,) = proofs(HOSTING, "mail.dane.lab", "TXT")
    assert str(proof.owner) == "mail.dane.lab"
    assert bits(proof) == {RRType.A, RRType.AAAA, RRType.RRSIG, RRType.NSEC}


def test_nsec_name_error_has_a_record_for_the_name_and_one_for_the_wildcard() -> None:
    owners = [str(each.owner) for each in proofs(HOSTING, "zzz.dane.lab", "A")]
    assert owners == ["_25._tcp.mail.dane.lab", "dane.lab"]


def test_nsec_for_an_empty_name_leads_over_it_to_what_lies_below() -> None:
    (proof,) = proofs(HOSTING, "b.c.empty-names.lab", "MX")
    following, _ = name_at(proof.rdatas[0], 0)
    assert str(proof.owner) == "empty-names.lab"
    assert str(following) == "mail.b.c.empty-names.lab"


def test_nsec3_no_data_matches_the_hash_of_the_name() -> None:
    (proof,) = proofs(HOSTING, "mail.nsec3.lab", "TXT")
    assert str(proof.owner) == hashed("mail.nsec3.lab") + ".nsec3.lab"


def test_nsec3_honours_salt_and_iterations() -> None:
    (proof,) = proofs(HOSTING, "mail.nsec3-salted.lab", "TXT")
    expected = hashed("mail.nsec3-salted.lab", "AABBCCDD", 10)
    assert str(proof.owner) == expected + ".nsec3-salted.lab"


def test_nsec3_name_error_proves_encloser_next_closer_and_wildcard() -> None:
    found = proofs(HOSTING, "a.b.nsec3.lab", "A")
    spans = [(str(each.owner).split(".")[0], _following(each)) for each in found]
    assert hashed("nsec3.lab") in [owner for owner, _ in spans]
    for covered in (hashed("b.nsec3.lab"), hashed("*.nsec3.lab")):
        assert any(_covers(owner, following, covered) for owner, following in spans)


def _following(rrset: Rrset) -> str:
    import base64

    rdata = rrset.rdatas[0]
    at = 5 + rdata[4]
    return base64.b32hexencode(rdata[at + 1 : at + 1 + rdata[at]]).decode().lower()


def _covers(owner: str, following: str, name: str) -> bool:
    if owner < following:
        return owner < name < following
    return name > owner or name < following


def test_nsec3_lists_empty_names_without_any_type() -> None:
    zone = lab().catalogue.zone(name_from_text("wildcard-mx-nsec3.lab"))
    assert zone is not None
    owner = hashed("_tcp.mail.wildcard-mx-nsec3.lab") + ".wildcard-mx-nsec3.lab"
    (record,) = [each for each in zone.denial.all() if str(each.owner) == owner]
    assert bits(record) == frozenset()


def test_an_opt_out_chain_leaves_insecure_delegations_out() -> None:
    zone = lab().catalogue.zone(name_from_text("com"))
    assert zone is not None
    owners = {str(each.owner).split(".")[0] for each in zone.denial.all()}
    assert owners == {hashed("com"), hashed("karakun.com")}
    assert all(each.rdatas[0][1] == 1 for each in zone.denial.all())


def test_an_insecure_delegation_is_listed_without_rrsig_where_nothing_opts_out() -> None:
    (proof,) = proofs(TLD_SERVER, "thinkbeyond.ch", "MX")
    assert bits(proof) == {RRType.NS}
    (proof,) = proofs(TLD_SERVER, "unsigned.lab", "MX")
    assert bits(proof) == {RRType.NS, RRType.RRSIG, RRType.NSEC}


@pytest.mark.parametrize("apex", ["dane.lab", "nsec3.lab", "opt-out.lab", "com", "lab", "."])
def test_a_chain_is_closed(apex: str) -> None:
    zone = lab().catalogue.zone(name_from_text(apex))
    assert zone is not None
    records = zone.denial.all()
    owners = [each.owner for each in records]
    if records[0].rdtype == RRType.NSEC:
        followers = [name_at(each.rdatas[0], 0)[0] for each in records]
    else:
        followers = [zone.apex.prepend(_following(each).encode()) for each in records]
    assert followers == [*owners[1:], owners[0]]
    assert len(set(owners)) == len(owners)


@pytest.mark.parametrize("apex", ["dane.lab", "nsec3.lab", "com", "lab", "ch", "net"])
@pytest.mark.parametrize("label", ["nope", "-", "a.b.c", "zzzz", "_25._tcp", "*"])
def test_our_validator_believes_every_denial(apex: str, label: str) -> None:
    answer = look_up(f"{label}.{apex}", "TLSA")
    # Opt-out spans prove a little less (RFC 5155 9.2).
    expected = Security.INSECURE if apex in ("com", "net") else Security.SECURE
    assert (answer.security, answer.existence) == (expected, Existence.NX_DOMAIN)


def test_a_wildcard_answer_carries_the_proof_that_the_name_is_not_there() -> None:
    for domain in ("wildcard-mx.lab", "wildcard-mx-nsec3.lab"):
        reply = ask(CAPABLE, f"any.{domain}", "MX")
        assert str(reply.answer[0].owner) == f"any.{domain}"
        assert reply.answer[0].signatures
        assert len(proofs(CAPABLE, f"any.{domain}", "MX")) == 1


def test_a_wildcard_without_the_type_is_no_data_and_proved() -> None:
    for domain in ("wildcard-mx.lab", "wildcard-mx-nsec3.lab"):
        answer = look_up(f"any.{domain}", "TXT")
        assert (answer.security, answer.existence) == (Security.SECURE, Existence.NO_DATA)


def test_in_a_large_zone_neighbours_are_found_without_making_their_zones() -> None:
    before = lab().catalogue.made
    (proof, _) = proofs(HOSTING, "d517x.bulk.lab", "A")
    following, _ = name_at(proof.rdatas[0], 0)
    assert (str(proof.owner), str(following)) == ("d51799.bulk.lab", "d518.bulk.lab")
    assert lab().catalogue.made - before <= 1
    assert isinstance(proof.owner, Name)
