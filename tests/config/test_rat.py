"""The file of RCPTACCESS."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esashell.config.check import breaches
from esashell.config.files.rat import read, written
from esashell.config.model.listeners import Listener, ListenerType, RecipientAccess
from esashell.config.tree import Config
from esashell.errors import BadConfiguration
from tests.config import trees

# User Guide 9.1.2, RAT: a file as the appliance exports it.
PUBLISHED = "# File exported by the GUI at 20060530T220526\n.example.com ACCEPT\nALL REJECT\n"


def test_the_published_file_is_read() -> None:
    assert read(PUBLISHED.encode(), "x") == (
        RecipientAccess(".example.com", accept=True),
        RecipientAccess("ALL", accept=False),
    )


def test_all_goes_to_the_end_and_domains_into_lower_case() -> None:
    found = read(b"all\treject\r\nJoe@Example.COM  accept\r\n", "x")
    assert written(found) == "Joe@example.com ACCEPT\nALL REJECT\n"


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("", 1, "there is no line for ALL"),
        ("a.example ACCEPT\n\n", 1, "there is no line for ALL"),
        ("ALL REJECT\na.example\n", 2, "is not a recipient and ACCEPT or REJECT"),
        ("ALL REJECT\na.example RELAY\n", 2, "is not a recipient and ACCEPT or REJECT"),
        ("ALL REJECT\na.example ACCEPT REJECT\n", 2, "is not a recipient and ACCEPT or REJECT"),
        ("ALL REJECT\na..example ACCEPT\n", 2, "is not a host name"),
        ("a@ ACCEPT\n# \nA@ REJECT\nALL REJECT\n", 3, 'a line for "A@" already'),
        ('a@ ACCEPT response="no"\nALL REJECT\n', 1, "is not an SMTP response"),
        ("ALL REJECT\nALL ACCEPT\n", 2, 'a line for "ALL" already'),
        ("ALL REJECT\n\x1b[2J ACCEPT\n", 2, "control character"),
    ],
)
def test_a_bad_line_is_named_with_the_reason(text: str, line: int, reason: str) -> None:
    with pytest.raises(BadConfiguration) as refused:
        read(text.encode(), "rat.txt")
    said = str(refused.value)
    assert said.startswith(f"Error: rat.txt, line {line}: ")
    assert reason in said


@given(trees.good_listeners)
def test_what_is_written_is_read_back(listeners: tuple[Listener, ...]) -> None:
    for each in listeners:
        if each.recipients:
            assert read(written(each.recipients).encode(), "x") == each.recipients


WORDS = st.sampled_from(
    ["ALL", "REJECT", "accept", "a.example", "@", "\n", " ", "#", '"', "bypass"]
)


@given(st.lists(WORDS | st.text(max_size=5), max_size=12))
def test_whatever_is_read_may_be_committed(words: list[str]) -> None:
    raw = " ".join(words).encode("utf-8", "surrogatepass") + b"\nALL REJECT\n"
    try:
        found = read(raw, "x")
    except BadConfiguration:
        return
    listener = Listener("In", ListenerType.PUBLIC, recipients=found)
    assert breaches(Config(listeners=(listener,))) == ()
