"""Five jobs of an operator's week, done at a real terminal by the program as it is installed.

A job is what is typed and, after "|", a piece of what has to be on the screen then. What a job
leaves behind is looked at in the files, by a store of our own.
"""

import re
from pathlib import Path

import pytest

from esashell.clock import SystemClock
from esashell.config.model.destination import DaneSetting, TlsSetting
from esashell.config.revision import Revision
from esashell.config.store import Store
from esashell.shell.options import Options
from esashell.shell.worlds import new_appliance
from tests.differential.tmux import PROMPT, Screen, esashell, terminal

pytestmark = [pytest.mark.differential, pytest.mark.slow]

# A question with its default, or the main prompt, and the cursor behind it.
ASKED = re.compile(r"(\n|.* )?\[[^\n\]]*\]>|[\w.]+>")


def says(screen: Screen, line: str, shown: str) -> None:
    """Type a line; see the answer, and that the next question stands there."""
    before = screen.text()
    screen.write(line)
    typed = screen.until(lambda text: text.endswith(f"> {line}".rstrip()), f"{line!r} typed")

    def answered(text: str) -> bool:
        last = text[len(typed) :].rpartition("\n")[2]
        return text.startswith(typed) and len(text) > len(typed) and bool(ASKED.fullmatch(last))

    screen.keys("Enter")
    text = screen.until(answered, f"an answer to {line!r}")
    assert shown in text[len(before) :], text[len(before) :]


def done(folder: Path, columns: int, job: str) -> tuple[str, Revision]:
    """The screen after a job, and what runs then."""
    state = folder / "state"
    with terminal(folder, esashell(state), columns) as screen:
        screen.until_end(f"\n{PROMPT}")
        for each in job.strip("\n").split("\n"):
            typed, _, shown = each.partition("|")
            says(screen, typed.strip(), shown.strip())
        text = screen.text()
    # No menu and no question runs over the edge.
    offered = [each for each in text.splitlines() if each.startswith("- ") or each.endswith("]>")]
    assert max(map(len, offered)) <= columns
    assert "mistake of this program" not in text
    assert not (state / "faults").exists()
    factory = new_appliance(Options(), None)
    return text, Store(state / "config", SystemClock(), factory).load()


def commit(comment: str) -> str:
    return f"commit|comments describing\n{comment}|for rollback? [Y]>\n|Changes committed: "


at_both_widths = pytest.mark.parametrize("columns", [80, 120])


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    # A socket's path has to be short.
    return tmp_path_factory.mktemp("j")


@at_both_widths
def test_first_set_up_of_the_dns(folder: Path, columns: int) -> None:
    job = f"""
dnsconfig                |1. Priority: 0  194.191.40.83
setup                    |2. Use own DNS cache servers
2                        |Choose the IP interface for DNS traffic.
                         |timing out reverse DNS lookups
5                        |minimum TTL
                         |Choose the operation
new                      |2. Add a new alternate domain server.
1                        |Separate multiple IPs with commas.
192.0.2.53               |priority for 192.0.2.53.
1                        |3. Priority: 1  192.0.2.53
delete                   |to delete
194.191.40.84            |2. Priority: 1  192.0.2.53
                         |{PROMPT}
sethostname mx1.example.com|
showchanges              |mx1.example.com
{commit("our own resolvers")}
"""
    _, running = done(folder, columns, job)
    servers = [(each.address, each.priority) for each in running.config.dns.servers]
    assert servers == [("194.191.40.83", 0), ("192.0.2.53", 1)]
    assert (running.config.dns.reverse_timeout, running.config.hostname) == (5, "mx1.example.com")


