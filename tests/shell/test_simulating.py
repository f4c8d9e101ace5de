"""A session while a simulation is loaded: another appliance, and the one before untouched."""

import csv
import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from esashell.errors import OperatorError
from esashell.shell.options import Options
from esashell.shell.session import Session
from esashell.simulate.run import Moved
from esashell.simulate.scenario import built_in, built_in_scenario
from tests.shell import play

HOUR = 3_600_000_000
SMALL = """\
name   = "small"
title  = "One partner behind a route"
begin  = 2026-03-02T08:00:00Z
length = "80h"

[configuration.destinations.default]
tls  = "Preferred"
dane = "Opportunistic"

[[configuration.smtp_routes]]
domain = "dane.lab"
destinations = ["[mail.dane.lab]"]

[[traffic]]
domain = "dane.lab"
per_hour = 5

[[traffic]]
domain = "ietf.org"
per_hour = 5

[[event]]
at = "20h"
what = "renews-certificate"
subject = "ietf.org"

[[event]]
at = "30h"
what = "commit"
comment = "a cure"
configuration.destinations.entries = [{ domain = "dane.lab", dane = "None" }]
"""


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "small.toml"
    path.write_text(SMALL)
    return path


def said(session: Session, *lines: str) -> str:
    session.left = False
    return "\n".join(play.scripted(session, lines).said)


def results(session: Session, *lines: str) -> list[dict[str, Any]]:
    """What the commands have for machines."""
    found: list[dict[str, Any]] = []
    session.left = False
    session.output.show = found.append  # type: ignore[method-assign, assignment]
    play.scripted(session, lines)
    return json.loads(json.dumps(found))  # type: ignore[no-any-return]


def test_what_is_committed_meanwhile_is_the_simulation_s(tmp_path: Path, small: Path) -> None:
    session = play.session(tmp_path / "state")
    before = (session.running, session.head)
    text = said(
        session,
        f"simulate load {small}",
        "sethostname other.example.com",
        "commit x y",
        "showconfig y",
    )
    assert 'hostname = "other.example.com"' in text
    assert session.running.hostname == "other.example.com"
    said(session, "simulate end")
    assert (session.running, session.head) == before
    assert not (tmp_path / "state" / "config").exists()


def test_what_was_pending_is_simulated_and_stays_pending(tmp_path: Path, small: Path) -> None:
    session = play.session(tmp_path / "state")
    said(session, "sethostname pending.example.com", f"simulate load {small}")
    assert session.running.hostname == "pending.example.com"
    assert session.dirty  # whoever leaves now would lose it
    said(session, "simulate end")
    assert session.running.hostname != "pending.example.com" == session.config.hostname


def test_the_simulation_s_time_and_world_are_those_of_every_command(
    tmp_path: Path, small: Path
) -> None:
    session = play.session(tmp_path / "state")
    text = said(
        session,
        "daneverify ietf.org",
        f"simulate load {small}",
        "daneverify ietf.org",
        "simulate run T+71h",
        "dnsflush y",
        "daneverify ietf.org",
        "dnsstatus",
        "workqueue status",
        "simulate end",
        "daneverify ietf.org",
    )
    verdicts = [line for line in text.split("\n") if line.startswith("DANE ") and "for" in line]
    assert [each.split()[1] for each in verdicts] == ["SUCCESS", "SUCCESS", "FAILED", "SUCCESS"]
    assert "Status as of: Thu Mar 05 07:00:00 2026 GMT" in text
    assert "Status as of:     Thu Mar 05 07:00:00 2026 GMT" in text


def test_what_the_scenario_commits_is_in_the_history_at_its_time(
    tmp_path: Path, small: Path
) -> None:
    session = play.session(tmp_path / "state")
    text = said(
        session,
        f"simulate load {small}",
        "simulate run T+40h",
        "commitdetail",
        'grep "commit changes" system_logs',
    )
    assert 'Commit at Tue Mar 03 14:00:00 2026 GMT with comments: "a cure".' in text
    assert "Tue Mar 3 14:00:00 2026 Info:" in text
    assert session.running.destinations.entries[0].domain == "dane.lab"


def test_a_cure_that_is_committed_meanwhile_holds_from_then_on(tmp_path: Path, small: Path) -> None:
    session = play.session(tmp_path / "state")
    found = results(
        session,
        f"simulate load {small}",
        "simulate run T+10h",
        "destconfig new dane.lab dane=off",
        "commit x y",
        "simulate run T+12h",
    )
    _, before, after = (each for each in found if each["schema"] == "esashell.simulation")
    assert before["totals"]["queued"] > 40
    assert after["totals"]["queued"] == 0


