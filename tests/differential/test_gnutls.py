"""GnuTLS, which shares no code with our own TLS, at the lab's mail hosts on loopback.

gnutls-cli speaks SMTP as far as STARTTLS and then shakes hands; what it is shown has to be what
the lab in memory shows. It also judges the chain and the name by itself, and danetool makes TLSA
records out of the certificates, which have to be those in the lab's zones.
"""

import re
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from esashell.clock import SystemClock
from esashell.dane.tlsa import Tlsa, record_for
from esashell.resolver.names import name_from_text
from esashell.resolver.rrtypes import RRType
from esashell.worlds.lab.world import Lab
from tests.conftest import need
from tests.differential.servers import here, lab_served, running

pytestmark = [
    pytest.mark.differential,
    pytest.mark.slow,
    pytest.mark.xdist_group("gnutls"),
]

IETF, DANE = "mail.ietf.org", "mail.dane.lab"


class Served:
    """A served lab, and gnutls-cli to look at its hosts."""

    def __init__(self, lab: Lab, doors: Sequence[Sequence[str]], folder: Path) -> None:
        self.lab = lab
        self.folder = folder
        # Where a host has several addresses, any of them will do.
        self._doors = {door[4]: (door[1], door[2]) for door in doors if door[0] == "smtp"}

    def command(self, host: str, *options: str | Path) -> list[str]:
        address, port = self._doors[host]
        words = ("--starttls-proto=smtp", f"--sni-hostname={host}", *options, "-p", port, address)
        return here(need("gnutls-cli"), *words)

    def shake_hands(
        self, host: str, *options: str | Path, typed: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """What gnutls-cli says of a host, with this typed after the handshake."""
        return subprocess.run(
            self.command(host, *options),
            input=typed,
            text=True,
            capture_output=True,
            check=False,
            timeout=60,
        )

    def chain(self, host: str) -> tuple[bytes, ...]:
        """The certificates that the lab in memory shows for this host, leaf first."""
        chain: tuple[bytes, ...] = self.lab.hosts.identity(
            self.lab.directory.named(name_from_text(host))
        ).chain
        return chain

    def file_of(self, der: bytes) -> Path:
        path = self.folder / "certificate.pem"
        path.write_bytes(x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM))
        return path


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    need("gnutls-cli")
    folder = tmp_path_factory.mktemp("gnutls")
    with lab_served(here, folder) as doors:
        yield Served(Lab(SystemClock()), doors, folder)


def printed(said: str) -> tuple[bytes, ...]:
    """The certificates in what `--print-cert` has written, in its order."""
    certificates = x509.load_pem_x509_certificates(said.encode())
    return tuple(each.public_bytes(Encoding.DER) for each in certificates)


@pytest.mark.parametrize(
    ("host", "protocol", "key", "cipher"),
    [
        (IETF, "(TLS1.2-X.509)", "RSA key 2048 bits", "(AES-256-GCM)"),
        (DANE, "(TLS1.3-X.509)", "EC/ECDSA key 256 bits", "(AES-256-GCM)"),
    ],
)
def test_gnutls_shakes_hands_and_is_shown_our_certificates(
    served: Served, host: str, protocol: str, key: str, cipher: str
) -> None:
    done = served.shake_hands(host, "--no-ca-verification", "--print-cert")
    assert done.returncode == 0, done.stderr
    assert "Handshake was completed" in done.stdout
    description = next(line for line in done.stdout.splitlines() if "Description:" in line)
    assert protocol in description
    assert cipher in description
    assert key in done.stdout
    assert printed(done.stdout) == served.chain(host)


@pytest.mark.parametrize("host", [IETF, DANE])
def test_smtp_goes_on_inside_of_tls(served: Served, host: str) -> None:
    typed = "EHLO us.example\r\nSTARTTLS\r\nQUIT\r\n"
    done = served.shake_hands(host, "--no-ca-verification", typed=typed)
    inside = done.stdout.partition("Simple Client Mode:")[2]
    assert f"250-{host}" in inside
    # Once there is TLS, there is no more STARTTLS to be had (RFC 3207 4.2).
    assert re.findall(r"^(?:220|250.STARTTLS)", inside, re.M) == []
    assert re.search(r"^50[0-9] ", inside, re.M), inside
    assert f"221 2.0.0 {host}" in inside


