"""What a plan looks at, and at what it costs: each host once, each destination if it has to be."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from esashell.commands.observed import observations
from esashell.commands.rehearsal import foretold
from esashell.config.model.destination import DestinationControl, TlsSetting
from esashell.shell.session import Session
from esashell.simulate.listed import Listed
from esashell.simulate.treatment import Comparison
from tests.config.large import large
from tests.shell import play


def typed(at: Session, *lines: str) -> str:
    """What the lines show from the last one on."""
    at.left = False
    screen = play.scripted(at, list(lines)).transcript
    return screen.rpartition(f"> {lines[-1]}\n")[2]


CUSTOMERS = 40


@pytest.fixture
def customers(tmp_path: Path) -> Path:
    """Domains of one provider, whose mail goes to one of four hosts."""
    path = tmp_path / "customers.txt"
    path.write_text("".join(f"d{each}.bulk.lab\n" for each in range(CUSTOMERS)))
    return path


def test_the_customers_of_a_provider_share_the_handshakes_with_its_hosts(
    tmp_path: Path, customers: Path
) -> None:
    at = play.session(tmp_path / "state")
    change = "destconfig default use_tls=on dane=mandatory"
    screen = typed(at, change, f"plan --domains {customers} --all")
    assert f"Newly authenticated ({CUSTOMERS})" in screen
    assert 1 <= at.conversations.counters.handshakes <= 8
    # And what is decided for one customer of a host is decided for all of them.
    assert len(observations(at).seen.forms) == 4


def test_a_reason_names_the_destination_that_it_is_told_of(tmp_path: Path) -> None:
    """Destinations of one class: what is decided of one is said of the others by their names."""
    names = [f"nobody{each}.example" for each in range(3)]
    listed = tmp_path / "list.txt"
    listed.write_text("".join(f"{each}\n" for each in names))
    at = play.session(tmp_path / "state")
    document = tmp_path / "plan.json"
    typed(at, "smtproutes new ALL /dev/null", f"plan --domains {listed} -o {document}")
    text = document.read_text()
    for each in names:
        assert f'"{each} does not exist"' in text


def test_what_one_changed_entry_costs_does_not_depend_on_the_others() -> None:
    before = large(20_000)
    entries = [*before.destinations.entries]
    entries[777] = replace(entries[777], tls=TlsSetting.REQUIRED_VERIFY)
    entries.append(DestinationControl(".below.example", tls=TlsSetting.REQUIRED))
    destinations = replace(before.destinations, entries=tuple(entries))
    after = replace(before, destinations=destinations)
    names = [each.domain.lower() for each in entries if each.domain[0] != "."]
    below = [f"a{each}.below.example" for each in range(5)]
    listed = Listed([*names, *below, "below.example"])
    compared = Comparison(before, after, listed)
    looked = {compared.part.rows.domain(row) for row in compared.touched}
    speaks = entries[777].domain.lower()
    assert looked == {*below, *([speaks] if speaks in names else [])}
    assert len(compared.part) == len(looked)


def test_a_commit_looks_at_the_changed_destination_alone(tmp_path: Path) -> None:
    at = play.session(tmp_path / "state")
    typed(at, "destconfig new ietf.org use_tls=on")
    said = at.converse(foretold(at), lambda event: None)
    assert said == "Plan: 1 newly encrypted; 125 unchanged, of 126 destinations."
    assert list(observations(at).seen.looks[()]) == ["ietf.org"]


UNDONE = (
    ("destconfig default use_tls=on", "destconfig default dane=mandatory"),
    ("destconfig new a.example use_tls=on", "destconfig delete a.example"),
    ("smtproutes new a.example relay.example", "smtproutes edit a.example USEDNS"),
    ("sethostname a.example", "dnsconfig parent new 192.0.2.53 0"),
)


@pytest.mark.parametrize("revision", [0, 1])
@pytest.mark.parametrize("lines", UNDONE)
def test_the_commands_that_undo_a_change_do(
    tmp_path: Path, lines: tuple[str, str], revision: int
) -> None:
    partners = tmp_path / "partners.txt"
    partners.write_text("ietf.org 5\n")
    at = play.session(tmp_path / "state")
    first, then = lines
    if revision:
        typed(at, first, "commit base y")
        change = then
    else:
        change = first
    old = at.running
    screen = " ".join(typed(at, change, f"plan --domains {partners}").split())
    assert at.config != old
    told = screen.partition("To take it back: ")[2].partition(" once it is committed")[0]
    pending, committed = told.split(", or ")
    # The first commit of all is taken back by resetconfig, which commits by itself.
    assert committed == ("rollbackconfig r1" if revision else "resetconfig")
    typed(at, f"{pending} yes")
    assert at.config == old
    typed(at, change, "commit oops y")
    assert at.running != old
    typed(at, *([committed, "commit back y"] if revision else [f"{committed} yes"]))
    assert at.running == old


def test_a_file_that_says_a_part_is_no_way_back(tmp_path: Path) -> None:
    """Loading it would leave the rest as it is, which is not what the plan began with."""
    at = play.session(tmp_path / "state")
    kept = tmp_path / "state" / "configuration"
    kept.mkdir(parents=True)
    (kept / "part.toml").write_text('[destinations.default]\ntls = "Required"\n')
    screen = typed(at, "plan part.toml pending")
    assert "To take it back: loadconfig part.toml" in " ".join(screen.split())
    other = typed(at, "sethostname other.example", "plan part.toml pending")
    assert "To take it back" not in other


def test_a_bounce_profile_is_that_of_the_destination(tmp_path: Path) -> None:
    partners = tmp_path / "partners.txt"
    partners.write_text("no-starttls.lab 60\nplain-only.lab 60\n")
    at = play.session(tmp_path / "state")
    screen = typed(
        at,
        "bounceconfig new Quick max_queue_lifetime=3600",
        "destconfig new no-starttls.lab use_tls=require bounce_profile=Quick",
        f"plan --domains {partners}",
    )
    assert "first bounce after 1 h" in screen
