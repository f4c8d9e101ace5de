"""The benchmarks run, in their short form, and count what they should; no time is asserted."""

import subprocess
from pathlib import Path

import pytest

from tests.bench import resolver
from tests.conftest import lacking, need


@pytest.mark.differential
def test_the_resolver_is_measured_beside_libunbound(tmp_path: Path) -> None:
    need("nsd")
    python = Path(resolver.SYSTEM_PYTHON)
    probe = [str(python), "-c", "import unbound"]
    if not python.exists() or subprocess.run(probe, check=False, capture_output=True).returncode:
        lacking("libunbound for Python is not installed (Debian package: python3-unbound)")
    with resolver.prepared(6, tmp_path) as bench:
        for window in resolver.WINDOWS:
            check(resolver.measured(bench, 1, *window))


def check(runs: list[tuple[resolver.Run, resolver.Run]]) -> None:
    ours, theirs = runs[0]
    # Counts are exact and the same on any machine: records, DS and DNSKEY, each verified once.
    assert (ours["cold"].queries, ours["cold"].verifications) == (3, 3)
    assert (ours["zone-warm"].queries, ours["zone-warm"].verifications) == (1, 1)
    assert (ours["warm"].queries, ours["warm"].verifications) == (0, 0)
    # The network is the benchmark's own, so libunbound's datagrams are counted as exactly.
    assert [theirs[each].queries for each in resolver.ROUNDS[1:]] == [3, 1, 0]
    table = resolver.report(runs)
    assert [line.split()[0] for line in table.splitlines()[1:4]] == ["cold", "zone-warm", "warm"]
