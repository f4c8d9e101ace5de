"""A log from elsewhere becomes the traffic of a plan."""

import gzip
from pathlib import Path

import pytest

from esashell.commands.partners import destinations_in
from esashell.errors import OperatorError
from tests.shell import play
from tests.shell.play import LOGS


def kept(folder: Path) -> Path:
    """The mail logs of the transcripts, packed in a directory of their own."""
    folder.mkdir()
    for path in (LOGS / "mail" / "mail_logs").iterdir():
        (folder / f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
    return folder


def test_a_directory_becomes_a_file_that_a_plan_takes(tmp_path: Path) -> None:
    logs, file = kept(tmp_path / "kept"), tmp_path / "traffic.toml"
    console = play.scripted(
        play.session(tmp_path / "state"), [f"logprofile --dir {logs} -o {file}"]
    )
    assert console.said == [f"3 destinations with 3 recipients written to {file}."]
    found = destinations_in(file.read_text(), "x").per_hour
    assert list(found) == ["example.com", "plain.example", "secure.example"]
    # From 09:12 of one day to 08:31 of the next.
    assert found["secure.example"] == pytest.approx(1 / 23.328, abs=0.001)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("# x\n\nschema = 1\nwhat = 2\n", "is not a profile: Object contains unknown field"),
        ("schema=1\n[[destinations]]\ndomain = '..'\nmessages = 1\nrecipients = 1\n"
         f"hours = [{'0,' * 24}]\n", "is not a profile: "),
    ],
)  # fmt: skip
def test_a_profile_with_a_mistake_is_refused(text: str, told: str) -> None:
    with pytest.raises(OperatorError, match=told):
        destinations_in(text, "x.toml")


def test_the_story_is_told_from_a_directory_too(tmp_path: Path) -> None:
    logs = kept(tmp_path / "kept")
    lines = [f"findevent -f anna@ --dir {logs}", f"grep --dir {logs} --count TLS"]
    said = play.scripted(play.session(tmp_path / "state"), lines).said
    assert said == ["MID 6 (Fri Feb 28 09:12:07 2025)", "3"]
