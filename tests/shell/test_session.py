"""A session over a real store: what runs, what is pending, and two operators at once."""

import json

import pytest
from msgspec.structs import replace

from esashell.errors import BadConfiguration, CommitRefused, TransportError
from esashell.shell.options import Options
from esashell.shell.output import Output
from esashell.shell.session import Session
from esashell.steps import Connect, Exchange, StartTls, Tell
from tests.shell import play


def rename(session, name):
    session.stage(replace(session.config, hostname=name))


def test_nothing_is_read_or_made_before_it_is_wanted(tmp_path):
    session = play.session(tmp_path / "state")
    assert not session.dirty
    assert session.clock.now() == play.NINE
    assert not (tmp_path / "state").exists()
    assert session.workbench.known is None


def test_a_commit_is_what_the_next_session_runs(tmp_path):
    one = play.session(tmp_path)
    rename(one, "mail.example.com")
    assert one.dirty
    assert one.running.hostname == "myesa.local"
    revision = one.commit("why")
    assert (revision.comment, revision.when, one.dirty) == ("why", play.NINE, False)
    assert play.session(tmp_path).running.hostname == "mail.example.com"


def test_clear_forgets_and_tells_when(tmp_path):
    session = play.session(tmp_path)
    rename(session, "mail.example.com")
    assert session.clear() == play.NINE
    assert (session.dirty, session.config.hostname) == (False, "myesa.local")


def test_a_session_without_changes_follows_the_other_s_commits(tmp_path):
    one, other = play.session(tmp_path), play.session(tmp_path)
    assert other.running.hostname == "myesa.local"
    rename(one, "mail.example.com")
    one.commit("")
    other.refresh()
    assert other.running.hostname == "mail.example.com"


def test_a_session_with_changes_keeps_them_and_is_told_at_commit(tmp_path):
    one, other = play.session(tmp_path), play.session(tmp_path)
    other.stage(replace(other.config, dns=replace(other.config.dns, minimum_ttl=60)))
    rename(one, "mail.example.com")
    one.commit("the real name")
    other.refresh()
    assert other.running.hostname == "myesa.local"
    with pytest.raises(CommitRefused) as caught:
        other.commit("late")
    assert "the real name" in str(caught.value)
    assert "commit' again" in str(caught.value)
    assert other.config.hostname == "mail.example.com"
    other.commit("late")
    last = play.session(tmp_path).running
    assert (last.hostname, last.dns.minimum_ttl) == ("mail.example.com", 60)


def test_two_that_changed_the_same_thing_are_told_how_to_go_on(tmp_path):
    one, other = play.session(tmp_path), play.session(tmp_path)
    rename(other, "other.example.com")
    rename(one, "one.example.com")
    one.commit("")
    for _ in range(2):
        with pytest.raises(CommitRefused, match="'clearchanges' takes it back") as caught:
            other.commit("")
    *lines, who = str(caught.value).splitlines()[-6:-3]
    assert who.startswith("                       by ")
    assert ", revision 1, " in who
    assert lines == [
        'Changed on both sides: hostname: "myesa.local" -> "other.example.com" (yours)',
        '                       hostname: "myesa.local" -> "one.example.com" (running)',
    ]
    assert other.config.hostname == "other.example.com"
    other.clear()
    assert other.config.hostname == "one.example.com"


@pytest.mark.parametrize("way", ["myesa.local", "one.example.com"], ids=["back", "same"])
def test_of_two_that_changed_the_same_thing_the_later_keeps_its_other_changes(tmp_path, way):
    one, other = play.session(tmp_path), play.session(tmp_path)
    rename(other, "other.example.com")
    other.stage(replace(other.config, dns=replace(other.config.dns, minimum_ttl=60)))
    rename(one, "one.example.com")
    one.commit("")
    with pytest.raises(CommitRefused, match="Your other changes stay") as caught:
        other.commit("")
    assert "minimum_ttl" not in str(caught.value)
    rename(other, way)
    with pytest.raises(CommitRefused, match="'commit' again"):
        other.commit("")
    other.commit("")
    last = play.session(tmp_path).running
    assert (last.hostname, last.dns.minimum_ttl) == ("one.example.com", 60)
    rename(other, "other.example.com")
    other.commit("what was wanted all along")
    assert play.session(tmp_path).running.hostname == "other.example.com"


