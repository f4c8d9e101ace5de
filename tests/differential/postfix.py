"""A whole Postfix of one's own: its queue, its log and its daemons in a folder of the test.

It takes messages and delivers them by two transports, the SMTP client at its TLS levels `dane` and
`dane-only`; which of the two is chosen by the recipient's local part. Every message is tried once.
Postfix's daemons change to users of the machine, so this needs root's own privilege and not one
that a user namespace lends.
"""

import re
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path

from msgspec import Struct

from tests.conftest import need
from tests.differential.namespace import Namespace
from tests.differential.servers import running

_MAIN_CF = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = /dev/stdout
syslog_name = postfix
myhostname = postfix.lab
mydestination =
local_recipient_maps =
alias_maps =
inet_protocols = all
# The lab's addresses are this machine's, and Postfix must not take its hosts for itself.
inet_interfaces = 127.0.0.1
smtputf8_enable = no
# Each message is tried once: the queue is not looked through again while the test lasts.
queue_run_delay = 1h
minimal_backoff_time = 1h
maximal_backoff_time = 1h
default_process_limit = 150
smtp_connection_cache_on_demand = no
smtp_tls_connection_reuse = no
smtp_host_lookup = dns
smtp_dns_support_level = dnssec
smtp_tls_loglevel = 1
smtp_tls_dane_insecure_mx_policy = dane
transport_maps = regexp:{folder}/transport
# A message to one domain must not wait for another's host, nor be put off because of it.
default_destination_concurrency_failed_cohort_limit = 0
smtp_connect_timeout = 3s
smtp_helo_timeout = 3s
smtp_starttls_timeout = 3s
smtp_mail_timeout = 3s
smtp_rcpt_timeout = 3s
smtp_data_init_timeout = 3s
smtp_data_done_timeout = 3s
smtp_quit_timeout = 1s
"""
_MASTER_CF = """
pickup     unix       n - n 1     1   pickup
cleanup    unix       n - n -     0   cleanup
qmgr       unix       n - n 300   1   qmgr
tlsmgr     unix       - - n 1000? 1   tlsmgr
rewrite    unix       - - n -     -   trivial-rewrite
bounce     unix       - - n -     0   bounce
defer      unix       - - n -     0   bounce
trace      unix       - - n -     0   bounce
showq      unix       n - n -     -   showq
error      unix       - - n -     -   error
retry      unix       - - n -     -   error
discard    unix       - - n -     -   discard
anvil      unix       - - n -     1   anvil
scache     unix       - - n -     1   scache
postlog    unix-dgram n - n -     1   postlogd
smtp       unix       - - n -     -   smtp
dane       unix       - - n -     -   smtp -o smtp_tls_security_level=dane
dane-only  unix       - - n -     -   smtp -o smtp_tls_security_level=dane-only
"""
_TRANSPORT = r"""
/^dane(\+[a-z]+)?@/       dane:
/^dane-only(\+[a-z]+)?@/  dane-only:
"""


class Level(StrEnum):
    """Postfix's TLS levels, by the names of our transports; also what stands before the @."""

    DANE = "dane"
    DANE_ONLY = "dane-only"


class Status(StrEnum):
    SENT = "sent"
    DEFERRED = "deferred"
    BOUNCED = "bounced"


class Sent(Struct, frozen=True):
    """What became of a message, and how a TLS connection that it went through is called.

    The names are Postfix's: Verified (the right host), Trusted (the certificate is good, the name
    of the host is not certain), Untrusted (encrypted and no more); empty in the clear, and when the
    message went nowhere.
    """

    status: Status
    tls: str = ""

    def __str__(self) -> str:
        return f"{self.status} {self.tls}".rstrip()


class Delivery(Struct, frozen=True):
    """What became of a message of Postfix's, why, and all its lines about it."""

    sent: Sent
    reason: str
    said: tuple[str, ...]


_LINE = re.compile(r"postfix/(?:dane|dane-only|smtp|error|retry|bounce)\S*\[(\d+)\]: (.*)")
_RESULT = re.compile(r"to=<([\w-]+)@([^>]+)>,.* relay=([^,]*),.* status=(\w+) \((.*)\)$")
_TLS = re.compile(r"(\w+) TLS connection established to (\S+?)\[")


