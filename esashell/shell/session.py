"""One operator's session: the desk that dialogues have their effects on.

It is the `Appliance` that a command reads and the `Desk` that its requests end at. Behind it are
the configuration that it works on (`workbench`), the time, the world and the folder that it is in
(`surroundings`), what it says to the network (`conversations`) and what it logs (`logbook`); each
is brought in when first wanted, so that a command that needs none of them costs nothing. While a
simulation is loaded they are the simulation's, and the others are put aside (`simulating`).
"""

from __future__ import annotations

import os

from esashell.config.quoting import quoted
from esashell.errors import HandshakeFailed, OperatorError
from esashell.shell.conversations import Conversations
from esashell.shell.output import columns, shows_blocks, wants_colour
from esashell.shell.parts import Parts
from esashell.shell.surroundings import Surroundings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, TypeVar

    from esashell.clock import Clock
    from esashell.config.revision import Head, Revision
    from esashell.config.tree import Config
    from esashell.delivery.verification import Sender
    from esashell.dialogue.requests import Archive
    from esashell.reports.screen import Screen
    from esashell.resolver.budget import Effort
    from esashell.resolver.rollover import TrustPoint
    from esashell.shell.conversations import Cost
    from esashell.shell.logbook import Logbook
    from esashell.shell.notes import Notes
    from esashell.shell.options import Options
    from esashell.shell.output import Output
    from esashell.shell.simulating import Simulated
    from esashell.shell.workbench import Workbench
    from esashell.simulate.run import Simulation
    from esashell.simulate.scenario import Scenario
    from esashell.steps import Steps, World

    R = TypeVar("R")


