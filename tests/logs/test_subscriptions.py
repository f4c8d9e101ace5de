"""What each log takes of the stream of events, and what becomes of it on bad days."""

import errno
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esashell import events as e
from esashell.config.model.logs import LogLevel, LogSettings, LogSubscription, LogType
from esashell.config.tree import Config
from esashell.logs.files import log_files
from esashell.logs.subscriptions import MANY, Subscriptions

FEBRUARY = 1_549_310_927_000_000  # Mon Feb 4 20:08:47 2019
STAMP = "Mon Feb 4 20:08:47 2019"
CLOSED = e.DeliveryClosed(7)
ASKED = e.DnsAsked("ietf.org", "MX")


def subscription(
    name: str = "mail_logs", level: LogLevel = LogLevel.INFORMATION, **settings: Any
) -> LogSubscription:
    log_type = settings.pop("type", LogType.MAIL)
    return LogSubscription(name, log_type, settings.pop("filename", "mail"), level, **settings)


def config(*subscriptions: LogSubscription, **settings: Any) -> Config:
    timezone = settings.pop("timezone", "GMT")
    return Config(timezone=timezone, logs=LogSettings(subscriptions=subscriptions, **settings))


def following(folder: Path, *subscriptions: LogSubscription, **settings: Any) -> Subscriptions:
    logs = Subscriptions(str(folder))
    logs.follow(config(*subscriptions, **settings), FEBRUARY)
    return logs


def written(folder: Path, name: str = "mail_logs") -> list[str]:
    return "".join(each.path.read_text() for each in log_files(folder / name)).splitlines()


def lines(folder: Path, name: str = "mail_logs") -> list[str]:
    """What is in a log's files without the lines that begin and end one."""
    banners = ("Begin Logfile", "Version: ", "Time offset", "End Logfile")
    texts = [line.partition("Info: ")[2] for line in written(folder, name)]
    return [
        line
        for line, text in zip(written(folder, name), texts, strict=True)
        if not text.startswith(banners)
    ]


def test_a_log_begins_and_ends_with_who_wrote_it_and_in_which_time(tmp_path: Path) -> None:
    logs = following(tmp_path, subscription(), timezone="Europe/Zurich")
    logs.record(CLOSED, FEBRUARY)
    logs.flush(FEBRUARY)
    logs.roll_over("mail_logs", FEBRUARY + 3_000_000)
    saved, current = (each.path for each in log_files(tmp_path / "mail_logs"))
    assert saved.name == "mail.@20190204T210847.s"
    begin, version, offset, line, end = saved.read_text().splitlines()
    assert begin == "Mon Feb 4 21:08:47 2019 Info: Begin Logfile"
    assert version.startswith("Mon Feb 4 21:08:47 2019 Info: Version: esashell ")
    assert offset == "Mon Feb 4 21:08:47 2019 Info: Time offset from UTC: 3600 seconds"
    assert line == "Mon Feb 4 21:08:47 2019 Info: DCID 7 close"
    assert end == "Mon Feb 4 21:08:50 2019 Info: End Logfile"
    assert len(current.read_text().splitlines()) == 3


def test_in_summer_the_same_zone_is_two_hours_ahead(tmp_path: Path) -> None:
    logs = following(tmp_path, subscription(), timezone="Europe/Zurich")
    july = FEBRUARY + 150 * 86_400_000_000
    logs.record(CLOSED, july)
    logs.flush(july)
    assert "Time offset from UTC: 7200 seconds" in "\n".join(written(tmp_path))
    assert lines(tmp_path) == ["Thu Jul 4 22:08:47 2019 Info: DCID 7 close"]


