"""One operator's session: the desk that dialogues have their effects on.

It is the `Appliance` that a command reads and the `Desk` that its requests end at: the working
configuration, the store behind it, and the world, each brought in when first wanted, so that a
command that needs none of them costs nothing. What it says to the network is `conversations`.

Two sessions may share an appliance. One that has nothing pending follows the other's commits; one
that has is told at `commit` what happened meanwhile, its changes are put on top of that, and the
next `commit` is accepted. Where both changed the same value it has to decide first (`conflict`).
"""

from __future__ import annotations

import os
from contextlib import suppress

from esashell.config.quoting import quoted
from esashell.errors import BadConfiguration, CommitRefused, HandshakeFailed, OperatorError
from esashell.shell.conversations import Conversations
from esashell.shell.logbook import Logbook
from esashell.shell.output import columns, wants_colour
from esashell.shell.trial import Trial

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, TypeVar

    from esashell.clock import Clock
    from esashell.config.revision import Head, Revision
    from esashell.config.store import Store
    from esashell.config.tree import Config
    from esashell.config.working import Working
    from esashell.delivery.verification import Sender
    from esashell.dialogue.requests import Archive
    from esashell.reports.screen import Screen
    from esashell.resolver.budget import Effort
    from esashell.resolver.rollover import TrustPoint
    from esashell.shell.conversations import Cost
    from esashell.shell.options import Options
    from esashell.shell.output import Output
    from esashell.steps import Steps, World
    from esashell.worlds.recorder import Recorder

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
        self.conversations = Conversations(options)
        self._logbook = Logbook(self._login)
        self.left = False
        self.names: dict[str, None] = {}  # that commands were asked about, the latest last
        self._clock = clock
        self._make_world = make_world
        self._world: World | None = None
        self._store: Store | None = None
        self._working: Working | None = None
        self._seen: tuple[int, ...] | None = None
        self._recorder: Recorder | None = None
        self._memory: str | None = None
        self._trial = Trial()
        self.kept: dict[str, Any] = {}
        self.news: list[str] = []  # what has happened without a command, for the shell to tell

    # What commands read.

    @property
    def running(self) -> Config:
        return self._work().committed

    @property
    def config(self) -> Config:
        return self._work().pending

    @property
    def head(self) -> Head:
        return self._work().head

    def history(self) -> tuple[Head, ...]:
        return self._stored().history() or (self.head,)

    def revision(self, number: int) -> Revision:
        return self._stored().revision(number)

    def pem(self, fingerprint: str) -> str:
        from esashell.shell import certificates

        return certificates.read(self.memory, fingerprint)

    @property
    def dirty(self) -> bool:
        return self._working is not None and self._working.dirty

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

        return screen_of(columns(), wants_colour(self.options.colour, os.environ))

    # What dialogues ask for.

    def stage(self, config: Config) -> None:
        self._work().stage(config)

    def commit(self, comment: str, minutes: int = 0) -> Revision:
        work = self._work()
        try:
            revision = self._stored().commit(
                work.base, work.pending, self._login(), comment, minutes=minutes
            )
        except CommitRefused as refusal:
            self._catch_up(work, refusal)
            raise
        work.committed_as(revision)
        self._seen = self._signature()
        self._trial.note(self._seen, revision.confirm_by)
        self._log_commit(revision)
        return revision

    def clear(self) -> int:
        self._work().clear()
        self.refresh()
        return self.clock.now()

    def flush(self) -> None:
        self.conversations.flush()

    def roll_over(self, names: Sequence[str]) -> None:
        self.settle()
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
        self.output.show(record)

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
        if self.options.world != "lab":
            return ()
        from esashell.shell.worlds import lab_domains

        return lab_domains(self.world)

    @property
    def foretells(self) -> bool:
        return self.options.plan

    @property
    def _configurations(self) -> str:
        return os.path.join(self.memory, "configuration")

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

        self.settle()  # what was typed until now is there to be found
        return search(work, self.memory, self.output, paged)

    # What the shell needs besides.

    @property
    def logbook(self) -> Logbook:
        self._logbook.folder = os.path.join(self.memory, "logs")
        return self._logbook

    def _log_commit(self, revision: Revision) -> None:
        it = revision
        self.logbook.committed(it.config, it.comment, it.number, it.when)

    def typed(self, text: str, prompt: str | None = None) -> None:
        """Log a line that was typed, at this prompt or at the main one."""
        known = self._known()
        if prompt is None and known is not None:
            prompt = f"\n{known.hostname}> "
        self.logbook.typed(self._moment(), text, prompt)

    def settle(self) -> None:
        """Write what there is for the logs."""
        self.news += self.logbook.settle(self._known(), self._moment())

    def _known(self) -> Config | None:
        """The running configuration, if anything has wanted it yet."""
        return self._working.committed if self._working is not None else None

    def _moment(self) -> int:
        if self._clock is not None:
            return self._clock.now()
        import time

        return time.time_ns() // 1000  # without what a clock would import

    @property
    def cost(self) -> Cost:
        return self.conversations.cost

    @property
    def clock(self) -> Clock:
        if self._clock is None and self.options.world == "replay":
            self._replay()
        if self._clock is None:
            from esashell.clock import SystemClock

            self._clock = SystemClock()
        return self._clock

    @property
    def world(self) -> World:
        if self._world is None and self.options.world == "replay":
            self._replay()
        if self._world is None:
            if self._make_world is None:
                from esashell.shell.worlds import make_world

                self._make_world = make_world
            self._world = self._make_world(self.options, self.clock)
            if self.options.record is not None:
                self._record(self._world)
        return self._world

    @property
    def memory(self) -> str:
        """The folder of what outlives a session: `folder`, but a replay's dies with it."""
        if self._memory is None:
            self._memory = self.folder
            if self.options.world == "replay":
                from esashell.shell.taped import own_memory

                self._memory = own_memory(self)
        return self._memory

    def close(self) -> None:
        """Keep the counters, and end the recording; without this it is good to its last entry."""
        if self.conversations.resolved:
            from esashell.shell.lifetime import add

            add(self.memory, self.effort)
        if self._recorder is not None:
            self._recorder.tape.close()
        self.news += self.logbook.close(self._known(), self._moment())

    def _record(self, world: World) -> None:
        from esashell.shell.taped import recorded
        from esashell.shell.worlds import anchors, root_hints

        self._recorder = recorded(
            self.options,
            world,
            self.clock,
            config=self.running,
            believed=anchors(self.options, world),
            hints=root_hints(self.options, world),
            memory=self.memory,
        )
        self._world, self._clock = self._recorder, self._recorder.clock

    def _replay(self) -> None:
        from esashell.shell.taped import Replayed

        replay = Replayed(self.options.tape, self.memory)
        self._world, self._clock = replay, replay.clock

    def refresh(self) -> None:
        """Follow what another session has committed, unless something is pending here.

        A file that has been damaged meanwhile is not followed; `commit` will tell.
        """
        if self._recorder is not None:
            self._recorder.clock.release()
        if self._working is None:
            return
        self._end_trial(self._working)
        seen = self._signature()
        if self.dirty or seen == self._seen:
            return
        with suppress(BadConfiguration):
            self._working.committed_as(self._stored().load())
            self._seen = seen

    def _stored(self) -> Store:
        if self._store is None:
            import time
            from pathlib import Path

            from esashell.config.store import Store
            from esashell.shell.state import in_the_way
            from esashell.shell.worlds import new_appliance

            folder = Path(self.memory, "config")
            if fault := in_the_way(str(folder)):
                raise BadConfiguration(f"{fault}. Move it away.")

            factory = new_appliance(
                self.options, self.world if self.options.world == "replay" else None
            )
            self._store = Store(folder, self.clock, factory, time.sleep)
        return self._store

    def _work(self) -> Working:
        if self._working is None:
            from esashell.config.working import Working

            # The signature first: a commit in between is then noticed once more than needed.
            self._seen = self._signature()
            revision = self._stored().load()
            self._working = Working(revision)
            self._trial.note(self._seen, revision.confirm_by)
            self._end_trial(self._working)
        return self._working

    def _end_trial(self, work: Working) -> None:
        """Keep the promise of `commit confirmed` when its time has come, and have it told."""
        now = self.clock.now()
        revision, line = self._trial.end(self._signature(), self._stored(), now)
        self.news += [line] if line else []
        if revision is not None:
            self._log_commit(revision)
            with suppress(CommitRefused):  # what contradicts it is told by the next commit
                work.rebase(revision)
            self._seen = self._signature()
            self._trial.note(self._seen, 0)

    def trial_is_over(self) -> bool | None:
        """Whether what runs should have been confirmed by now; None where nothing is to be."""
        return self._trial.is_over(self.clock.now())

    def _signature(self) -> tuple[int, ...] | None:
        """What changes whenever the running configuration's file is replaced."""
        try:
            found = os.stat(os.path.join(self.memory, "config", "running.toml"))
        except OSError:
            return None
        return found.st_mtime_ns, found.st_ino, found.st_size

    def _catch_up(self, work: Working, refusal: CommitRefused) -> None:
        """After a commit that came too late: put the changes on top of what runs now."""
        try:
            revision = self._stored().load()
        except BadConfiguration:
            return
        if revision.number == work.base and revision.config == work.committed:
            return
        base, pending = work.committed, work.pending
        try:
            work.rebase(revision)
        except CommitRefused as conflict:
            from esashell.shell.conflict import told

            lines = told(str(conflict), base, pending, revision.config)
            raise CommitRefused("\n".join((str(refusal), *lines))) from None
        self._seen = self._signature()
        if not work.dirty:
            raise CommitRefused(
                f"{refusal}\nNone is left: revision {revision.number} has them all."
            )
        raise CommitRefused(
            f"{refusal}\nThey now stand on revision {revision.number}: look at them with "
            "'showchanges', then 'commit' again."
        ) from None


def _login_name() -> str:
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid {os.getuid()}"
