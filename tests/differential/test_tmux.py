"""A session at a real terminal: the tour of the README, and the keys that a person presses.

Everything here goes through a pane of tmux, an emulator that is not ours, to the program as it is
installed: nothing stands in for the terminal, and nothing for the operator but her typing.
"""

import re
import textwrap
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.differential.namespace import ROOT
from tests.differential.tmux import PROMPT, Screen, esashell, terminal

pytestmark = [pytest.mark.differential, pytest.mark.slow]

README = ROOT / "README.md"
NO_CHANGES = "There are no changes since the last commit."
UNCOMMITTED = "Are you sure you wish to exit? [N]>"
DNS_MENU = "[]>"
CLEAR = "Are you sure you want to clear all changes since the last commit? [Y]>"

# A command, and what the README shows under it.
Step = tuple[str, str]
Open = Callable[..., Screen]


@pytest.fixture
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Open]:
    """Start the program on a screen; the same state each time, within one test."""
    # A socket's path has to be short.
    folder = tmp_path_factory.mktemp("t")
    with ExitStack() as stack:

        def start(columns: int = 80) -> Screen:
            own = folder / str(len(list(folder.iterdir())))
            own.mkdir()
            command = esashell(folder / "state")
            screen = stack.enter_context(terminal(own, command, columns))
            screen.until_end(f"\n{PROMPT}")
            return screen

        yield start


PLAN = "## What would this change do?"
SIMULATION = "## Three days in a second"
PARTNERS = "ietf.org 120\ndane.lab 60\nself-signed.lab 5\n"


def tour(part: int = 0) -> list[Step]:
    """Every command that the README shows at the prompt, with what is said to it.

    The second part is the picture of `plan`, on an appliance of its own.
    """
    readme = re.split(f"{re.escape(PLAN)}|{re.escape(SIMULATION)}", README.read_text())[part]
    blocks = [
        textwrap.dedent(each)
        for each in re.findall(r"^ *```\n(.*?)^ *```$", readme, re.M | re.S)
        if f"{PROMPT} " in each
    ]
    steps = "".join(blocks).split(f"{PROMPT} ")[1:]
    return [(line, said.strip("\n")) for line, _, said in (each.partition("\n") for each in steps)]


def simulated() -> list[tuple[str, str, str]]:
    """The picture of a simulation: each prompt, which tells its time, the command, and what is said
    to it."""
    _, _, readme = README.read_text().partition(SIMULATION)
    block = next(re.finditer(r"^```\n(.*?)^```$", readme, re.M | re.S))[1]
    prompt = rf"^({re.escape(PROMPT[:-1])}(?: \(T\+[^)]*\))?>) "
    _, *pieces = re.split(prompt, block, flags=re.M)
    steps = zip(pieces[::2], pieces[1::2], strict=True)
    return [(at, *each.partition("\n")[::2]) for at, each in steps]


def undated(text: str) -> str:
    """With an x in the place of the moment of a commit."""
    return re.sub(
        r"(?<=^Changes committed: )\w{3} \w{3} \d\d \d\d:\d\d:\d\d \d{4}(?= GMT$)",
        "x",
        text,
        flags=re.M,
    )


@pytest.mark.parametrize("columns", [80, 120])
def test_the_tour_of_the_readme_is_what_the_screen_shows(session: Open, columns: int) -> None:
    steps = tour()
    assert [line for line, _ in steps if line.startswith("dnsconfig")] == [
        "dnsconfig parent new 192.0.2.53 0",
        "dnsconfig parent delete 194.191.40.83",
        "dnsconfig parent delete 194.191.40.84",
    ]
    verdicts = [said for line, said in steps if line == "daneverify ietf.org"]
    assert "DANE SUCCESS for ietf.org" in verdicts[0]
    assert "BOGUS MX record found for ietf.org" in verdicts[-1]
    screen = session(columns)
    for line, said in steps:
        assert undated(screen.enter(line)) == undated(said), line
    # And the way back, as the tour ends.
    for line in (
        "dnsconfig parent new 194.191.40.83,194.191.40.84 0",
        "dnsconfig parent delete 192.0.2.53",
        "commit",
    ):
        screen.enter(line, DNS_MENU if line == "commit" else PROMPT)
    screen.enter("", "Do you want to save the current configuration for rollback? [Y]>")
    assert "Changes committed: " in screen.enter("")
    assert "DANE SUCCESS for ietf.org" in screen.enter("daneverify ietf.org")


