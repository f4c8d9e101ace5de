"""`plan --domains FILE` over real sockets: one handshake for a provider, and a second session goes
on where the first was interrupted."""

from contextlib import closing
from pathlib import Path

import pytest

from esashell.clock import SystemClock
from esashell.resolver.anchors import anchor_text
from esashell.shell.options import Options
from esashell.shell.session import Session
from esashell.worlds.lab.world import Lab
from tests.shell import play
from tests.worlds.loopback import mail_host, tcp_server, udp_server

HERE = "127.0.0.1"
PARTNERS = 60
SCENARIO = f"""
[zone."hosts.lab"]
records = '''
mx            A     127.0.0.1
_25._tcp.mx   TLSA  3 1 1 of mx
'''
[bulk."p{{n}}.live.lab"]
count   = {PARTNERS}
records = "@  MX  10 mx.hosts.lab."
[zone."live.lab"]
"""


class Impatient(Session):
    """Whoever sits here types Ctrl-C when a few were looked at."""

    def progress(self, done: int, total: int) -> None:
        assert 0 < done <= total == PARTNERS
        if done == 12:
            raise KeyboardInterrupt


def test_live_a_plan_meets_each_host_once_and_goes_on_after_ctrl_c(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "scenario.toml").write_text(SCENARIO)
    lab = Lab(SystemClock(), scenarios=[tmp_path / "scenario.toml"])
    (tmp_path / "anchor").write_text(anchor_text(lab.anchor) + "\n")
    (tmp_path / "list").write_text("".join(f"p{each}.live.lab\n" for each in range(PARTNERS)))
    monkeypatch.setattr("esashell.shell.worlds._system_resolvers", lambda: (HERE,))
    monkeypatch.chdir(tmp_path)
    with (
        udp_server(lambda query: [lab.ask("194.191.40.83", query)]) as dns_port,
        tcp_server(*(mail_host(lab.hosts.accept(HERE)) for _ in range(3))) as smtp_port,
    ):
        options = Options()
        options.world, options.anchor = "live", str(tmp_path / "anchor")
        options.dns_port, options.smtp_port = dns_port, smtp_port

        def planned(kind: type[Session] = Session, more: str = "") -> tuple[str, int, int]:
            """The screen, the handshakes, and the questions."""
            at = kind(options, str(tmp_path / "live"), play.Heard(json=False), login=lambda: "a")
            change = "destconfig default use_tls=on dane=mandatory"
            with closing(at):
                screen = play.scripted(at, [change, f"plan --domains list{more}"]).transcript
            counters = at.conversations.counters
            return screen, counters.handshakes, counters.queries

        screen, handshakes, asked = planned(Impatient)
        assert "Plan:" not in screen
        assert handshakes == 1
        screen, handshakes, rest = planned()
        whole = f"Plan: {PARTNERS} newly authenticated; 0 unchanged, of {PARTNERS} destinations."
        assert whole in screen
        assert handshakes <= 1
        assert planned()[1:] == (0, 0)
        screen, handshakes, every = planned(more=" --fresh")
        assert whole in screen
        assert handshakes == 1
        # Each of them was asked for once; of those that are shared some were asked for again.
        assert rest < every <= asked + rest