def test_each_log_takes_what_its_type_and_its_level_ask_for(tmp_path: Path) -> None:
    logs = following(
        tmp_path,
        subscription(),
        subscription("mail_logs_d", LogLevel.DEBUG),
        subscription("quiet", LogLevel.WARNING),
        subscription("error_logs", LogLevel.CRITICAL),
        subscription("cli_logs", type=LogType.CLI),
        subscription("system_logs", type=LogType.SYSTEM),
    )
    for event in (
        CLOSED,
        ASKED,
        e.DnsFailed("ietf.org", "MX", "192.0.2.53", "SERVFAIL"),
        e.CommandTyped(5, "admin", "commit why", "\nmyesa.local> "),
        e.ConfigCommitted(5, "admin", "why", 3),
    ):
        logs.record(event, FEBRUARY)
    assert logs.flush(FEBRUARY) == ()
    failed = (
        f"{STAMP} Warning: Received an invalid DNS Response: SERVER FAILED to IP 192.0.2.53 "
        "looking up ietf.org"
    )
    assert lines(tmp_path) == [f"{STAMP} Info: DCID 7 close", failed]
    assert lines(tmp_path, "mail_logs_d") == [
        f"{STAMP} Info: DCID 7 close",
        f"{STAMP} Debug: DNS query: Q('ietf.org', 'MX')",
        f"{STAMP} Debug: DNS query: QN('ietf.org', 'MX', 'recursive_nameserver0.parent')",
        failed,
    ]
    assert lines(tmp_path, "quiet") == [failed]
    assert not (tmp_path / "error_logs").exists()
    assert lines(tmp_path, "cli_logs") == [
        f"{STAMP} Info: PID 5: User admin entered 'commit why'; prompt was '\\nmyesa.local> '"
    ]
    assert lines(tmp_path, "system_logs") == [
        f"{STAMP} Info: PID 5: User admin commit changes: why"
    ]


def test_what_nobody_wants_is_not_wanted_and_a_debug_log_wants_the_trail(tmp_path: Path) -> None:
    logs = following(tmp_path, subscription(), subscription("cli_logs", type=LogType.CLI))
    assert (logs.wants(e.DeliveryClosed), logs.wants(e.DnsAsked)) == (True, False)
    logs.follow(config(subscription(level=LogLevel.DEBUG)), FEBRUARY)
    assert logs.wants(e.DnsAsked)
    logs.follow(config(subscription("cli_logs", type=LogType.CLI)), FEBRUARY)
    assert not logs.wants(e.DeliveryClosed)


def test_a_change_of_the_subscriptions_is_followed_at_once_and_costs_no_line(
    tmp_path: Path,
) -> None:
    logs = following(tmp_path, subscription(), subscription("mail_logs_d", LogLevel.DEBUG))
    logs.record(ASKED, FEBRUARY)
    logs.follow(config(subscription(), subscription("other", filename="o")), FEBRUARY)
    logs.record(ASKED, FEBRUARY)
    logs.record(CLOSED, FEBRUARY)
    logs.flush(FEBRUARY)
    assert len(lines(tmp_path, "mail_logs_d")) == 2
    assert lines(tmp_path) == lines(tmp_path, "other") == [f"{STAMP} Info: DCID 7 close"]


def test_what_is_not_to_be_logged_of_messages_is_left_out(tmp_path: Path) -> None:
    message = e.MessageStarted(6, 5, "a@example.com", ("b@example.net",), 280, "<x@y>", "Hello")
    done = e.Delivered(8, 6, (0,), "2.0.0 Ok")
    for name, kept in (("all", True), ("few", False)):
        logs = following(
            tmp_path,
            subscription(name),
            message_id_headers=kept,
            original_subject=kept,
            remote_response=kept,
        )
        logs.record(message, FEBRUARY)
        logs.record(done, FEBRUARY)
        logs.flush(FEBRUARY)
    few = lines(tmp_path, "few")
    only = [line.partition("Info: ")[2] for line in lines(tmp_path, "all") if line not in few]
    assert only == ["MID 6 Message-ID '<x@y>'", 'MID 6 Subject "Hello"',
                    "MID 6 RID [0] Response '2.0.0 Ok'"]  # fmt: skip


