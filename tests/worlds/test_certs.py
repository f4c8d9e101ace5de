"""The lab's certificates: the same on every run, and wrong in exactly the ways asked for."""

import ipaddress
import ssl
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import msgspec
import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from esashell.clock import SECOND
from esashell.worlds.lab import certs
from esashell.worlds.lab.certs import CertificateMaker, CertificateSpec, Identity, Issuer, KeyType
from esashell.worlds.lab.rsakeys import RSA_PRIMES, rsa_key

NOW = 1_700_000_000 * SECOND
TODAY = datetime(2023, 11, 14, tzinfo=UTC)
HOST = "mx.example"


def maker(seed: bytes = b"seed", now: int = NOW) -> CertificateMaker:
    return CertificateMaker(seed, now)


def identity(**spec: object) -> Identity:
    return maker().identity(HOST, msgspec.convert(spec, CertificateSpec))


def loaded(der: bytes) -> x509.Certificate:
    return x509.load_der_x509_certificate(der)


def verify(shown: Identity, *anchors: bytes, host: str = HOST, when: datetime = TODAY) -> None:
    """What another implementation of path building says; raises VerificationError."""
    verifier = (
        PolicyBuilder()
        .store(Store([loaded(each) for each in anchors]))
        .time(when)
        .build_server_verifier(x509.DNSName(host))
    )
    verifier.verify(loaded(shown.chain[0]), [loaded(each) for each in shown.chain[1:]])


def refusal(shown: Identity, *anchors: bytes) -> str:
    with pytest.raises(VerificationError) as error:
        verify(shown, *anchors)
    return str(error.value).lower()


SPECS: list[dict[str, object]] = [
    {},
    {"key": "rsa"},
    {"issuer": "private"},
    {"issuer": "private-issuing", "key": "rsa"},
    {"issuer": "self"},
    {"issuer": "self", "key": "rsa"},
    {"issuer": "not-a-ca"},
    {"issuer": "expired-ca"},
    {"expired": True},
    {"not_yet_valid": True},
    {"chain": ["leaf"]},
    {"chain": ["leaf", "decoy"]},
    {"alternative_names": []},
    {"generation": 1},
]


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_two_makers_of_one_day_make_the_same_bytes(spec: dict[str, object]) -> None:
    converted = msgspec.convert(spec, CertificateSpec)
    morning, evening = maker(now=TODAY_START), maker(now=TODAY_START + 86_399 * SECOND)
    assert morning.identity(HOST, converted) == evening.identity(HOST, converted)


TODAY_START = int(TODAY.timestamp()) * SECOND


def test_another_process_makes_the_same_bytes() -> None:
    program = (
        "from esashell.worlds.lab.certs import *\n"
        f"i = CertificateMaker(b'seed', {NOW}).identity({HOST!r}, CertificateSpec())\n"
        "print(*(each.hex() for each in i.chain))"
    )
    output = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout
    assert tuple(map(bytes.fromhex, output.split())) == identity().chain


def test_another_seed_host_or_generation_has_another_key() -> None:
    spec = CertificateSpec()
    keys = {
        maker().identity(HOST, spec).key_pem,
        maker(b"other").identity(HOST, spec).key_pem,
        maker().identity("mx2.example", spec).key_pem,
        identity(generation=1).key_pem,
    }
    assert len(keys) == 4


@pytest.mark.parametrize("key", KeyType)
def test_every_generation_differs_from_the_one_before(key: str) -> None:
    pems = [identity(key=key, generation=each).key_pem for each in range(4)]
    assert all(a != b for a, b in pairwise(pems))


def test_the_key_can_change_while_the_name_and_the_dates_stay() -> None:
    old, new = loaded(identity().leaf), loaded(identity(generation=1).leaf)
    assert old.subject == new.subject
    assert old.not_valid_after_utc == new.not_valid_after_utc
    assert old.serial_number != new.serial_number


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_the_key_belongs_to_the_leaf_and_the_leaf_comes_first(spec: dict[str, object]) -> None:
    shown = identity(**spec)
    key = load_pem_private_key(shown.key_pem, None)
    assert isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey)
    assert loaded(shown.leaf).public_key() == key.public_key()
    assert shown.chain[0] == shown.leaf


@pytest.mark.parametrize("issuer", [each for each in Issuer if each is not Issuer.SELF])
@pytest.mark.parametrize("key", KeyType)
def test_the_signature_is_the_issuers(issuer: Issuer, key: KeyType) -> None:
    leaf = loaded(identity(issuer=issuer.value, key=key.value).leaf)
    leaf.verify_directly_issued_by(loaded(maker().authority(issuer)))
    other = Issuer.LAB if issuer is not Issuer.LAB else Issuer.PRIVATE
    with pytest.raises((InvalidSignature, ValueError)):
        leaf.verify_directly_issued_by(loaded(maker().authority(other)))


def test_a_good_certificate_verifies_with_the_labs_root() -> None:
    verify(identity(), *maker().roots())
    verify(identity(key="rsa"), *maker().roots())
    verify(identity(issuer="lab-root"), *maker().roots())


def test_a_private_certificate_verifies_with_the_private_root_and_no_other() -> None:
    shown = identity(issuer="private-issuing")
    verify(shown, maker().authority(Issuer.PRIVATE))
    assert refusal(shown, *maker().roots())


