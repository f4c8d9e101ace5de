"""What the engine says of a destination: every judgement is an attempt that is really made.

An attempt walks from the MX records to the final dot, through the resolver, the decision table and
a TLS handshake, in the lab as it is at that instant. What it finds is kept by content. Answers of
the DNS are the resolver's to keep, by their TTL (`remembering`). What a host showed on a connection
is the same for everybody who comes with the same name and the same TLS, until something happens to
that host. So a handshake costs once for each host, and an attempt at a destination of which nothing
has changed costs the price of renewing its answers.

A judgement says until when it holds: until the first of its answers has run out, or the date of a
certificate passes that decided it. Whatever else ends it is told (`touch`, `reconfigure`).
"""

import re
from collections.abc import Callable, Iterable
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from esashell.clock import Clock
from esashell.config.tree import Config
from esashell.delivery.attempt import ON_A_CONNECTION, Attempt, Finder
from esashell.delivery.decision import decide
from esashell.delivery.evidence import HostAddresses
from esashell.delivery.observation import (
    Contact,
    ContactWanted,
    Fact,
    Handshake,
    Observation,
    Want,
)
from esashell.delivery.outcome import Outcome, Protection, Result
from esashell.delivery.settings import Settings
from esashell.delivery.verification import Sender
from esashell.pki.certificate import BadCertificate, certificate
from esashell.resolver.answer import Answer
from esashell.resolver.names import Name, name_from_text
from esashell.simulate.fate import Fate, Judgement
from esashell.simulate.remembering import Answered, LastingResolver, names_in
from esashell.simulate.rootkeys import RootKeys
from esashell.simulate.traffic import NEVER
from esashell.smtp.client import Failure, Finding
from esashell.smtp.replies import Reply
from esashell.smtp.transaction import Message, Transaction
from esashell.steps import Steps, World, run

FATES = {
    Result.DEFER: Fate.DEFERRED,
    Result.BOUNCE: Fate.BOUNCED,
    Result.DROP: Fate.DROPPED,
}
PROTECTED = {
    Protection.DANE: Fate.DELIVERED_WITH_DANE,
    Protection.CLEAR: Fate.DELIVERED_IN_CLEAR,
}


class Judged(Struct, frozen=True):
    """An attempt that was made, the questions that it asked, and until when its dates hold."""

    attempt: Attempt
    fate: Fate
    asked: tuple[Answered, ...]
    until: int
    soft: bool


SenderFor = Callable[[Config], Sender]


class Judge:
    """Judgements by one configuration, in a world, at instants that never go back."""

    def __init__(self, config: Config, sender_for: SenderFor, world: World, clock: Clock) -> None:
        self.world = world
        self.clock = clock
        self.attempts = 0  # that were really made
        self._sender_for = sender_for
        self._judged: dict[tuple[str, Settings], Judged] = {}
        self._shown: dict[Want, Any] = {}
        self._unsteady: list[Name] = []
        self.root = RootKeys()
        self._set_up(config)

    def _set_up(self, config: Config) -> None:
        self.config = config
        sender = self._sender_for(config)
        self.resolver = LastingResolver(sender.resolver)
        self.root.believe(self.resolver)
        self.resolver.cache.unsteady(self._unsteady)
        self.sender: Sender = replace(sender, resolver=self.resolver)

    def reconfigure(self, config: Config) -> None:
        """From now on another configuration is in force; its resolvers begin with nothing."""
        before, same_dns = self.config, config.dns == self.config.dns
        resolver = self.resolver
        self._set_up(config)
        if same_dns:
            self.resolver = resolver
            self.sender = replace(self.sender, resolver=resolver)
        if not same_dns or _presented(before) != _presented(config):
            self._judged.clear()
            self._shown.clear()

    def touch(self, zones: Iterable[Name] | None, addresses: frozenset[str]) -> None:
        """Something has happened in these zones and to the hosts at these addresses, or to
        everybody's resolvers (None)."""
        self.resolver.cache.touch(zones)
        if zones is None:
            self._judged.clear()
            return
        apexes = tuple(zones)
        self._shown = {
            want: found
            for want, found in self._shown.items()
            if getattr(want, "address", None) not in addresses
        }
        self._judged = {
            key: each
            for key, each in self._judged.items()
            if not _rests_on(each, apexes) and addresses.isdisjoint(_met(each))
        }

    def unsteady(self, zones: Iterable[Name]) -> None:
        """In these zones something depends on the time."""
        self._unsteady += zones
        self.resolver.cache.unsteady(self._unsteady)

    def judgement(self, domain: str, settings: Settings, now: int) -> Judgement:
        """What becomes of mail to the domain, from now on."""
        if now != self.clock.now():
            raise AssertionError(f"judged for {now} at {self.clock.now()}")
        key = domain, settings
        if self.root.follow(self.resolver, self.world):
            self._judged.clear()
        known = self._judged.get(key)
        if known is not None:
            until = self.resolver.renewed(known.asked, now)
            if min(until, known.until) > now:
                return _judgement(known, until)
        known = self._judged[key] = self._attempted(domain, settings, now)
        until = self.resolver.renewed(known.asked, now)
        # An answer that lives for no time at all is good for the messages of this instant.
        return _judgement(known, max(until, now + 1))

    def _attempted(self, domain: str, settings: Settings, now: int) -> Judged:
        self.attempts += 1
        name = name_from_text(domain)
        message = Message(f"simulation@{self.sender.helo}", (f"postmaster@{domain}",))
        self.resolver.asked = []
        finder = _Recalling(self.sender, message, self._shown)
        decision = decide(name, settings, now, self.sender.seed, self.sender.helo)
        with self.world.session() as session:
            decided = run(finder.follow(decision), session)
        facts = tuple(finder.facts)
        observation = Observation(name, now, self.sender.seed, self.sender.helo, facts)
        attempt = Attempt(observation, settings, decided)
        dated, soft = _dated(facts, now), _put_off(facts)
        return Judged(attempt, fate_of(decided), self.resolver.answered(), dated, soft)


