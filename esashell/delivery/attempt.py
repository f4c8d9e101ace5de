"""One attempt at delivery, and the observation of a destination without any.

`attempt` follows the decision and finds out what it wants to know, as it goes: it opens no
connection that the settings do not lead to. `observe` looks at everything that any settings could
want. `outcome` follows the same decision over facts that are there already.
"""

from collections.abc import Generator
from typing import Any, TypeVar

from msgspec import Struct

from esashell.config.model.routes import SmtpRoute
from esashell.dane.base_domain import base_domain_of, server_name
from esashell.dane.reason import DaneReason
from esashell.delivery.decision import decide
from esashell.delivery.destinations import destination
from esashell.delivery.evidence import HostAddresses
from esashell.delivery.hosts import addresses_in, find_addresses, find_tlsa
from esashell.delivery.nexthops import hops
from esashell.delivery.observation import (
    AddressesWanted,
    Contact,
    ContactWanted,
    DeliveryWanted,
    Fact,
    Handshake,
    MxWanted,
    Observation,
    PointerWanted,
    RootsWanted,
    TlsaWanted,
    TlsWanted,
    Want,
)
from esashell.delivery.outcome import Outcome, Result, Rule
from esashell.delivery.settings import Settings
from esashell.delivery.tlstrust import authorities
from esashell.delivery.unvalidated import unvalidated
from esashell.delivery.verification import Sender
from esashell.errors import OperatorError, TransportError
from esashell.resolver.names import Name, reverse_name
from esashell.resolver.rrtypes import RRType
from esashell.smtp.client import Conversation, Failure, Finding, Greeting, Stage
from esashell.smtp.transaction import Message, longest, transact
from esashell.steps import CONVERSATION, Once, Steps, TlsPeer, TlsPolicy

R = TypeVar("R")

# What servers showed, by all that they can see of us: where, our name and policy, and theirs.
Met = dict[tuple[str, int, str, TlsPolicy, str], tuple[Fact, ...]]


class Attempt(Struct, frozen=True):
    """What was found on the way, and what came of it."""

    observation: Observation
    settings: Settings
    outcome: Outcome


def attempt(
    domain: Name,
    settings: Settings,
    sender: Sender,
    *,
    message: Message | None = None,
    seed: int = 0,
) -> Steps[Attempt]:
    """Try to deliver; without a message, go as far as the moment before MAIL."""
    when = sender.clock.now()
    finder = Finder(sender, message)
    decision = decide(domain, settings, when, seed, sender.helo)
    decided = yield from finder.follow(decision)
    observation = Observation(domain, when, seed, sender.helo, tuple(finder.facts))
    return Attempt(observation, settings, decided)


def outcome(observation: Observation, settings: Settings, now: int) -> Outcome:
    """What these settings would have led to; NOT_KNOWN where that was not observed.

    `now` is when certificates are judged; the answers of the DNS keep the states they came with.
    """
    it = observation
    # An address may have its turn twice and answer otherwise; what it said last, it says again.
    facts: dict[Want, list[Any]] = {}
    for fact in reversed(it.facts):
        facts.setdefault(fact.want, []).append(fact.found)
    decision = decide(it.domain, settings, now, it.seed, it.own_name)
    found: Any = None
    try:
        while True:
            want = decision.send(found)
            if want not in facts and not isinstance(want, DeliveryWanted):
                return _not_known(want)
            left = facts.get(want, [None])
            found = left.pop() if len(left) > 1 else left[0]
    except StopIteration as stop:
        decided: Outcome = stop.value
        return decided


def _not_known(want: Want) -> Outcome:
    where = getattr(want, want.__struct_fields__[0])
    text = f"this was not looked at: {_IN_WORDS[type(want)]} {where}"
    reason = DaneReason("not-observed", text, "esashell")
    return Outcome(Result.NOT_KNOWN, Rule("observation", "esashell"), "", reason)


_IN_WORDS: dict[type, str] = {
    MxWanted: "the MX records of",
    AddressesWanted: "the addresses of",
    TlsaWanted: "the TLSA records of",
    PointerWanted: "the name of",
    ContactWanted: "a connection to",
    TlsWanted: "TLS with",
    RootsWanted: "the authorities that signed for",
    DeliveryWanted: "a delivery to",
}


