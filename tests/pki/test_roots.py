"""The list of public authorities: which chains lead to it."""

from pathlib import Path as File

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esashell.pki.path import NoPath, Path
from esashell.pki.roots import Roots, StoredRoots, from_pem, issuers, trusted
from esashell.worlds.lab.certs import CertificateMaker, CertificateSpec, Issuer
from esashell.worlds.lab.world import SEED

NOON = 1_795_000_000_000_000
MAKER = CertificateMaker(SEED, NOON)
ROOTS = Roots((b"not a certificate", *MAKER.roots()))


def chain(**spec: object) -> tuple[bytes, ...]:
    return MAKER.identity("mx.example", CertificateSpec(**spec)).chain  # type: ignore[arg-type]


def trust(roots: Roots, sent: tuple[bytes, ...], now: int = NOON) -> Path | NoPath:
    return trusted(sent, roots.named(issuers(sent)), now)


def test_a_chain_leads_to_a_root_that_was_not_sent() -> None:
    assert isinstance(trust(ROOTS, chain()), Path)


@pytest.mark.parametrize(
    "spec", [{"issuer": Issuer.PRIVATE}, {"issuer": Issuer.SELF}, {"expired": True}]
)
def test_others_do_not(spec: dict[str, object]) -> None:
    found = trust(ROOTS, chain(**spec))
    assert isinstance(found, NoPath)
    assert found.findings


def test_without_roots_nobody_is_trusted() -> None:
    assert isinstance(trust(Roots(), chain()), NoPath)


@given(st.lists(st.binary(max_size=80), max_size=3))
def test_any_bytes_at_all_are_no_trusted_chain(sent: list[bytes]) -> None:
    assert isinstance(trust(ROOTS, tuple(sent)), NoPath)


def test_a_store_that_is_not_there_trusts_nobody(tmp_path: File) -> None:
    assert StoredRoots(tmp_path / "none").certificates == ()


def test_a_damaged_block_of_a_store_costs_no_other(tmp_path: File) -> None:
    import base64

    mark = b"-----%s CERTIFICATE-----\n"
    good = base64.encodebytes(MAKER.roots()[0])
    blocks = (mark % b"BEGIN") + b"A\n" + (mark % b"END") + b"# a comment\n"
    blocks += (mark % b"BEGIN") + good + (mark % b"END")
    assert from_pem(blocks) == MAKER.roots()
    (tmp_path / "store").write_bytes(blocks)
    assert isinstance(trust(StoredRoots(tmp_path / "store"), chain()), Path)
