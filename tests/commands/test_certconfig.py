"""certconfig: certificates and keys that are given, made, kept, shown and refused."""

import datetime
import os
import stat
from base64 import b64encode

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    pkcs12,
)
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from esashell.commands.certconfig import certconfig
from esashell.commands.certificates import private_key, profile, signing_request
from esashell.config.check import breaches
from esashell.config.files.whole import fingerprint
from esashell.config.tree import factory
from esashell.dialogue.batch import Batch
from esashell.dialogue.outline import outline, upcoming
from esashell.dialogue.script import Logbook, scripted
from esashell.errors import OperatorError
from esashell.shell.certificates import keep, read
from tests.shell import play

NAME = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.example.com")])
KEY, OTHER = (Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in (1, 2))
CERTIFICATE = (
    x509.CertificateBuilder()
    .subject_name(NAME)
    .issuer_name(NAME)
    .public_key(KEY.public_key())
    .serial_number(7)
    .not_valid_before(datetime.datetime(2025, 1, 1))
    .not_valid_after(datetime.datetime(2026, 1, 1))
    .sign(KEY, None)
)
LEAF = CERTIFICATE.public_bytes(Encoding.PEM).decode()
SECRET, NOT_ITS = (
    key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    for key in (KEY, OTHER)
)
LOCKED = KEY.private_bytes(
    Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")
).decode()
P12 = pkcs12.serialize_key_and_certificates(
    b"x", KEY, CERTIFICATE, None, BestAvailableEncryption(b"secret")
)
PASTE = ["certificate", "paste", "mail"]


@pytest.fixture
def book():
    book = Logbook(factory("192.0.2.1"))
    book.now = play.NINE
    return book


def pasted(book, certificate, key):
    lines = [*PASTE, *certificate.splitlines(), ".", *key.splitlines(), ".", "n", ""]
    return scripted(certconfig(book), lines, book)


def test_a_pasted_certificate_is_kept_under_its_fingerprint(book):
    assert "The certificate mail has been added." in pasted(book, LEAF, SECRET)
    (row,) = book.config.certificates
    assert (row.name, row.fingerprint) == ("mail", fingerprint(LEAF + SECRET))
    assert book.pems == {row.fingerprint: LEAF + SECRET}
    assert not breaches(book.config)


@pytest.mark.parametrize(
    ("certificate", "key", "reason"),
    [
        ("x", SECRET, "This is not a certificate in PEM format."),
        (LEAF[:300], SECRET, "This is not a certificate in PEM format."),
        (LEAF, "x", "This is not a private key in PEM format."),
        (LEAF, LEAF, "This is not a private key in PEM format."),
        (LEAF, NOT_ITS, "The private key does not belong to the certificate."),
        (LEAF, LOCKED, "The private key has a passphrase; take it off first."),
        ("", "", "This is not a certificate in PEM format."),
        ("\x1b[2J\ud800", SECRET, "This is not a certificate in PEM format."),
    ],
)
def test_what_does_not_belong_together_is_refused_and_nothing_is_kept(
    book, certificate, key, reason
):
    assert f"Error: {reason}\n" in pasted(book, certificate, key)
    assert (book.staged, book.pems) == ([], {})


def test_ctrl_d_ends_a_paste_as_a_dot_does(book):
    lines = [*PASTE, *LEAF.splitlines(), "^D", *SECRET.splitlines(), "^D", "n", ""]
    assert "has been added" in scripted(certconfig(book), lines, book)


@pytest.mark.parametrize(
    ("raw", "password"),
    [(P12, "secret"), ((LEAF + SECRET).encode(), ""), ((LOCKED + LEAF).encode(), "secret")],
)
def test_files_of_both_formats_are_imported(book, raw, password):
    book.kept["x"] = raw
    line = ["certificate", "import", "mail", "x", f"password={password}"][: 5 if password else 4]
    Batch(line, book, lambda text: None).run(certconfig(book))
    (row,) = book.config.certificates
    assert book.pems[row.fingerprint] == LEAF + SECRET


@pytest.mark.parametrize("raw", [P12, b"", b"\0", (LOCKED + LEAF).encode(), LEAF.encode()])
def test_files_that_cannot_be_opened_are_refused(book, raw):
    book.kept["x"] = raw
    with pytest.raises(OperatorError, match="Error: The file holds no"):
        Batch(["certificate", "import", "mail", "x", "password=no"], book, print).run(
            certconfig(book)
        )
    assert (book.staged, book.pems) == ([], {})


def test_a_new_one_is_its_own_issuer_and_good_for_the_time_asked_for(book):
    line = [
        "certificate",
        "new",
        "mail",
        "mx.example.com",
        "organization=Example",
        "country=ch",
        "days=30",
    ]
    Batch(line, book, lambda text: None).run(certconfig(book))
    (row,) = book.config.certificates
    found = profile(book.pems[row.fingerprint])
    assert (found.common_name, found.issued_by) == ("mx.example.com", "mx.example.com")
    assert (found.status(play.NINE), found.remaining(play.NINE)) == ("Active", "30 days")
    assert found.status(play.NINE + 31 * 86_400_000_000) == "Expired"
    assert found.status(play.NINE - 1_000_000) == "Not yet valid"
    assert found.subject == "CN=mx.example.com,O=Example,C=CH"


