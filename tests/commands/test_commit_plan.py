"""What `commit` says of the mail, plans that are saved to be committed, and files as sides."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from esashell.clock import SECOND, FixedClock
from esashell.shell.options import Options
from esashell.shell.session import Session
from tests.shell import play

MISTAKE = (
    "destconfig new ietf.org use_tls=on; destconfig new no-starttls.lab use_tls=on dane=mandatory"
)
SAVED = "esashell-20250301T090000.toml"
STOPS = "Plan: 1 stop, 1 newly encrypted; 0 unchanged, of 2 destinations."


def typed(at: Session, *lines: str) -> str:
    """What the lines show from the last one on."""
    at.left = False  # as it was after the lines before
    screen = play.scripted(at, list(lines)).transcript
    return screen.rpartition(f"> {lines[-1]}\n")[2]


def partners(folder: Path, text: str = "ietf.org 6\nno-starttls.lab 2\n") -> Path:
    path = folder / "partners.txt"
    path.write_text(text)
    return path


def test_a_commit_says_before_its_question_what_becomes_of_the_mail(tmp_path: Path) -> None:
    at = play.session(tmp_path / "state")
    typed(at, MISTAKE, f"plan --domains {partners(tmp_path)}")
    at.left = False
    screen = play.scripted(at, ["commit", "", ""]).transcript
    assert screen.index(STOPS) < screen.index("Please enter some comments")
    assert "Changes committed" in screen


def test_in_the_lab_a_commit_looks_by_itself(tmp_path: Path) -> None:
    screen = typed(play.session(tmp_path / "state"), MISTAKE, "commit oops y")
    assert screen.startswith("Plan: 1 stop, 1 newly encrypted; 124 unchanged, of 126")
    assert "Changes committed" in screen


@pytest.mark.parametrize(
    "change",
    ["sethostname b.example", "destconfig new ietf.org concurrency_limit=3", "dnsconfig delete 2"],
)
def test_a_commit_that_changes_no_outcome_that_is_known_says_nothing(
    tmp_path: Path, change: str
) -> None:
    screen = typed(play.session(tmp_path / "state"), change, "commit x y")
    assert "Plan:" not in screen
    assert "Changes committed" in screen


def test_it_can_be_turned_off(tmp_path: Path) -> None:
    at = play.session(tmp_path / "state")
    at.options.plan = False
    assert "Plan:" not in typed(at, MISTAKE, "commit x y")


class Live(Session):
    """A session in a world that has no list of its destinations."""

    destinations = ()

    def converse(self, steps, listen):  # type: ignore[no-untyped-def]
        self.asked = getattr(self, "asked", 0) + 1
        return super().converse(steps, listen)


def live(folder: Path) -> Live:
    at = play.session(folder)
    at.__class__ = Live
    assert isinstance(at, Live)
    return at


def test_where_nobody_has_looked_a_commit_says_nothing(tmp_path: Path) -> None:
    assert "Plan:" not in typed(live(tmp_path / "state"), MISTAKE, "commit x y")


def test_elsewhere_it_goes_by_what_the_last_plan_saw_and_asks_nobody(tmp_path: Path) -> None:
    at = live(tmp_path / "state")
    typed(at, MISTAKE, f"plan --domains {partners(tmp_path)}")
    resolved = at.effort
    assert STOPS in typed(at, "commit x y")
    assert at.effort == resolved


def test_a_saved_plan_is_committed_as_it_was_looked_at(tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    at = play.session(tmp_path / "state")
    typed(at, MISTAKE, f"plan --domains {partners(tmp_path)} -o {file}", "clearchanges yes")
    saved = json.loads(file.read_text())
    assert (saved["schema"], saved["version"], saved["base"]["number"]) == ("esashell.plan", 1, 0)
    screen = typed(at, f"commit --plan {file} the change board's y")
    assert STOPS in screen
    assert "Changes committed" in screen
    assert at.head.comment == "the change board's"
    assert {each.domain for each in at.running.destinations.entries} == {
        "ietf.org",
        "no-starttls.lab",
    }


def test_a_first_word_that_ends_as_a_saved_plan_does_is_one(tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    at = play.session(tmp_path / "state")
    typed(at, MISTAKE, f"plan --domains {partners(tmp_path)} -o {file}", "clearchanges yes")
    typed(at, "sethostname b.example")
    # Something is pending, and it is not what such a word commits.
    assert "something else than the plan is pending" in typed(at, f"commit {file} y")
    assert "cannot be read" in typed(at, f"commit {tmp_path / 'none.json'} y")
    typed(at, "clearchanges yes")
    assert STOPS in typed(at, f"commit {file} as the board said y")
    assert (at.head.number, at.head.comment) == (1, "as the board said")
    assert "and revision 1 runs" in typed(at, f"commit {file} y")
    typed(at, "sethostname c.example", 'commit "takes plan.json" y')
    assert at.head.comment == "takes plan.json"


@pytest.mark.parametrize(("old", "new"), [("no-starttls.lab", "ietf.lab"), ("1 stop", "0 stop")])
def test_a_saved_plan_that_was_edited_by_hand_is_refused(
    tmp_path: Path, old: str, new: str
) -> None:
    file = tmp_path / "plan.json"
    at = play.session(tmp_path / "state")
    typed(at, MISTAKE, f"plan --domains {partners(tmp_path)} -o {file}", "clearchanges yes")
    file.write_text(file.read_text().replace(old, new))
    assert "was edited after it was saved." in typed(at, f"commit --plan {file} x y")
    assert at.head.number == 0


def test_a_saved_plan_is_refused_when_something_else_runs_by_now(tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    at = play.session(tmp_path / "state")
    typed(at, MISTAKE, f"plan --domains {partners(tmp_path)} -o {file}", "clearchanges yes")
    screen = typed(at, "sethostname b.example", "commit another y", f"commit --plan {file} x y")
    assert "the plan began with revision 0, and revision 1 runs, committed by admin" in screen
    assert "Sat Mar 01 09:00:00 2025 GMT" in screen
    assert at.head.number == 1
    assert not at.dirty


def test_a_saved_plan_does_not_take_other_changes_along_or_away(tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    at = play.session(tmp_path / "state")
    typed(at, MISTAKE, f"plan --domains {partners(tmp_path)} -o {file}", "sethostname b.example")
    assert "something else than the plan is pending" in typed(at, f"commit --plan {file} x y")
    assert (at.head.number, at.config.hostname) == (0, "b.example")


def test_only_a_plan_that_began_with_what_ran_can_be_committed(tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    at = play.session(tmp_path / "state")
    base = ("sethostname b.example", "commit one y", "sethostname c.example")
    typed(at, *base, f"plan 0 pending --domains {partners(tmp_path)} -o {file}")
    assert "did not begin with what ran" in typed(at, f"commit --plan {file} x y")


@pytest.mark.parametrize(
    "text",
    ["", "{}", "null", "[" * 100_000, '{"schema":"esashell.plan","version":1}', "\x00\xff", "plan",
     '{"schema":"x","version":1,"summary":"","base":null,"config":""}',
     '{"schema":"esashell.plan","version":1,"summary":"","base":null,"config":"schema = 99"}'],
)  # fmt: skip
def test_what_is_no_plan_is_refused_in_a_line(tmp_path: Path, text: str) -> None:
    file = tmp_path / "plan.json"
    file.write_text(text, "latin-1")
    at = play.session(tmp_path / "state")
    screen = typed(at, f"commit --plan {file} x y")
    assert screen.startswith("Not committed: ")
    assert at.head.number == 0


def test_files_and_words_are_sides_as_revisions_are(tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text('[destinations.default]\ntls = "Required"\n')
    at = play.session(tmp_path / "state")
    screen = typed(at, f"plan running {other} --domains {partners(tmp_path)}")
    assert screen.startswith("Running configuration (revision 0) -> ")
    assert 'destinations.default.tls: "No" -> "Required"' in screen
    assert "Plan: 1 stop, 1 newly encrypted" in screen
    assert at.config == at.running
    back = typed(at, f"plan {other} running --domains {partners(tmp_path)}")
    assert "Newly delivered (1)" in back
    assert "".join(back.split()).startswith(f"File{other}->")
    assert "To take it back" not in back  # loadconfig reads no file that is elsewhere
    typed(at, "saveconfig 3", "smtproutes new ietf.org /dev/null", "commit x y")
    kept = typed(at, f"plan {SAVED} --domains {partners(tmp_path)}")
    assert f"To take it back: loadconfig {SAVED}" in kept


@pytest.mark.parametrize("text", ["", "hostname = 3", "<xml", "\x00", "[[[["])
def test_a_file_that_is_no_configuration_is_refused_in_a_line(tmp_path: Path, text: str) -> None:
    other = tmp_path / "other.toml"
    other.write_text(text)
    screen = typed(play.session(tmp_path / "state"), f"plan running {other}")
    assert screen.startswith("Error: ")
    assert "Plan:" not in screen


def test_many_that_are_alike_are_told_once_and_all_named_on_demand(tmp_path: Path) -> None:
    at = play.session(tmp_path / "state")
    short = typed(at, "destconfig default use_tls=on dane=mandatory", "plan")
    assert " more (--all)" in short
    assert len(short.splitlines()) < 170
    whole = typed(at, "plan --all")
    assert "--all" not in whole
    for each in at.destinations:
        assert short.count(each) <= whole.count(each)
    assert all(len(line) < 80 for line in whole.splitlines())


def session(folder: Path, kind: type[Session] = Session, days: int = 0) -> Session:
    """As those of all tests, so many days later."""
    clock = FixedClock(play.NINE + days * 86_400 * SECOND)
    heard = play.Heard(json=False)
    return kind(Options(), str(folder), heard, clock=clock, login=lambda: "admin")


def handshakes(at: Session) -> int:
    return at.conversations.counters.handshakes


def test_a_plan_that_was_interrupted_goes_on_in_another_session(tmp_path: Path) -> None:
    file = partners(tmp_path, "ietf.org\nself-signed.lab\ndane.lab\nno-tlsa.lab\n")
    change = "destconfig default use_tls=on dane=mandatory"
    whole = play.session(tmp_path / "other")
    expected = typed(whole, change, f"plan --domains {file}")

    class Impatient(Session):
        def progress(self, done: int, total: int) -> None:
            if done == 2:
                raise KeyboardInterrupt

    begun = session(tmp_path / "state", kind=Impatient)
    stopped = typed(begun, change, f"plan --domains {file}")
    assert "Plan:" not in stopped
    after = play.session(tmp_path / "state")
    assert typed(after, change, f"plan --domains {file}") == expected
    assert 0 < handshakes(begun) < handshakes(whole)
    assert handshakes(begun) + handshakes(after) == handshakes(whole)
    again = play.session(tmp_path / "state")
    assert typed(again, change, f"plan --domains {file}") == expected
    assert handshakes(again) == 0
    assert typed(again, f"plan --fresh --domains {file}") == expected
    assert handshakes(again) == handshakes(whole)


def test_how_old_it_is_what_a_plan_rests_on_is_told(tmp_path: Path) -> None:
    file, state = partners(tmp_path), tmp_path / "state"
    typed(play.session(state), MISTAKE, f"plan --domains {file}")
    later = session(state, days=3)
    screen = typed(later, MISTAKE, f"plan --domains {file}")
    assert "By what was seen earlier, 3 days ago at most; --fresh looks again." in screen
    assert "seen earlier" not in typed(later, f"plan --fresh --domains {file}")


def test_another_resolver_has_nothing_from_the_observations_of_the_first(tmp_path: Path) -> None:
    file, state = partners(tmp_path), tmp_path / "state"
    typed(play.session(state), MISTAKE, f"plan --domains {file}")
    at = play.session(state)
    typed(at, "dnsconfig delete 2", "commit x y", MISTAKE, f"plan --domains {file}")
    assert handshakes(at) > 0


@pytest.mark.parametrize("damage", ["cut", "other", "octets", "directory"])
def test_damaged_notes_are_looked_past(tmp_path: Path, damage: str) -> None:
    file, state = partners(tmp_path), tmp_path / "state"
    expected = typed(play.session(state), MISTAKE, f"plan --domains {file}")
    (notes,) = (state / "notes").iterdir()
    held = notes.read_bytes()
    match damage:
        case "cut":
            notes.write_bytes(held[: len(held) // 2])
        case "other":
            notes.write_text("esashell observations 1, about something else\n")
        case "octets":
            notes.write_bytes(held.replace(b'"', b"\xff", 40))
        case "directory":
            notes.unlink()
            notes.mkdir()
    screen = typed(play.session(state), MISTAKE, f"plan --domains {file}")
    if damage == "directory":
        assert screen.startswith("What was seen could not be kept for later: ")
        screen = screen[screen.index("Running") :]
    assert screen == expected


def test_a_recording_is_planned_over_as_the_network_was(tmp_path: Path) -> None:
    # A destination with two addresses, and others: they were looked at side by side.
    file = partners(tmp_path, "ietf.org\nself-signed.lab\ndane.lab\nno-tlsa.lab\nmismatch.lab\n")
    tape = str(tmp_path / "tape")
    lines = ["destconfig default use_tls=on dane=mandatory", f"plan --domains {file}"]

    def shown(world: list[str]) -> str:
        commands = [word for each in lines for word in ("-c", each)]
        folder = str(tmp_path / world[0].strip("-"))
        done = subprocess.run(
            [sys.executable, "-m", "esashell", "--state", folder, *world, *commands],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 3
        return done.stdout

    assert shown(["--record", tape]) == shown(["--world", f"replay:{tape}"])


def test_a_recording_s_own_domains_are_planned_over_as_far_as_it_knows_them(
    tmp_path: Path,
) -> None:
    """One of verifications: it holds what was connected to then, and nothing else."""
    tape = tmp_path / "tape"

    def played(folder: str, *words: str) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "-m", "esashell", "--state", str(tmp_path / folder), *words],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        return done.returncode, done.stdout

    verified = [f"daneverify {each}" for each in ("ietf.org", "dane.lab", "no-starttls.lab")]
    played("a", "--record", str(tape), *(it for each in verified for it in ("-c", each)))
    world = ("--world", f"replay:{tape}", "-c", "destconfig default use_tls=on dane=mandatory")
    status, screen = played("b", *world, "-c", "plan")
    assert status == 3
    assert "over 3 destinations" in screen
    stops, _, rest = screen.partition("Newly authenticated (1)")
    better, _, unknown = rest.partition("Not known (1)")
    assert "no-starttls.lab: delivered (clear text) -> queued" in stops
    assert "ietf.org" in better
    # It has an address more, which the other verification never came to.
    assert "dane.lab: not known -> not known" in unknown
    assert "this was not looked at: a connection to 2001:db8:25::10" in unwrapped(unknown)
    route = ("-c", "smtproutes new ietf.org [mail.nowhere.lab]", "-c", "plan")
    status, screen = played("c", "--world", f"replay:{tape}", *route)
    assert status == 2
    assert "Plan: 1 not known; 2 unchanged, of 3 destinations." in screen


def unwrapped(screen: str) -> str:
    return " ".join(screen.split())


def test_the_page_is_written_where_it_is_wanted(tmp_path: Path) -> None:
    page = tmp_path / "plan.html"
    at = play.session(tmp_path / "state")
    typed(at, MISTAKE, f"plan --domains {partners(tmp_path)} --html {page}")
    assert "no-starttls.lab" in page.read_text()
    assert STOPS in page.read_text()