def test_what_is_committed_after_a_reset_has_the_time_of_the_new_beginning(
    tmp_path: Path, small: Path
) -> None:
    session = play.session(tmp_path / "state")
    text = said(
        session,
        f"simulate load {small}",
        "simulate run T+5h",
        "sethostname a.example",
        "commit one y",
        "simulate reset",
        "sethostname b.example",
        "commit two y",
        "commitdetail",
    )
    assert "Changes committed: Mon Mar 02 13:00:00 2026 GMT" in text
    assert 'Commit at Mon Mar 02 08:00:00 2026 GMT with comments: "two".' in text
    assert session.simulation is not None
    assert session.simulation.config.hostname == "b.example"


def test_the_logs_are_the_simulation_s_and_go_with_it(tmp_path: Path, small: Path) -> None:
    session = play.session(tmp_path / "state")
    script = (
        f"simulate load {small}",
        "simulate run T+1h",
        "grep Start mail_logs",
        "simulate reset",
        "grep Start mail_logs",
        "simulate run T+1h",
        "grep Start mail_logs",
    )
    first = said(session, *script[:3])
    assert "Mon Mar 2 08:" in first
    assert "Start MID 1" in first
    assert "Start MID" not in said(session, *script[3:5])
    again = said(session, *script[5:])
    assert [line for line in again.split("\n") if "MID" in line] == [
        line for line in first.split("\n") if "MID" in line
    ]
    assert "Start MID" not in said(session, "simulate end", "grep Start mail_logs")
    assert not list((tmp_path / "state").glob("logs/mail_logs/*"))


def test_the_status_log_has_a_line_for_each_part_of_a_run(tmp_path: Path, small: Path) -> None:
    session = play.session(tmp_path / "state")
    text = said(session, f"simulate load {small}", "simulate run T+5h", "grep Status: status")
    lines = [line for line in text.split("\n") if " Info: Status: " in line]
    assert len(lines) >= 5
    assert all(line.startswith("Mon Mar 2 ") for line in lines)
    assert lines == sorted(lines)
    assert " InjMsg 50 " in lines[-1]


def test_the_mids_of_the_queue_are_those_of_the_log(tmp_path: Path, small: Path) -> None:
    session = play.session(tmp_path / "state")
    found = results(
        session, f"simulate load {small}", "simulate run T+2h", "showrecipients host dane.lab"
    )
    shown = found[-1]["recipients"]
    assert len(shown) == found[-1]["matching"] > 5
    for each in shown[:3]:
        log = said(session, f"findevent -m {each['mid']} mail_logs")
        assert f"To: <{each['recipient']}>" in log
        assert f"From: <{each['sender']}>" in log


def test_an_interrupted_run_goes_on_as_if_it_had_not_been(tmp_path: Path, small: Path) -> None:
    whole = results(
        play.session(tmp_path / "whole"), f"simulate load {small}", "simulate run", "status"
    )
    session = play.session(tmp_path / "state")
    converse, left = session.converse, [7]

    def interrupted(steps, listen):  # type: ignore[no-untyped-def]
        def hear(event: object) -> None:
            left[0] -= isinstance(event, Moved)
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGINT)
            listen(event)

        return converse(steps, hear)

    session.converse = interrupted  # type: ignore[method-assign]
    text = said(session, f"simulate load {small}", "simulate run")
    assert "Paused. 'simulate continue' goes on." in text
    assert session.simulation is not None
    assert 0 < session.simulation.now - session.simulation.begun < 80 * HOUR
    found = results(session, "simulate continue", "status")
    assert [each["schema"] for each in found] == ["esashell.simulation", "esashell.status"]
    assert found == whole[-2:]


def test_a_list_of_destinations_is_simulated_by_what_is_pending(tmp_path: Path) -> None:
    path = tmp_path / "partners.txt"
    path.write_text("# ours\nietf.org 10\nmismatch.lab\n")
    session = play.session(tmp_path / "state")
    found = results(
        session,
        "destconfig default use_tls=on dane=opportunistic",
        f"simulate new {path} length=2h",
        "simulate run",
    )[-1]
    assert (found["begun"], found["end"]) == ("2025-03-01T09:00:00Z", "2025-03-01T11:00:00Z")
    by_name = {each["domain"]: each for each in found["destinations"]}
    assert by_name["ietf.org"]["delivered"] == {"dane": 20, "tls": 0, "clear": 0}
    assert by_name["mismatch.lab"]["queued"] == 120


