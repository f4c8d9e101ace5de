"""Other people's servers, and the lab as they meet it, started for a test and ended after it."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from esashell.worlds.lab.world import Lab
from tests.conftest import need
from tests.differential.namespace import with_our_modules

_PATIENCE = 30.0

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
    code = "import sys; from esashell.shell.lab import main; sys.exit(main(sys.argv[1:]))"
    words = wrap(*(command or (sys.executable, "-c", code, "serve")), *options)
    log = folder / "lab.log"
    with running(words, log, lambda said: "\nready\n" in said):
        yield [line.split() for line in log.read_text().splitlines()]


def root_hints(lab: Lab, folder: Path) -> Path:
    """The lab's root servers, for a resolver that finds its own way."""
    roots = lab.catalogue.scenario.servers["root"]
    hints = folder / "root.hints"
    hints.write_text(
        "".join(f". 3600 NS {name}.\n{name}. 3600 A {at}\n" for name, at in roots.items())
    )
    return hints


@contextmanager
def unbound(wrap: Wrap, folder: Path, anchor: str, *, port: int, way: str) -> Iterator[None]:
    """A validating unbound at 127.0.0.1 that has this trust anchor; `way` is how it finds servers,
    in the words of its configuration file."""
    anchors = "\n".join(f'    trust-anchor: "{each}"' for each in anchor.splitlines())
    configuration = folder / "unbound.conf"
    configuration.write_text(f"""
server:
    interface: 127.0.0.1
    port: {port}
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
""")
    command = wrap(need("unbound"), "-d", "-c", configuration)
    with running(command, folder / "unbound.log", lambda said: "start of service" in said):
        yield


@contextmanager
def nsd(folder: Path, zones: Path, port: int, wrap: Wrap = here) -> Iterator[None]:
    """An nsd at 127.0.0.1 that serves every zone of an exported lab."""
    configuration = folder / "nsd.conf"
    configuration.write_text(
        f"""
server:
    ip-address: 127.0.0.1@{port}
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
"""
        + (zones / "nsd.conf").read_text()
    )
    command = wrap(need("nsd"), "-d", "-c", configuration)
    with running(command, folder / "nsd.log", lambda said: "nsd started" in said):
        yield