@pytest.fixture
def partners() -> Iterator[Path]:
    """The file of the picture; its name has to fit into a line of the screen."""
    with TemporaryDirectory(prefix="p") as folder:
        path = Path(folder) / "partners.txt"
        path.write_text(PARTNERS)
        yield path


def test_the_plan_of_the_readme_is_what_the_screen_shows(session: Open, partners: Path) -> None:
    steps = tour(1)
    assert steps[-1][0] == "plan --domains partners.txt"
    screen = session()
    for line, said in steps:
        typed = line.replace("partners.txt", str(partners))
        assert undated(screen.enter(typed)) == undated(said), line


@pytest.mark.skipif(SIMULATION not in README.read_text(), reason="the README has no simulation")
def test_the_simulation_of_the_readme_is_what_the_screen_shows(session: Open) -> None:
    steps = simulated()
    assert [line for _, line, _ in steps[:2]] == ["simulate load route", "simulate run"]
    screen = session()
    ends = [at for at, _, _ in steps[1:]] + ["myesa.local (T+76 h)>"]
    for (_, line, said), prompt in zip(steps, ends, strict=True):
        assert screen.enter(line, prompt) == said.strip("\n"), line


@pytest.mark.parametrize("columns", [80, 120])
def test_a_cure_is_rehearsed_and_the_appliance_is_as_it_was(session: Open, columns: int) -> None:
    screen = session(columns)
    at_the_end = "myesa.local (T+76 h)>"
    screen.enter("simulate load route", "myesa.local (T+0)>")
    waits = screen.enter("simulate run", at_the_end)
    assert "1,520" in waits
    assert re.search(r"^dane\.lab +- +1,520 +4,181 +379 ", waits, re.M)
    assert all(len(each) < columns for each in waits.split("\n"))
    screen.enter("destconfig new dane.lab use_tls=on dane=off", at_the_end)
    committed = screen.enter("commit the_cure y", at_the_end)
    assert "Changes committed: Thu Mar 05 12:00:00 2026 GMT" in committed
    screen.enter("simulate reset", "myesa.local (T+0)>")
    assert re.search(r"^dane\.lab +- +6,080$", screen.enter("simulate run", at_the_end), re.M)
    screen.enter("simulate end")
    assert "dane.lab" not in screen.enter("destconfig list")
    assert screen.enter("showchanges") == NO_CHANGES


def test_the_menus_stage_the_same_change(session: Open) -> None:
    screen = session()
    for answer in ("dnsconfig", "new", "1", "192.0.2.53"):
        said = screen.enter(answer, "[0]>" if answer == "192.0.2.53" else DNS_MENU)
    assert "Please enter the priority for 192.0.2.53." in said
    for answer in ("0", "delete", "194.191.40.83", "delete", "194.191.40.84"):
        said = screen.enter(answer, DNS_MENU)
    assert "1. Priority: 0  192.0.2.53" in said
    screen.enter("")
    staged = screen.enter("showchanges")
    assert staged == next(said for line, said in tour() if line == "showchanges")


def test_a_line_longer_than_the_screen_is_typed_whole(session: Open) -> None:
    screen = session()
    line = f"{'version; ' * 12}showchanges"
    assert len(line) > 80
    screen.write(line)
    # The shell folds it by itself, so that it stands on two lines for the terminal too.
    said = screen.press("Enter", screen.until_end("showchanges"))
    assert said.count("Current Version") == 12
    assert said.endswith(f"{NO_CHANGES}\n{PROMPT}")


def test_tab_completes_a_command_and_offers_what_comes_next(session: Open) -> None:
    screen = session()
    screen.write("danev")
    screen.keys("Tab")
    screen.until_end(f"\n{PROMPT} daneverify")
    # With a space behind it, ready for the next word.
    screen.write("karakun.com")
    typed = screen.until_end(f"\n{PROMPT} daneverify karakun.com")
    assert "DANE SUCCESS for karakun.com" in screen.press("Enter", typed)
    screen.write("dnsconfig parent delete ")
    screen.keys("Tab")
    offered = screen.until(lambda text: text.count("194.191.40.84") == 1, "the second server")
    assert f"\n{PROMPT} dnsconfig parent delete 194.191.40.8\n" in offered
    screen.keys("Tab", "Tab")
    screen.until(lambda text: "delete 194.191.40.84\n" in text, "the second choice")
    # The menu below goes away.
    screen.press("Enter", offered.partition("194.191.40.8\n")[0])
    assert "194.191.40.84: removed" in screen.enter("showchanges")