def test_each_mistake_is_found_by_another_implementation() -> None:
    roots = maker().roots()
    assert "time" in refusal(identity(expired=True), *roots)
    assert "time" in refusal(identity(not_yet_valid=True), *roots)
    assert "leaf certificate has no matching subjectaltname" in refusal(
        identity(name="somebody-else.example"), *roots
    )
    assert refusal(identity(chain=["leaf"]), *roots)
    assert refusal(identity(chain=["leaf", "decoy"]), *roots)
    assert refusal(identity(issuer="not-a-ca"), maker().authority(Issuer.NOT_A_CA))
    assert refusal(identity(issuer="expired-ca"), maker().authority(Issuer.EXPIRED_CA))


def test_a_mistake_is_the_only_one() -> None:
    # Judged at a time when it held, or with what was missing, the same certificate is fine.
    maker_ = maker()
    verify(identity(expired=True), *maker_.roots(), when=TODAY - timedelta(days=4))
    verify(identity(not_yet_valid=True), *maker_.roots(), when=TODAY + timedelta(days=40))
    verify(identity(chain=["leaf"]), maker_.authority(Issuer.LAB))
    verify(identity(name="other.example"), *maker_.roots(), host="other.example")
    verify(
        identity(issuer="expired-ca"),
        maker_.authority(Issuer.EXPIRED_CA),
        when=TODAY - timedelta(days=5),
    )


def test_what_a_careful_postmaster_sends() -> None:
    made = maker()
    assert identity().chain[1:] == (made.authority(Issuer.LAB),)
    assert identity(issuer="lab-root").chain == (identity(issuer="lab-root").leaf,)
    assert identity(issuer="private").chain[1:] == (made.authority(Issuer.PRIVATE),)
    assert identity(issuer="private-issuing").chain[1:] == (
        made.authority(Issuer.PRIVATE_ISSUING),
        made.authority(Issuer.PRIVATE),
    )
    assert len(identity(issuer="self").chain) == 1


def names(shown: Identity) -> list[object]:
    extension = loaded(shown.leaf).extensions.get_extension_for_class(x509.SubjectAlternativeName)
    return [name.value for name in extension.value]


def test_names_are_those_of_the_spec_or_the_hosts_own() -> None:
    assert names(identity()) == [HOST]
    assert names(identity(alternative_names=["a.example", "*.b.example", "192.0.2.1"])) == [
        "a.example",
        "*.b.example",
        ipaddress.ip_address("192.0.2.1"),
    ]
    with pytest.raises(x509.ExtensionNotFound):
        names(identity(alternative_names=[]))


def test_a_name_too_long_for_a_subject_is_an_alternative_name_only() -> None:
    long = ".".join(["a" * 60] * 3)
    leaf = loaded(maker().identity(long, CertificateSpec()).leaf)
    assert not list(leaf.subject)
    assert leaf.extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    ).value.get_values_for_type(x509.DNSName) == [long]


@pytest.mark.parametrize("chain", [[], ["lab"], ["leaf", "nobody"]])
def test_a_chain_that_cannot_be_sent_is_refused_by_name(chain: list[str]) -> None:
    with pytest.raises(msgspec.ValidationError, match="leaf"):
        msgspec.convert({"chain": chain}, CertificateSpec)


def test_unknown_words_in_a_scenario_are_refused() -> None:
    for spec in ({"isuer": "lab"}, {"issuer": "verisign"}, {"key": "dsa"}):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(spec, CertificateSpec)


def test_the_published_rsa_keys_are_sound() -> None:
    for which in range(len(RSA_PRIMES)):
        private_key = rsa_key(which).private_numbers().private_key()  # which validates them
        assert private_key.key_size == 2048
    assert len({prime for pair in RSA_PRIMES for prime in pair}) == 2 * len(RSA_PRIMES)


def test_serial_numbers_are_positive_short_and_different() -> None:
    serials = [loaded(maker().identity(f"mx{n}.example", CertificateSpec()).leaf).serial_number
               for n in range(50)]  # fmt: skip
    assert len(set(serials)) == 50
    assert all(0 < each < 1 << 159 for each in serials)


def test_another_day_has_another_serial_number() -> None:
    tomorrow = maker(now=NOW + 86_400 * SECOND).identity(HOST, CertificateSpec())
    assert loaded(tomorrow.leaf).serial_number != loaded(identity().leaf).serial_number
    assert tomorrow.key_pem == identity().key_pem


def test_identities_are_kept_but_not_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(certs, "CACHED", 3)
    made = maker()
    first = made.identity("mx0.example", CertificateSpec())
    assert made.identity("mx0.example", CertificateSpec()) is first
    for n in range(1, 5):
        made.identity(f"mx{n}.example", CertificateSpec())
    again = made.identity("mx0.example", CertificateSpec())
    assert again is not first
    assert again == first


def test_the_library_behind_ssl_reads_every_one_of_them() -> None:
    for spec in SPECS:
        for der in identity(**spec).chain:
            assert ssl.PEM_cert_to_DER_cert(ssl.DER_cert_to_PEM_cert(der)) == der
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.load_verify_locations(cadata=der)