@pytest.mark.parametrize(
    ("host", "priority", "completed"),
    [
        (IETF, "NORMAL:-VERS-ALL:+VERS-TLS1.2", True),
        (IETF, "NORMAL:-VERS-ALL:+VERS-TLS1.3", False),
        (DANE, "NORMAL:-VERS-ALL:+VERS-TLS1.2", True),
        (DANE, "NORMAL:-VERS-ALL:+VERS-TLS1.3", True),
    ],
)
def test_a_protocol_that_the_host_does_not_speak_fails_the_handshake(
    served: Served, host: str, priority: str, completed: bool
) -> None:
    done = served.shake_hands(host, "--no-ca-verification", f"--priority={priority}")
    assert ("Handshake was completed" in done.stdout) is completed, done.stdout + done.stderr
    assert (done.returncode == 0) is completed


def test_gnutls_trusts_the_chain_for_its_own_name_only(served: Served) -> None:
    authority = served.file_of(served.chain(IETF)[1])
    trusted = (f"--x509cafile={authority}", f"--verify-hostname={IETF}")
    assert "The certificate is trusted" in served.shake_hands(IETF, *trusted).stdout
    named = (f"--x509cafile={authority}", f"--verify-hostname={DANE}")
    done = served.shake_hands(IETF, *named)
    assert "The name in the certificate does not match" in done.stdout
    assert done.returncode != 0


def test_gnutls_finds_the_lesson_about_an_expired_certificate(served: Served) -> None:
    host = "mail.expired-certificate.lab"
    authority = served.file_of(served.chain(host)[1])
    done = served.shake_hands(host, f"--x509cafile={authority}", f"--verify-hostname={host}")
    assert "certificate chain uses expired certificate" in done.stdout
    assert done.returncode != 0


def test_a_host_without_starttls_refuses_and_there_is_no_handshake(served: Served) -> None:
    # For a reply that it likes better gnutls-cli would wait for another ten seconds.
    command = served.command("mail.no-starttls.lab", "-V", "--no-ca-verification")
    log = served.folder / "refused.log"
    with running(command, log, lambda said: "received: 502" in said):
        pass
    said = log.read_text()
    assert "sending: STARTTLS" in said
    assert "Certificate type" not in said
    assert "Handshake was completed" not in said


def test_a_host_that_resets_the_handshake_is_a_failure(served: Served) -> None:
    done = served.shake_hands("mail.handshake-reset.lab", "--no-ca-verification")
    assert done.returncode != 0
    assert "Handshake was completed" not in done.stdout


@pytest.mark.parametrize(
    ("options", "position", "record"),
    [
        ((), 0, (3, 1, 1)),
        (("--x509",), 0, (3, 0, 1)),
        (("--hash", "sha512"), 0, (3, 1, 2)),
        (("--ca",), 1, (2, 1, 1)),
        (("--ca", "--x509", "--hash", "sha512"), 1, (2, 0, 2)),
    ],
)
@pytest.mark.parametrize("host", [IETF, DANE])
def test_danetool_makes_the_tlsa_records_that_we_make(
    served: Served, host: str, options: tuple[str, ...], position: int, record: tuple[int, int, int]
) -> None:
    der = served.chain(host)[position]
    text = made_by_danetool(served, host, der, *options)
    assert text == fields(record_for(der, *record))


@pytest.mark.parametrize("host", [IETF, DANE])
def test_danetools_record_for_the_shown_certificate_is_the_one_in_the_zone(
    served: Served, host: str
) -> None:
    done = served.shake_hands(host, "--no-ca-verification", "--print-cert")
    name = name_from_text(host).prepend(b"_25", b"_tcp")
    catalogue = served.lab.catalogue
    zone = catalogue.zone(catalogue.apex_for(name))
    assert zone is not None
    rrset = zone.unsigned(name, RRType.TLSA)
    assert rrset is not None
    (rdata,) = rrset.rdatas
    assert made_by_danetool(served, host, printed(done.stdout)[0]) == [
        *map(int, rdata[:3]),
        rdata[3:].hex(),
    ]


def made_by_danetool(served: Served, host: str, der: bytes, *options: str) -> list[int | str]:
    """The record as danetool prints it: `_25._tcp.HOST. IN TLSA ( 03 01 01 ... )`."""
    about = ("--tlsa-rr", "--host", host, "--port", "25", "--load-certificate", served.file_of(der))
    done = subprocess.run(
        here(need("danetool"), *about, *options),
        text=True,
        capture_output=True,
        check=True,
        timeout=60,
    )
    owner, _, _, _, usage, selector, matching_type, data, _ = done.stdout.split()
    assert owner == f"_25._tcp.{host}."
    return [int(usage, 16), int(selector, 16), int(matching_type, 16), data]


def fields(record: Tlsa) -> list[int | str]:
    return [record.usage, record.selector, record.matching_type, record.data.hex()]