def observe(
    domain: Name,
    sender: Sender,
    route: SmtpRoute | None = None,
    seed: int = 0,
    *,
    routed: bool = False,
    met: Met | None = None,
) -> Steps[Observation]:
    """Everything that a delivery under any settings could want to know, without a message.

    With a route to hosts, those are looked at as well; if it is `routed` for certain, they alone.
    What is in `met` is not met again, and what is met is put there.
    """
    when = sender.clock.now()
    finder = Finder(sender, None)
    finder.met = met
    ways = hops(route, seed, domain) if route is not None and _to_hosts(route) else ()
    names = () if ways and routed else (yield from _mx_hosts(finder, domain))
    places: list[tuple[Name | None, tuple[str, ...], int]] = [(each, (), 25) for each in names]
    for hop in ways:
        if hop.address is not None:
            places.append((None, (hop.address.text,), hop.port))
        elif hop.name is not None:
            found = (hop.name,) if hop.forced else (yield from _mx_hosts(finder, hop.name))
            places += [(each, (), hop.port) for each in found]
    for name, literal, port in dict.fromkeys(places):
        yield from _look_at(finder, name or domain, name, literal, port)
    yield from finder.hang_up()
    return Observation(domain, when, seed, sender.helo, tuple(finder.facts))


def _to_hosts(route: SmtpRoute) -> bool:
    return not {"USEDNS", "/dev/null"} & set(route.destinations)


def _mx_hosts(finder: "Finder", domain: Name) -> Steps[tuple[Name, ...]]:
    answer = yield from _there(finder.find(MxWanted(domain)))
    if answer is None:
        return ()
    return tuple(each.name for each in destination(domain, unvalidated(answer)).hosts)


def _there(steps: Steps[R]) -> Steps[R | None]:
    """What comes of the steps, None where a recording does not hold it: nobody has looked then."""
    try:
        return (yield from steps)
    except OperatorError:
        return None


def _look_at(
    finder: "Finder", called: Name, name: Name | None, literal: tuple[str, ...], port: int
) -> Steps[None]:
    server_names = [server_name(called)]
    addresses = list(literal)
    if name is not None:
        lookups: HostAddresses | None = yield from _there(finder.find(AddressesWanted(name)))
        for each in lookups.families if lookups is not None else ():
            addresses += [it.text for it in addresses_in(unvalidated(each))]
        for answer in (yield from _there(finder.find(TlsaWanted(name, 25)))) or ():
            server_names.append(server_name(base_domain_of(answer.qname)))
    for address in dict.fromkeys(addresses):
        yield from _there(finder.find(PointerWanted(address)))
        for sni in dict.fromkeys(server_names):
            contact = yield from finder.meet(address, port, sni)
            if contact is None or not _offers_tls(contact):
                break


def _encounter(sender: Sender, address: str, port: int, sni: str) -> Steps[tuple[Fact, ...]]:
    finder = Finder(sender, None)
    contact = yield from _there(finder.find(ContactWanted(address, port)))
    if contact is not None and _offers_tls(contact):
        shaken: Handshake | None = yield from _there(finder.find(TlsWanted(address, port, sni)))
        if shaken is not None and shaken.peer is not None:
            yield from _there(finder.find(RootsWanted(address, port, sni)))
    yield from _there(finder.hang_up())
    return tuple(finder.facts)


def _offers_tls(contact: Contact) -> bool:
    return contact.greeting is not None and contact.greeting.offers("STARTTLS")


ON_A_CONNECTION = (ContactWanted, TlsWanted, DeliveryWanted)


