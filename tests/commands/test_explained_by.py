"""`explain --config`: how another configuration decides, and where it parts from what runs."""

from pathlib import Path

import pytest

from tests.shell import play

MISTAKE = (
    "destconfig default use_tls=on dane=mandatory",
    "smtproutes new dane.lab [mail.dane.lab]",
)


def typed(folder: Path, *lines: str) -> str:
    screen = play.scripted(play.session(folder), list(lines)).transcript
    return " ".join(screen.rpartition(f"> {lines[-1]}\n")[2].split())


def test_each_step_that_differs_is_told_with_both_sides(tmp_path: Path) -> None:
    screen = typed(tmp_path, *MISTAKE, "explain dane.lab --config pending")
    assert screen.startswith("mail to dane.lab, by the pending configuration")
    decided, _, parting = screen.partition("where they part")
    assert "row 18 of the decision table" in decided
    assert "route none -> [mail.dane.lab] (SMTP route for dane.lab)" in parting
    assert "TLS No (destination control Default) -> Preferred" in parting
    assert "rule TLS No (AG, No) -> row 18" in parting
    assert parting.index("route") < parting.index("DANE None") < parting.index("outcome delivered")


def test_a_revision_and_a_file_can_be_chosen(tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text('[destinations.default]\ntls = "Required"\n')
    screen = typed(tmp_path / "state", f"explain no-starttls.lab --config {other}")
    assert "kept in the queue" in screen
    lines = ("destconfig new ietf.org use_tls=on", "commit one y", "explain ietf.org --config 0")
    back = typed(tmp_path / "state", *lines)
    assert "TLS Preferred (destination control ietf.org) -> No (destination control" in back


def test_the_same_configuration_parts_nowhere(tmp_path: Path) -> None:
    screen = typed(tmp_path, "explain ietf.org --config running")
    assert screen.endswith("they do not part anywhere myesa.local>") or "do not part" in screen
    assert "where they part" not in screen


def test_what_other_resolvers_would_show_is_not_known(tmp_path: Path) -> None:
    screen = typed(tmp_path, "dnsconfig delete 2", "explain ietf.org --config pending")
    assert "outcome not known: ietf.org was not looked at" in screen


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ("--config", "a file is required"),
        ("--config 99", "no revision 99"),
        ("--config /nowhere/x", "/nowhere/x cannot be read"),
        ("--config 0 2", "Not understood: 2"),
    ],
)
def test_a_mistake_is_one_line(tmp_path: Path, words: str, complaint: str) -> None:
    assert complaint in typed(tmp_path, f"explain ietf.org {words}")
