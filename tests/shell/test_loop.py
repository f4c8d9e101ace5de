"""The loop: statuses, refusals, interruptions, and our own mistakes."""

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from esashell.commands import registry
from esashell.dialogue.kinds import text
from esashell.dialogue.requests import Refuse, Say
from esashell.dialogue.script import Script
from esashell.errors import OperatorError
from esashell.shell.loop import Shell
from tests.shell import play


@pytest.fixture
def command(monkeypatch):
    """Adds a command for one test."""

    def add(name, function):
        monkeypatch.setitem(registry.TABLE, name, "A test.")
        monkeypatch.setitem(
            registry._imported,
            name,
            registry.Command(
                name=name, function=function, help="A test.", commits=False, aliases=(), usage=()
            ),
        )

    return add


def attended(at, *lines):
    script = Script(lines)
    shell = play.shell(at, script)
    return shell, script


def run(at, line):
    shell, script = attended(at)
    return shell.run_line(line), script.transcript


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("version", 0),
        ("", 0),
        ("# a note; frobnicate", 0),
        ("frobnicate", 2),
        ("dnsconfig parent new ietf.org", 2),
        ("dnsconfig parent new 194.191.40.83", 1),
        ("dnsconfig parent delete 194.191.40.83; dnsconfig parent delete 194.191.40.84", 1),
        ("version; frobnicate; version", 2),
        ("dnsconfig parent new 194.191.40.83; frobnicate; version", 2),
        ("commit", 0),
        ("x" * 5_000_000, 2),
    ],
)
def test_the_status_is_the_worst_of_the_line(tmp_path, line, status):
    assert run(play.session(tmp_path), line)[0] == status


def test_commands_after_a_refused_one_still_run(tmp_path):
    assert "Current Version" in run(play.session(tmp_path), "frobnicate; version")[1]


def test_exit_ends_the_line_and_the_session(tmp_path):
    shell, script = attended(play.session(tmp_path), "exit; version", "version")
    shell.run_all()
    assert script.transcript == "myesa.local> exit; version\n"


def test_an_unknown_command_is_answered_as_the_appliance_does_and_may_hint(tmp_path):
    at = play.session(tmp_path)
    unknown = "Unknown command or missing feature key: dnsconfigg foo\n"
    assert run(at, "dnsconfigg foo")[1] == f'{unknown}Did you mean "dnsconfig"?\n'
    assert run(at, "qiut")[1].endswith('Did you mean "exit"?\n')
    script = Script([])
    play.shell(at, script, hints=False).run_line("dnsconfigg foo")
    assert script.transcript == unknown


@pytest.mark.parametrize("line", ["\x1b[2J\x07", "x" * 60_000, "é" * 300, "\udcff", "a\u2028b"])
def test_an_unknown_command_never_comes_back_raw(tmp_path, line):
    shown = run(play.session(tmp_path), line)[1].splitlines()[0]
    assert shown.startswith("Unknown command or missing feature key: ")
    assert shown.isprintable()
    assert len(shown) < 900


def test_a_command_s_own_status_counts(tmp_path, command):
    def verdict(appliance):
        yield Say("FAILED")
        return 1

    command("verdict", verdict)
    assert run(play.session(tmp_path), "verdict") == (1, "FAILED\n")


def test_our_own_mistake_is_one_line_and_a_report_and_the_session_lives(tmp_path, command):
    def broken(appliance):
        yield Say("Working.")
        raise ValueError("\x1b[31mboom" + "!" * 500)

    command("broken", broken)
    at = play.session(tmp_path)
    status, shown = run(at, "broken secret-word; version")
    assert status == 1
    assert "broken failed by a mistake of this program (ValueError: " in shown
    assert "\x1b" not in shown
    assert "Current Version" in shown
    (report,) = (tmp_path / "faults").iterdir()
    assert "ValueError" in report.read_text()
    assert "raise ValueError" in report.read_text()
    assert "secret-word" not in report.read_text().split("Traceback")[0]
    assert str(report) in shown


def test_a_refusal_inside_a_dialogue_goes_on_when_typed_and_fails_on_one_line(tmp_path, command):
    def choosy(appliance):
        yield from text("what", "What?")
        yield Refuse("Not that.")
        yield Say("On we go.")

    command("choosy", choosy)
    shell, script = attended(play.session(tmp_path), "x")
    assert shell.run_line("choosy") == 0
    assert script.transcript.endswith("Not that.\nOn we go.\n")
    assert run(play.session(tmp_path), "choosy x") == (1, "Not that.\n")


def test_ctrl_c_at_a_question_comes_back_to_the_prompt(tmp_path):
    shell, script = attended(play.session(tmp_path), "dnsconfig", "new", "^C", "version", "exit")
    shell.run_all()
    assert "[]> ^C\nmyesa.local> version\n" in script.transcript


def test_ctrl_c_at_the_prompt_is_a_new_prompt(tmp_path):
    shell, script = attended(play.session(tmp_path), "^C", "exit")
    shell.run_all()
    assert script.transcript == "myesa.local> ^C\nmyesa.local> exit\n"


def test_ctrl_d_leaves_at_once_when_nothing_would_be_lost(tmp_path):
    shell, script = attended(play.session(tmp_path), "^D")
    shell.run_all()
    assert script.transcript == "myesa.local> ^D\n"


def test_ctrl_d_asks_when_work_would_be_lost(tmp_path):
    change = "sethostname mail.example.com"
    at = play.session(tmp_path)
    shell, script = attended(at, change, "^D", "n", "showchanges", "^D", "y")
    shell.run_all()
    assert script.transcript.count("Are you sure you wish to exit? [N]> ") == 2
    assert "mail.example.com" in script.transcript.split("showchanges")[1]
    assert at.left


