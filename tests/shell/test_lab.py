"""`esashell lab` at the command line."""

import json
import re
from pathlib import Path

import dns.dnssec
import dns.name
import dns.rdatatype
import dns.zone
import pytest

from esashell.clock import SystemClock
from esashell.resolver.anchors import anchors_from_text
from esashell.resolver.hints import hints_from_text
from esashell.shell.lab import main
from esashell.worlds import addresses
from esashell.worlds.lab.scenario import DsState
from esashell.worlds.lab.world import Lab

SCENARIO = """
[domain."one-more.lab"]
shows   = "A domain that a trainer has added, with quite a long explanation of what it is for."
records = "@ MX 10 mail.ietf.org."
"""


def test_the_list_shows_every_domain_and_resolver_in_80_columns(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    lab = Lab(SystemClock())
    shown = {line.split()[0] for line in lines if line and not line.startswith(" ")}
    assert {each.domain for each in lab.domains()} | set(lab.resolvers) <= shown
    assert max(map(len, lines)) <= 80
    starts = {len(line) - len(line.split(None, 1)[1]) for line in lines if line.startswith("ietf")}
    assert starts == {lines[0].index("Shows")}


def test_the_list_as_json_has_the_same_and_a_schema(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["schema"] == 1
    lab = Lab(SystemClock())
    assert [each["domain"] for each in shown["domains"]] == [e.domain for e in lab.domains()]
    assert {each["address"] for each in shown["resolvers"]} == set(lab.resolvers)
    assert all(each["shows"] for each in (*shown["domains"], *shown["resolvers"]))


def test_a_scenario_of_ones_own_is_in_the_list(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "more.toml"
    file.write_text(SCENARIO)
    assert main(["list", "--scenario", str(file)]) == 0
    assert "one-more.lab" in capsys.readouterr().out


def test_a_broken_scenario_is_refused_with_its_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "broken.toml"
    file.write_bytes(b"\xff[domain")
    for act in (["list"], ["anchor"], ["roots"], ["serve"], ["zones", str(tmp_path)]):
        assert main([*act, "--scenario", str(file)]) == 1
        told = capsys.readouterr()
        assert told.out == ""
        assert told.err.startswith("esashell lab: ")
        assert str(file) in told.err


def test_the_root_servers_are_read_back_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["roots"]) == 0
    assert hints_from_text(capsys.readouterr().out) == Lab(SystemClock()).root_servers


def test_the_anchor_is_read_back_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["anchor"]) == 0
    assert anchors_from_text(capsys.readouterr().out) == (Lab(SystemClock()).anchor,)


@pytest.mark.parametrize(
    "words",
    [[], ["nonsense"], ["zones"], ["serve", "--dns-port", "0"], ["serve", "--smtp-port", "65536"],
     ["serve", "--dns-port", "-1"], ["list", "--what"], ["list", "\x00"]],
)  # fmt: skip
def test_what_cannot_be_understood_is_2_and_a_usage_line(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    assert capsys.readouterr().err.startswith("usage: esashell lab")


def test_true_addresses_that_are_not_here_are_refused_by_name(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["serve", "--true-addresses"]) == 1
    assert capsys.readouterr().err == (
        "esashell lab: 192.0.2.1 port 53: this machine does not have that address.\n"
    )
    monkeypatch.setattr(addresses, "only_loopback", lambda: False)
    assert main(["serve", "--add-addresses"]) == 1
    assert "network namespace of your own" in capsys.readouterr().err


def test_zones_that_cannot_be_written_are_refused_by_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("in the way")
    assert main(["zones", str(tmp_path / "file")]) == 1
    assert "file" in capsys.readouterr().err


@pytest.fixture(scope="module")
def zones(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("zones")
    assert main(["zones", str(folder)]) == 0
    return folder


def test_exported_zones_carry_signatures_that_others_accept(zones: Path) -> None:
    # dnspython reads the files and checks the signatures with its own code.
    checked = 0
    for apex, spec in Lab(SystemClock()).catalogue.scenario.zones.items():
        faulty = any(getattr(spec.fault, each) for each in spec.fault.__struct_fields__)
        file = zones / ("root.zone" if len(apex) == 1 else f"{apex}.zone")
        if not spec.signed or faulty or spec.ds is not DsState.RIGHT or not file.exists():
            continue
        text = file.read_text()
        # The lab has TLSA records of the wrong length, which dnspython does not read.
        if re.search(
            r" TLSA \d+ \d+ 1 (?![0-9a-f]{64}\n)| TLSA \d+ \d+ 2 (?![0-9a-f]{128}\n)", text
        ):
            continue
        origin = dns.name.from_text(str(apex))
        zone = dns.zone.from_text(text, origin=origin, relativize=False)
        assert zone.origin is not None
        keys = {zone.origin: zone.find_rdataset(zone.origin, "DNSKEY")}
        for name, node in zone.items():
            for rdataset in node:
                if rdataset.rdtype == dns.rdatatype.RRSIG:
                    covered = node.get_rdataset(rdataset.rdclass, rdataset.covers)
                    assert covered is not None, (name, rdataset.covers)
                    dns.dnssec.validate((name, covered), (name, rdataset), keys)
                    checked += 1
    assert checked > 500


def test_every_exported_zone_is_in_the_configuration(zones: Path) -> None:
    configuration = (zones / "nsd.conf").read_text()
    files = list(zones.glob("*.zone"))
    assert len(files) > 50
    assert all(f'"{file.resolve()}"' in configuration for file in files)
    assert configuration.count("zone:\n") == len(files)