def test_many_lines_are_written_before_the_command_ends(tmp_path: Path) -> None:
    logs = following(tmp_path, subscription())
    for _ in range(MANY + 5):
        logs.record(CLOSED, FEBRUARY)
    assert len(lines(tmp_path)) == MANY
    logs.flush(FEBRUARY)
    assert len(lines(tmp_path)) == MANY + 5


def test_a_full_disk_is_told_once_for_all_logs_until_it_is_mended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    logs = following(tmp_path, subscription(), subscription("other"))
    real = os.write

    def full(file: int, text: bytes) -> int:
        if text:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(file, text)

    def record_and_flush() -> tuple[str, ...]:
        logs.record(CLOSED, FEBRUARY)
        return logs.flush(FEBRUARY)

    monkeypatch.setattr(os, "write", full)
    assert record_and_flush() == (
        "Warning: mail_logs, other cannot be written (No space left on device). Lines of logs are "
        "lost until that is mended; nothing else is.",
    )
    assert record_and_flush() == ()
    monkeypatch.undo()
    assert record_and_flush() == ()
    assert len(lines(tmp_path)) == 1
    monkeypatch.setattr(os, "write", full)
    assert len(record_and_flush()) == 1


def test_a_zone_that_the_machine_does_not_know_is_that_of_greenwich(tmp_path: Path) -> None:
    logs = following(tmp_path, subscription(), timezone="Mars/Olympus")
    logs.record(CLOSED, FEBRUARY)
    logs.flush(FEBRUARY)
    assert lines(tmp_path) == [f"{STAMP} Info: DCID 7 close"]


@given(st.text(max_size=30), st.lists(st.text(max_size=20), max_size=3))
def test_whatever_a_stranger_says_is_one_line_without_control_characters(
    tmp_path_factory: pytest.TempPathFactory, text: str, response: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("hostile")
    logs = following(folder, subscription(level=LogLevel.DEBUG))
    bounced = e.Bounced(1, 0, "5.1.0", text, 550, tuple(response), 3)
    fault = e.DnsFailed(text, "MX", "192.0.2.53", text, heard=False)
    found = e.DnsAnswered(text, "TXT", "SECURE", "FOUND", (text,), 60, FEBRUARY)
    for event in (bounced, e.Delivered(8, 6, (0,), text), fault, found):
        logs.record(event, FEBRUARY)
    logs.flush(FEBRUARY)
    shown = (log_files(folder / "mail_logs")[0].path).read_bytes().decode()
    assert shown.count("\n") == 3 + 1 + 2 + 1 + 2
    assert all(ord(each) >= 32 or each == "\n" for each in shown)
    assert len(shown.splitlines()) == shown.count("\n")


def test_a_file_that_is_rolled_over_by_time_ends_with_the_last_line_before_it(
    tmp_path: Path,
) -> None:
    """Also where a day goes by between two writes, as in a simulation."""
    minute = 60_000_000
    logs = following(tmp_path, subscription(rollover=600, maximum_files=1000))
    for place in range(300):
        logs.record(e.DeliveryClosed(place), FEBRUARY + place * minute // 2)
    logs.flush(FEBRUARY + 48 * 60 * minute)
    files = [each.path.read_text().splitlines() for each in log_files(tmp_path / "mail_logs")]
    told = [[line for line in file if " DCID " in line] for file in files]
    assert [len(each) for each in told] == [20] * 15
    assert [file[0].partition(" Info: ")[0] for file in files] == [
        each[0].partition(" Info: ")[0] for each in told
    ]
    began = [each.began for each in log_files(tmp_path / "mail_logs")]
    assert began[:3] == ["20190204T200847", "20190204T201847", "20190204T202847"]


def test_lines_are_written_into_the_time_they_belong_to(tmp_path: Path) -> None:
    logs = following(tmp_path, subscription(rollover=600))
    logs.record(CLOSED, FEBRUARY)
    logs.flush(FEBRUARY + 3_600_000_000)
    (only,) = log_files(tmp_path / "mail_logs")
    assert only.began == "20190204T200847"