def test_a_report_goes_to_files_of_the_operator(tmp_path: Path, small: Path) -> None:
    session = play.session(tmp_path / "state")
    page, rows, plain = (tmp_path / each for each in ("a.html", "a.csv", "a.json"))
    text = said(
        session,
        f"simulate load {small}",
        f"simulate run T+2h --html {page} --csv -o {rows}",
        f"simulate status --json -o {plain}",
        "simulate status --csv",
    )
    assert page.read_text().startswith("<!DOCTYPE html>")
    assert json.loads(plain.read_text())["schema"] == "esashell.simulation"
    with rows.open(newline="") as file:
        head, *lines = csv.reader(file)
    assert [each[0] for each in lines] == ["dane.lab", "ietf.org"]
    assert ",".join(head) in text
    assert "Simulation small: T+2 h of 80 h" in text
    unwritable = said(session, f"simulate status --html {tmp_path}/none/a.html")
    assert "Error: " in unwritable or "cannot be written" in unwritable


def test_a_scenario_that_is_loaded_takes_the_place_of_another(tmp_path: Path, small: Path) -> None:
    session = play.session(tmp_path / "state")
    said(session, f"simulate load {small}", "sethostname a.example", "commit x y")
    said(session, "simulate load route")
    assert session.running.hostname != "a.example"
    assert session.simulation is not None
    assert session.simulation.scenario.name == "route"


def test_files_of_the_operator_are_the_session_s_all_the_time(tmp_path: Path, small: Path) -> None:
    session = play.session(tmp_path / "state")
    said(session, f"simulate load {small}", "smtproutes export mine.txt", "simulate end")
    text = said(session, "smtproutes import mine.txt", "showchanges")
    assert "dane.lab" in text


def test_the_folder_of_a_simulation_is_gone_with_it(tmp_path: Path, small: Path) -> None:
    session = play.session(tmp_path / "state")
    said(session, f"simulate load {small}", "sethostname a.example", "commit x y")
    folder = Path(session.memory)
    assert (folder / "config" / "running.toml").exists()
    assert tmp_path not in folder.parents
    session.close()
    assert not folder.exists()


@pytest.mark.parametrize("world", ["live", "replay"])
def test_only_the_lab_is_simulated(tmp_path: Path, world: str) -> None:
    session = play.session(tmp_path / "state")
    options = Options()
    options.world = world
    session.options = options
    scenario = built_in_scenario("route")
    with pytest.raises(OperatorError, match="needs the lab"):
        session.simulate(scenario)
    assert session.simulation is None


def test_nothing_of_it_is_imported_before_one_is_loaded(tmp_path: Path) -> None:
    import subprocess
    import sys

    code = (
        "import sys; from esashell.shell.app import main; main(['--state', sys.argv[1], '-c', "
        "'version']); assert not [m for m in sys.modules if m.startswith('esashell.simulate')]"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True, stdout=-3)


@pytest.mark.parametrize("name", [name for name, _ in built_in()])
def test_every_scenario_that_comes_with_it_adds_up(name: str, tmp_path: Path) -> None:
    session = play.session(tmp_path / "state")
    found = results(session, f"simulate load {name}", "simulate run +25h", "status")
    account, status = found[-2:]
    parts = [account["totals"], account["others"], *account["destinations"]]
    all_of_it, *pieces = ([each["received"], placed(each)] for each in parts)
    assert all_of_it[0] == all_of_it[1] > 0
    assert [sum(each) for each in zip(*pieces, strict=True)] == all_of_it
    assert status["counters"]["recipients_received"] == all_of_it[0]
    assert status["gauges"]["active"] == account["totals"]["queued"]
    assert sum(account["ages"]["queued"]) == account["totals"]["queued"]
    assert account["queue"][-1][1] == account["totals"]["queued"]


def placed(it: dict[str, Any]) -> int:
    """How many messages are in one place or another."""
    gone = (*it["delivered"].values(), *it["bounced"].values(), it["dropped"], it["deleted"])
    return int(sum(gone) + it["queued"])


@pytest.mark.parametrize(
    "name",
    ["../route", "route.toml", "/etc/passwd", "a b", "\x1b[2J", "x" * 3000, "-1", "~", "''", "."],
)
def test_a_hostile_name_is_refused_in_a_line(name: str, tmp_path: Path) -> None:
    session = play.session(tmp_path / "state")
    console = play.scripted(session, [f"simulate load {name}"])
    assert session.simulation is None
    assert "Error: " in console.transcript
    assert "mistake of this program" not in console.transcript


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\x00",
        "[[[",
        "name = 1",
        "length = '0h'",
        "[[traffic]]",
        "x" * 100_000,
        "é = 'é'",
        "[a]",
    ],
)
def test_a_hostile_file_is_refused_in_a_line(text: str, tmp_path: Path) -> None:
    path = tmp_path / "s.toml"
    path.write_text(text)
    session = play.session(tmp_path / "state")
    console = play.scripted(session, [f"simulate load {path}"])
    assert "mistake of this program" not in console.transcript
    assert ("Error: " in console.transcript) == (session.simulation is None) or text == ""
