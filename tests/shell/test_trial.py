"""A commit on trial in a session: taken back at the next start, command or moment at the prompt."""

from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from esashell.clock import SECOND, FixedClock
from esashell.dialogue.script import Script
from esashell.dialogue.terminal import Terminal
from esashell.shell.loop import Shell
from esashell.shell.options import Options
from esashell.shell.output import Output
from esashell.shell.session import Session
from tests.shell import play

BACK = (
    "Revision 1 was not confirmed by 2025-03-01 09:10:00 UTC: back to revision 0. "
    "It runs as revision 2.\n"
)


def begun(folder, clock, who="admin"):
    return Session(Options(), str(folder), Output(json=False), clock=clock, login=lambda: who)


def run(session, *lines):
    script = Script([])
    shell = Shell(session, script, script.say)
    for line in lines:
        shell.run_line(line)
    return script.transcript


def tried(folder, clock):
    session = begun(folder, clock)
    assert "taken back at" in run(session, "sethostname x.example", "commit confirmed 10 try y")
    return session


def test_a_running_shell_takes_it_back_before_its_next_command(tmp_path):
    clock = FixedClock(play.NINE)
    session = tried(tmp_path, clock)
    clock.advance(600 * SECOND - 1)
    assert session.trial_is_over() is False
    assert BACK not in run(session, "showchanges")
    clock.advance(1)
    assert session.trial_is_over()
    assert run(session, "showchanges").startswith(BACK)
    assert session.running.hostname == "myesa.local"
    assert session.trial_is_over() is None
    assert BACK not in run(session, "showchanges")


def test_the_next_start_takes_it_back(tmp_path):
    clock = FixedClock(play.NINE)
    tried(tmp_path, clock)
    clock.advance(3600 * SECOND)
    session = begun(tmp_path, clock)
    assert BACK in run(session, "commitdetail")
    assert session.running.hostname == "myesa.local"


def test_the_prompt_shows_it_at_once(tmp_path):
    clock = FixedClock(play.NINE)
    session = tried(tmp_path, clock)
    clock.advance(3600 * SECOND)
    console = play.scripted(session, ["exit"])
    assert console.transcript.startswith(f"{BACK}myesa.local> exit")


def test_what_is_pending_stays_and_goes_on_from_there(tmp_path):
    clock = FixedClock(play.NINE)
    session = tried(tmp_path, clock)
    run(session, "settz setup Europe/Berlin")
    clock.advance(3600 * SECOND)
    assert BACK in run(session, "showchanges")
    assert run(session, "showchanges") == 'timezone: "GMT" -> "Europe/Berlin"\n'
    assert "Changes committed" in run(session, "commit zone y")
    assert (session.running.hostname, session.running.timezone) == ("myesa.local", "Europe/Berlin")


def test_of_two_shells_one_does_it_and_the_other_follows(tmp_path):
    clock = FixedClock(play.NINE)
    one, two = tried(tmp_path, clock), begun(tmp_path, clock)
    assert two.running.hostname == "x.example"
    clock.advance(3600 * SECOND)
    assert BACK in run(one, "showchanges")
    # It is the same operator's, who would not know otherwise.
    assert BACK in run(two, "showchanges")
    assert BACK not in run(two, "showchanges")
    assert (two.running.hostname, two.head.number) == ("myesa.local", 2)


CONFIRMED = (
    "Revision 1, which you had committed on trial until 2025-03-01 09:10:00 UTC, was confirmed by "
    'a commit of bob at 2025-03-01 09:01:00 UTC ("his"). '
    "'rollbackconfig' goes back.\n"
)


def test_who_began_a_trial_is_told_who_has_confirmed_it(tmp_path):
    clock = FixedClock(play.NINE)
    alice, bob = tried(tmp_path, clock), begun(tmp_path, clock, "bob")
    run(alice, "settz setup Europe/Berlin")  # it makes no difference what is pending
    clock.advance(60 * SECOND)
    shown = run(bob, "sethostname bob.example", "commit his y")
    assert "Revision 1 would be taken back at" in shown
    assert "this commit confirms it" in shown
    assert run(alice, "showchanges").startswith(CONFIRMED)
    assert CONFIRMED not in run(alice, "showchanges")
    assert CONFIRMED not in run(bob, "showchanges")
    clock.advance(3600 * SECOND)
    assert "taken back" not in run(alice, "showchanges")


def test_she_is_told_at_the_next_start_too(tmp_path):
    clock = FixedClock(play.NINE)
    tried(tmp_path, clock).close()
    clock.advance(60 * SECOND)
    run(begun(tmp_path, clock, "bob"), "sethostname bob.example", "commit his y")
    assert CONFIRMED in run(begun(tmp_path, clock), "showchanges")
    assert CONFIRMED not in run(begun(tmp_path, clock, "bob"), "showchanges")
    clock.advance(25 * 3600 * SECOND)
    assert CONFIRMED not in run(begun(tmp_path, clock), "showchanges")


def test_what_was_taken_back_while_she_was_away_is_told_at_the_next_start(tmp_path):
    clock = FixedClock(play.NINE)
    tried(tmp_path, clock).close()
    clock.advance(3600 * SECOND)
    run(begun(tmp_path, clock, "bob"), "showchanges")
    assert BACK in run(begun(tmp_path, clock), "showchanges")


def test_more_time_from_somebody_else_is_told(tmp_path):
    clock = FixedClock(play.NINE)
    alice, bob = tried(tmp_path, clock), begun(tmp_path, clock, "bob")
    run(bob, "sethostname bob.example", "commit confirmed 30 his y")
    assert 'bob at 2025-03-01 09:00:00 UTC ("his"); revision 2 is on trial. ' in run(
        alice, "showchanges"
    )


def test_one_s_own_confirmation_is_no_news(tmp_path):
    clock = FixedClock(play.NINE)
    alice = tried(tmp_path, clock)
    assert "which you had" not in run(alice, "commit mine y", "showchanges", "showchanges")
    assert "which you had" not in run(begun(tmp_path, clock), "showchanges")


def test_a_shell_hears_of_the_other_s_trial_also_with_changes_of_its_own(tmp_path):
    clock = FixedClock(play.NINE)
    other = begun(tmp_path, clock)
    run(other, "settz setup Europe/Berlin")
    tried(tmp_path, clock)
    clock.advance(3600 * SECOND)
    assert BACK in run(other, "showchanges")
    assert other.config.timezone == "Europe/Berlin"


def test_where_it_cannot_be_taken_back_that_is_told_once(tmp_path):
    clock = FixedClock(play.NINE)
    session = begun(tmp_path, clock)
    run(session, "sethostname x.example", "commit one y")
    run(session, "sethostname y.example", "commit confirmed 1 two y")
    (tmp_path / "config" / "history" / "000001.toml").write_bytes(b"\0")
    clock.advance(60 * SECOND)
    shown = run(session, "showchanges", "showchanges")
    assert shown.count("Error: a commit was not confirmed, and is not taken back: ") == 1
    assert session.running.hostname == "y.example"


def test_a_terminal_comes_back_when_it_is_recalled_and_keeps_what_was_typed():
    looks = iter([False, False, True, None])
    with create_pipe_input() as keyboard:
        terminal = Terminal(
            lambda line: [],
            lambda text: None,
            lambda text: None,
            input=keyboard,
            output=DummyOutput(),
            recall=lambda: next(looks),
        )
        keyboard.send_text("show")
        assert terminal.command("> ") == ""
        keyboard.send_text("config\r")
        assert terminal.command("> ") == "showconfig"