def test_a_terminal_that_has_gone_away_ends_the_session(tmp_path):
    at = play.session(tmp_path)
    shell, script = attended(at, "sethostname mail.example.com")
    shell.run_all()
    assert script.transcript.count("wish to exit?") == 1


def test_unattended_a_missing_value_is_refused_and_not_asked_for(tmp_path):
    script = Script(["192.0.2.1"])
    shell = Shell(play.session(tmp_path), script, script.say)
    assert shell.run_line("dnsconfig parent new") == 2
    assert script.transcript == "Error: ip[,ip]: a value is required.\n"


def test_unattended_an_input_that_ends_inside_a_question_fails_the_command(tmp_path):
    script = Script(["dnsconfig", "new"])
    assert Shell(play.session(tmp_path), script, script.say).run_all() == 1
    assert "ended before the question was answered" in script.transcript


def test_the_prompt_is_the_running_host_name(tmp_path):
    lines = ["sethostname mail.example.com", 'commit "x"', "exit"]
    shell, script = attended(play.session(tmp_path), *lines)
    shell.run_all()
    assert script.transcript.splitlines()[-1] == "mail.example.com> exit"


def test_a_damaged_configuration_fails_what_needs_it_and_nothing_else(tmp_path):
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "running.toml").write_text("schema = 99\n")
    at = play.session(tmp_path)
    script = Script([])
    shell = Shell(at, script, script.say)
    assert shell.run_line("version; help") == 0
    assert shell.run_line("dnsconfig print") == 1
    assert "running.toml" in script.transcript


ABOUT_THE_CONFIGURATION = [
    "showchanges",
    "commit", "commit x", "commit x y",
    "clearchanges", "clear y",
    "dnsconfig", "dnsconfig print", "dnsconfig parent new 192.0.2.54",
    "destconfig list", "smtproutes new a.example 192.0.2.25",
    "dnsconfig parent delete 194.191.40.83", "dnsconfig setup minimum_ttl=5",
    "dnsconfig alt new corp.example 192.0.2.61", "dnsconfig roots",
    "sethostname", "sethostname mail.example.com", "commit confirmed 5", "commitdetail",
    "showconfig", "saveconfig 1", "loadconfig x", "rollbackconfig", "resetconfig",
    "certconfig", "certconfig certificate print Demo", "interfaceconfig", "settz", "sslconfig",
    "sslconfig verify HIGH", "daneverify ietf.org", "explain ietf.org", "nslookup ietf.org",
    "dig ietf.org",
    "dnsstatus trace ietf.org", "bounceconfig new x", "deliveryconfig", "listenerconfig",
    "logconfig", "logprofile", "findevent x", "grep x mail_logs", "tail mail_logs",
    "rollovernow mail_logs", "plan", "fidelity destconfig", "tlsverify a.example b.example",
    "status", "hoststatus a.example", "tophosts active_rcpts", "workqueue status",
    "trace 192.0.2.1 a.example IncomingMail a@b.example c@d.example", "simulate load route",
]  # fmt: skip


@pytest.mark.parametrize("line", ABOUT_THE_CONFIGURATION)
@pytest.mark.parametrize(
    "text", ["schema = 99\n", "schema = 1\nhostname =\n", 'schema = 1\nhostnam = "x"\n', "\0"]
)
def test_no_command_takes_a_damaged_configuration_for_an_unchanged_one(tmp_path, line, text):
    running = tmp_path / "config" / "running.toml"
    running.parent.mkdir()
    running.write_text(text)
    script = Script([])
    assert Shell(play.session(tmp_path), script, script.say).run_line(line) == 1
    shown = script.transcript
    assert re.match(rf"\n?{re.escape(str(running))}, line \d: ", shown)
    assert f"move {running} away" in shown
    assert "no changes" not in shown
    assert running.read_text() == text
    assert [each.name for each in running.parent.iterdir()] == ["running.toml"]


def test_every_command_is_tried_with_a_damaged_configuration_or_needs_none():
    tried = {registry.ALIASES.get(word, word) for word in map(first_word, ABOUT_THE_CONFIGURATION)}
    about_the_queue = {
        "showrecipients", "deleterecipients", "bouncerecipients", "delivernow", "suspenddel",
        "resumedel",
    }  # fmt: skip
    needs_none = {"dnsflush", "exit", "help", "version"} | about_the_queue
    assert set(registry.TABLE) - tried == needs_none


def first_word(line):
    return line.split()[0]


def test_an_operator_error_never_brings_a_report(tmp_path, command):
    def refusing(appliance):
        yield Say("x")
        raise OperatorError("No.")

    command("refusing", refusing)
    assert run(play.session(tmp_path), "refusing") == (1, "x\nNo.\n")
    assert not (tmp_path / "faults").exists()


HOSTILE = st.text(max_size=60) | st.sampled_from(
    ["dnsconfig", "new", "1", "192.0.2.1", "sethostname", "commit", "clear", "help", "h ?", "y",
     "exit", "showchanges", "dnsconfig parent new", "^C", "^D", ";", "'", '"', "x" * 300,
     "x" * 64 + ".org", "bücher.example", "192.0.2.300", "\x00\x1b[2J", ""]
)  # fmt: skip


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=st.lists(HOSTILE, max_size=25))
def test_whatever_is_typed_the_shell_lives(tmp_path_factory, lines):
    folder = tmp_path_factory.mktemp("state")
    at = play.session(folder)
    shell, script = attended(at, *lines)
    shell.run_all()
    assert not (folder / "faults").exists()
    assert "Traceback" not in script.transcript
