"""What a simulation writes into the logs: every message's story, and nothing that is not so."""

import re
from collections import Counter
from collections.abc import Generator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from esashell.config.model.bounce import BounceProfile
from esashell.config.model.listeners import Behavior
from esashell.config.model.logs import LogLevel, LogSettings, LogSubscription, LogType
from esashell.dane.reason import DaneReason
from esashell.delivery.observation import DeliveryWanted, Fact
from esashell.delivery.outcome import Result
from esashell.logs.event import Field, messages
from esashell.logs.files import log_files
from esashell.logs.pattern import pattern
from esashell.logs.story import Joins, Links, story
from esashell.logs.subscriptions import Subscriptions
from esashell.simulate.fate import Fate, Judgement
from esashell.simulate.story import Story
from esashell.simulate.traffic import HOUR, NEVER, SECOND, Listed
from esashell.simulate.volume import EVERYTHING, Volume
from esashell.smtp.client import Stage
from esashell.smtp.replies import Reply
from esashell.smtp.transaction import Transaction
from tests.simulate.storywork import (
    CONFIG,
    DISCARDED,
    IN_CLEAR,
    MANDATORY,
    NINE,
    OPPORTUNISTIC,
    Queue,
    judged,
    lines_of,
    through,
    written,
)

END = NINE + 80 * HOUR
SHORT = BounceProfile(maximum_queue_time=4 * 3600, send_bounces=True)


def told(queues: Sequence[Queue], volume: Volume = EVERYTHING) -> Story:
    return Story(queues, lambda: CONFIG, NINE, volume, lambda: True)


def texts(lines: Sequence[str]) -> list[str]:
    return [re.sub(r"^(\S+ +){4}\d{4} ", "", line) for line in lines]


def queue(domain: str, *instants: int, profile: BounceProfile = SHORT, **how: object) -> Queue:
    arrivals = Listed(tuple(NINE + each for each in instants))
    return Queue(domain, arrivals, through((domain, MANDATORY, NEVER)), profile)


def test_a_delivery_with_dane_reads_as_on_the_appliance(tmp_path: Path) -> None:
    one = queue("karakun.com", 5, 3 * SECOND, 60 * SECOND)
    lines = texts(written(tmp_path, [one], told([one]), [END]))
    assert lines[:11] == [
        "Info: New SMTP ICID 1 interface Management (192.168.42.42) address 192.168.42.10 "
        "reverse dns host unknown verified no",
        "Info: ICID 1 RELAY SG RELAYLIST match 192.168.42.0/24 SBRS not enabled country "
        "not enabled",
        "Info: Start MID 1 ICID 1",
        "Info: MID 1 ICID 1 From: <user1@example.com>",
        "Info: MID 1 ICID 1 RID 0 To: <reader1@karakun.com>",
        "Info: MID 1 Message-ID '<1.0@example.com>'",
        'Info: MID 1 Subject "Letter 1"',
        "Info: MID 1 ready 1001 bytes from <user1@example.com>",
        "Info: MID 1 matched all recipients for per-recipient policy DEFAULT in the outbound table",
        "Info: MID 1 queued for delivery",
        "Info: ICID 1 close",
    ]
    delivery = [line for line in lines if "DCID" in line]
    assert delivery[:3] == [
        "Info: New SMTP DCID 1 interface 192.168.42.42 address 203.0.113.10 port 25",
        "Info: DCID 1 TLS success protocol TLSv1.2 cipher ECDHE-RSA-AES256-GCM-SHA384 for "
        "karakun.com",
        "Info: Delivery start DCID 1 MID 1 to RID [0]",
    ]
    # The second came within five seconds and went over the same connection; the third did not.
    assert [line for line in delivery if "Delivery start" in line][1:] == [
        "Info: Delivery start DCID 1 MID 2 to RID [0]",
        "Info: Delivery start DCID 2 MID 3 to RID [0]",
    ]
    assert [line for line in delivery if "close" in line] == [
        "Info: DCID 1 close",
        "Info: DCID 2 close",
    ]


