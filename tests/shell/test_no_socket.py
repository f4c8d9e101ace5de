"""A whole program run in the lab: the interpreter itself is asked whether a socket was made."""

import subprocess
import sys
from pathlib import Path

WATCHED = """
import sys

def watch(event, arguments):
    if event.startswith("socket."):
        print("AUDIT", event, arguments, file=sys.stderr)

sys.addaudithook(watch)
from esashell.shell.app import main
sys.exit(main(sys.argv[1:]))
"""


def watched(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", WATCHED, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_in_the_lab_no_command_makes_a_socket(tmp_path: Path) -> None:
    done = watched(
        "--state",
        str(tmp_path),
        *("-c", "daneverify ietf.org"),
        *("-c", "daneverify ipv6-only.lab"),
        *("-c", "dig ietf.org MX"),
        *("-c", "nslookup ietf.org MX"),
        *("-c", "dnsconfig roots"),
        *("-c", "commit roots"),
        *("-c", "daneverify cisco.com"),
    )
    assert "DANE SUCCESS for ietf.org" in done.stdout
    assert "DANE FAILED for cisco.com" in done.stdout
    assert "AUDIT" not in done.stderr


def test_the_watch_would_see_one(tmp_path: Path) -> None:
    done = watched(
        *("--state", str(tmp_path), "--world", "live", "--dns-port", "1"),
        *("-c", "dnsconfig parent new 127.0.0.1 0"),
        *("-c", "commit loopback"),
        *("-c", "dig @127.0.0.1 ietf.org MX"),
    )
    assert "AUDIT socket.connect" in done.stderr
