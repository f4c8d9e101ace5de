import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given
from hypothesis import strategies as st

from esashell.pki.certificate import certificate
from esashell.pki.der import outline
from esashell.pki.path import Anchor, NoPath, Path, PathFault, Work, path_to
from tests.pki.forge import (
    DAY,
    NOW,
    SECOND,
    authority,
    distinguished,
    issue,
    leaf,
    new_key,
    signed_part,
    usages,
)

ROOT = authority()
MIDDLE = authority("Middle", ROOT)
LEAF = leaf(MIDDLE)


def anchored(issued):
    return Anchor(issued.spki, certificate(issued.der))


def bare(issued):
    return Anchor(issued.spki)


def walk(anchor, end, *sent, now=NOW, work=None):
    return path_to(
        anchor, certificate(end.der), tuple(certificate(each.der) for each in sent), now, work
    )


def faults(outcome):
    assert isinstance(outcome, NoPath), outcome
    return {each.fault for each in outcome.findings}


def test_a_path_runs_from_the_leaf_to_the_root_in_whatever_order_it_was_sent():
    for sent in ((MIDDLE, ROOT), (ROOT, MIDDLE), (ROOT, LEAF, MIDDLE, MIDDLE)):
        path = walk(anchored(ROOT), LEAF, *sent)
        assert isinstance(path, Path)
        assert [each.der for each in path.certificates] == [LEAF.der, MIDDLE.der, ROOT.der]
        assert path.depth == 2


def test_the_anchor_need_not_be_sent_when_its_certificate_is_known():
    assert walk(anchored(ROOT), LEAF, MIDDLE).depth == 2


def test_an_intermediate_can_be_the_anchor_without_the_root():
    path = walk(anchored(MIDDLE), LEAF)
    assert path.depth == 1
    assert path.certificates[-1].der == MIDDLE.der


def test_a_bare_key_ends_a_path_at_what_it_signed():
    path = walk(bare(ROOT), LEAF, MIDDLE)
    assert [each.der for each in path.certificates] == [LEAF.der, MIDDLE.der]
    assert path.depth == 2
    assert walk(bare(MIDDLE), LEAF).depth == 1


def test_a_certificate_sent_for_a_bare_key_is_judged():
    old = issue("Root", ca=True, key=ROOT.key, until=-1)
    assert faults(walk(bare(ROOT), LEAF, MIDDLE, old)) == {PathFault.EXPIRED}
    assert walk(bare(ROOT), LEAF, MIDDLE, old, ROOT).depth == 2


def test_a_missing_intermediate_is_a_gap_with_the_name_of_what_is_missing():
    outcome = walk(anchored(ROOT), LEAF)
    assert faults(outcome) == {PathFault.NO_ISSUER}
    assert "CN=Middle" in outcome.findings[0].text


def test_a_decoy_with_the_right_name_and_another_key_is_a_bad_signature():
    decoy = authority("Middle", ROOT)
    outcome = walk(anchored(decoy), LEAF, decoy, ROOT)
    assert PathFault.BAD_SIGNATURE in faults(outcome)
    assert isinstance(walk(anchored(ROOT), LEAF, decoy, MIDDLE), Path)


def test_a_key_that_signed_but_under_another_name_is_no_issuer():
    renamed = issue("Other", ca=True, key=MIDDLE.key)
    assert faults(walk(anchored(renamed), LEAF, renamed)) == {PathFault.NO_ISSUER}


def test_the_leaf_is_never_its_own_anchor():
    selfmade = leaf(None, ca=True)
    assert faults(walk(anchored(selfmade), selfmade, selfmade)) == {PathFault.NO_ISSUER}


def test_a_bare_key_is_the_signer_even_of_a_leaf_that_has_that_key_itself():
    for end, sent in (
        (leaf(None, ca=True), ()),
        (leaf(MIDDLE, key=MIDDLE.key), ()),
        (leaf(MIDDLE, key=MIDDLE.key), (MIDDLE,)),
    ):
        path = walk(bare(end), end, *sent)
        assert isinstance(path, Path)
        assert path.depth == 1
    stranger = leaf(issue("Other", ca=True), key=MIDDLE.key)
    assert PathFault.NO_ISSUER in faults(walk(bare(MIDDLE), stranger))