class Postfix:
    """A running instance."""

    def __init__(self, space: Namespace, folder: Path, log: Path) -> None:
        self.space = space
        self.folder = folder
        self.log = log

    def deliver(
        self, recipients: Iterable[tuple[Level, str]], patience: float
    ) -> dict[tuple[Level, str], Delivery]:
        """Hand in a message for each recipient, all at once, and wait until each was tried."""
        wanted = list(recipients)
        self.hand_in(f"{level}@{domain}" for level, domain in wanted)
        return self._results(wanted, time.monotonic() + patience)

    def hand_in(self, recipients: Iterable[str]) -> None:
        """A message for each recipient, all at once."""
        (self.folder / "recipients").write_text("".join(f"{each}\n" for each in recipients))
        done = self.space.run(
            "sh", "-c",
            'while read -r to; do printf "Subject: test\\n\\nbody\\n" |'
            ' "$0" -C "$1" -f "" -- "$to" || exit 1; done < "$1/recipients"',
            need("sendmail"), self.folder,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr

    def _results(
        self, wanted: list[tuple[Level, str]], deadline: float
    ) -> dict[tuple[Level, str], Delivery]:
        while True:
            found = read_log(self.log.read_text(errors="replace"))
            missing = [each for each in wanted if each not in found]
            if not missing:
                return found
            if time.monotonic() > deadline:
                raise AssertionError(f"not tried in time: {missing}")
            time.sleep(0.2)


def read_log(text: str) -> dict[tuple[Level, str], Delivery]:
    """The results in a log. A client process has one message in hand until it tells its result."""
    found: dict[tuple[Level, str], Delivery] = {}
    said: dict[str, list[str]] = {}
    for line in text.splitlines():
        if not (parts := _LINE.search(line)):
            continue
        process, words = parts.groups()
        said.setdefault(process, []).append(words)
        if result := _RESULT.search(words):
            level, domain, relay, status, reason = result.groups()
            lines = tuple(said.pop(process))
            through = _last_tls(lines, relay) if status == Status.SENT else ""
            found[Level(level), domain] = Delivery(Sent(Status(status), through), reason, lines)
    return found


def _last_tls(lines: tuple[str, ...], relay: str) -> str:
    """How the connection to the host that decided was, if it had TLS."""
    names: dict[str, str] = {to: kind for kind, to in _TLS.findall("\n".join(lines))}
    return names.get(relay.partition("[")[0], "")


@contextmanager
def postfix(space: Namespace, more: str = "") -> Iterator[Postfix]:
    """A Postfix in a namespace, from when it takes messages until all its processes are gone.

    `more` are settings that take the place of those above.
    """
    program = need("postfix")
    # Its users have to get through to the folder, which they could not in one of the tests' own.
    folder = Path(tempfile.mkdtemp(prefix="esashell-postfix-"))
    try:
        folder.chmod(0o755)
        for name in ("queue", "data"):
            (folder / name).mkdir(mode=0o755)
        shutil.chown(folder / "data", "postfix")
        (folder / "main.cf").write_text(_MAIN_CF.format(folder=folder) + more)
        (folder / "master.cf").write_text(_MASTER_CF)
        (folder / "transport").write_text(_TRANSPORT)
        log = folder / "log"
        with running(_own_processes(space, program, folder), log, _started) as server:
            try:
                yield Postfix(space, folder, log)
            finally:
                server.kill()
    finally:
        _remove(folder)


def _own_processes(space: Namespace, program: str, folder: Path) -> list[str]:
    """Postfix in a namespace of processes: its daemons, who leave their parents, go when the first
    process there goes, and that one goes when we do, even if we are killed. It is a shell, because
    Postfix changes its user, at which the kernel forgets with whom it was to die."""
    shell = ("sh", "-c", '"$0" "$@" & wait')
    dying = (need("setpriv"), "--pdeathsig", "KILL", "--")
    alone = (need("unshare"), "--pid", "--fork", "--kill-child=KILL", "--")
    return space.command(*dying, *alone, *shell, program, "-c", folder, "start-fg")


def _started(said: str) -> bool:
    return "daemon started" in said


def _remove(folder: Path) -> None:
    """The last of the daemons may be writing still."""
    for _ in range(50):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        time.sleep(0.1)
