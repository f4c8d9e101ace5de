"""Our paths against `openssl verify`: the same chains, anchors, dates and purposes, one verdict.

Two differences have a name. Where two authorities share a name and not a key, OpenSSL settles for
the first by name and fails if the other one signed; we try both keys (RFC 4158 is about just that).
So there we may find a path that OpenSSL misses, and never the other way round. And `-partial_chain`
asks for the dates of every anchor, while OpenSSL's own DANE, which `test_dane_openssl` holds us to,
asks for those of a root only, and so do we.
"""

import random
import subprocess

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from esashell.pki.certificate import certificate
from esashell.pki.path import SECOND, Anchor, Path, path_to
from tests.conftest import need
from tests.pki.forge import DAY, NOW, authority, issue, leaf, new_key, usages

CASES = 100


def openssl_accepts(folder, anchor, end, sent, now):
    """Whether OpenSSL finds a path. `-partial_chain` lets any certificate be an anchor, as DANE
    does; the security level is the one at which mailers run."""
    (folder / "anchor.pem").write_bytes(anchor.pem)
    (folder / "leaf.pem").write_bytes(end.pem)
    command = [need("openssl"), "verify", "-partial_chain", "-no-CApath", "-no-CAstore"]
    command += ["-trusted", "anchor.pem", "-purpose", "sslserver", "-auth_level", "0"]
    command += ["-attime", str(now // SECOND)]
    if sent:
        (folder / "sent.pem").write_bytes(b"".join(each.pem for each in sent))
        command += ["-untrusted", "sent.pem"]
    done = subprocess.run(
        [*command, "leaf.pem"], cwd=folder, capture_output=True, timeout=60, check=False
    )
    return done.returncode == 0


def namesakes(*authorities):
    """Whether two of these authorities have one name and different keys."""
    keys_of = {}
    for each in authorities:
        keys_of.setdefault(certificate(each.der).subject_match, set()).add(each.spki)
    return any(len(keys) > 1 for keys in keys_of.values())


def out_of_date(anchor, now):
    """Whether the anchor is no root and out of date."""
    it = certificate(anchor.der)
    return not it.self_issued and not it.not_before <= now <= it.not_after + SECOND - 1


def server_auth(*purposes):
    return (x509.ExtendedKeyUsage(list(purposes)), False)


def constrained(name):
    return (x509.NameConstraints([x509.DNSName(name)], None), True)


_ODDITIES = [
    {},
    {},
    {},
    {},
    {"until": -1},
    {"since": 1},
    {"ca": False},
    {"ca": None},
    {"path_length": 0},
    {"path_length": 1},
    {"extensions": [(usages("key_cert_sign"), True)]},
    {"extensions": [(usages("digital_signature"), True)]},
    {"extensions": [server_auth(ExtendedKeyUsageOID.SERVER_AUTH)]},
    {"extensions": [server_auth(ExtendedKeyUsageOID.CLIENT_AUTH)]},
    {"extensions": [server_auth(ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE)]},
    {"extensions": [constrained("example.com")]},
    {"extensions": [constrained("example.org")]},
    {"extensions": [(x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\5\0"), True)]},
]
_LEAVES = [
    each for each in _ODDITIES if "path_length" not in each and each.get("ca", True) is not None
]


def scene(chance):
    """A chain with something odd about it or not, an anchor, and what the server sends."""
    key = new_key(chance.choice(["ec", "ec", "rsa", "ed25519"]))
    chain = [authority("A0", key=key, **chance.choice(_ODDITIES))]
    for number in range(1, chance.randint(1, 4)):
        self_issued = chance.random() < 0.1
        name = f"A{number - 1}" if self_issued else f"A{number}"
        chain.append(authority(name, chain[-1], **chance.choice(_ODDITIES)))
        if self_issued:
            break
    end = leaf(chain[-1], **chance.choice(_LEAVES))
    anchor = chance.choice(chain)
    sent = [each for each in chain if chance.random() < 0.9]
    if chance.random() < 0.2:
        anchor = issue("A0", ca=True)
    if chance.random() < 0.3:
        sent.append(authority(chance.choice(["A0", "A1", "B"])))
    chance.shuffle(sent)
    return anchor, end, sent, NOW + chance.choice([0, 0, 0, 25 * DAY, 200 * DAY])


@pytest.mark.differential
@pytest.mark.slow
def test_openssl_and_we_accept_the_same_paths(tmp_path):
    need("openssl")
    chance = random.Random(20250301)
    differences, accepted = [], 0
    for number in range(CASES):
        anchor, end, sent, now = scene(chance)
        ours = path_to(
            Anchor(anchor.spki, certificate(anchor.der)),
            certificate(end.der),
            tuple(certificate(each.der) for each in sent),
            now,
        )
        theirs = openssl_accepts(tmp_path, anchor, end, sent, now)
        accepted += theirs
        namesakes_found = isinstance(ours, Path) and namesakes(anchor, *sent)
        undated = isinstance(ours, Path) and out_of_date(anchor, now)
        if isinstance(ours, Path) is not theirs and not (namesakes_found or undated):
            differences.append((number, theirs, ours))
    assert differences == []
    # Both verdicts must have been put to the test.
    assert CASES // 10 < accepted < CASES * 9 // 10
