"""The walk of a delivery: which host, which address, with TLS or without, and when to give up.

It asks for facts and knows not where they come from (see `observation`). For each MX host in
order the decision table says what DANE has to say; where it steps aside, the TLS setting decides.
Whatever fails at one address leaves the next to be tried, and then the next host: DANE speaks of
a host, never of a domain (RFC 7672 2.2). Only a refusal of the message itself ends the walk.
"""

from collections.abc import Generator
from typing import Any, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from esashell.config.model.destination import DaneSetting
from esashell.dane.answers import AddressState, address_state
from esashell.dane.applicability import Applicability, Level, applicability
from esashell.dane.base_domain import server_name
from esashell.dane.reason import DaneReason, Fault, ResultType, dane_required
from esashell.dane.table import CertificateState, Route, Row, row, situation
from esashell.dane.table import Outcome as Cell
from esashell.dane.verify import DaneResult, verify
from esashell.delivery.destinations import (
    Destination,
    DestinationKind,
    destination,
    why_not_known,
)
from esashell.delivery.evidence import Address, HostAddresses
from esashell.delivery.families import no_address, preferred
from esashell.delivery.nexthops import MOST_HOSTS, Hop, hops, in_order
from esashell.delivery.observation import (
    AddressesWanted,
    Contact,
    ContactWanted,
    DeliveryWanted,
    Handshake,
    MxWanted,
    RootsWanted,
    TlsaWanted,
    TlsWanted,
    Want,
)
from esashell.delivery.outcome import Outcome, Protection, Result, Rule, Try
from esashell.delivery.settings import Settings
from esashell.delivery.tlsrules import TLS_RULES, TlsRule
from esashell.delivery.tlstrust import names_wanted, untrusted
from esashell.delivery.unvalidated import unvalidated
from esashell.resolver.answer import Answer
from esashell.resolver.names import Name
from esashell.smtp.client import Failure, Finding, status_of
from esashell.smtp.transaction import Transaction

R = TypeVar("R")
Walk = Generator[Want, Any, R]

# As with the hosts: a domain may not cost more.
MOST_CONTACTS = 40
SMTP_RULE = Rule("SMTP", "RFC 5321 5.1")


class Host(Struct, frozen=True):
    """A host to be tried: by name, or by address where a route says so."""

    name: Name | None
    port: int = 25
    addresses: tuple[Address, ...] = ()


class Demand(Struct, frozen=True):
    """What DANE leaves to be done at a host. `applies` is None where the TLS setting decides."""

    applies: Applicability | None
    must_encrypt: bool = False
    success: Row | None = None
    failure: Row | None = None


def decide(domain: Name, settings: Settings, now: int, seed: int, own_name: str) -> Walk[Outcome]:
    """The outcome for mail to a domain; DELIVER without a message means that it would go."""
    return (yield from _Decision(domain, settings, now, seed, own_name).outcome())