def test_up_brings_back_the_commands_of_this_session_and_of_the_last(session: Open) -> None:
    first = session()
    first.enter("version")
    first.enter("sethostname up.example.com")
    first.keys("Up", "Up")
    first.until_end(f"\n{PROMPT} version")
    first.keys("Down")
    first.press("C-c", first.until_end(f"\n{PROMPT} sethostname up.example.com"))
    first.enter("clearchanges", CLEAR)
    first.enter("y")
    first.write("exit")
    first.keys("Enter")
    assert first.status() == 0
    second = session()
    # Answers are no commands.
    for command in ("exit", "clearchanges", "sethostname up.example.com", "version"):
        second.keys("Up")
        second.until_end(f"\n{PROMPT} {command}")


def test_ctrl_c_at_a_question_leads_back_to_the_prompt_with_nothing_staged(session: Open) -> None:
    screen = session()
    for answer in ("dnsconfig", "new", "1", "192.0.2.53"):
        screen.enter(answer, "[0]>" if answer == "192.0.2.53" else DNS_MENU)
    screen.write("3")
    screen.press("C-c", screen.until_end("[0]> 3"))
    assert screen.enter("showchanges") == NO_CHANGES


def test_ctrl_c_at_the_prompt_throws_the_line_away(session: Open) -> None:
    screen = session()
    screen.write("sethostname away.example.com")
    screen.press("C-c", screen.until_end("sethostname away.example.com"))
    assert screen.enter("showchanges") == NO_CHANGES


@pytest.mark.parametrize("leaving", [("exit", "Enter"), ("C-d",)])
def test_leaving_with_uncommitted_changes_asks_first(
    session: Open, leaving: tuple[str, ...]
) -> None:
    screen = session()
    screen.enter("sethostname away.example.com")
    screen.keys(*leaving)
    warned = screen.until_end(f"\n{UNCOMMITTED}")
    assert "Configuration changes entered but not committed." in warned
    # No is what Enter means; the change is still there.
    screen.enter("")
    assert "away.example.com" in screen.enter("showchanges")
    screen.keys(*leaving)
    screen.until_end(f"\n{UNCOMMITTED}")
    screen.write("y")
    screen.keys("Enter")
    assert screen.status() == 0
    assert session().enter("showchanges") == NO_CHANGES


def test_pasted_lines_are_typed_lines_and_the_last_waits(session: Open) -> None:
    screen = session()
    screen.paste("dnsconfig\nnew\n1\n192.0.2.54\n1\n\nshowchanges\nvers")
    text = screen.until_end(f"\n{PROMPT} vers")
    assert "192.0.2.54: added, priority 1" in text
    assert "Current Version" not in text
    screen.write("ion")
    assert "Current Version" in screen.press("Enter", screen.until_end("version"))


def test_a_window_made_narrower_keeps_the_line_that_is_being_typed(session: Open) -> None:
    screen = session()
    screen.write("daneverify ")
    screen.until_end("daneverify")
    screen.tmux("resize-window", "-x", "50")
    screen.write("cisco.com; dnsconfig print; daneverify karakun.com")
    said = screen.press("Enter", screen.until_end("karakun.com"))
    assert "DANE FAILED for cisco.com" in said
    assert "DANE SUCCESS for karakun.com" in said


def test_the_terminal_is_left_as_it_was_found(session: Open) -> None:
    screen = session()
    screen.enter("dnsconfig", DNS_MENU)
    screen.press("C-c", screen.text())
    screen.keys("C-d")
    assert screen.status() == 0
    before, after = (screen.folder / each for each in ("before", "after"))
    assert before.read_text() == after.read_text() != ""


MORE = "-Press Any Key For More-"


@pytest.mark.parametrize("key", ["q", "C-c"])
def test_a_long_text_is_shown_a_screenful_at_a_time_and_may_be_left(
    session: Open, key: str
) -> None:
    screen = session()
    screen.write("showconfig y")
    screen.keys("Enter")
    first = screen.until_end(MORE)
    assert '\nhostname = "myesa.local"\n' in first
    screen.write(" ")
    second = screen.until(
        lambda text: text.endswith(MORE) and text.count("\n") > first.count("\n") + 10,
        "the next screenful",
    )
    assert "\n[ssl." not in second
    assert MORE not in second.removesuffix(MORE)
    screen.keys(key)
    assert MORE not in screen.until_end(f"\n{PROMPT}")
    assert screen.enter("showchanges") == NO_CHANGES


def test_sentences_end_their_lines_between_words(session: Open) -> None:
    screen = session()
    screen.enter("smtproutes new .a.example r1.a.example r2.a.example r3.a.example")
    said = screen.enter("commit", "[]>")
    assert "Warning: A route is not applied again to the hosts that a route names; these\n" in said
