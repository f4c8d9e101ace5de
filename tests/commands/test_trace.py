"""trace: by hand at the prompt, with a message from a file, and for machines."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.shell import play

LINE = "trace 192.168.42.10 app.example.com OutgoingMail ann@example.com"


def said(folder: Path, *lines: str) -> list[str]:
    return play.scripted(play.session(folder), list(lines)).said


def test_a_file_is_the_message_and_is_not_larger_than_the_policy_allows(tmp_path: Path) -> None:
    folder = tmp_path / "configuration"
    folder.mkdir(parents=True)
    (folder / "small.txt").write_text("Subject: x\n\nhello\n")
    (folder / "large.txt").write_text("x" * 2_000_000)
    assert "Message Enqueued for Delivery" in "\n".join(
        said(tmp_path, f"{LINE} bob@dane.lab file=small.txt")
    )
    table = "listenerconfig edit IncomingMail hostaccess"
    refused = "\n".join(
        said(
            tmp_path,
            f"{table} edit policy ACCEPTED max_message_size=1M",
            "trace 203.0.113.5 mx.example.net IncomingMail <> a@myesa.local file=large.txt",
        )
    )
    assert "Rejected: larger than a message may be." in refused
    assert "Enqueued" not in refused


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    text = "\n".join(said(tmp_path, f"{LINE} bob@dane.lab file=none.txt"))
    assert '"none.txt": No such file' in text


def test_after_a_file_that_is_not_there_another_may_be_named(tmp_path: Path) -> None:
    folder = tmp_path / "configuration"
    folder.mkdir(parents=True)
    (folder / "letter.txt").write_text("Subject: x\n\nthe very letter\n")
    begin = ["trace", "192.168.42.10", "app.example.com", "2", "", "", "ann@example.com"]
    text = "\n".join(
        said(tmp_path, *begin, "bob@dane.lab", "y", "none.txt", "y", "letter.txt", "y", "n")
    )
    assert '"none.txt": No such file' in text
    assert "the very letter" in text


def test_a_pending_resolver_makes_the_outcome_unknown_and_never_a_guess(tmp_path: Path) -> None:
    text = "\n".join(said(tmp_path, "dnsconfig parent new 192.0.2.53 0", f"{LINE} bob@dane.lab"))
    assert "outcome   not known" in text


def test_dane_is_not_in_force_under_a_policy_that_accepts(tmp_path: Path) -> None:
    text = "\n".join(
        said(
            tmp_path,
            "destconfig default use_tls=on dane=mandatory",
            "trace 203.0.113.5 mx.example.net IncomingMail <> a@myesa.local",
        )
    )
    told = " ".join(text.split())
    assert "not in force, as the mail came in under a policy with behavior ACCEPT" in told


def test_the_default_domain_completes_what_has_no_domain(tmp_path: Path) -> None:
    text = "\n".join(
        said(
            tmp_path,
            "listenerconfig edit OutgoingMail setup default_domain=dane.lab",
            "trace 192.168.42.10 app.example.com OutgoingMail ann bob",
        )
    )
    assert text.count(" - Default Domain Processing:  ann@dane.lab") == 1
    assert "mail to dane.lab" in text


@pytest.mark.parametrize(
    "text", ["a b@x.lab", "@x.lab", "a@@x.lab", "a@x..lab", "<a@x.lab", "a\u2028@x.lab", "ä@x.lab"]
)
def test_what_is_no_address_is_refused(tmp_path: Path, text: str) -> None:
    shown = "\n".join(said(tmp_path, f'trace 192.168.42.10 a.lab OutgoingMail <> "{text}"'))
    assert "Error: " in shown
    assert "HAT matched" not in shown


def test_the_document_says_what_the_screen_says(tmp_path: Path) -> None:
    session = play.session(tmp_path)
    shown: list[Any] = []
    session.show = shown.append  # type: ignore[assignment,method-assign]
    play.scripted(session, [f"{LINE} bob@dane.lab,eve@no-such-domain.lab"])
    document = json.loads(json.dumps(shown[0]))
    assert document["sender_group"] == "RELAYLIST"
    assert [each["delivery"]["outcome"]["result"] for each in document["recipients"]] == [
        "deliver",
        "hard bounce",
    ]
    assert (document["queued"], document["delivered"]) == (True, False)