class Finder:
    """Meets wants from the network, and keeps what was found."""

    def __init__(self, sender: Sender, message: Message | None) -> None:
        self.sender = sender
        self.message = message
        self.known: dict[Want, Any] = {}
        self.facts: list[Fact] = []
        self.talk: Conversation | None = None
        self.in_tls = False
        self.greeting: Greeting | None = None
        self.met: Met | None = None

    def follow(self, decision: Generator[Want, Any, Outcome]) -> Steps[Outcome]:
        found: Any = None
        while True:
            try:
                want = decision.send(found)
            except StopIteration as stop:
                yield from self.hang_up()
                decided: Outcome = stop.value
                return decided
            # An address may have its turn twice; what was said on one connection is not said on
            # another.
            found = yield from self.find(want, again=isinstance(want, ON_A_CONNECTION))

    def find(self, want: Want, again: bool = False) -> Steps[Any]:
        """The fact, looked for once; `again` where it is of a connection that is open now."""
        if want in self.known and not again:
            return self.known[want]
        found = yield from self.look(want)
        self.facts.append(Fact(want, found))
        self.known[want] = found
        return found

    def meet(self, address: str, port: int, sni: str) -> Steps[Contact | None]:
        """What a server shows on a connection of its own: a greeting, TLS, who has signed it."""
        sender = self.sender
        key = address, port, sender.helo, sender.policy, sni
        facts = self.met.get(key) if self.met is not None else None
        if facts is None and self.met is not None:
            facts = yield Once(("meet", key), lambda: _encounter(sender, address, port, sni))
            self.met[key] = facts
        elif facts is None:
            facts = yield from _encounter(sender, address, port, sni)
        self.facts += facts
        self.known |= {each.want: each.found for each in facts}
        contact: Contact | None = facts[0].found if facts else None
        return contact

    def look(self, want: Want) -> Steps[Any]:
        """The fact, from the network."""
        resolver = self.sender.resolver
        match want:
            case MxWanted(domain=domain):
                return (yield from resolver.look_up(domain, RRType.MX))
            case AddressesWanted(host=host):
                return (yield from find_addresses(host, resolver))
            case TlsaWanted(host=host, port=port):
                lookups = yield from self.find(AddressesWanted(host))
                return (yield from find_tlsa(lookups, resolver, port))
            case PointerWanted(address=address):
                return (yield from resolver.look_up(reverse_name(address), RRType.PTR))
            case ContactWanted(address=address, port=port):
                return (yield from self._contact(address, port))
            case TlsWanted(server_name=name):
                return (yield from self._handshake(name))
            case RootsWanted(address=address, port=port, server_name=name):
                shaken: Handshake = self.known[TlsWanted(address, port, name)]
                return (yield from self._roots(shaken.peer.chain if shaken.peer else ()))
            case DeliveryWanted(tls=tls):
                return (yield from self._transaction(tls))

    def _contact(self, address: str, port: int) -> Steps[Contact]:
        yield from self.hang_up()
        try:
            whole = longest(self.message) if self.message is not None else CONVERSATION
            interface = yield from self.sender.connections.open(address, port, whole)
        except TransportError as fault:
            text = f"no connection to {address}: {fault.text}"
            return Contact(failure=Finding(Failure.NETWORK_ERROR, Stage.GREETING, "4.4.1", text))
        self.talk, self.in_tls = Conversation(self.sender.helo), False
        greeting = yield from self.talk.greet()
        if isinstance(greeting, Finding):
            return Contact(interface, None, greeting, self.talk.transcript)
        self.greeting = greeting
        return Contact(interface, greeting, None, self.talk.transcript)

    def _handshake(self, name: str) -> Steps[Handshake]:
        talk, greeting = self.talk, self.greeting
        if talk is None or greeting is None:
            raise AssertionError("TLS was wanted without a connection")
        peer = yield from talk.start_tls(name, self.sender.policy)
        if not isinstance(peer, TlsPeer):
            return Handshake(None, peer, not talk.over, talk.transcript)
        self.in_tls = True
        again = yield from talk.greet_again(greeting)
        failure = again if isinstance(again, Finding) else None
        return Handshake(peer, failure, not talk.over, talk.transcript)

    def _roots(self, chain: tuple[bytes, ...]) -> Steps[tuple[bytes, ...]]:
        return (yield from authorities(chain, self.sender.trust))

    def _transaction(self, tls: bool) -> Steps[Any]:
        if self.message is None or self.talk is None:
            return None
        if tls is not self.in_tls:
            raise AssertionError("a message would have gone out in another way than was decided")
        return (yield from transact(self.talk, self.message))

    def hang_up(self) -> Steps[None]:
        if self.talk is not None:
            yield from self.talk.quit()
        self.talk = self.greeting = None
