"""`plan` as an operator types it: what is shown, what a program gets, and the status."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.shell import play

PARTNERS = "ietf.org 120\ndane.lab 60 # routed\nself-signed.lab\nno-starttls.lab, 10\n"


def typed(folder: Path, *lines: str) -> str:
    """What the lines show from the last one on."""
    at = play.session(folder)
    at.options.plan = False  # so that `commit` does not look at the whole lab
    screen = play.scripted(at, list(lines)).transcript
    return screen.rpartition(f"> {lines[-1]}\n")[2]


def unwrapped(screen: str) -> str:
    return " ".join(screen.split())


@pytest.fixture
def partners(tmp_path: Path) -> Path:
    path = tmp_path / "partners.txt"
    path.write_text(PARTNERS)
    return path


ROUTED = "smtproutes new dane.lab [mail.dane.lab]"
OPPORTUNISTIC = "destconfig default use_tls=on"


def test_mandatory_with_a_route_in_place_is_stopped_before_the_commit(
    tmp_path: Path, partners: Path
) -> None:
    screen = typed(
        tmp_path / "state",
        ROUTED,
        OPPORTUNISTIC,
        "commit base y",
        "destconfig default dane=mandatory",
        f"plan --domains {partners}",
    )
    assert 'destinations.default.dane: "None" -> "Mandatory"' in screen
    stops, _, rest = unwrapped(screen).partition("Newly authenticated")
    assert "dane.lab: delivered (TLS, not authenticated) -> queued, 60 messages an hour" in stops
    assert "row 18" in stops
    assert "ietf.org: delivered (TLS, not authenticated) -> delivered (DANE)" in rest
    assert "first deferral after" in rest
    assert "queue 1,440 at 24 hours, 4,320 at 72" in rest
    assert "To take it back: clearchanges" in rest
    summary = "Plan: 2 stop, 2 newly authenticated; 0 unchanged, of 4 destinations."
    assert screen.splitlines()[-2:] == [summary, ""] or summary in screen.splitlines()[-3:]


def test_without_changes_nothing_changes(tmp_path: Path, partners: Path) -> None:
    screen = typed(tmp_path / "state", f"plan --domains {partners}")
    assert "There are no changes." in screen
    assert "Plan: no outcome changes, of 4 destinations." in screen


def test_two_revisions_are_compared_and_the_way_back_is_named(
    tmp_path: Path, partners: Path
) -> None:
    screen = typed(
        tmp_path / "state",
        OPPORTUNISTIC,
        "commit one y",
        "destconfig default dane=opportunistic",
        "commit two y",
        f"plan 1 2 --domains {partners}",
    )
    assert screen.startswith("Revision 1 -> revision 2, over 4 destinations")
    assert "To take it back: rollbackconfig r1" in screen


def test_another_resolver_is_not_known_and_never_the_same(tmp_path: Path, partners: Path) -> None:
    screen = typed(tmp_path / "state", "dnsconfig delete 2", f"plan --domains {partners}")
    assert "Plan: 4 not known; 0 unchanged, of 4 destinations." in screen


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ("x", "x cannot be read"),
        ("1 2 3", "two configurations, and not more"),
        ("--domains", "--domains: a value is required"),
        ("99", "99"),
        ("99999999999999", "is not the number of a revision"),
        ("--domains /nowhere/at/all", "/nowhere/at/all"),
    ],
)
def test_a_mistake_is_one_line(tmp_path: Path, words: str, complaint: str) -> None:
    screen = typed(tmp_path / "state", f"plan {words}")
    first = screen.splitlines()[0]
    assert complaint in first
    assert "Traceback" not in screen


def test_a_list_with_a_bad_line_gives_no_plan(tmp_path: Path) -> None:
    path = tmp_path / "bad.txt"
    path.write_text("good.lab\nb@d\ngood.lab -1\nalso.lab ten\n\x00\n")
    screen = typed(tmp_path / "state", f"plan --domains {path}")
    for number in (2, 3, 4, 5):
        assert f"bad.txt:{number}: " in screen
    assert screen.startswith("Error: no plan: these lines are not destinations:")


def test_a_list_without_a_destination_gives_no_plan(tmp_path: Path) -> None:
    file = tmp_path / "partners.txt"
    file.write_text("# nobody yet\n\n")
    screen = unwrapped(typed(tmp_path / "state", ROUTED, f"plan --domains {file}"))
    assert "partners.txt has no destination." in screen
    assert "no outcome changes" not in screen


def test_the_document_can_be_asked_for_on_the_line(tmp_path: Path, partners: Path) -> None:
    screen = typed(tmp_path / "state", ROUTED, f"plan --domains {partners} --json")
    document = json.loads(screen[screen.index("{") : screen.rindex("}") + 1])
    assert (document["schema"], document["version"]) == ("esashell.plan", 1)
    assert document["evaluated"] == 4


def run(folder: Path, *arguments: str) -> "tuple[int, dict[str, object]]":
    """The status of the program, and the last line of JSON on its standard output."""
    commands = [word for each in arguments for word in ("-c", each)]
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "esashell",
            "--state",
            str(folder),
            "--json",
            "--no-plan",
            *commands,
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert "Traceback" not in done.stderr
    return done.returncode, json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize(
    ("change", "status", "direction"),
    [
        ("destconfig default dane=mandatory", 3, "stops"),
        ("destconfig edit ietf.org dane=opportunistic", 2, "newly authenticated"),
        ("destconfig edit ietf.org concurrency_limit=5", 0, None),
    ],
)
def test_the_status_tells_a_script_and_the_document_a_program(
    tmp_path: Path, partners: Path, change: str, status: int, direction: str | None
) -> None:
    base = (ROUTED, OPPORTUNISTIC, "destconfig new ietf.org concurrency_limit=9", "commit base y")
    found, document = run(tmp_path / "state", *base, change, f"plan --domains {partners}")
    assert found == status
    assert (document["schema"], document["version"]) == ("esashell.plan", 1)
    assert document["evaluated"] == 4
    records = document["destinations"]
    assert isinstance(records, list)
    assert document["regression"] is (status == 3)
    if direction is None:
        assert records == []
    else:
        assert records[0]["direction"] == direction
        assert records[0]["causes"]
