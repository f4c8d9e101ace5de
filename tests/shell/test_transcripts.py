"""Golden sessions: each file under tests/transcripts is what a terminal showed.

A file is played three ways. The text after each prompt is typed into a scripted console, and the
screen must come out as the file has it, to the letter. The same lines go through a real prompt as
keystrokes, with the same screen and the same configuration in the end. A file whose first
lines name a one-line form (`# one-line: ...`) is played that way too, and must leave the same.
`# logs: ...` names the log files that the appliance has beforehand.
`ESASHELL_REWRITE=1` writes the files anew; the difference is to be reviewed like code.
"""

import os
import re
from itertools import takewhile
from pathlib import Path

import pytest

from esashell.commands.exit import WARNING
from esashell.shell.session import Session
from tests.conftest import LONG
from tests.shell import play

FOLDER = Path(__file__).parent.parent / "transcripts"
FILES = sorted(FOLDER.glob("*.txt"))
ONE_LINE = "# one-line: "
LOGS = "# logs: "
PROMPT = re.compile(r"^(?:\[.*?\]> |.* \[(?:[YN]|Default)\]> |[\w.-]+(?: \(T\+[^)]+\))?> )(.*)$")


class Transcript:
    def __init__(self, path: Path) -> None:
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        self.path = path
        self.header = list(takewhile(lambda line: line.startswith("# "), lines))
        self.screen = "".join(lines[len(self.header) :])
        found = (PROMPT.match(line.rstrip("\n")) for line in self.screen.splitlines())
        self.typed = [match[1] for match in found if match]

    def session(self, folder: Path) -> Session:
        """A session on an appliance as the file expects it."""
        logs = [line.removeprefix(LOGS).strip() for line in self.header if line.startswith(LOGS)]
        return play.session(folder, *logs)

    @property
    def one_line(self) -> list[str]:
        return [
            line.removeprefix(ONE_LINE).strip() for line in self.header if line.startswith(ONE_LINE)
        ]


@pytest.fixture(params=FILES, ids=lambda path: path.stem)
def transcript(request: pytest.FixtureRequest) -> Transcript:
    return Transcript(request.param)


def test_the_screen_is_the_file(transcript: Transcript, tmp_path: Path) -> None:
    screen = play.scripted(transcript.session(tmp_path), transcript.typed).transcript
    if os.environ.get("ESASHELL_REWRITE"):
        transcript.path.write_text("".join(transcript.header) + screen, encoding="utf-8")
    assert screen == transcript.screen


# A key takes a thousand times as long as a line: of each command one session, if there is no time.
KEYED = FILES if LONG else [*{each.stem.partition("_")[0]: each for each in FILES}.values()]


@pytest.mark.parametrize("path", KEYED, ids=lambda path: path.stem)
def test_keystrokes_do_what_the_script_did(path: Path, tmp_path: Path) -> None:
    transcript = Transcript(path)
    one, other = transcript.session(tmp_path / "script"), transcript.session(tmp_path / "keys")
    play.scripted(one, transcript.typed)
    screen = play.keyed(other, transcript.typed).screen
    assert screen.startswith(transcript.screen)
    # When the keyboard has gone away the session ends, and warns if something is pending.
    rest = screen.removeprefix(transcript.screen)
    warning, _, _ = WARNING.rpartition("\n")
    assert rest == "" or (other.dirty and rest == f"\n{warning}\n")
    assert (other.running, other.config) == (one.running, one.config)


@pytest.mark.parametrize(
    "path", [each for each in FILES if ONE_LINE in each.read_text()], ids=lambda path: path.stem
)
def test_the_one_line_form_does_the_same(path: Path, tmp_path: Path) -> None:
    transcript = Transcript(path)
    one, other = transcript.session(tmp_path / "script"), transcript.session(tmp_path / "line")
    said = play.scripted(one, transcript.typed).said
    said_too = play.scripted(other, transcript.one_line).said
    assert (other.running, other.config) == (one.running, one.config)
    # Both end alike: the one-line form says less on the way (no summaries, no menus), so what it
    # says must be what the dialogue said, in that order, and the last of it must not lack.
    outcome = [line for line in said if line in said_too]
    assert said_too == outcome
    # It is there for a change or for what it says; one that does neither tests nothing.
    assert said_too or one.config != play.session(tmp_path / "untouched").config


def test_every_line_of_a_verification_is_compared_in_every_form(tmp_path: Path) -> None:
    """The test above would pass over lines that only one form says; here none may lack."""
    for number, path in enumerate(each for each in FILES if each.stem.startswith("daneverify_")):
        transcript = Transcript(path)
        if not transcript.one_line:
            continue
        said = play.scripted(play.session(tmp_path / f"{number}a"), transcript.typed).said
        one_line = play.scripted(play.session(tmp_path / f"{number}b"), transcript.one_line).said
        assert one_line == said
        assert said[-1] == "DANE verification completed."
        assert all(line in transcript.screen.splitlines() for line in said)


def test_there_are_transcripts_of_both_sorts() -> None:
    assert len(FILES) >= 10
    assert any(not Transcript(each).one_line for each in FILES)