@pytest.mark.parametrize("period", [{"since": -30, "until": -1}, {"since": 1}])
def test_the_dates_of_an_anchor_count_where_it_is_a_root_or_no_anchor(period):
    middle = authority("Middle", ROOT, **period)
    end = leaf(middle)
    assert walk(anchored(middle), end, middle).depth == 1
    assert walk(bare(middle), end, middle).depth == 1
    assert isinstance(walk(anchored(ROOT), end, middle), NoPath)
    assert isinstance(walk(bare(ROOT), end, middle), NoPath)
    root = authority(**period)
    assert isinstance(walk(anchored(root), leaf(root)), NoPath)


@pytest.mark.parametrize("which", ["leaf", "middle", "root"])
@pytest.mark.parametrize(
    ("period", "fault"),
    [({"since": -30, "until": -1}, PathFault.EXPIRED), ({"since": 1}, PathFault.NOT_YET_VALID)],
)
def test_every_certificate_of_the_path_must_be_in_date(which, period, fault):
    root = authority(**(period if which == "root" else {}))
    middle = authority("Middle", root, **(period if which == "middle" else {}))
    end = leaf(middle, **(period if which == "leaf" else {}))
    outcome = walk(anchored(root), end, middle)
    assert faults(outcome) == {fault}
    names = {"leaf": "CN=a server", "middle": "CN=Middle", "root": "CN=Root"}
    assert outcome.findings[0].about == names[which]


def test_both_ends_of_the_period_belong_to_it():
    end = leaf(ROOT, since=-1, until=1)
    assert isinstance(walk(anchored(ROOT), end, now=NOW + DAY + SECOND - 1), Path)
    assert faults(walk(anchored(ROOT), end, now=NOW + DAY + SECOND)) == {PathFault.EXPIRED}
    assert isinstance(walk(anchored(ROOT), end, now=NOW - DAY), Path)
    assert faults(walk(anchored(ROOT), end, now=NOW - DAY - 1)) == {PathFault.NOT_YET_VALID}


@pytest.mark.parametrize("ca", [None, False])
def test_an_issuer_that_is_no_authority_is_refused(ca):
    rogue = issue("Rogue", ROOT, ca=ca)
    end = leaf(rogue)
    assert faults(walk(anchored(ROOT), end, rogue)) == {PathFault.NOT_AN_AUTHORITY}
    assert faults(walk(anchored(rogue), end)) == {PathFault.NOT_AN_AUTHORITY}


def test_an_authority_whose_key_may_not_sign_is_refused():
    rogue = authority("Rogue", ROOT, extensions=[(usages("digital_signature"), True)])
    assert faults(walk(anchored(ROOT), leaf(rogue), rogue)) == {PathFault.MAY_NOT_SIGN}


def test_the_path_length_counts_the_intermediates_below():
    strict = authority("Strict", path_length=0)
    assert isinstance(walk(anchored(strict), leaf(strict)), Path)
    middle = authority("M", strict)
    assert faults(walk(anchored(strict), leaf(middle), middle)) == {PathFault.PATH_TOO_LONG}


def test_self_issued_intermediates_do_not_count_for_the_path_length():
    strict = authority("Strict", path_length=0)
    renewed = authority("Strict", strict)
    assert isinstance(walk(anchored(strict), leaf(renewed), renewed), Path)


def test_a_leaf_that_is_not_for_tls_servers_is_refused():
    for extension in (
        x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]),
        x509.ExtendedKeyUsage([ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE]),
        usages("key_cert_sign"),
    ):
        end = leaf(ROOT, extensions=[(extension, False)])
        assert faults(walk(anchored(ROOT), end)) == {PathFault.NOT_FOR_TLS}
    good = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
    assert isinstance(walk(anchored(ROOT), leaf(ROOT, extensions=[(good, True)])), Path)


def test_an_unknown_critical_extension_anywhere_is_refused():
    strange = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.99999.1"), b"\x05\x00")
    rogue = authority("Rogue", ROOT, extensions=[(strange, True)])
    assert faults(walk(anchored(ROOT), leaf(rogue), rogue)) == {PathFault.UNKNOWN_CRITICAL}


