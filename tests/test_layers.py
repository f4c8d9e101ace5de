"""The layering, as a test: who may import whom, and who may touch the world.

Rooms are stacked; a room may import rooms on lower floors only, and rooms on one floor never
import each other. The engine rooms are pure: given the same replies they do the same, which holds
only while nothing in them can open a socket, read a clock or draw a random number by itself.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent / "esashell"

FLOORS = (
    {"errors", "clock", "events"},
    {"steps"},
    {"resolver", "pki", "config"},
    {"dane", "smtp"},
    {"delivery", "worlds"},
    {"dialogue", "simulate", "reports", "logs"},
    {"commands"},
    {"shell"},
    {"__main__"},
)
HEIGHT = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}

NETWORK = {
    "socket", "ssl", "selectors", "select", "socketserver", "http", "urllib.request", "smtplib",
    "dns.query", "dns.resolver", "dns.asyncquery", "dns.asyncresolver",
}  # fmt: skip
ELSEWHERE = {"asyncio", "threading", "multiprocessing", "concurrent", "subprocess"}
AMBIENT = {"time", "random", "secrets", "prompt_toolkit"}

ENGINE = {"errors", "events", "steps", "resolver", "pki", "config", "dane", "smtp", "delivery",
          "simulate"}  # fmt: skip

# What a place may not import. The longest path that leads to a module decides nothing: all count.
BARRED = {
    **dict.fromkeys(ENGINE, NETWORK | ELSEWHERE | AMBIENT),
    # A dialogue has no way to the network but to ask its driver.
    "clock": NETWORK | ELSEWHERE | {"random", "prompt_toolkit"},
    "commands": NETWORK | ELSEWHERE | AMBIENT,
    "dialogue": NETWORK | ELSEWHERE,
    "reports": NETWORK | ELSEWHERE | AMBIENT,
    # Only the worlds hold sockets; the shell picks a world.
    "shell": NETWORK,
    "__main__": NETWORK,
    # The lab is in memory: TLS through buffers, and never a socket.
    "worlds.lab": (NETWORK - {"ssl"}) | ELSEWHERE | AMBIENT
    | {"esashell.worlds.live", "esashell.worlds.serve"},
}  # fmt: skip


def imported(path: Path, package: str) -> Iterator[str]:
    """Every module that a file imports, wherever in the file it does so."""
    for node in ast.walk(ast.parse(path.read_text(), str(path))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            home = package.split(".")[: -node.level + 1 or None] if node.level else []
            origin = ".".join([*home, *([node.module] if node.module else [])])
            yield from (f"{origin}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
            called = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
            if called in ("import_module", "__import__") and node.args:
                name = node.args[0]
                yield str(name.value) if isinstance(name, ast.Constant) else "<computed>"


def _is_or_is_in(name: str, module: str) -> bool:
    return name == module or name.startswith(module + ".")


def _objection(room: str, home: str, name: str) -> str | None:
    """Why this import may not be, or None."""
    for place, barred in BARRED.items():
        if _is_or_is_in(home, place):
            if any(_is_or_is_in(name, module) for module in barred):
                return f"{place} may not import {name}"
            if name == "<computed>" and place in ENGINE:
                return f"{place} may not import what only shows at run time"
    top, _, rest = name.partition(".")
    target = rest.split(".")[0]
    if top != "esashell" or not target or target.startswith("__version"):
        return None
    if target not in HEIGHT:
        return f"{target} is in no layer"
    if target != room and HEIGHT[target] >= HEIGHT[room]:
        return f"{room} may not import {target}"
    return None


def breaches(root: Path) -> Iterator[str]:
    """Each import against the rules, as a line; and each file that no rule speaks of."""
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        room = parts[0]
        if room == "__init__":
            room = "errors"  # the ground floor: whatever the package itself imports, all import
        if room not in HEIGHT:
            yield f"{path.relative_to(root)}: {room} is in no layer"
            continue
        home = ".".join(parts)
        package = ".".join(["esashell", *parts[:-1]])
        for name in imported(path, package):
            if objection := _objection(room, home, name):
                yield f"{path.relative_to(root)}: {objection}"


def test_no_room_imports_above_itself_and_the_engine_stays_pure() -> None:
    assert not list(breaches(ROOT))


def test_every_engine_room_is_there_to_be_looked_at() -> None:
    # A rename would otherwise leave the rules above speaking of nobody.
    for room in ENGINE & {"resolver", "pki", "config", "dane", "smtp", "delivery"}:
        assert list((ROOT / room).rglob("*.py")), room


@pytest.mark.parametrize(
    ("path", "source", "complaint"),
    [
        ("resolver/iterate.py", "import socket", "resolver may not import socket"),
        ("resolver/iterate.py", "import dns.query", "resolver may not import dns.query"),
        ("resolver/iterate.py", "from dns import resolver", "may not import dns.resolver"),
        ("dane/verify.py", "def f():\n    import time", "dane may not import time"),
        ("smtp/client.py", "from random import Random", "smtp may not import random.Random"),
        ("delivery/attempt.py", "import esashell.worlds.live", "delivery may not import worlds"),
        ("delivery/attempt.py", "from ..worlds import live", "delivery may not import worlds"),
        ("delivery/attempt.py", "from importlib import import_module as i\n"
         "import importlib\nimportlib.import_module('ss' + 'l')", "only shows at run time"),
        ("pki/path.py", "__import__('ssl')", "pki may not import ssl"),
        ("pki/path.py", "from esashell import resolver", "pki may not import resolver"),
        ("worlds/tls.py", "from esashell.delivery import attempt", "worlds may not import"),
        ("worlds/lab/world.py", "import socket", "worlds.lab may not import socket"),
        ("worlds/lab/world.py", "from esashell.worlds.live import Live", "worlds.lab may not"),
        ("commands/dig.py", "import subprocess", "commands may not import subprocess"),
        ("shell/app.py", "import socket", "shell may not import socket"),
        ("steps.py", "from esashell.resolver import names", "steps may not import resolver"),
        ("__init__.py", "import esashell.shell.app", "errors may not import shell"),
        ("helpers.py", "", "helpers is in no layer"),
        ("dane/verify.py", "import esashell.helpers", "helpers is in no layer"),
    ],
)  # fmt: skip
def test_a_breach_is_found_and_named(
    tmp_path: Path, path: str, source: str, complaint: str
) -> None:
    breaking = tmp_path / path
    breaking.parent.mkdir(parents=True, exist_ok=True)
    breaking.write_text(source)
    found = list(breaches(tmp_path))
    assert len(found) >= 1
    assert complaint in found[0]
    assert found[0].startswith(path)


def test_what_the_rules_allow_is_let_through(tmp_path: Path) -> None:
    (tmp_path / "worlds" / "lab").mkdir(parents=True)
    (tmp_path / "dane").mkdir()
    (tmp_path / "worlds" / "live.py").write_text("import socket, ssl, random, time\n")
    (tmp_path / "worlds" / "lab" / "world.py").write_text(
        "import ssl\nfrom esashell.smtp import peer\n"
    )
    (tmp_path / "dane" / "verify.py").write_text(
        "from esashell import __version__\nfrom . import base_domain\nimport esashell.pki.path\n"
    )
    assert not list(breaches(tmp_path))
