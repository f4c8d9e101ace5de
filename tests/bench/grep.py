"""`grep` beside GNU grep, and ripgrep where there is one, on a log of a gigabyte.

    python -m tests.bench.grep              1 GB, 12 million lines
    python -m tests.bench.grep --short      50 MB

Whole programs are measured, `esashell -c 'grep ...' > file`, with the page cache warm and the
output on a disk in memory. They take turns, the figures are medians, and each output is compared
octet by octet. GNU grep runs with LC_ALL=C, where it is fastest. `one` is the program held to a
single processor, `two` as it comes; the processor time of all its processes stands beside.

Memory is the largest sum seen, in a run that is not timed, of the program's and its children's
proportional share (Pss) and of the files in memory between them, every few milliseconds.
"""

import argparse
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from msgspec import Struct

os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

LOG = "mail_logs"
LONG, SHORT = 1_070_000_000, 50_000_000


class Case(Struct, frozen=True):
    """A search, and the ratios to GNU grep that are aimed at with one processor and with two."""

    called: str
    pattern: str
    one: float
    two: float
    options: tuple[str, ...] = ()


CASES = (
    Case("expression", "TLS success.*for", 1.5, 0.8),
    Case("literal, many lines", "198\\.51\\.100\\.77 port 25", 1.5, 0.8),
    Case("literal, no line", "Message-ID .<deadbeef00", 1.5, 0.8),
    Case("expression, two parts", "DCID [0-9]+ TLS (success|failed).*AES128", 1.5, 0.8),
    Case("-i", "dane FAILED", 1.6, 0.9, ("-i",)),
    Case("alternation", "ServFail|TLS failed|Bounced", 2.2, 1.2),
    Case("-v, few lines", "Info", 3.5, 2.0, ("-v",)),
    Case("-v, many lines", "MID", 3.5, 2.0, ("-v",)),
)


def lines(seed: int = 7) -> Iterator[str]:
    """A mail log without end: forty messages in each second, as they are relayed and delivered."""
    draw = random.Random(seed)
    icid, mid, dcid, second = 1000, 5000, 300, 0
    while True:
        second += 1
        day, clock = 4 + second // 86400 % 20, second % 86400
        at = f"Mon Feb {day} {clock // 3600:02d}:{clock // 60 % 60:02d}:{clock % 60:02d} 2019"
        for _ in range(40):
            icid, mid, dcid = icid + 1, mid + 1, dcid + 1
            yield from (f"{at} {line}\n" for line in _message(draw, icid, mid, dcid))


def _message(draw: random.Random, icid: int, mid: int, dcid: int) -> Iterator[str]:
    number = draw.randrange(500)
    domain, host = f"dest{number}.example", f"mx{number}.dest{number}.example"
    yield (
        f"Info: New SMTP ICID {icid} interface Management (192.0.2.10) address "
        f"198.51.100.{draw.randrange(256)} reverse dns host unknown verified no"
    )
    yield f"Info: ICID {icid} RELAY SG RELAYLIST match 198.51.100.0/24 SBRS not enabled"
    yield f"Info: Start MID {mid} ICID {icid}"
    yield f"Info: MID {mid} ICID {icid} From: <user{draw.randrange(9999)}@example.com>"
    yield f"Info: MID {mid} ICID {icid} RID 0 To: <u{draw.randrange(9999)}@{domain}>"
    yield f"Info: MID {mid} Message-ID '<{draw.getrandbits(64):x}@example.com>'"
    yield f"Info: MID {mid} ready {draw.randrange(90000)} bytes from <user@example.com>"
    yield f"Info: MID {mid} queued for delivery"
    yield (
        f"Info: New SMTP DCID {dcid} interface 192.0.2.10 address "
        f"198.51.100.{draw.randrange(256)} port 25"
    )
    kind = draw.randrange(10)
    protocol = f"Info: DCID {dcid} TLS success protocol TLSv1.2 cipher"
    if kind < 6:
        yield f"{protocol} ECDHE-RSA-AES{draw.choice((128, 256))}-GCM-SHA384 for {domain}"
    elif kind < 9:
        yield f"{protocol} DHE-RSA-AES128-SHA"
    else:
        yield f"Info: DCID {dcid} TLS failed: DANE FAILED for {host}"
    yield f"Info: Delivery start DCID {dcid} MID {mid} to RID [0]"
    yield f"Info: Message done DCID {dcid} MID {mid} to RID [0]"
    if draw.randrange(50) == 0:
        yield f"Warning: DNS Temporary Failure {host} MX - ServFail"
    yield f"Info: Message finished MID {mid} done"
    yield f"Info: DCID {dcid} close"


def write_log(path: Path, size: int) -> int:
    """Write a log of this size; its number of lines."""
    written = count = 0
    made = lines()
    with path.open("wb") as file:
        while written < size:
            block = [next(made) for _ in range(20_000)]
            written += file.write("".join(block).encode())
            count += len(block)
    return count


class Run(Struct, frozen=True):
    """Seconds on the clock, and of processors."""

    wall: float
    cpu: float