def test_a_connection_is_closed_five_seconds_after_its_last_message(tmp_path: Path) -> None:
    one = queue("karakun.com", 0, 3 * SECOND)
    lines = written(tmp_path, [one], told([one]), [NINE + SECOND, NINE + 6 * SECOND, END])
    (closed,) = (line for line in lines if "DCID 1 close" in line)
    (last,) = (line for line in lines if "Message finished MID 2" in line)
    assert (int(last.split()[3][-2:]) + 5) % 60 == int(closed.split()[3][-2:])


def test_what_dane_keeps_back_waits_and_bounces_just_before_an_attempt(tmp_path: Path) -> None:
    one = queue("mismatch.lab", 0)
    lines = texts(written(tmp_path, [one], told([one]), [END]))
    delayed = [line for line in lines if line.startswith("Info: Delayed: ")]
    assert delayed[0].startswith(
        "Info: Delayed: DCID 1 MID 1 to RID 0 - 4.7.5 - Other security problem ('000', "
    )
    assert len(delayed) == len([line for line in lines if "pending till" in line]) == one.attempts
    (bounced,) = (line for line in lines if line.startswith("Info: Bounced: "))
    assert bounced.startswith(
        f"Info: Bounced: DCID {one.attempts} MID 1 to RID 0 - 5.4.7 - Delivery expired "
        "(message too old) ('000', "
    )
    begin = lines.index(bounced)
    assert lines[begin + 1 : begin + 5] == [
        "Info: MID 2 was generated for bounce of MID 1",
        "Info: Start MID 2 ICID 0",
        "Info: MID 2 ICID 0 From: <>",
        "Info: MID 2 ICID 0 RID 0 To: <user1@example.com>",
    ]
    assert lines[-1] == "Info: Message finished MID 1 done"
    assert not any("TLS success" in line for line in lines)


def test_a_bounce_that_cannot_go_back_is_a_double_bounce(tmp_path: Path) -> None:
    one = queue("no-such-domain.lab", *range(7))
    lines = texts(written(tmp_path, [one], told([one]), [END]))
    assert len([line for line in lines if " was generated for bounce of " in line]) == 6
    (double,) = (line for line in lines if line.startswith("Info: Double bounce: "))
    assert "5.1.2 - Bad destination host" in double


def test_what_a_route_throws_away_is_told(tmp_path: Path) -> None:
    one = Queue("x.lab", Listed((NINE,)), through(("karakun.com", DISCARDED, NEVER)))
    lines = texts(written(tmp_path, [one], told([one]), [END]))
    assert lines[-3:] == [
        "Info: Message done DCID 0 MID 1 to RID [0] ",
        "Info: MID 1 RID [0] Response '/dev/null'",
        "Info: Message finished MID 1 done",
    ]


def test_who_gives_up_after_some_retries_says_what_the_last_one_met(tmp_path: Path) -> None:
    one = queue("mismatch.lab", 0, profile=BounceProfile(maximum_retries=2))
    lines = texts(written(tmp_path, [one], told([one]), [END]))
    assert len([line for line in lines if line.startswith("Info: Delayed: ")]) == 2
    (bounced,) = (line for line in lines if line.startswith("Info: Bounced: "))
    assert "DCID 3 MID 1 to RID 0 - 5.7.5 - Other security problem" in bounced


def test_an_operator_who_deletes_and_bounces_is_in_the_log(tmp_path: Path) -> None:
    one = queue("mismatch.lab", 0, 1, 2)
    story = told([one])
    one.advance(NINE + HOUR)
    one.remove(1, 2, Fate.DELETED)
    one.remove(0, 1, Fate.RETURNED)
    lines = texts(written(tmp_path, [one], story, [NINE + 2 * HOUR]))
    assert "Info: Deleted: MID 2 to [0]" in lines
    assert any("Bounced: DCID 0 MID 1 to RID 0" in line for line in lines)
    assert story.mid(0, 3) == 3