@pytest.mark.parametrize(
    ("permitted", "excluded", "name", "good"),
    [
        (["example.com"], None, "mx.example.com", True),
        (["example.com"], None, "example.com", True),
        ([".example.com"], None, "mx.example.com", True),
        ([".example.com"], None, "example.com", False),
        (None, [".example.com"], "example.com", True),
        (["example.com"], None, "mx.example.org", False),
        (["example.com"], None, "badexample.com", False),
        (None, ["example.com"], "mx.example.com", False),
        (None, ["example.org"], "mx.example.com", True),
        (["example.com", "example.org"], None, "mx.example.org", True),
        (["example.com"], ["mx.example.com"], "MX.example.com", False),
    ],
)
def test_name_constraints_bind_the_names_below(permitted, excluded, name, good):
    def trees(names):
        return [x509.DNSName(each) for each in names] if names else None

    limits = x509.NameConstraints(trees(permitted), trees(excluded))
    middle = authority("Limited", ROOT, extensions=[(limits, True)])
    outcome = walk(anchored(ROOT), leaf(middle, name), middle)
    if good:
        assert isinstance(outcome, Path)
    else:
        assert faults(outcome) == {PathFault.NAME_CONSTRAINTS}


def test_name_constraints_bind_a_common_name_that_stands_in_for_a_dns_name():
    limits = x509.NameConstraints([x509.DNSName("example.com")], None)
    middle = authority("Limited", ROOT, extensions=[(limits, True)])
    assert isinstance(walk(anchored(ROOT), issue("mx.example.com", middle), middle), Path)
    outcome = walk(anchored(ROOT), issue("mx.example.org", middle), middle)
    assert faults(outcome) == {PathFault.NAME_CONSTRAINTS}


@pytest.mark.parametrize("spelling", ["a server", "A  Server "])
def test_constraints_on_directory_names_go_without_case_and_extra_space(spelling):
    tree = [x509.DirectoryName(distinguished(spelling))]
    permitted = authority("Limited", ROOT, extensions=[(x509.NameConstraints(tree, None), True)])
    excluded = authority("Limited", ROOT, extensions=[(x509.NameConstraints(None, tree), True)])
    assert isinstance(walk(anchored(ROOT), leaf(permitted), permitted), Path)
    outcome = walk(anchored(ROOT), leaf(excluded), excluded)
    assert faults(outcome) == {PathFault.NAME_CONSTRAINTS}


def test_constraints_on_addresses_do_not_touch_a_certificate_without_addresses():
    import ipaddress

    network = x509.IPAddress(ipaddress.ip_network("0.0.0.0/0"))
    middle = authority("Limited", ROOT, extensions=[(x509.NameConstraints(None, [network]), True)])
    assert isinstance(walk(anchored(ROOT), leaf(middle), middle), Path)


def test_constraints_on_mail_addresses_refuse_a_certificate_that_has_one():
    limits = x509.NameConstraints([x509.RFC822Name("example.com")], None)
    middle = authority("Limited", ROOT, extensions=[(limits, True)])
    alternative = x509.SubjectAlternativeName([x509.RFC822Name("a@example.com")])
    end = issue("mx.example.com", middle, extensions=[(alternative, False)])
    assert faults(walk(anchored(ROOT), end, middle)) == {PathFault.NAME_CONSTRAINTS}
    assert isinstance(walk(anchored(ROOT), leaf(middle), middle), Path)


@pytest.mark.parametrize("kind", ["rsa", "ed25519", "ed448", "dsa"])
def test_signatures_of_every_kind_of_key_are_verified(kind):
    root = authority(key=new_key(kind))
    other = authority(key=new_key(kind))
    assert isinstance(walk(anchored(root), leaf(root)), Path)
    assert PathFault.BAD_SIGNATURE in faults(walk(anchored(other), leaf(root)))


def test_a_signature_with_pss_padding_verifies():
    root = authority(key=new_key("rsa"))
    pss = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
    assert isinstance(walk(anchored(root), leaf(root, padding=pss)), Path)


def test_a_signature_by_another_kind_of_key_is_a_bad_signature():
    wrong = authority(key=new_key("rsa"))
    outcome = walk(anchored(wrong), leaf(ROOT))
    assert "another kind of key" in outcome.findings[0].text