def run(command: Sequence[str], output: Path, processors: int | None = None) -> Run:
    """Run a program with its output to a file; held to one processor where that is asked for."""

    every = os.sched_getaffinity(0)
    with output.open("wb") as file:
        os.sched_setaffinity(0, sorted(every)[:processors])  # what is started has it from here
        began = time.perf_counter()
        started = subprocess.Popen(command, stdout=file, env={**os.environ, "LC_ALL": "C"})
        os.sched_setaffinity(0, every)
        _, _, used = os.wait4(started.pid, 0)
        wall = time.perf_counter() - began
        started.returncode = 0
    return Run(wall, used.ru_utime + used.ru_stime)


def peak(command: Sequence[str], output: Path) -> float:
    """The most memory that a program and its children had at any time, in MB."""
    most = 0
    with output.open("wb") as file, subprocess.Popen(command, stdout=file) as started:
        while started.poll() is None:
            most = max(most, _memory(started.pid))
            time.sleep(0.002)
    return most / 1e6


def _memory(pid: int) -> int:
    """Pss of a process and its children, and the files in memory that it has open."""
    total = 0
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        for each in Path(f"/proc/{pid}/fd").iterdir():
            # A number that was closed and taken anew meanwhile is another file, one with a name.
            if os.readlink(each).startswith("/memfd:") and not (found := os.stat(each)).st_nlink:
                total += found.st_blocks * 512
        for process in (str(pid), *children):
            for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1]) * 1024
    except (OSError, IndexError):
        pass  # it ended meanwhile
    return total


class Bench:
    """A log in an appliance's folder, and room for outputs."""

    def __init__(self, folder: Path, outputs: Path, size: int) -> None:
        self.state, self.outputs = folder, outputs
        self.log = folder / "logs" / LOG / "mail.@20190204T000000.c"
        self.log.parent.mkdir(parents=True)
        self.lines = write_log(self.log, size)

    def ours(self, case: Case) -> list[str]:
        words = " ".join((*case.options, f'"{case.pattern}"', LOG))
        program = [sys.executable, "-m", "esashell", "--state", str(self.state)]
        return [*program, "-c", f"grep {words}"]

    def peers(self, case: Case) -> dict[str, list[str]]:
        expression = [*case.options, "-e", case.pattern, str(self.log)]
        found = {"gnu": ["grep", "-E", *expression]}
        if rg := shutil.which("rg"):
            found["rg"] = [rg, "--no-config", "-N", "--color=never", *expression]
        return found

    def measured(self, case: Case, repeats: int) -> dict[str, Run]:
        """The medians, after each output was compared with GNU grep's."""
        ours, peers = self.ours(case), self.peers(case)
        takers: dict[str, Callable[[Path], Run]] = {
            name: lambda to, command=command: run(command, to)  # type: ignore[misc]
            for name, command in peers.items()
        }
        takers["one"] = lambda to: run(ours, to, 1)
        takers["two"] = lambda to: run(ours, to)
        taken: dict[str, list[Run]] = {name: [] for name in takers}
        for _ in range(repeats):
            for name, take in takers.items():
                output = self.outputs / name
                taken[name].append(take(output))
                if name != "gnu":
                    same = ["cmp", str(self.outputs / "gnu"), str(output)]
                    assert subprocess.run(same, check=False).returncode == 0, (case, name)
        return {
            name: Run(
                statistics.median(each.wall for each in runs),
                statistics.median(each.cpu for each in runs),
            )
            for name, runs in taken.items()
        }

    def row(self, case: Case, repeats: int) -> str:
        found = self.measured(case, repeats)
        gnu = found["gnu"]
        one, two = (found[each].wall / gnu.wall for each in ("one", "two"))
        work = "/".join(f"{found[each].cpu / gnu.cpu:.2f}" for each in ("one", "two"))
        rg = f"{found['rg'].wall / gnu.wall:6.2f}" if "rg" in found else "     -"
        used = peak(self.ours(case), self.outputs / "peak")
        size = (self.outputs / "gnu").stat().st_size / 1e6
        return (
            f"{case.called:22} {size:7.1f} {gnu.wall:7.2f} {one:6.2f} {case.one:5.1f} "
            f"{two:6.2f} {case.two:5.1f} {rg} {work:>12} {used:7.1f}"
        )


HEAD = (
    f"{'search':22} {'MB out':>7} {'gnu s':>7} {'one':>6} {'aim':>5} {'two':>6} {'aim':>5} "
    f"{'rg':>6} {'cpu one/two':>12} {'MB mem':>7}"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="50 MB in place of a gigabyte")
    parser.add_argument("--repeats", type=int, default=5)
    given = parser.parse_args()
    memory = Path("/dev/shm")
    with (
        tempfile.TemporaryDirectory() as folder,
        tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as outputs,
    ):
        bench = Bench(Path(folder), Path(outputs), SHORT if given.short else LONG)
        print(f"{bench.log.stat().st_size / 1e6:.0f} MB, {bench.lines:,} lines; times gnu's")
        if shutil.which("rg") is None:
            print("ripgrep is not installed (Debian package: ripgrep)")
        print(HEAD)
        for case in CASES:
            print(bench.row(case, given.repeats), flush=True)


if __name__ == "__main__":
    main()