class _Decision:
    def __init__(self, domain: Name, settings: Settings, now: int, seed: int, own: str) -> None:
        self.domain = domain
        self.settings = settings
        self.dane = settings.dane_in_force
        self.now = now
        self.seed = seed
        self.own = own
        self.mx_names: tuple[Name, ...] = ()
        self.tries: list[Try] = []
        self.contacts = 0

    def outcome(self) -> Walk[Outcome]:
        settings = self.settings
        if settings.discards:
            reason = DaneReason("discarded", "an SMTP route discards the mail", "smtproutes")
            return Outcome(Result.DROP, Rule("SMTP route", "smtproutes"), "2.0.0", reason)
        if settings.way is Route.TO_HOST and self.dane is not DaneSetting.NONE:
            return self._routed_with_dane()
        if settings.way is Route.TO_HOST:
            assert settings.route is not None
            for hop in hops(settings.route, self.seed, self.domain):
                done = yield from self._hop(hop)
                if done:
                    return done
            return self._deferred()
        return (yield from self._by_mx())

    def _routed_with_dane(self) -> Outcome:
        """Table row 18: a route takes the place of what DANE would have looked up."""
        text = "an SMTP route to a host takes the place of the look-ups that DANE needs"
        reason = DaneReason(
            "smtp-route",
            text,
            "TechNote 214794",
            ResultType.DANE_REQUIRED,
            Fault.OURS_BY_CONFIGURATION,
        )
        return Outcome(Result.DEFER, Rule("row 18", "TN 6"), "4.7.5", reason)

    def _by_mx(self) -> Walk[Outcome]:
        answer = yield MxWanted(self.domain)
        found = destination(self.domain, self._seen(answer))
        match found.kind:
            case DestinationKind.NO_SUCH_DOMAIN:
                text = f"{self.domain} does not exist"
                reason = DaneReason("no-such-domain", text, "RFC 5321 5.1", fault=Fault.NOBODYS)
                return Outcome(Result.BOUNCE, Rule("row 16", "RFC 5321 5.1"), "5.1.2", reason)
            case DestinationKind.NULL_MX:
                text = f"{self.domain} accepts no mail (null MX)"
                reason = DaneReason("null-mx", text, "RFC 7505 3", fault=Fault.THEIRS)
                return Outcome(Result.BOUNCE, Rule("row 17", "RFC 7505 3"), "5.1.10", reason)
            case DestinationKind.NOT_KNOWN:
                why = why_not_known(found)
                rule = (
                    SMTP_RULE if self.dane is DaneSetting.NONE else Rule("row 15", "TN 1, TM, PF")
                )
                return Outcome(Result.DEFER, rule, "4.4.3", why)
        hosts = in_order(found.hosts, self.seed, self.domain, self.own)
        implicit = found.kind is DestinationKind.IMPLICIT_MX
        # RFC 5321 5.1: a domain that is an alias of ourselves is in the same circle.
        if not hosts or (implicit and str(found.mx.name) == self.own.lower()):
            text = f"the best MX host of {self.domain} is {self.own}, which is this appliance"
            reason = DaneReason(
                "mail-loop", text, "RFC 5321 5.1", fault=Fault.OURS_BY_CONFIGURATION
            )
            return Outcome(Result.BOUNCE, SMTP_RULE, "5.4.6", reason)
        self.mx_names = tuple(each.name for each in found.hosts)
        for each in hosts[:MOST_HOSTS]:
            done = yield from self._host(Host(each.name), found)
            if done:
                return done
        return self._deferred()

    def _hop(self, hop: Hop) -> Walk[Outcome | None]:
        """One destination of a route; DANE has no say here."""
        if hop.address is not None:
            return (yield from self._host(Host(None, hop.port, (hop.address,)), None))
        assert hop.name is not None
        names: tuple[Name, ...] = (hop.name,)
        if not hop.forced:
            found = destination(hop.name, unvalidated((yield MxWanted(hop.name))))
            text = f"the SMTP route's host {hop.name} has no mail host: {found.kind}"
            if found.kind is DestinationKind.MX_HOSTS:
                ordered = in_order(found.hosts, self.seed, hop.name, self.own)
                names = tuple(each.name for each in ordered[:MOST_HOSTS])
                text = f"the best MX host of {hop.name}, where the SMTP route leads, is {self.own}"
            if not (names and found.hosts):
                # The route is ours: a name that leads nowhere is our mistake, and the mail waits.
                self._failed(
                    hop.name,
                    "",
                    Rule("SMTP route", "smtproutes"),
                    "4.4.4",
                    DaneReason("route-host", text, "smtproutes", fault=Fault.OURS_BY_CONFIGURATION),
                )
                return None
        self.mx_names = (hop.name, *names)
        for each in names:
            done = yield from self._host(Host(each, hop.port), None)
            if done:
                return done
        return None

    def _seen(self, answer: Answer) -> Answer:
        return unvalidated(answer) if self.dane is DaneSetting.NONE else answer

    # One host.

    def _host(self, host: Host, found: Destination | None) -> Walk[Outcome | None]:
        demand = Demand(None)
        addresses = host.addresses
        if host.name is not None:
            lookups: HostAddresses = yield AddressesWanted(host.name)
            families = tuple(self._seen(each) for each in lookups.families)
            if found is not None and self.dane is not DaneSetting.NONE:
                judged = yield from self._demand(host.name, found, families)
                if judged is None:
                    return None
                demand = judged
            addresses = preferred(families, self.settings.ip_preference)
            if not addresses:
                self._failed(host.name, "", SMTP_RULE, "4.4.3", no_address(host.name, families))
        for address in addresses:
            if self.contacts >= MOST_CONTACTS:
                return None
            done = yield from self._address(host, address, demand)
            if done:
                return done
        return None

    def _demand(
        self, host: Name, found: Destination, families: tuple[Answer, ...]
    ) -> Walk[Demand | None]:
        """What DANE leaves to be done; None when it rules the host out before any connection."""
        tlsa: tuple[Answer, ...] = ()
        if address_state(families) is AddressState.SECURE:
            tlsa = yield TlsaWanted(host, 25)
        applies = applicability(self.domain, host, found.mx, families, tlsa)
        rows = []
        for state in (CertificateState.MATCHES, CertificateState.NO_MATCH):
            decided = row(situation(found.mx, families, tlsa, state))
            if decided is None:
                raise AssertionError(f"no row speaks of {host}")
            rows.append(decided)
        matching, failing = rows
        cell = self._cell(matching)
        if cell is Cell.FAIL:
            why = applies.why
            if self.dane is DaneSetting.MANDATORY and applies.level is not Level.MUST_DEFER:
                why = dane_required(why)
            self._failed(host, "", _rule(matching), "4.7.5", why)
            return None
        if cell is Cell.SUCCESS:
            return Demand(applies, True, matching, failing)
        return Demand(None, cell is Cell.TLS_REQUIRED, matching)

    def _cell(self, decided: Row) -> Cell:
        mandatory = self.dane is DaneSetting.MANDATORY
        return decided.mandatory if mandatory else decided.opportunistic

    # One address.

    def _address(self, host: Host, address: Address, demand: Demand) -> Walk[Outcome | None]:
        rule = TLS_RULES[self.settings.tls]
        where = host.name, address.text
        self.contacts += 1
        contact: Contact = yield ContactWanted(address.text, host.port)
        if contact.greeting is None:
            self._found(where, SMTP_RULE, contact.failure)
            return None
        if not (rule.tried or demand.applies):
            return (yield from self._deliver(host, address, Protection.CLEAR, _tls(rule), ""))
        required = rule.required or demand.must_encrypt
        deciding = _rule(demand.failure or demand.success) if demand.must_encrypt else _tls(rule)
        name = host.name or self.domain
        sni = server_name(
            demand.applies.base_domain if demand.applies and demand.applies.base_domain else name
        )
        if not contact.greeting.offers("STARTTLS"):
            if required:
                text = "the server does not offer STARTTLS"
                self._failed(
                    *where,
                    deciding,
                    "4.7.4",
                    DaneReason(
                        "starttls-not-offered",
                        text,
                        "RFC 3207 4",
                        ResultType.STARTTLS_NOT_SUPPORTED,
                        Fault.THEIRS,
                    ),
                )
                return None
            return (yield from self._deliver(host, address, Protection.CLEAR, _tls(rule), ""))
        shaken: Handshake = yield TlsWanted(address.text, host.port, sni)
        if shaken.peer is None or shaken.failure is not None:
            refused = shaken.failure and shaken.failure.kind is Failure.STARTTLS_REFUSED
            if refused and shaken.usable and not required:
                # Before the 220 a delivery that only prefers TLS goes on in clear text.
                return (yield from self._deliver(host, address, Protection.CLEAR, _tls(rule), ""))
            self._found(where, deciding, shaken.failure)
            return None
        if demand.applies is not None:
            verdict = verify(
                demand.applies.records,
                shaken.peer.chain,
                demand.applies.reference_identifiers,
                self.now,
                self.settings.digest_agility,
            )
            if verdict.result is not DaneResult.MATCHED:
                self._failed(*where, deciding, "4.7.5", verdict.reason)
                return None
            decided = _rule(demand.success)
            return (yield from self._deliver(host, address, Protection.DANE, decided, sni))
        return (yield from self._conventional(host, address, shaken, demand, sni))

    def _conventional(
        self, host: Host, address: Address, shaken: Handshake, demand: Demand, sni: str
    ) -> Walk[Outcome | None]:
        """TLS as the destination control has it, where DANE has stepped aside."""
        rule = TLS_RULES[self.settings.tls]
        deciding = _rule(demand.success) if demand.must_encrypt else _tls(rule)
        protection = Protection.UNAUTHENTICATED
        if rule.names is not None:
            references = yield from names_wanted(
                rule.names, self.domain, host.name, self.mx_names, address.text
            )
            chain = shaken.peer.chain if shaken.peer else ()
            roots = yield RootsWanted(address.text, host.port, sni)
            why = untrusted(chain, roots, rule.names, references, self.now)
            if why is None:
                protection, deciding = Protection.AUTHENTICATED, _tls(rule)
            elif rule.verified:
                self._failed(host.name, address.text, _tls(rule), "4.7.5", why)
                return None
        return (yield from self._deliver(host, address, protection, deciding, sni))

    def _deliver(
        self, host: Host, address: Address, protection: Protection, rule: Rule, sni: str
    ) -> Walk[Outcome | None]:
        """Hand over the message, if there is one; None when the next address is to be tried."""
        tls = protection is not Protection.CLEAR
        done: Transaction | None = yield DeliveryWanted(address.text, host.port, tls)
        reason = DaneReason("delivered", f"by {protection.value} to {address.text}", rule.source)
        result, status = Result.DELIVER, "2.0.0"
        if done is not None and done.failure is not None:
            failure = done.failure
            if isinstance(failure, Finding):
                self._found((host.name, address.text), SMTP_RULE, failure)
                self.tries[-1] = replace(self.tries[-1], protection=protection)
                return None
            text = f"the server answered {failure} to {done.stage.value}"
            reason = DaneReason("refused", text, "RFC 5321 4.2.1", fault=Fault.THEIRS)
            result, status = Result.BOUNCE, status_of(failure)
            if failure.code // 100 != 5:
                self._failed(host.name, address.text, SMTP_RULE, status, reason)
                self.tries[-1] = replace(self.tries[-1], protection=protection)
                return None
        tries = tuple(self.tries)
        return Outcome(
            result, rule, status, reason, protection, host.name, address.text, sni, tries, done
        )

    # Failures.

    def _found(self, where: tuple[Name | None, str], rule: Rule, finding: Finding | None) -> None:
        if finding is None:
            raise AssertionError("no conversation, and nothing that prevented it")
        codes = {each.value: each for each in ResultType}
        result = codes.get(finding.code)
        status = finding.code if result is None else "4.7.5"
        if result is ResultType.STARTTLS_NOT_SUPPORTED:
            status = "4.7.4"
        code = finding.kind.value.replace(" ", "-").lower()
        reason = DaneReason(code, finding.text, "RFC 5321 5.1", result, Fault.THEIRS)
        # A host that refuses everybody is no judgement of this message: another may take it.
        self._failed(*where, rule, f"4{status[1:]}", reason)

    def _failed(
        self, host: Name | None, address: str, rule: Rule, status: str, reason: DaneReason
    ) -> None:
        self.tries.append(Try(host, address, rule, status, reason))

    def _deferred(self) -> Outcome:
        best = self.tries[0]
        return Outcome(
            Result.DEFER,
            best.rule,
            best.status,
            best.reason,
            host=best.host,
            address=best.address,
            tries=tuple(self.tries),
        )


def _rule(decided: Row | None) -> Rule:
    if decided is None:
        raise AssertionError("no row")
    return Rule(f"row {decided.number}", decided.source)


def _tls(rule: TlsRule) -> Rule:
    return Rule(f"TLS {rule.setting.value}", rule.source)
