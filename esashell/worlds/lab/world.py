"""The lab internet as a world: it performs requests, in memory, and never opens a socket.

Everything an engine sends goes as bytes to the machine that has the address, and what comes back
are that machine's bytes: recursors that iterate over authoritative servers that answer from signed
zones, mail hosts that speak SMTP and shake hands over TLS. Whoever has no answer is reported as
`TimedOut` at once; lab time passes only when its clock is told to move on.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

from esashell.clock import Clock
from esashell.errors import Reset, TimedOut, Unreachable
from esashell.resolver.anchors import Anchor
from esashell.resolver.names import ROOT, Name
from esashell.steps import Authorities, Connect, Exchange, Receive, Send, StartTls, Wait
from esashell.worlds.lab.authority import Authority
from esashell.worlds.lab.certs import CertificateMaker
from esashell.worlds.lab.directory import Directory
from esashell.worlds.lab.hosts import HostConnection, LabHosts
from esashell.worlds.lab.recursor import (
    FailingRecursor,
    IteratingRecursor,
    Recursor,
    SilentRecursor,
)
from esashell.worlds.lab.roll import roll_second
from esashell.worlds.lab.scenario import (
    BUILT_IN,
    Lesson,
    ResolverKind,
    ResolverSpec,
    ZoneSpec,
    read_scenarios,
)
from esashell.worlds.lab.zones import Catalogue

SEED = b"esashell lab"


class Lab:
    """The world of the scenario files: the built-in ones, then those given, which win.

    Its certificates are those of the day of `certified` (microseconds), however late it gets; 0
    stands for the clock's day, on every day anew.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        interface: str = "192.168.42.42",
        interface6: str = "2001:db8:42::42",
        scenarios: Sequence[Path] = (),
        seed: bytes = SEED,
        certified: int = 0,
    ) -> None:
        self.interface = interface
        self.interface6 = interface6
        self.clock = clock
        self._seed = seed
        self._scenario = read_scenarios((*sorted(BUILT_IN.glob("*.toml")), *scenarios))
        self.catalogue = Catalogue(self._scenario, clock, seed, self._tlsa)
        self.directory = Directory(self.catalogue)
        self._certified = certified
        self._hosts: LabHosts | None = None
        self._hosts_of = self.catalogue.today

    @contextmanager
    def session(self) -> Iterator["LabSession"]:
        session = LabSession(self)
        try:
            yield session
        finally:
            session.close()

    @property
    def anchor(self) -> Anchor:
        """What the lab's chain of trust hangs from: the root's key, and its digest.

        While the root rolls its key it is two keys for a time, and another one afterwards: who
        takes the anchor today takes today's, as who installs a resolver does.
        """
        keys = self.catalogue.keys(ROOT, self._scenario.zones[ROOT]).entries
        return Anchor(ROOT, tuple(each.ds() for each in keys), tuple(each.dnskey for each in keys))

    @property
    def resolvers(self) -> Mapping[str, ResolverSpec]:
        """The recursors that an appliance can be pointed at, by address."""
        return self._scenario.resolvers

    @property
    def root_servers(self) -> tuple[str, ...]:
        """The addresses that iteration can begin at."""
        return tuple(self._root_hints.values())

    @property
    def root_hints(self) -> tuple[tuple[Name, str], ...]:
        """The root servers by name and address."""
        return tuple(self._root_hints.items())

    @property
    def _root_hints(self) -> Mapping[Name, str]:
        return self._scenario.servers[self._scenario.zones[ROOT].servers]

    def domains(self) -> tuple[Lesson, ...]:
        """Every domain that demonstrates something, in the order of the files."""
        return tuple(self._scenario.lessons.values())

    @property
    def hosts(self) -> LabHosts:
        """The mail hosts, with the certificates of the lab's present day."""
        today = self.catalogue.today
        if self._hosts is None or (today != self._hosts_of and not self._certified):
            maker = CertificateMaker(self._seed, self._certified or self.clock.now())
            self._hosts, self._hosts_of = LabHosts(self.directory.at, maker), today
        return self._hosts

    def rolls(self) -> Iterator[tuple[int, Name]]:
        """The seconds at which a zone's keys change by themselves, and which zone's."""
        for apex, spec in self._scenario.zones.items():
            for roll in spec.roll:
                for day in (roll.publish, roll.sign, roll.revoke, roll.remove):
                    yield roll_second(day), apex

    def alter_zone(self, apex: Name, spec: ZoneSpec) -> None:
        """From now on the zone is as `spec` has it."""
        self.catalogue.alter(apex, spec)
        self.directory.forget()

    def alter_resolver(self, address: str, kind: ResolverKind) -> None:
        """From now on the recursor at this address is of another kind."""
        old = self._scenario.resolvers[address]
        self._scenario.resolvers[address] = ResolverSpec(kind, old.shows)
        self.__dict__.pop("_recursors", None)

    @cached_property
    def _authorities(self) -> dict[str, Authority]:
        names: dict[str, Name] = {}
        groups: dict[str, set[str]] = {}
        for group, servers in self._scenario.servers.items():
            for name, address in servers.items():
                names.setdefault(address, name)
                groups.setdefault(address, set()).add(group)
        return {
            address: Authority(name, frozenset(groups[address]), self.catalogue)
            for address, name in names.items()
        }

    def authorities(self) -> Mapping[str, Authority]:
        """The authoritative servers, by address."""
        return self._authorities

    @cached_property
    def _recursors(self) -> dict[str, Recursor]:
        return {address: self._recursor(spec) for address, spec in self.resolvers.items()}

    def recursors(self) -> Mapping[str, Recursor]:
        """The recursors themselves, by address."""
        return self._recursors

    def _recursor(self, spec: ResolverSpec) -> Recursor:
        if spec.kind is ResolverKind.SILENT:
            return SilentRecursor()
        if spec.kind is ResolverKind.SERVFAIL:
            return FailingRecursor()
        return IteratingRecursor(
            self._root_hints, self.ask, strips=spec.kind is ResolverKind.STRIPS
        )

    def ask(self, address: str, wire: bytes, tcp: bool = False) -> bytes:
        """The reply of the DNS server at an address; raises `TimedOut` when there is none."""
        server = self.recursors().get(address) or self.authorities().get(address)
        reply = server.answer(wire, tcp=tcp) if server else None
        if reply is None:
            raise TimedOut()
        return reply

    def _tlsa(self, host: Name, usage: int, selector: int, matching_type: int, of: str) -> bytes:
        return self.hosts.tlsa(self.directory.named(host), usage, selector, matching_type, of)


class LabSession:
    """One conversation with the lab: at most one connection is open at a time."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._connection: HostConnection | None = None

    def perform(self, request: Any) -> Any:
        match request:
            case Exchange(server=server, message=message, tcp=tcp, source=source):
                if source not in ("", self._lab.interface, self._lab.interface6):
                    raise Unreachable(f"{source} is no address of this machine")
                return self._lab.ask(server, message, tcp)
            case Connect(address=address, port=port, whole=whole):
                self._connection = None
                self._connection = self._lab.hosts.open(address, port, whole)
                return self._lab.interface if "." in address else self._lab.interface6
            case Send(data=data):
                return self._open().send(data)
            case Receive():
                return self._open().receive()
            case StartTls(server_name=server_name, policy=policy):
                return self._open().start_tls(server_name, policy)
            case Wait():
                return None
            case Authorities(names=names):
                return self._lab.hosts.roots.named(names)
        raise TypeError(f"the lab does not perform {request!r}")

    def _open(self) -> HostConnection:
        if self._connection is None:
            raise Reset("no connection is open")
        return self._connection

    def close(self) -> None:
        self._connection = None
