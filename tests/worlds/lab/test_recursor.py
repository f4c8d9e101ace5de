"""The recursors: whole answers from the capable ones, and how the others fail."""

import pytest

from esashell.clock import FixedClock
from esashell.errors import TimedOut
from esashell.resolver.answer import Existence, Security
from esashell.resolver.names import name_from_text
from esashell.resolver.rrtypes import Rcode, RRType
from esashell.resolver.wire import AA, AD, RA, query
from esashell.worlds.lab.world import Lab
from tests.worlds.lab.shared_lab import (
    CAPABLE,
    NOON,
    SERVFAIL,
    SILENT,
    STRIPS,
    ask,
    lab,
    look_up,
)


def test_a_capable_recursor_passes_signatures_on_and_vouches_for_nothing() -> None:
    reply = ask(CAPABLE, "ietf.org", "MX")
    assert reply.flags & RA
    assert not reply.flags & (AD | AA)
    assert reply.answer[0].signatures


def test_both_capable_recursors_say_the_same() -> None:
    assert ask("194.191.40.84", "nope.dane.ch", "A") == ask(CAPABLE, "nope.dane.ch", "A")


def test_an_answer_does_not_depend_on_what_was_asked_before() -> None:
    fresh = Lab(FixedClock(NOON))
    for rdtype in ("TLSA", "A", "DS", "DNSKEY"):
        assert ask(CAPABLE, "dane.lab", rdtype, fresh) == ask(CAPABLE, "dane.lab", rdtype)


def test_aliases_are_followed_from_zone_to_zone() -> None:
    reply = ask(CAPABLE, "mail.mx-alias-insecure.lab", "A")
    assert [str(each.owner) for each in reply.answer] == [
        "mail.mx-alias-insecure.lab",
        "mail.unsigned-hosting.lab",
    ]


@pytest.mark.parametrize("rdtype", ["A", "CNAME", "ANY"])
def test_an_alias_made_from_a_dname_brings_the_dname_along(rdtype: str) -> None:
    """RFC 6672 3.1, also where the alias itself was asked for."""
    reply = ask(CAPABLE, "mail._tcp.mail.tlsa-dname.lab", rdtype)
    assert {each.rdtype for each in reply.answer} >= {RRType.CNAME, RRType.DNAME}
    answer = look_up("mail._tcp.mail.tlsa-dname.lab", rdtype)
    assert answer.security is Security.SECURE


def test_an_alias_that_ends_in_nothing_brings_the_denial_along() -> None:
    reply = ask(CAPABLE, "www.domain-alias.lab", "TXT")
    assert [each.rdtype for each in reply.answer] == [RRType.CNAME]
    assert {each.rdtype for each in reply.authority} == {RRType.SOA, RRType.NSEC}
    answer = look_up("www.domain-alias.lab", "TXT")
    assert (answer.security, answer.existence) == (Security.SECURE, Existence.NO_DATA)


def test_a_loop_of_aliases_is_a_failure() -> None:
    assert ask(CAPABLE, "mail.mx-alias-loop.lab", "A").rcode == Rcode.SERVFAIL


def test_a_bogus_answer_is_passed_on_as_it_is() -> None:
    assert ask(CAPABLE, "mx-bogus.lab", "MX").rcode == Rcode.NOERROR
    assert look_up("mx-bogus.lab", "MX").security is Security.BOGUS


def test_the_servers_failure_and_their_silence_are_a_servfail() -> None:
    for domain in ("tlsa-servfail.lab", "tlsa-timeout.lab"):
        assert ask(CAPABLE, f"_25._tcp.mail.{domain}", "TLSA").rcode == Rcode.SERVFAIL


def test_the_providers_servers_fail_on_a_cname_and_answer_the_rest() -> None:
    host = "thinkbeyond-ch.mail.protection.outlook.com"
    for server in (CAPABLE, "194.191.40.84"):
        assert ask(server, host, "CNAME").rcode == Rcode.SERVFAIL
        assert ask(server, host, "AAAA").rcode == Rcode.NOERROR


def test_the_stripping_recursor_hides_every_trace_of_dnssec() -> None:
    reply = ask(STRIPS, "ietf.org", "MX")
    assert reply.payload == 0
    assert [(each.rdtype, each.signatures) for each in reply.answer] == [(RRType.MX, ())]
    for qname, rdtype in (("ietf.org", "DNSKEY"), ("ietf.org", "DS"), ("nope.org", "A")):
        hidden = ask(STRIPS, qname, rdtype)
        assert {each.rdtype for each in (*hidden.answer, *hidden.authority)} <= {RRType.SOA}


def test_behind_the_stripping_recursor_a_signed_domain_is_bogus() -> None:
    assert look_up("ietf.org", "MX", server=STRIPS).security is Security.BOGUS


def test_the_silent_recursor_times_out() -> None:
    with pytest.raises(TimedOut):
        lab().ask(SILENT, query(name_from_text("ietf.org"), RRType.MX))
    assert look_up("ietf.org", "MX", server=SILENT).security is Security.INDETERMINATE


def test_the_failing_recursor_says_servfail_to_everything() -> None:
    assert ask(SERVFAIL, ".", "NS").rcode == Rcode.SERVFAIL
    assert look_up("ietf.org", "MX", server=SERVFAIL).security is Security.INDETERMINATE