def test_of_two_that_changed_the_same_thing_in_the_same_way_the_later_has_nothing_left(tmp_path):
    one, other = play.session(tmp_path), play.session(tmp_path)
    rename(other, "one.example.com")
    rename(one, "one.example.com")
    one.commit("")
    with pytest.raises(CommitRefused, match="revision 1 has them all"):
        other.commit("")
    assert not other.dirty


def test_a_damaged_configuration_is_not_taken_and_not_touched(tmp_path):
    (tmp_path / "config").mkdir()
    running = tmp_path / "config" / "running.toml"
    running.write_text("hostname = ")
    with pytest.raises(BadConfiguration, match="line 1"):
        play.session(tmp_path).running  # noqa: B018
    assert running.read_text() == "hostname = "


def test_a_session_goes_on_with_what_it_has_when_the_file_is_damaged_meanwhile(tmp_path):
    session = play.session(tmp_path)
    rename(session, "mail.example.com")
    session.commit("")
    (tmp_path / "config" / "running.toml").write_text("damaged")
    session.refresh()
    assert session.running.hostname == "mail.example.com"
    rename(session, "other.example.com")
    with pytest.raises(CommitRefused):
        session.commit("")


class World:
    def __init__(self):
        self.open = 0

    def session(self):
        return self

    def __enter__(self):
        self.open += 1
        return self

    def __exit__(self, *error):
        self.open -= 1

    def perform(self, request):
        if isinstance(request, Connect):
            raise TransportError("no")
        return request


def conversation():
    yield Tell("begin")
    yield Exchange("192.0.2.1", b"")
    yield Exchange("192.0.2.1", b"")
    try:
        yield Connect("192.0.2.2")
    except TransportError as error:
        yield Tell(str(error))
    yield StartTls("mail.example.com")
    return "result"


def test_a_conversation_goes_through_the_world_and_is_counted(tmp_path):
    world, heard = World(), []
    made = []

    def make_world(options, clock):
        made.append(options)
        return world

    session = Session(Options(), str(tmp_path), Output(json=False), make_world=make_world)
    assert session.converse(conversation(), heard.append) == "result"
    assert session.converse(conversation(), heard.append) == "result"
    assert heard == ["begin", "no"] * 2
    assert (session.conversations.counters.queries, session.conversations.counters.handshakes) == (
        4,
        2,
    )
    assert (len(made), world.open) == (1, 0)


def test_an_interrupted_conversation_leaves_nothing_open(tmp_path):
    world = World()
    session = Session(
        Options(), str(tmp_path), Output(json=False), make_world=lambda options, clock: world
    )

    def interrupted():
        yield Exchange("192.0.2.1", b"")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        session.converse(interrupted(), print)
    assert world.open == 0


def test_with_json_a_result_takes_the_place_of_the_lines(capsys):
    output = Output(json=True)
    output.say("A line.")
    output.show({"schema": 1})
    output.command_ends()
    output.say("Another command's only output.")
    output.prompt("Question? ")
    output.command_ends()
    shown = capsys.readouterr()
    first, second = shown.out.splitlines()
    assert (json.loads(first), second) == ({"schema": 1}, "Another command's only output.")
    assert shown.err == "Question? "


def test_without_json_a_result_has_been_told_by_its_lines(capsys):
    output = Output(json=False)
    output.say("A line.")
    output.show({"schema": 1})
    output.command_ends()
    assert capsys.readouterr().out == "A line.\n"


def test_a_session_that_ends_leaves_the_long_file_in_order(tmp_path, monkeypatch):
    for name in ("revision.LONG", "running.LONG", "sidecar.LONG"):
        monkeypatch.setattr(f"esashell.config.{name}", 0)
    session, file = play.session(tmp_path), tmp_path / "config" / "running.toml"
    for name in ("one.example.com", "two.example.com"):
        rename(session, name)
        session.commit("")
    text = file.read_text()
    assert text.count("[[later]]") == 1
    session.close()
    assert "[[later]]" not in file.read_text()
    assert play.session(tmp_path).running.hostname == "two.example.com"
    # A copy that was made before is the same configuration, to `loadconfig` too.
    other = play.session(tmp_path / "other")
    (tmp_path / "other" / "configuration").mkdir(parents=True)
    (tmp_path / "other" / "configuration" / "copy.toml").write_text(text)
    play.scripted(other, ["loadconfig copy.toml"])
    assert other.config.hostname == "two.example.com"
