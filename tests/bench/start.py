"""How long an operator waits: the first prompt, a command in a script, a verification, the lab.

.venv/bin/python -m tests.bench.start [REPEATS]
"""

import sys
import tempfile
from pathlib import Path

from tests.bench.timing import PYTHON, call, process, prompt, report, side_by_side

ESASHELL = str(Path(PYTHON).parent / "esashell")
THREE_LINES = """\
from prompt_toolkit import PromptSession
session = PromptSession()
session.prompt("here> ")
"""


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
    medians = side_by_side(
        {
            "three lines of prompt_toolkit": prompt([PYTHON, "-c", THREE_LINES], b"here>"),
            "esashell": prompt([ESASHELL, "--state", state], b"myesa.local>"),
        },
        repeats,
    )
    return report("first prompt", medians, "three lines of prompt_toolkit", "<= 1.2x")


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