class Session:
    """`folder` is the appliance's state; `make_world` is called at the first conversation.
    `login` tells who the operator is; the system's account where nothing else is given."""

    def __init__(
        self,
        options: Options,
        folder: str,
        output: Output,
        *,
        clock: Clock | None = None,
        make_world: Callable[[Options, Clock], World] | None = None,
        login: Callable[[], str] | None = None,
    ) -> None:
        self._login = login or _login_name
        self.options = options
        self.folder = folder
        self.output = output
        self.left = False
        self.names: dict[str, None] = {}  # that commands were asked about, the latest last
        self.news: list[str] = []  # what has happened without a command, for the shell to tell
        around = Surroundings(options, folder, clock=clock, make_world=make_world)
        self._live = Parts(around, Conversations(options), self._login, self.news.append)
        self._simulated: Simulated | None = None
        self._begun = around.moment

    # What it is made of.

    @property
    def _parts(self) -> Parts:
        return self._live if self._simulated is None else self._simulated.appliance.parts

    @property
    def surroundings(self) -> Surroundings:
        return self._parts.surroundings

    @property
    def conversations(self) -> Conversations:
        return self._parts.conversations

    @property
    def logbook(self) -> Logbook:
        return self._parts.logbook

    @property
    def workbench(self) -> Workbench:
        return self._parts.workbench

    @property
    def kept(self) -> dict[str, Any]:
        return self._parts.kept

    # What commands read.

    @property
    def running(self) -> Config:
        return self.workbench.running

    @property
    def config(self) -> Config:
        return self.workbench.pending

    @property
    def head(self) -> Head:
        return self.workbench.head

    def history(self) -> tuple[Head, ...]:
        return self.workbench.history()

    def revision(self, number: int) -> Revision:
        return self.workbench.revision(number)

    def pem(self, fingerprint: str) -> str:
        from esashell.shell import certificates

        return certificates.read(self.memory, fingerprint)

    @property
    def dirty(self) -> bool:
        # What was pending before a simulation was loaded is pending still.
        return self.workbench.dirty or self._live.workbench.dirty

    @property
    def sender(self) -> Sender:
        # The world first: where it is recorded, the recording has the clock.
        world = self.world
        sender = self.conversations.sender(self.running, world, self.clock, self.memory)
        sender.resolver.tells = self.logbook.follows_trails(self.running, self.now)
        return sender

    @property
    def effort(self) -> Effort:
        return self.conversations.effort

    @property
    def lifetime(self) -> Effort:
        from esashell.shell.lifetime import before

        return before(self.memory) + self.effort

    @property
    def trust_point(self) -> TrustPoint | None:
        self.sender  # noqa: B018  (the root's keys come with the resolver)
        return self.conversations.trust_point

    @property
    def now(self) -> int:
        return self.clock.now()

    @property
    def screen(self) -> Screen:
        from esashell.reports.screen import screen_of

        colour = wants_colour(self.options.colour, os.environ)
        return screen_of(columns(), colour, blocks=shows_blocks())

    @property
    def simulation(self) -> Simulation | None:
        return None if self._simulated is None else self._simulated.simulation

    @property
    def begun(self) -> int:
        return self._begun

    @property
    def user(self) -> str:
        return self._login()

    # What dialogues ask for.

    def stage(self, config: Config) -> None:
        self.workbench.stage(config)

    def commit(self, comment: str, minutes: int = 0) -> Revision:
        revision = self.workbench.commit(comment, minutes)
        if self._simulated is not None:
            self._simulated.appliance.agree()
        return revision

    def clear(self) -> int:
        self.workbench.clear()
        self.refresh()
        return self.clock.now()

    def flush(self) -> None:
        self.conversations.flush()

    def simulate(self, scenario: Scenario | None) -> None:
        """Be the appliance of a scenario, in the place of any other scenario's; None: be live."""
        before, following = self._simulated, None
        if scenario is not None:
            from esashell.shell.simulating import Simulated

            tell = self.news.append
            following = Simulated(scenario, self.options, self._live, self._login, tell)
        self._simulated = following
        if before is not None:
            before.close()

    def roll_over(self, names: Sequence[str]) -> None:
        self._write_what_happened()
        self.logbook.roll_over(self.running, names, self.now)

    def leave(self) -> None:
        self.left = True

    def note(self, name: str) -> None:
        self.names.pop(name, None)
        self.names[name] = None

    def converse(self, steps: Steps[R], listen: Callable[[Any], None]) -> R:
        world = self.world
        ear = self.logbook.ear(self.running, self.clock.now, listen)
        return self.conversations.hold(world, steps, ear)

    def show(self, record: Any) -> None:
        if not callable(record):
            self.output.show(record)
        elif self.output.wants_records:
            self.output.show(record())

    def read_file(self, name: str) -> bytes:
        from esashell.shell import files

        return files.read(self._configurations, name)

    def write_file(self, name: str, text: str) -> None:
        from esashell.shell import files

        files.write(self._configurations, name, text)

    def keep_pem(self, fingerprint: str, pem: str) -> None:
        from esashell.shell import certificates

        certificates.keep(self.memory, fingerprint, pem)

    def ciphers(self, ciphers: str, methods: tuple[str, ...]) -> tuple[str, ...]:
        from esashell.config.model.security import SslSide
        from esashell.shell.network import tls_policy
        from esashell.worlds.tls import ciphers_of

        try:
            return ciphers_of(tls_policy(SslSide(methods, ciphers)))
        except HandshakeFailed as error:
            raise OperatorError(f"Error: {quoted(str(error), 200)[1:-1]}.") from None

    def files(self) -> tuple[str, ...]:
        from esashell.shell import files

        return files.names(self._configurations)

    @property
    def destinations(self) -> tuple[str, ...]:
        if self.options.world == "live":
            return ()
        from esashell.shell.worlds import lab_domains

        return lab_domains(self.world)

    @property
    def in_lab(self) -> bool:
        return self.options.world == "lab"

    def notes(self, kind: str, about: str) -> Notes | None:
        from esashell.shell.notes import notes

        return notes(self.options, self.memory, self.world, kind, about)

    @property
    def foretells(self) -> bool:
        return self.options.plan

    @property
    def _configurations(self) -> str:
        # The operator's own, also while something is simulated.
        return os.path.join(self._live.surroundings.memory, "configuration")

    def progress(self, done: int, total: int) -> None:
        self.output.progress(done, total)

    def read_text(self, path: str) -> str:
        from esashell.shell.own_files import read_text

        return read_text(path)

    def save_text(self, path: str, text: str) -> None:
        from esashell.shell.own_files import save_text

        save_text(path, text)

    def search(self, work: Callable[[Archive], Any], paged: bool) -> Any:
        from esashell.shell.searching import search

        self._write_what_happened()
        return search(work, self.memory, self.output, paged)

    def _write_what_happened(self) -> None:
        """Have it in the logs, to be found there, what was typed until now with it."""
        if self._simulated is not None:
            self._simulated.appliance.write_logs()
        self.settle()

    # What the shell needs besides.

    def typed(self, text: str, prompt: str | None = None) -> None:
        """Log a line that was typed, at this prompt or at the main one."""
        known = self.workbench.known
        if prompt is None and known is not None:
            prompt = f"\n{known.hostname}> "
        self.logbook.typed(self.surroundings.moment, text, prompt)

    def settle(self) -> None:
        """Write what there is for the logs."""
        self.news += self.logbook.settle(self.workbench.known, self.surroundings.moment)

    @property
    def standing(self) -> str:
        """How far a simulation has come, for the prompt; "" where none is loaded."""
        if self._simulated is None:
            return ""
        from esashell.simulate.account import spoken

        simulation = self._simulated.simulation
        tier = f", {simulation.tier}" if simulation.tier else ""
        return f" (T+{spoken(simulation.now - simulation.begun)}{tier})"

    @property
    def cost(self) -> Cost:
        return self.conversations.cost

    @property
    def clock(self) -> Clock:
        return self.surroundings.clock

    @property
    def world(self) -> World:
        if self.surroundings.to_be_recorded:
            self.surroundings.record(self.running)
        return self.surroundings.world

    @property
    def memory(self) -> str:
        return self.surroundings.memory

    def close(self) -> None:
        """Keep the counters, put the configuration's file in order, end the recording, and write
        what there is for the logs."""
        self.simulate(None)
        if self.conversations.resolved:
            from esashell.shell.lifetime import add

            add(self.memory, self.effort)
        self.workbench.settle()
        self.surroundings.close()
        self.news += self.logbook.close(self.workbench.known, self.surroundings.moment)

    def refresh(self) -> None:
        """Follow what another session has committed, unless something is pending here."""
        self.surroundings.between_commands()
        self.workbench.refresh()
        if self._simulated is not None:
            self._simulated.appliance.agree()

    def trial_is_over(self) -> bool | None:
        """Whether what runs should have been confirmed by now; None where nothing is to be."""
        return self.workbench.trial_is_over()


def _login_name() -> str:
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid {os.getuid()}"