# A destination that puts mail off with a 4xx, and one that DANE keeps back.


def put_off(until: int = NEVER, code: int = 451) -> Judgement:
    """A delivery whose recipient is put off by the server."""
    found = judged("karakun.com", MANDATORY, until)
    assert found.attempt is not None
    done = found.attempt.outcome
    reply = Reply(code, ("4.7.1 Try again later",))
    transaction = Transaction(Stage.RCPT, failure=reply)
    reason = DaneReason("later", "the recipient was put off", "RFC 5321")
    outcome = replace(
        done, result=Result.DEFER, status="4.7.1", reason=reason, transaction=transaction
    )
    facts = tuple(
        Fact(each.want, transaction) if isinstance(each.want, DeliveryWanted) else each
        for each in found.attempt.observation.facts
    )
    observation = replace(found.attempt.observation, facts=facts)
    attempt = replace(found.attempt, observation=observation, outcome=outcome)
    return Judgement(Fate.DEFERRED, until, attempt, soft=code // 100 == 4)


WARNING = BounceProfile(
    maximum_queue_time=12 * 3600, send_warnings=True, warning_interval=4 * 3600, warning_count=2
)


def test_the_sender_is_warned_of_a_delay_after_a_4xx_and_never_of_one_by_dane(
    tmp_path: Path,
) -> None:
    off = put_off()
    one = Queue("karakun.com", Listed((NINE,)), lambda now: off, WARNING)
    lines = texts(written(tmp_path / "4xx", [one], told([one]), [END]))
    assert any("('451', ['4.7.1 Try again later']) []" in line for line in lines)
    assert len([line for line in lines if "(Delay)" in line]) == 2
    assert len([line for line in lines if "(Failure)" in line]) == 1
    begin = next(at for at, line in enumerate(lines) if "(Delay)" in line)
    mid = lines[begin].split()[2]
    assert f"Info: MID {mid} was generated for bounce of MID 1" in lines[:begin]
    kept = queue("mismatch.lab", 0, profile=WARNING)
    lines = texts(written(tmp_path / "dane", [kept], told([kept]), [END]))
    assert not any("(Delay)" in line for line in lines)
    assert len([line for line in lines if "(Failure)" in line]) == 1


def test_each_message_is_offered_to_a_server_that_puts_it_off(tmp_path: Path) -> None:
    off = put_off()
    one = Queue("karakun.com", Listed((NINE, NINE + 1)), lambda now: off, SHORT)
    lines = texts(written(tmp_path, [one], told([one]), [NINE + 70 * SECOND]))
    assert [line for line in lines if "Delivery start" in line or "close" in line][1:] == [
        "Info: Delivery start DCID 1 MID 1 to RID [0]",
        "Info: DCID 1 close",
        "Info: ICID 2 close",
        "Info: Delivery start DCID 2 MID 1 to RID [0]",
        "Info: Delivery start DCID 2 MID 2 to RID [0]",
        "Info: DCID 2 close",
    ]


# Properties, over destinations that go up and down.

WAYS = (
    ("karakun.com", MANDATORY),
    ("dane.lab", OPPORTUNISTIC),
    ("mismatch.lab", MANDATORY),
    ("tlsa-bogus.lab", OPPORTUNISTIC),
    ("refused.lab", IN_CLEAR),
    ("no-such-domain.lab", MANDATORY),
    ("null-mx.lab", IN_CLEAR),
    ("karakun.com", DISCARDED),
)
instants = st.integers(0, 10 * HOUR // SECOND).map(lambda seconds: NINE + seconds * SECOND)


@st.composite
def populations(draw: st.DrawFn) -> list[Queue]:
    found = []
    for place in range(draw(st.integers(1, 4))):
        arrivals = sorted(draw(st.lists(instants, min_size=1, max_size=12)))
        turns = sorted(draw(st.lists(instants, max_size=3, unique=True)))
        ways = draw(st.lists(st.sampled_from(WAYS), min_size=len(turns) + 1, max_size=4))
        periods = [(*way, until) for way, until in zip(ways, [*turns, NEVER], strict=False)]
        profile = BounceProfile(
            maximum_queue_time=draw(st.sampled_from((600, 4 * 3600))),
            maximum_retries=draw(st.sampled_from((1, 3, 100))),
        )
        behavior = draw(st.sampled_from((Behavior.RELAY, Behavior.ACCEPT)))
        stream = Listed(tuple(arrivals))
        found.append(Queue(f"d{place}.lab", stream, through(*periods), profile, behavior))
    return found


def numbers(pattern: str, lines: Sequence[str]) -> list[int]:
    return [int(it[1]) for line in lines if (it := re.search(pattern, line))]


@settings(max_examples=60)
@given(populations())
def test_every_message_has_one_story_and_the_lines_count_what_the_figures_count(
    tmp_path_factory: pytest.TempPathFactory, queues: list[Queue]
) -> None:
    folder = tmp_path_factory.mktemp("story")
    dated = written(folder, queues, told(queues), [END])
    lines = texts(dated)
    tally = sum((each.tally for each in queues), Counter[Fate]())
    came = numbers(r"Start MID (\d+) ICID [1-9]", lines)
    assert len(came) == sum(each.stream.come(END) for each in queues) == tally.total()
    # Nothing is given twice, and everything rises.
    for kind in (r"Start MID (\d+)", r"New SMTP ICID (\d+)", r"New SMTP DCID (\d+)"):
        found = numbers(kind, lines)
        assert found == list(range(1, len(found) + 1))
    # Each message ends once, as the figures say.
    delivered = numbers(r"Message done DCID [1-9]\d* MID (\d+)", lines)
    dropped = numbers(r"Message done DCID 0 MID (\d+)", lines)
    bounced = numbers(r"(?:Bounced: DCID \d+|Double bounce:) MID (\d+) to", lines)
    assert sorted(delivered + dropped + bounced) == sorted(came)
    assert sorted(numbers(r"Message finished MID (\d+)", lines)) == sorted(came)
    deliveries = (each for each in Fate if each.is_delivery)
    assert len(delivered) == sum(tally[each] for each in deliveries)
    assert len(dropped) == tally[Fate.DROPPED]
    assert len(bounced) == sum(tally[each] for each in Fate if each.is_bounce)
    with_dane = {int(n) for n in re.findall(r"DCID (\d+) TLS success.* for ", "\n".join(lines))}
    over = Counter(numbers(r"Message done DCID ([1-9]\d*)", lines))
    assert sum(over[each] for each in with_dane) == tally[Fate.DELIVERED_WITH_DANE]
    # Every connection is closed, and the lines are in the order of time.
    assert sorted(numbers(r"DCID (\d+) close", lines)) == sorted(
        numbers(r"New SMTP DCID (\d+)", lines)
    )
    times = [line_time(line) for line in dated]
    assert times == sorted(times)


def line_time(line: str) -> tuple[int, str]:
    return int(line.split()[2]), line.split()[3]


@settings(max_examples=40)
@given(
    populations(),
    st.lists(instants, max_size=4),
    st.sampled_from((EVERYTHING, Volume(first=1, every=4), Volume(first=0, every=0))),
)
def test_the_log_is_the_same_whenever_somebody_looks(
    tmp_path_factory: pytest.TempPathFactory,
    queues: list[Queue],
    stops: list[int],
    volume: Volume,
) -> None:
    again = [
        Queue(each.domain, each.stream, each.judge, each.profile, each.behavior) for each in queues
    ]
    once, often = tmp_path_factory.mktemp("once"), tmp_path_factory.mktemp("often")
    one = written(once, queues, told(queues, volume), [END])
    other = written(often, again, told(again, volume), [*sorted(stops), END])
    assert one == other


# What operators do with such a log.


def log_files_of(folder: Path) -> list[Path]:
    return sorted((folder / "mail_logs").glob("*.@*"))


def test_findevent_joins_every_message_of_a_run(tmp_path: Path) -> None:
    queues = [
        queue("karakun.com", 0, SECOND, HOUR),
        queue("mismatch.lab", 5, HOUR),
        queue("no-such-domain.lab", 9),
    ]
    written(tmp_path, queues, told(queues), [END])
    files = log_files_of(tmp_path)
    for place, each in enumerate(queues):
        sought = pattern([each.domain])
        found = messages(files, Field.RECIPIENT, sought)
        assert len(found) == each.stream.come(END), place
        for message in found:
            ids = Links(files).belonging_to([message.mid])
            lines = [line.decode() for line in story(files, ids, Joins.FINDEVENT)]
            text = "".join(lines)
            assert f"Start MID {message.mid} ICID {min(ids.icids - {0})}\n" in text
            assert text.count(f"Message finished MID {message.mid} done") == 1
            assert len(ids.dcids - {0}) == text.count("New SMTP DCID")
            if each.domain == "karakun.com":
                assert "TLS success" in text
            else:
                # The bounce that came of it is a part of its story.
                assert "was generated for bounce of" in text
                assert len(ids.mids) == 2


def test_a_part_of_the_messages_is_told_and_each_of_those_whole(tmp_path: Path) -> None:
    arrivals = tuple(NINE + place * 20 * SECOND for place in range(2000))
    turns = (("karakun.com", MANDATORY, NINE + 3 * HOUR), ("mismatch.lab", MANDATORY, NEVER))
    one = Queue("d.lab", Listed(arrivals), through(*turns), SHORT)
    volume = Volume(first=2, every=500)
    story = told([one], volume)
    lines = texts(written(tmp_path, [one], story, [NINE + HOUR, NINE + 4 * HOUR, END]))
    subjects = numbers(r'Subject "Letter (\d+)"', lines)
    # The first two, one in five hundred, and the one with which it changed.
    changed = next(place + 1 for place, when in enumerate(arrivals) if when >= NINE + 3 * HOUR)
    assert set(subjects) >= {1, 2, 500, 1000, 1500, 2000, changed}
    assert len(subjects) == story.told < 30
    came = numbers(r"Start MID (\d+) ICID [1-9]", lines)
    ends = numbers(r"Message finished MID (\d+)", lines)
    assert sorted(came) == sorted(ends)
    # The numbers are about those that all of them would have.
    for number, mid in zip(subjects, came, strict=True):
        assert number <= mid + 200
        assert mid <= number + 200
    # A message that waits and is not told has a number that nobody else has.
    given = set(came)
    assert all(story.mid(0, number) not in given for number in range(3, 400))
    assert "Of its 2,000 messages it tells the first 2 of each of 1 destinations" in story.remark(
        2000
    )


def test_no_more_messages_are_told_than_there_is_room_for(tmp_path: Path) -> None:
    queues = [queue("karakun.com", *range(10)) for _ in range(5)]
    for most in (0, 7, 50, 1000):
        again = [
            Queue(each.domain, each.stream, each.judge, each.profile, each.behavior)
            for each in queues
        ]
        story = told(again, Volume(first=10, every=1, most=most))
        lines = written(tmp_path / str(most), again, story, [END])
        assert len(numbers(r"Start MID (\d+) ICID [1-9]", lines)) == min(most, 50)


def test_a_destination_that_fails_is_told_where_there_is_no_room_for_all() -> None:
    queues = [queue("karakun.com", 0) for _ in range(50)] + [queue("mismatch.lab", 0)]
    story = told(queues, Volume(first=5, every=0, most=10))
    for each in queues:
        each.advance(END)
    events = [event for _, event in story.tell(END)]
    domains = {each.recipients[0].partition("@")[2] for each in events if is_start(each)}  # type: ignore[attr-defined]
    assert "mismatch.lab" in domains
    assert story.told <= 10


def is_start(event: object) -> bool:
    return type(event).__name__ == "MessageStarted" and bool(getattr(event, "icid", 0))


def test_a_log_at_debug_has_the_look_ups_of_an_attempt_once_for_as_long_as_they_are_kept(
    tmp_path: Path,
) -> None:
    one = queue("karakun.com", 0, 60 * SECOND, 2 * HOUR)
    levels = {"mail_logs_d": LogLevel.DEBUG}
    written(tmp_path, [one], told([one]), [END], **levels)
    lines = texts(lines_of(tmp_path, "mail_logs_d"))
    asked = [line for line in lines if line.startswith("Debug: DNS query: Q('karakun.com', 'MX')")]
    assert len(asked) == 2
    assert "Debug: Trying DANE MANDATORY for karakun.com" in lines
    assert "Debug: SECURE TLSA Record found for MX(mail.karakun.com) in karakun.com" in lines
    assert any(line.startswith("Debug: DNS encache (karakun.com, MX, [(") for line in lines)
    information = texts(lines_of(tmp_path, "mail_logs"))
    assert information == [line for line in lines if not line.startswith("Debug: ")]


def test_the_bounce_log_has_what_waited_and_what_was_given_up(tmp_path: Path) -> None:
    one = queue("mismatch.lab", 0)
    written(tmp_path, [one], told([one]), [END])
    lines = texts(lines_of(tmp_path, "bounces"))
    assert lines[0].startswith(
        "Info: Delayed: 1:0 From:<user1@example.com> To:<reader1@mismatch.lab> "
        'Reason: "4.7.5 - Other security problem" Response: "(\'000\', ['
    )
    assert lines[-1].startswith("Info: Bounced: 1:0 ")
    assert len(lines) == one.attempts + 1


def test_a_story_that_is_interrupted_goes_on_where_it_stopped() -> None:
    queues = [queue("karakun.com", *range(20)), queue("mismatch.lab", 0)]
    for each in queues:
        each.advance(END)
    whole = [event for _, event in told(queues).tell(END)]
    story = told(queues)
    begun = story.tell(END)
    assert isinstance(begun, Generator)
    first = [next(begun)[1] for _ in range(40)]
    begun.close()
    rest = [event for _, event in story.tell(END)]
    # Of the act that was being told the rest may be lost, a few lines.
    assert first == whole[:40]
    assert rest == whole[-len(rest) :]
    assert len(whole) - len(first) - len(rest) < 8


def test_a_story_is_told_once(tmp_path: Path) -> None:
    one = queue("karakun.com", 0)
    story = told([one])
    one.advance(END)
    assert list(story.tell(END))
    assert list(story.tell(END)) == []
    assert list(story.tell(NINE)) == []


def test_the_files_roll_over_by_the_time_of_the_simulation_and_by_size(tmp_path: Path) -> None:
    one = queue("mismatch.lab", *(place * HOUR for place in range(60)), profile=BounceProfile())
    daily = LogSubscription("mail_logs", LogType.MAIL, "mail", maximum_files=99, rollover=86_400)
    small = LogSubscription("small", LogType.MAIL, "mail", maximum_size=20_000, maximum_files=3)
    logs = Subscriptions(str(tmp_path))
    logs.follow(replace(CONFIG, logs=LogSettings(subscriptions=(daily, small))), NINE)
    end = NINE + 140 * HOUR
    one.advance(end)
    for when, event in told([one]).tell(end):
        logs.record(event, when)
    logs.flush(end)
    days = log_files(tmp_path / "mail_logs")
    assert len(days) == 6
    for before, after in pairwise(days):
        last = [line for line in before.path.read_text().splitlines() if " MID " in line][-1]
        began = datetime.strptime(after.began, "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
        stamp = datetime.strptime(" ".join(last.split()[1:5]), "%b %d %H:%M:%S %Y")
        assert stamp.replace(tzinfo=UTC) < began
        assert began - datetime.strptime(before.began, "%Y%m%dT%H%M%S").replace(
            tzinfo=UTC
        ) >= timedelta(days=1)
    sizes = [each.path.stat().st_size for each in log_files(tmp_path / "small")]
    assert len(sizes) == 3
    assert max(sizes) <= 20_000 + 200
