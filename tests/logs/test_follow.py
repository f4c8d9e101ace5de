"""A log that is followed, over rollovers and beside a writer."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esashell.config.model.logs import LogSubscription, LogType
from esashell.logs.follow import followed, last_lines
from esashell.logs.stamp import utc
from esashell.logs.writer import LogWriter

SECOND = 1_000_000
START = 1_740_819_600 * SECOND


def watch(folder: Path, steps: Iterator[None], **options: object) -> list[bytes]:
    """What is put while `steps` are made, one at each wait; Ctrl-C comes when there are no more."""
    shown: list[bytes] = []

    def wait() -> None:
        try:
            next(steps)
        except StopIteration:
            raise KeyboardInterrupt from None

    followed(folder, shown.append, wait, **options)  # type: ignore[arg-type]
    return b"".join(shown).splitlines(keepends=True)


def writer(folder: Path, size: int = 10_000_000, files: int = 10) -> LogWriter:
    subscription = LogSubscription(
        "mail", LogType.MAIL, "mail", maximum_size=size, maximum_files=files
    )
    return LogWriter(folder, subscription, utc)


def test_the_last_ten_lines_come_first_and_then_what_is_written(tmp_path: Path) -> None:
    log = writer(tmp_path)
    log.write([f"old {number}" for number in range(20)], START)

    def steps() -> Iterator[None]:
        log.write(["new 1"], START)
        yield
        yield
        log.write(["new 2", "new 3"], START)
        yield

    wanted = [f"old {number}" for number in range(10, 20)] + ["new 1", "new 2", "new 3"]
    assert watch(tmp_path, steps()) == [f"{line}\n".encode() for line in wanted]


def test_a_rollover_loses_nothing(tmp_path: Path) -> None:
    log = writer(tmp_path, 100, 1000)
    log.write(["first"], START)

    def steps() -> Iterator[None]:
        for number in range(200):
            log.write([f"line {number}"], START + number * SECOND)
            if number == 50:
                log.roll_over(START + number * SECOND)
                log.roll_over(START + number * SECOND)
            if number % 7 == 0:
                yield
        yield

    shown = watch(tmp_path, steps())
    assert shown == [b"first\n", *(b"line %d\n" % number for number in range(200))]
    assert len(list(tmp_path.glob("mail.@*"))) > 10


def test_files_that_are_gone_before_they_were_read_are_passed_over(tmp_path: Path) -> None:
    log = writer(tmp_path, 100, 1)
    log.write(["first"], START)

    def steps() -> Iterator[None]:
        for number in range(100):
            log.write([f"line {number}"], START + number * SECOND)
        yield
        log.write(["last"], START + 200 * SECOND)
        yield

    shown = watch(tmp_path, steps())
    assert (shown[0], shown[-1]) == (b"first\n", b"last\n")
    assert len(shown) == len(set(shown))


def test_half_a_line_waits_for_its_end_or_is_taken_back(tmp_path: Path) -> None:
    path = tmp_path / "mail.@20250301T090000.c"
    path.write_bytes(b"whole\nhal")

    def steps() -> Iterator[None]:
        with path.open("ab") as file:
            file.write(b"f\nmo")
        yield
        path.write_bytes(b"whole\nhalf\n")  # what a writer does with half a line
        yield
        with path.open("ab") as file:
            file.write(b"next\n")
        yield

    assert watch(tmp_path, steps()) == [b"whole\n", b"half\n", b"next\n"]


def test_a_log_that_does_not_exist_yet_is_waited_for(tmp_path: Path) -> None:
    def steps() -> Iterator[None]:
        yield
        writer(tmp_path / "mail").write(["at last"], START)
        yield

    assert watch(tmp_path / "mail", steps()) == [b"at last\n"]


def test_only_chosen_lines_are_put_and_nobody_is_waited_for(tmp_path: Path) -> None:
    writer(tmp_path).write(["a", "b"], START)
    shown: list[bytes] = []
    chosen: Callable[[bytes], bytes] = lambda text: text.replace(b"a\n", b"")  # noqa: E731
    followed(tmp_path, shown.append, None, chosen)
    assert shown == [b"b\n"]


@given(st.lists(st.lists(st.sampled_from([b"", b"a", b"\xff\x00"]), max_size=9), max_size=4))
def test_the_last_lines_of_files_are_those_of_their_text(
    tmp_path_factory: pytest.TempPathFactory, files: list[list[bytes]]
) -> None:
    folder = tmp_path_factory.mktemp("log")
    paths = [folder / f"{number}.s" for number in range(len(files))]
    for path, lines in zip(paths, files, strict=True):
        path.write_bytes(b"".join(line + b"\n" for line in lines))
    every = [line + b"\n" for lines in files for line in lines]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("esashell.logs.follow.CHUNK", 3)
        assert last_lines(paths, 5) == b"".join(every[-5:])