def _judgement(judged: Judged, until: int) -> Judgement:
    return Judgement(judged.fate, min(until, judged.until), judged.attempt, judged.soft)


def fate_of(outcome: Outcome) -> Fate:
    """What an outcome is for a message."""
    if outcome.result is Result.DELIVER and outcome.protection is not None:
        return PROTECTED.get(outcome.protection, Fate.DELIVERED_WITH_TLS)
    if outcome.result is Result.BOUNCE and outcome.transaction is None:
        return Fate.UNROUTABLE
    return FATES[outcome.result]


def _presented(config: Config) -> tuple[Any, ...]:
    """What of a configuration others get to see, or what we believe of them."""
    it = config
    return it.hostname, it.ssl.outbound, it.authorities, it.interfaces, it.delivery.interface


def _rests_on(judged: Judged, apexes: tuple[Name, ...]) -> bool:
    return any(
        name is not None and name.is_under(apex)
        for answer in _answers(judged)
        for name in names_in(answer)
        for apex in apexes
    )


def _answers(judged: Judged) -> Iterable[Answer]:
    for fact in judged.attempt.observation.facts:
        match fact.found:
            case Answer():
                yield fact.found
            case HostAddresses():
                yield from fact.found.families
            case tuple():
                yield from (each for each in fact.found if isinstance(each, Answer))


def _met(judged: Judged) -> Iterable[str]:
    """The addresses that were connected to."""
    for fact in judged.attempt.observation.facts:
        if isinstance(fact.want, ContactWanted):
            yield fact.want.address


def _dated(facts: Iterable[Fact], now: int) -> int:
    """When the next date of a certificate that was shown passes; both ends belong to it."""
    dates = []
    for fact in facts:
        if isinstance(fact.found, Handshake) and fact.found.peer is not None:
            for der in fact.found.peer.chain:
                try:
                    shown = certificate(der)
                except BadCertificate:
                    continue
                dates += [shown.not_before, shown.not_after + 1]
    return min((each for each in dates if each > now), default=NEVER)


def _put_off(facts: Iterable[Fact]) -> bool:
    """Whether a server answered 4xx to the message, or to us at all."""
    for fact in facts:
        match fact.found:
            case Transaction(failure=Reply(code=code)) if code // 100 == 4:
                return True
            case Contact(failure=Finding(kind=Failure.GREETING_REFUSED, text=text)):
                if re.search(r"\b4\d\d\b", text):
                    return True
    return False


class _Recalling(Finder):
    """Takes what hosts have shown before for what they would show now.

    Where one thing on a connection is known and the next is not, the connection is made after all.
    """

    def __init__(self, sender: Sender, message: Message, shown: dict[Want, Any]) -> None:
        super().__init__(sender, message)
        self._shown = shown
        self._on_paper: list[Want] = []

    def look(self, want: Want) -> Steps[Any]:
        if not isinstance(want, ON_A_CONNECTION):
            return (yield from super().look(want))
        if isinstance(want, ContactWanted):
            self._on_paper = []
        if want in self._shown:
            if isinstance(want, ContactWanted):
                yield from self.hang_up()
            self._on_paper.append(want)
            return self._own(self._shown[want])
        for each in self._on_paper:
            yield from super().look(each)
        self._on_paper = []
        found = self._shown[want] = yield from super().look(want)
        return found

    def _own(self, found: Any) -> Any:
        """A transaction that was somebody else's, with our recipient."""
        if isinstance(found, Transaction) and self.message is not None:
            (own,) = self.message.recipients
            return replace(
                found,
                accepted=tuple(own for _ in found.accepted),
                refused=tuple((own, reply) for _, reply in found.refused),
            )
        return found
