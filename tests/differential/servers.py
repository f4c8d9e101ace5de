"""Other people's servers, and the lab as they meet it, started for a test and ended after it.

On the machine itself each finds ports for itself, and tells them; in a network of its own, where it
meets nobody, it may be given the port that the others expect.
"""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

from esashell.worlds.lab.world import Lab
from tests.conftest import need
from tests.differential.namespace import with_our_modules
from tests.ports import on_free_ports

_PATIENCE = 60.0

# The command line that serves the lab; options may follow.
SERVE = "import sys; from esashell.shell.lab import main; sys.exit(main(['serve', *sys.argv[1:]]))"

# How a command is run: as it is, or inside a namespace.
Wrap = Callable[..., list[str]]


def here(*words: str | Path) -> list[str]:
    """A command that is run on the machine itself."""
    return [str(each) for each in words]


@contextmanager
def running(
    command: Sequence[str], log: Path, is_ready: Callable[[str], bool]
) -> Iterator[subprocess.Popen[bytes]]:
    """A server, from when what it has written says that it is ready until it has ended."""
    with log.open("wb") as written:
        server = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=written,
            env=with_our_modules(),
        )
    try:
        deadline = time.monotonic() + _PATIENCE
        while not is_ready(log.read_text(errors="replace")):
            gone = server.poll() is not None
            if gone or time.monotonic() > deadline:
                said = log.read_text(errors="replace")
                raise AssertionError(f"{command} is not ready (gone: {gone}):\n{said}")
            time.sleep(0.02)
        yield server
    finally:
        server.terminate()
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


@contextmanager
def lab_served(
    wrap: Wrap, folder: Path, *options: str, command: Sequence[str | Path] = ()
) -> Iterator[list[list[str]]]:
    """`esashell lab serve`; the lines it prints, taken apart. `command` serves another lab."""
    log = folder / "lab.log"

    def start(*ports: int) -> AbstractContextManager[object]:
        choice = zip(("--dns-port", "--smtp-port"), map(str, ports), strict=False)
        words = (*(command or (sys.executable, "-c", SERVE)), *sum(choice, ()), *options)
        return running(wrap(*words), log, lambda said: "\nready\n" in said)

    with ExitStack() as stack:
        here_or_there = 0 if "--add-addresses" in options else 2
        on_free_ports(here_or_there, lambda *ports: stack.enter_context(start(*ports)))
        yield [line.split() for line in log.read_text().splitlines()]


def dns_port(doors: Sequence[Sequence[str]]) -> int:
    """The port of all of a served lab's name servers."""
    return int(next(door[2] for door in doors if door[0] == "dns"))


def root_hints(lab: Lab, folder: Path) -> Path:
    """The lab's root servers, for a resolver that finds its own way."""
    roots = lab.catalogue.scenario.servers["root"]
    hints = folder / "root.hints"
    hints.write_text(
        "".join(f". 3600 NS {name}.\n{name}. 3600 A {at}\n" for name, at in roots.items())
    )
    return hints


@contextmanager
def unbound(
    wrap: Wrap, folder: Path, anchor: str, *, port: int | None = None, way: str
) -> Iterator[int]:
    """A validating unbound at 127.0.0.1 that has this trust anchor, and its port; `way` is how it
    finds servers, in the words of its configuration file."""
    anchors = "\n".join(f'    trust-anchor: "{each}"' for each in anchor.splitlines())
    text = f"""
server:
    interface: 127.0.0.1
    port: PORT
    do-daemonize: no
    use-syslog: no
    logfile: ""
    verbosity: 1
    val-log-level: 2
    chroot: ""
    username: ""
    pidfile: ""
    directory: "{folder}"
    num-threads: 1
    module-config: "validator iterator"
    do-not-query-localhost: no
    # What the lab says of a name must not colour what is asked next.
    aggressive-nsec: no
    # The lab's faults lie on single questions; minimised ones would find a way round them.
    qname-minimisation: no
{anchors}
{way}
remote-control:
    control-enable: no
"""
    with _configured("unbound", wrap, folder, text, sign="start of service", port=port) as at:
        yield at


@contextmanager
def nsd(folder: Path, zones: Path, port: int | None = None, wrap: Wrap = here) -> Iterator[int]:
    """An nsd at 127.0.0.1 that serves every zone of an exported lab, and its port."""
    text = f"""
server:
    ip-address: 127.0.0.1@PORT
    server-count: 1
    username: ""
    chroot: ""
    database: ""
    zonesdir: "{zones}"
    pidfile: "{folder}/nsd.pid"
    xfrdfile: "{folder}/xfrd.state"
    xfrdir: "{folder}"
    zonelistfile: "{folder}/zone.list"
    verbosity: 1
    rrl-ratelimit: 0
remote-control:
    control-enable: no
""" + (zones / "nsd.conf").read_text()
    with _configured("nsd", wrap, folder, text, sign="nsd started", port=port) as at:
        yield at


@contextmanager
def _configured(
    program: str, wrap: Wrap, folder: Path, text: str, *, sign: str, port: int | None
) -> Iterator[int]:
    """A program that reads this configuration, with its port for PORT, and says `sign` when it
    serves."""
    configuration = folder / f"{program}.conf"
    command = wrap(need(program), "-d", "-c", configuration)
    log = folder / f"{program}.log"

    def start(at: int) -> int:
        configuration.write_text(text.replace("PORT", str(at)))
        stack.enter_context(running(command, log, lambda said: sign in said))
        return at

    with ExitStack() as stack:
        yield start(port) if port is not None else on_free_ports(1, start)
