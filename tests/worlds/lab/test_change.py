"""What happens to the lab while time passes, as those see it who look."""

from typing import Any

import pytest

from esashell.clock import SECOND, FixedClock
from esashell.dane.table import Verified
from esashell.delivery.verification import Sender, verify_domain
from esashell.resolver.lookup import Resolver, Server
from esashell.resolver.names import Name, name_from_text
from esashell.steps import run
from esashell.worlds.lab.change import Changes
from esashell.worlds.lab.scenario import ResolverKind
from esashell.worlds.lab.world import Lab

BEGIN = 1_772_438_400 * SECOND
DAY = 86_400 * SECOND


class Looking:
    """A lab, and somebody who looks at it without remembering anything."""

    def __init__(self) -> None:
        self.clock = FixedClock(BEGIN)
        self.lab = Lab(self.clock, certified=BEGIN)
        self.changes = Changes(self.lab)

    def look(self, domain: str, resolver: str = "194.191.40.83") -> tuple[Verified, str]:
        asking = Resolver([Server(resolver)], [self.lab.anchor], self.clock)
        with self.lab.session() as session:
            steps = verify_domain(name_from_text(domain), Sender(asking, self.clock))
            found = run(steps, session)
        return found.verdict, found.reason.text

    def certificate(self, host: str) -> bytes:
        return self.lab.hosts.identity(self.lab.directory.named(name_from_text(host))).leaf


@pytest.fixture
def it() -> Looking:
    return Looking()


def name(text: str) -> Name:
    return name_from_text(text)


SUCCESS, FAILED = Verified.SUCCESS, Verified.FAILED


@pytest.mark.parametrize(
    "domain", ["dane.lab", "rsa.lab", "own7.bulk.lab", "d2.bulk.lab", "dane-ta.lab"]
)
def test_a_renewed_certificate_fails_until_its_record_is_published(
    domain: str, it: Looking
) -> None:
    assert it.look(domain)[0] is SUCCESS
    zones = it.changes.renew_certificate(name(domain))
    assert len(zones) == 1
    verdict, why = it.look(domain)
    # A record of the authority's key goes on fitting what that authority has signed.
    assert (verdict, "does not match" in why) == (
        (SUCCESS, False) if domain == "dane-ta.lab" else (FAILED, True)
    )
    it.changes.renew_certificate(name(domain))
    it.changes.publish_tlsa(name(domain))
    assert it.look(domain)[0] is SUCCESS


def test_who_shares_the_mail_host_shares_its_fate_and_others_do_not(it: Looking) -> None:
    assert it.changes.renew_certificate(name("d2.bulk.lab")) == (name("provider.lab"),)
    assert it.look("d6.bulk.lab")[0] is FAILED
    assert it.look("d3.bulk.lab")[0] is SUCCESS
    assert it.look("own7.bulk.lab")[0] is SUCCESS


def test_a_key_that_the_parent_does_not_know_makes_the_zone_bogus_until_it_is_mended(
    it: Looking,
) -> None:
    assert it.changes.roll_key(name("dane.lab")) == (name("dane.lab"),)
    verdict, why = it.look("dane.lab")
    assert (verdict, "bogus" in why.lower()) == (FAILED, True)
    assert it.look("self-signed.lab")[0] is SUCCESS
    it.changes.mend_zone(name("dane.lab"))
    assert it.look("dane.lab")[0] is SUCCESS


def test_signatures_end_at_the_second_that_was_said(it: Looking) -> None:
    it.changes.end_signatures(name("dane.lab"), BEGIN // SECOND + 100_000)
    it.clock.advance(100_000 * SECOND)
    assert it.look("dane.lab")[0] is SUCCESS
    it.clock.advance(SECOND)
    assert it.look("dane.lab")[0] is FAILED
    it.changes.mend_zone(name("dane.lab"))
    assert it.look("dane.lab")[0] is SUCCESS


def test_a_certificate_ends_at_the_second_that_was_said_and_keeps_its_key(it: Looking) -> None:
    it.changes.end_certificate(name("dane-ta.lab"), BEGIN // SECOND + 100)
    it.clock.advance(100 * SECOND)
    assert it.look("dane-ta.lab")[0] is SUCCESS
    it.clock.advance(SECOND)
    verdict, why = it.look("dane-ta.lab")
    assert (verdict, "expired" in why) == (FAILED, True)


def test_certificates_are_those_of_one_day_and_the_signatures_of_every_day(it: Looking) -> None:
    first = it.certificate("mail.dane.lab")
    it.clock.advance(20 * DAY)
    assert it.certificate("mail.dane.lab") == first
    assert it.look("dane.lab")[0] is SUCCESS
    plain = Lab(it.clock)
    other = plain.hosts.identity(plain.directory.named(name("mail.dane.lab"))).leaf
    assert other != first


@pytest.mark.parametrize(
    ("fields", "said"),
    [({"starttls": False}, "STARTTLS"), ({"behaviour": "timeout"}, "timeout"), ({}, "")],
)
def test_hosts_change_and_change_back(fields: dict[str, Any], said: str, it: Looking) -> None:
    it.changes.set_hosts(name("dane.lab"), fields)
    verdict, why = it.look("dane.lab")
    assert (verdict is FAILED) is bool(said)
    assert said in why
    it.changes.set_hosts(name("dane.lab"), {"starttls": True, "behaviour": "serve"})
    assert it.look("dane.lab")[0] is SUCCESS


def test_what_a_host_was_told_before_it_still_is(it: Looking) -> None:
    it.changes.set_hosts(name("dane.lab"), {"starttls": False})
    it.changes.set_hosts(name("dane.lab"), {"replies": {"RCPT": "550 No"}})
    host = it.lab.directory.named(name("mail.dane.lab"))
    assert (host.starttls, host.replies) == (False, {"RCPT": "550 No"})


def test_a_resolver_dies_and_comes_back(it: Looking) -> None:
    it.changes.set_resolver("194.191.40.83", ResolverKind.SILENT)
    assert it.look("dane.lab")[0] is FAILED
    assert it.look("dane.lab", "194.191.40.84")[0] is SUCCESS
    it.changes.set_resolver("194.191.40.83", ResolverKind.STRIPS)
    assert "bogus" in it.look("dane.lab")[1].lower()
    it.changes.set_resolver("194.191.40.83", ResolverKind.CAPABLE)
    assert it.look("dane.lab")[0] is SUCCESS


@pytest.mark.parametrize("domain", ["no-such.lab", "lab-less", "."])
def test_a_domain_that_is_not_there_is_refused(domain: str, it: Looking) -> None:
    for change in (it.changes.renew_certificate, it.changes.roll_key, it.changes.mend_zone):
        with pytest.raises(LookupError, match="has no domain"):
            change(name(domain))
    with pytest.raises(LookupError, match="has no resolver"):
        it.changes.set_resolver("192.0.2.99", ResolverKind.SILENT)


def test_settings_that_make_no_sense_change_nothing(it: Looking) -> None:
    with pytest.raises(ValueError, match="behaviour"):
        it.changes.set_hosts(name("dane.lab"), {"behaviour": "dances"})
    assert it.look("dane.lab")[0] is SUCCESS