def test_a_signature_whose_algorithm_is_not_the_one_that_was_signed_is_a_bad_signature():
    end = leaf(MIDDLE)
    algorithm = outline(end.der).algorithm
    # ecdsa-with-SHA384 in place of ecdsa-with-SHA256, inside, and then signed as before.
    other = algorithm[:-1] + b"\3"
    body = x509.load_der_x509_certificate(end.der).tbs_certificate_bytes
    changed = body.replace(algorithm, other)
    signature = MIDDLE.key.sign(changed, ec.ECDSA(hashes.SHA256()))
    bits = b"\3" + bytes((len(signature) + 1,)) + b"\0" + signature
    inside = changed + algorithm + bits
    der = b"\x30\x82" + len(inside).to_bytes(2, "big") + inside
    assert outline(der).signature_algorithm != outline(der).algorithm
    outcome = path_to(anchored(MIDDLE), certificate(der), (), NOW)
    assert PathFault.BAD_SIGNATURE in faults(outcome)
    assert "two different algorithms" in outcome.findings[0].text


def test_a_second_path_is_taken_when_the_first_one_is_out_of_date():
    old = authority("Middle", ROOT, key=MIDDLE.key, until=-1)
    for sent in ((old, MIDDLE), (MIDDLE, old)):
        assert isinstance(walk(anchored(ROOT), LEAF, *sent), Path)


def test_authorities_that_sign_each_other_end_the_walk():
    one, two = new_key(), new_key()
    one_by_two = issue("One", issue("Two", ca=True, key=two), ca=True, key=one)
    two_by_one = issue("Two", issue("One", ca=True, key=one), ca=True, key=two)
    outcome = walk(anchored(ROOT), leaf(one_by_two), one_by_two, two_by_one)
    assert faults(outcome) == {PathFault.NO_ISSUER}


def test_a_chain_longer_than_the_limit_is_given_up():
    issuers = [authority("A0")]
    for number in range(1, 15):
        issuers.append(authority(f"A{number}", issuers[-1]))
    end = leaf(issuers[-1])
    assert faults(walk(anchored(issuers[0]), end, *issuers)) == {PathFault.NO_ISSUER}
    assert isinstance(walk(anchored(issuers[6]), end, *issuers), Path)


def test_many_authorities_of_one_name_are_too_much_work_and_not_much_time():
    twins = [issue("Middle", ROOT, ca=True) for _ in range(80)]
    work = Work()
    outcome = walk(anchored(ROOT), LEAF, *twins, MIDDLE, work=work)
    assert faults(outcome) == {PathFault.TOO_MUCH_WORK}
    assert work.signatures == 0


def test_one_key_under_many_certificates_does_not_multiply_the_walk():
    key = new_key()
    one = issue("Loop", ca=True, key=key)
    twins = [issue("Loop", one, ca=True, key=key) for _ in range(12)]
    work = Work()
    assert faults(walk(anchored(ROOT), leaf(one), *twins, work=work)) == {PathFault.TOO_MUCH_WORK}


def test_an_unreadable_leaf_has_no_path_and_an_unreadable_issuer_is_passed_over():
    at = LEAF.der.index(b"mx.example.com")
    broken = certificate(LEAF.der[:at] + b"\xff" + LEAF.der[at + 1 :])
    outcome = path_to(anchored(ROOT), broken, (certificate(MIDDLE.der),), NOW)
    assert faults(outcome) == {PathFault.UNREADABLE}


@given(st.sampled_from(signed_part(LEAF.der)), st.integers(1, 255))
def test_no_changed_octet_of_what_is_signed_leaves_a_path(at, change):
    from esashell.pki.der import BadCertificate

    damaged = LEAF.der[:at] + bytes((LEAF.der[at] ^ change,)) + LEAF.der[at + 1 :]
    try:
        end = certificate(damaged)
    except BadCertificate:
        return
    assert isinstance(path_to(anchored(MIDDLE), end, (), NOW), NoPath)


def test_a_leaf_with_an_empty_subject_is_as_good_as_any():
    end = issue(None, ROOT, dns=["mx.example.com"])
    assert isinstance(walk(anchored(ROOT), end), Path)
    assert certificate(end.der).subject_match == ""
    assert distinguished(None).rdns == []