@at_both_widths
def test_dane_mandatory_for_a_partner(folder: Path, columns: int) -> None:
    job = f"""
daneverify karakun.com   |DANE SUCCESS for karakun.com
destconfig               |There are currently no entries configured.
new                      |Enter the domain you wish to limit.
karakun.com              |[N]>
                         |concurrency limit for karakun.com? [Y]>
y                        |[500]>
20                       |messages-per-connection limit
                         |recipient limit
                         |Select how you want to apply the limits
                         |Select how the limits will be enforced
                         |specific TLS setting for this domain? [N]>
y                        |6. Required - Verify Hosted Domains
3                        |DANE
mandatory                |address tagging
                         |bounce profile
                         |There are currently 1 entries configured.
list                     |karakun.com
                         |{PROMPT}
{commit("DANE for a partner")}
"""
    text, running = done(folder, columns, job)
    (entry,) = running.config.destinations.entries
    assert (entry.domain, entry.concurrency) == ("karakun.com", 20)
    assert (entry.tls, entry.dane) == (TlsSetting.REQUIRED, DaneSetting.MANDATORY)
    assert re.search(r"^karakun\.com +\S+ +Req +Mand ", text, re.M)


@at_both_widths
def test_routes_from_a_file(folder: Path, columns: int) -> None:
    files = folder / "state" / "configuration"
    files.mkdir(parents=True)
    (files / "bad.txt").write_text("a.example relay.example.com\nb.example host:99999\n")
    (files / "routes.txt").write_text(
        "partner.example relay.example.com\n.example.net USEDNS\nALL [smart.example.org]/pri=0\n"
    )
    job = f"""
smtproutes               |There are no routes configured.
import                   |name of the file
bad.txt                  |bad.txt, line 2:
import                   |name of the file
routes.txt               |There are currently 3 routes configured.
print                    |partner.example: relay.example.com
new                      |Use "ALL" for the default route.
other.example            |for other.example to be delivered.
relay2.example.com:26/pri=10 |There are currently 4 routes configured.
                         |{PROMPT}
{commit("routes from a file")}
"""
    text, running = done(folder, columns, job)
    domains = [each.domain for each in running.config.smtp_routes]
    assert sorted(domains) == sorted(["partner.example", ".example.net", "ALL", "other.example"])
    assert "Nothing was imported." in text


@at_both_widths
def test_a_debug_log_for_a_while(folder: Path, columns: int) -> None:
    job = f"""
logconfig                |mail_logs
new                      |1. IronPort Text Mail Logs
1                        |Please enter the name for the log:
dane_debug               |4. Debug
4                        |1. Download Manually
1                        |[mail]>
dane                     |rollover? [N]>
                         |maximum file size
                         |maximum number of files
3                        |dane_debug
edit                     |number of the log you wish to edit
dane_debug               |[dane_debug]>
                         |[4]>
5                        |1. Download Manually
                         |[dane]>
                         |rollover? [N]>
                         |maximum file size
                         |maximum number of files
                         |dane_debug
                         |{PROMPT}
{commit("trace what DANE does")}
logconfig                |dane_debug
delete                   |delete
dane_debug               |
                         |{PROMPT}
{commit("and back")}
"""
    text, running = done(folder, columns, job)
    assert "dane_debug" not in [each.name for each in running.config.logs.subscriptions]
    assert text.count("Changes committed: ") == 2


@at_both_widths
def test_back_from_a_bad_commit(folder: Path, columns: int) -> None:
    job = f"""
smtproutes new a.example relay.example.com|
{commit("good")}
smtproutes clear         |
sethostname bad.example.com|
commit                   |comments describing
a mistake                |for rollback? [Y]>
                         |bad.example.com>
rollbackconfig           |Previous Commits:
1                        |Are you sure you want to roll back the configuration? [N]>
y                        |Do you want to commit this configuration now? [N]>
y                        |{PROMPT}
commitdetail             |Rolled back to revision
"""
    _, running = done(folder, columns, job)
    assert running.number == 3
    assert running.config.hostname == "myesa.local"
    assert [each.domain for each in running.config.smtp_routes] == ["a.example"]
