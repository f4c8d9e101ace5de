"""How long an operator waits: the first prompt, a command in a script, a verification, the lab.

    .venv/bin/python -m tests.bench.start [REPEATS]

The first prompt is measured beside three lines of prompt_toolkit, and beside ptpython and litecli
where they are installed.
"""

import os
import shutil
import sys
import tempfile
from pathlib import Path

from msgspec import Struct

from tests.bench.timing import PYTHON, call, process, prompt, report, side_by_side

ESASHELL = str(Path(PYTHON).parent / "esashell")
THREE_LINES = """\
from prompt_toolkit import PromptSession
session = PromptSession()
session.prompt("here> ")
"""


class Shell(Struct, frozen=True):
    """Somebody else's shell on prompt_toolkit: how it is started, and what its prompt begins with.

    Nobody has to have it; it is looked for beside the interpreter, then on PATH. `{folder}` stands
    for a folder that it may write to.
    """

    program: str
    options: tuple[str, ...]
    shown: bytes

    def path(self) -> str | None:
        beside = str(Path(PYTHON).parent)
        places = os.pathsep.join([beside, os.environ.get("PATH", os.defpath)])
        return shutil.which(self.program, path=places)


SHELLS = (
    Shell("ptpython", (), b">>>"),
    Shell("litecli", ("--prompt", "here> ", "{folder}/peer.db"), b"here>"),
)


def whole_processes(repeats: int, state: str) -> str:
    shell = [ESASHELL, "--state", state]
    medians = side_by_side(
        {
            "python -I -c pass": process([PYTHON, "-I", "-c", "pass"]),
            "python -c pass": process([PYTHON, "-c", "pass"]),
            "esashell -c version": process([*shell, "-c", "version"]),
            "esashell -c 'daneverify ietf.org'": process([*shell, "-c", "daneverify ietf.org"]),
            "python -c 'import dns.message, cryptography.x509, ssl'": process(
                [PYTHON, "-c", "import dns.message, cryptography.x509, ssl"]
            ),
        },
        repeats,
    )
    return report("whole processes", medians, "python -c pass", "-c version <= 2x")


def first_prompt(repeats: int, state: str) -> str:
    measures = {
        "three lines of prompt_toolkit": prompt([PYTHON, "-c", THREE_LINES], b"here>"),
        "esashell": prompt([ESASHELL, "--state", state], b"myesa.local>"),
    }
    absent = []
    with tempfile.TemporaryDirectory() as folder:
        # As a user of theirs who has configured nothing.
        home = dict.fromkeys(("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"), folder)
        for shell in SHELLS:
            path = shell.path()
            if path is None:
                absent.append(f"  {shell.program} is neither beside the interpreter nor on PATH")
                continue
            options = [each.format(folder=folder) for each in shell.options]
            measures[shell.program] = prompt([path, *options], shell.shown, home)
        medians = side_by_side(measures, repeats)
    shown = report("first prompt", medians, "three lines of prompt_toolkit", "<= 1.2x")
    return "\n".join([shown, *absent])


def lab_start(repeats: int, folder: Path) -> str:
    from esashell.clock import SystemClock
    from esashell.worlds.lab.world import Lab

    few, many = folder / "few.toml", folder / "many.toml"
    few.write_text(domains_by_pattern(50))
    many.write_text(domains_by_pattern(100_000))
    medians = side_by_side(
        {
            "50 domains": call(lambda: Lab(SystemClock(), scenarios=[few])),
            "100,000 domains": call(lambda: Lab(SystemClock(), scenarios=[many])),
        },
        repeats,
    )
    return report("lab start, with this many more", medians, "50 domains", "1x")


def domains_by_pattern(count: int) -> str:
    """A scenario with this many domains."""
    return f"""\
[bulk."many{{n}}.lab"]
count   = {count}
shows   = "One of many."
records = '''
@  MX  0 mail.dane.lab.
'''
"""


def verification(repeats: int) -> str:
    from esashell.clock import SystemClock
    from esashell.delivery.verification import Sender, verify_domain
    from esashell.resolver.lookup import Resolver, Server
    from esashell.resolver.names import name_from_text
    from esashell.steps import run
    from esashell.worlds.lab.world import Lab

    clock = SystemClock()
    lab = Lab(clock)
    domain = name_from_text("ietf.org")
    servers = [Server("194.191.40.83")]
    anchors = [lab.anchor]

    def cold() -> None:
        with lab.session() as session:
            run(verify_domain(domain, Sender(Resolver(servers, anchors, clock), clock)), session)

    resolver = Resolver(servers, anchors, clock)

    def warm() -> None:
        with lab.session() as session:
            run(verify_domain(domain, Sender(resolver, clock)), session)

    cold()  # the lab signs and makes certificates at the first question
    warm()
    medians = side_by_side({"cold cache": call(cold), "warm cache": call(warm)}, repeats)
    return report("daneverify ietf.org in a running shell", medians, "cold cache")


def main(repeats: int) -> None:
    with tempfile.TemporaryDirectory() as state:
        print(whole_processes(repeats, state))
        print(first_prompt(repeats, state))
        print(verification(repeats))
        print(lab_start(repeats, Path(state)))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 11)
