"""The benchmarks of batches run, in their short form, and count what they should; no time is
asserted."""

from pathlib import Path

import pytest

from tests.bench import batch, probes


def test_a_batch_meets_each_host_once_and_verifies_nothing_twice(tmp_path: Path) -> None:
    found = batch.measured(240, 120, tmp_path)
    assert found.successes == found.domains == 240
    assert 60 < found.hosts < 120
    assert found.handshakes == found.hosts
    assert found.verifications <= found.bound
    # Exactly so many: three for a domain; A, TLSA, NSEC and SOA for a host; and those above.
    assert found.verifications == 3 * 240 + 4 * found.hosts + batch.ABOVE
    assert f"{found.verifications:,}" in found.report()


@pytest.mark.differential
@pytest.mark.slow
def test_every_probe_is_a_handshake_of_its_own_as_each_of_the_peer_s_is(tmp_path: Path) -> None:
    found = probes.measured(20, 1, tmp_path)
    assert found.handshakes == 20
    assert "posttls-finger, in a row" in found.report(20)