def test_asking_for_help_makes_no_key(book, monkeypatch):
    monkeypatch.setattr("esashell.commands.certconfig.self_signed", lambda *a: 1 // 0)
    words = [form.words for form in outline(lambda: certconfig(book))]
    assert ("certificate", "new") in words
    assert upcoming(certconfig(book), ["certificate", "print"], "") == ("Demo",)


def test_a_certificate_in_use_is_not_deleted_and_a_missing_one_is_told(book):
    pasted(book, LEAF, SECRET)
    book.pems.clear()
    shown = scripted(certconfig(book), ["certificate", "print", "mail", ""], book)
    assert "(not kept here)" in shown
    assert 'Error: The certificate "mail" is not kept here.' in shown


# On the disk.


def test_files_are_for_the_owner_alone_and_never_changed(tmp_path):
    os.umask(0o022)
    name = fingerprint("x")
    keep(str(tmp_path), name, "x")
    path = tmp_path / "certificates" / f"{name}.pem"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    keep(str(tmp_path), name, "y")
    assert read(str(tmp_path), name) == "x"
    assert read(str(tmp_path), "../../etc/passwd") == read(str(tmp_path), "0" * 64) == ""


def test_a_rollback_finds_the_certificate_that_it_had(tmp_path):
    session = play.session(tmp_path)
    lines = ["certconfig certificate new mail a.example", "commit one y",
             "certconfig certificate delete mail", "commit two y",
             "rollbackconfig r1 commit=yes", "certconfig certificate print mail"]  # fmt: skip
    shown = play.scripted(session, lines).transcript
    assert "Subject:      CN=a.example" in shown
    assert session.running.certificates


def test_the_key_is_in_no_file_that_nobody_asked_it_for(tmp_path):
    session = play.session(tmp_path)
    lines = ["certconfig certificate new mail a.example", "commit one y", "saveconfig 1",
             "certconfig certificate export mail mail.pem", "showconfig y"]  # fmt: skip
    shown = play.scripted(session, lines).transcript
    assert "PRIVATE KEY" not in shown
    holding = [path.parent.name for path in tmp_path.rglob("*")
               if path.is_file() and b"PRIVATE KEY" in path.read_bytes()]  # fmt: skip
    assert holding == ["certificates"]
    session.left = False
    assert "PRIVATE KEY" in play.scripted(session, ["showconfig n"]).transcript


DER = CERTIFICATE.public_bytes(Encoding.DER)


@given(at=st.integers(0, len(DER) - 1), octet=st.integers(0, 255))
def test_a_damaged_certificate_is_shown_or_refused(at, octet):
    damaged = DER[:at] + bytes([octet]) + DER[at + 1 :]
    book = Logbook(factory("192.0.2.1"))
    text = f"-----BEGIN CERTIFICATE-----\n{b64encode(damaged).decode()}\n-----END CERTIFICATE-----"
    shown = pasted(book, text, SECRET)
    assert ("Error: " in shown) != ("has been added" in shown)
    if book.config.certificates:
        scripted(certconfig(book), ["certificate", "print", "mail", ""], book)


WORDS = st.sampled_from(
    ["certificate", "certauthority", "crl", "paste", "import", "print", "export", "delete", "edit",
     "system", "custom", "mail", "other", "Demo", "1", "y", "n", "", ".", "x", "x.pem", "?",
     LEAF, SECRET, "\x1b[2J", "=", "../x", "file=x"]
)  # fmt: skip


@given(lines=st.lists(WORDS | st.text(max_size=8), max_size=30))
def test_whatever_is_typed_what_is_staged_may_be_committed(lines):
    book = Logbook(factory("192.0.2.1"))
    book.kept["x"] = (LEAF + SECRET).encode()
    scripted(certconfig(book), lines, book)
    assert not breaches(book.config)


@given(raw=st.binary(max_size=80))
def test_whatever_a_file_holds_the_menu_goes_on(raw):
    book = Logbook(factory("192.0.2.1"))
    book.kept["x"] = raw
    lines = ["certificate", "import", "mail", "x", "", ""]
    lines += ["certauthority", "import", "x", "", ""]
    assert scripted(certconfig(book), lines, book).endswith("[]> \n")
    assert book.staged == []


def renewal(key):
    """Another certificate for a key."""
    begin = datetime.datetime(2025, 2, 1)
    return (
        x509.CertificateBuilder()
        .subject_name(NAME)
        .issuer_name(NAME)
        .public_key(key.public_key())
        .serial_number(8)
        .not_valid_before(begin)
        .not_valid_after(begin + datetime.timedelta(days=365))
        .sign(key, SHA256())
    )


def test_a_renewed_certificate_takes_the_place_of_the_old_one_and_keeps_its_key(tmp_path):
    session = play.session(tmp_path)
    play.scripted(session, ["certconfig certificate new mail a.example"])
    before = session.config.certificates[0]
    old = session.pem(before.fingerprint)
    shown = signing_request(old)
    request = x509.load_pem_x509_csr(shown.encode())
    assert request.is_signature_valid
    assert request.subject.rfc4514_string() == "CN=a.example"
    own = load_pem_private_key(private_key(old).encode(), None)
    assert request.public_key() == own.public_key()
    renewed = renewal(own).public_bytes(Encoding.PEM).decode()
    session.left = False
    lines = ["certconfig", "certificate", "edit", "1", "n", "", *renewed.splitlines(), ".", "n"]
    play.scripted(session, lines)
    after = session.config.certificates[0]
    assert (after.name, after.fingerprint != before.fingerprint) == ("mail", True)
    assert session.pem(after.fingerprint) == renewed + private_key(old)


def test_a_certificate_for_another_key_is_refused_at_edit(tmp_path):
    session = play.session(tmp_path)
    play.scripted(session, ["certconfig certificate new mail a.example"])
    before = session.config
    session.left = False
    lines = ["certconfig", "certificate", "edit", "mail", "n", "", *LEAF.splitlines(), ".", "n"]
    shown = play.scripted(session, lines).transcript
    assert "Error: The private key does not belong to the certificate." in shown
    assert session.config == before
