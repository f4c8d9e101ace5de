"""Simulations as a whole: the stories that they tell, what can be done on the way, and the sum."""

from typing import Any

import pytest
from msgspec.structs import replace

from esashell.config.model.bounce import BounceProfile, BounceSettings
from esashell.dane.table import Verified
from esashell.delivery.figures import HostState
from esashell.delivery.verification import verify_domain
from esashell.errors import BadConfiguration, OperatorError
from esashell.resolver.names import name_from_text
from esashell.resolver.rollover import KeyState
from esashell.simulate.fate import Entry, Fate
from esashell.simulate.happenings import happening
from esashell.simulate.run import Moved, Simulation, Unbalanced
from esashell.simulate.traffic import HOUR
from esashell.steps import Tell, run
from tests.simulate.simulating import DANE, built, hours, simulation

SMALL = 'length = "6h"\n[[traffic]]\ndomain = "{domain}"\nper_hour = 60\n'


def finished(it: Simulation) -> Simulation:
    it.run(it.end)
    return it


def verdict(it: Simulation, domain: str) -> tuple[Verified, str]:
    """What `daneverify` says at this moment of the simulation."""
    with it.world.session() as session:
        found = run(verify_domain(name_from_text(domain), it.sender), session)
    return found.verdict, found.reason.text


# The stories, with the figures that they come to: with DANE, with TLS, bounced, waiting, and when
# the first was put off and the first given back.
Golden = tuple[int, int, int, int, float | None, float | None]
STORIES: dict[str, dict[str, Golden]] = {
    "route": {
        "dane.lab": (0, 1520, 379, 4181, 0.01, 72.06),
        "dane-ta.lab": (3420, 0, 0, 0, None, None),
        "rollover.lab": (0, 2280, 0, 0, None, None),
        "ietf.org": (9120, 0, 0, 0, None, None),
    },
    "cure": {
        "dane.lab": (0, 2160, 0, 0, 0.01, None),
        "ietf.org": (4320, 0, 0, 0, None, None),
    },
    "resolvers": {
        "dane.lab": (2880, 0, 0, 0, 6.08, None),
        "dane-ta.lab": (1920, 0, 0, 0, 6.11, None),
        "cisco.com": (0, 4320, 0, 0, 6.07, None),
        "self-signed.lab": (0, 960, 0, 0, None, None),
    },
    "insecure": {
        "cisco.com": (0, 6840, 0, 0, None, None),
        "no-tlsa.lab": (0, 2280, 0, 0, None, None),
        "plain1.bulk.lab": (0, 0, 62, 1458, 0.03, 72.08),
        "tlsa-nodata.lab": (0, 0, 31, 729, 0.01, 72.06),
        "dane.lab": (4560, 0, 0, 0, None, None),
    },
    "tiers": {
        "dane.lab": (1800, 0, 0, 0, None, None),
        "cisco.com": (0, 900, 0, 0, None, None),
        "mismatch.lab": (0, 0, 0, 150, 20.18, None),
    },
    "renewal": {
        "dane.lab": (4800, 0, 0, 0, 6.01, None),
        "rsa.lab": (165, 0, 31, 1004, 6.01, 78.06),
        "ietf.org": (9600, 0, 0, 0, None, None),
    },
    "zone": {
        "dane.lab": (3600, 0, 0, 0, 20.02, None),
        "self-signed.lab": (3600, 0, 0, 0, 20.24, None),
        "ietf.org": (3600, 0, 0, 0, None, None),
    },
}


@pytest.mark.parametrize("name", STORIES)
def test_the_stories_come_to_these_figures(name: str) -> None:
    it = finished(built(name))
    found = {
        each.domain: (
            each.completion.with_dane,
            each.completion.with_tls,
            each.completion.hard_bounced,
            each.active,
            hours(it, each.first_deferral),
            hours(it, each.first_bounce),
        )
        for each in it.hosts()
    }
    assert found == STORIES[name]


def test_a_route_under_dane_queues_for_72_hours_what_usedns_and_none_deliver() -> None:
    it = built("route")
    it.run(it.begun + 72 * HOUR)
    stuck, usedns, cured = (it.host(f"{each}.lab") for each in ("dane", "dane-ta", "rollover"))
    assert stuck
    assert usedns
    assert cured
    assert (stuck.completion.hard_bounced, stuck.state) == (0, HostState.DOWN)
    assert stuck.active > 4000
    assert "SMTP route" in stuck.reason
    assert "row 18" in stuck.reason
    assert usedns.completion.with_dane == usedns.received
    assert cured.completion.with_tls == cured.received
    it.run(it.begun + 73 * HOUR)
    after = it.host("dane.lab")
    assert after is not None
    assert after.completion.expired_hard > 0


def test_inside_of_two_tiers_dane_belongs_on_the_outer_one() -> None:
    it = built("tiers")
    it.run(it.begun + 20 * HOUR)
    assert it.tiers == ("inner", "outer")
    assert it.figures("inner").active == it.figures("inner").received > 0
    assert it.figures("outer").received == 0
    finished(it)
    assert it.figures("inner").active == 0
    assert it.figures("inner").completion.with_tls == it.figures("outer").received
    outer = it.host("dane.lab", "outer")
    assert outer is not None
    assert outer.completion.with_dane == outer.received == 1800


def test_daneverify_sees_the_zones_and_certificates_of_the_moment() -> None:
    it = built("renewal")
    it.run(it.begun + 5 * HOUR)
    assert verdict(it, "dane.lab")[0] is Verified.SUCCESS
    it.run(it.begun + 50 * HOUR)
    failed, why = verdict(it, "dane.lab")
    assert failed is Verified.FAILED
    assert "does not match" in why
    it.run(it.begun + 71 * HOUR)
    assert verdict(it, "dane.lab")[0] is Verified.SUCCESS
    assert verdict(it, "rsa.lab")[0] is Verified.FAILED


def test_signatures_end_in_the_simulation_at_the_instant_that_the_scenario_says() -> None:
    it = built("zone")
    it.run(it.begun + 20 * HOUR - 1)
    assert verdict(it, "dane.lab")[0] is Verified.SUCCESS
    it.run(it.begun + 20 * HOUR + 1_000_000)
    failed, why = verdict(it, "dane.lab")
    assert (failed, "bogus" in why.lower()) == (Verified.FAILED, True)


def test_a_certificate_ends_for_dane_ta_at_the_instant_and_never_for_dane_ee() -> None:
    events = "".join(
        f'[[event]]\nat = "3h"\nwhat = "certificate-ends"\nsubject = "{each}"\n'
        for each in ("dane.lab", "dane-ta.lab")
    )
    traffic = "".join(f'[[traffic]]\ndomain = "{each}"\nper_hour = 60\n' for each in
                      ("dane.lab", "dane-ta.lab"))  # fmt: skip
    it = finished(simulation(f'length = "6h"\n{DANE}{traffic}{events}'))
    ee, ta = it.host("dane.lab"), it.host("dane-ta.lab")
    assert ee
    assert ta
    assert ee.completion.with_dane == 360
    assert ta.completion.with_dane == 180
    assert hours(it, ta.first_deferral) == pytest.approx(3, abs=0.02)
    assert "expired" in ta.reason


def test_the_roots_new_key_is_believed_after_thirty_days_of_virtual_time(tmp_path: Any) -> None:
    roll = 'servers = "root"\nsplit_keys = true\nttl = 86400\nroll = [{ publish = 2026-03-10, '
    dates = "sign = 2026-04-14, revoke = 2026-04-20, remove = 2026-05-01 }]\n"
    (tmp_path / "root.toml").write_text(f'[zone."."]\n{roll}{dates}')
    path = tmp_path / "root.toml"
    it = simulation(
        f'length = "70d"\nlab = ["{path}"]\n{DANE}'
        '[[traffic]]\ndomain = "dane.lab"\nper_hour = 0.5\n'
    )
    finished(it)
    host, point = it.host("dane.lab"), it.trust_point
    assert host
    assert point
    assert host.completion.with_dane == host.received > 800
    assert [each.state for each in point.believed] == [KeyState.VALID]
    assert len(point.keys) > 1


# What can be done on the way.


def test_two_runs_are_the_same_to_the_byte_and_so_are_one_run_and_many_steps() -> None:
    def told(it: Simulation) -> str:
        return repr([(list(it.hosts()), it.course(points=40), it.ages(), it.queued(limit=50))])

    first, second, stepped = (built("renewal") for _ in range(3))
    assert told(finished(first)) == told(finished(second))
    for _ in range(3):
        while stepped.now < stepped.end:
            stepped.run(min(stepped.now + 7_777_777_777, stepped.end))
        again = told(stepped)
        stepped.reset()
    assert again == told(first)


def test_another_seed_is_another_run() -> None:
    one, other = (
        finished(simulation(f"seed = {seed}\n{SMALL.format(domain='mismatch.lab')}{DANE}"))
        for seed in (1, 2)
    )
    assert [each.first_deferral for each in one.hosts()] != [
        each.first_deferral for each in other.hosts()
    ]


def test_a_run_that_is_given_up_goes_on_where_it_was() -> None:
    it = simulation(SMALL.format(domain="mismatch.lab") + DANE)
    steps = it.advance(it.end)
    told = [next(steps) for _ in range(30)]
    steps.close()
    assert all(isinstance(each, Tell) and isinstance(each.event, Moved) for each in told)
    assert it.begun < it.now < it.end
    finished(it)
    assert it.figures().received == it.figures().active == 360


@pytest.mark.parametrize("spoil", ["tally", "entry", "queue"])
def test_a_message_that_is_lost_or_doubled_is_noticed(spoil: str) -> None:
    it = built("renewal")
    it.run(it.begun + 10 * HOUR)
    queue = it.lanes()[1]
    if spoil == "tally":
        queue.tally[Fate.DELIVERED_WITH_DANE] += 1
    elif spoil == "entry":
        queue._enter(Entry(it.now, Fate.DROPPED, queue.gone, queue.gone + 1))
    else:
        queue.gone += 1
    with pytest.raises(Unbalanced, match="messages came"):
        it.run(it.begun + 11 * HOUR)


def test_what_is_suspended_waits_and_goes_when_it_is_resumed() -> None:
    it = simulation(SMALL.format(domain="dane.lab") + DANE)
    it.suspend(["dane.lab"])
    it.run(it.begun + 2 * HOUR)
    assert it.figures().active == 120
    assert it.figures().suspended == ("dane.lab",)
    it.resume(["ALL"])
    it.run(it.begun + 2 * HOUR + 1)
    assert it.figures().active == 0
    assert it.figures().suspended == ()
    assert finished(it).figures().completion.with_dane == 360


def test_deliver_now_does_not_wait_for_the_slot() -> None:
    it = simulation(SMALL.format(domain="mismatch.lab") + DANE)
    it.run(it.begun + 5 * HOUR)
    it.happen(happening("publishes-tlsa dane.lab"))
    it.reconfigure(replace(it.config, destinations=type(it.config.destinations)()))
    before = it.figures()
    assert before.active == 300
    it.deliver_now("mismatch.lab")
    it.run(it.now + 1)
    assert it.figures().active == 0
    assert it.figures().completion.in_clear == 300


def test_recipients_are_listed_deleted_and_bounced_by_host_and_by_sender() -> None:
    it = simulation(SMALL.format(domain="mismatch.lab") + DANE)
    it.run(it.begun + 3 * HOUR)
    listed = it.queued(domain="mismatch.lab", limit=1000)
    assert len(listed) == it.waiting(domain="mismatch.lab") == 180
    assert [each.since for each in listed] == sorted(each.since for each in listed)
    assert listed[0].attempts > listed[-1].attempts
    sender = listed[50].sender
    theirs = it.waiting(sender=sender)
    assert theirs == sum(each.sender == sender for each in listed)
    assert it.bounce(sender=sender) == theirs
    assert it.waiting(sender=sender) == 0
    it.run(it.begun + 4 * HOUR)
    assert it.delete(domain="mismatch.lab") == 240 - theirs
    assert it.delete(domain="no.such.lab") == 0
    finished(it)
    done = it.figures().completion
    assert (done.deleted, done.other_hard) == (240 - theirs, theirs)


def test_the_queue_over_time_and_by_age_adds_up() -> None:
    it = finished(simulation(SMALL.format(domain="mismatch.lab") + DANE))
    assert [each.queued for each in it.course(points=6)] == [60, 120, 180, 240, 300, 360]
    assert sum(it.ages()) == 360
    assert it.ages("mismatch.lab")[:5] == (5, 5, 10, 20, 40)
    assert it.course("no.such.lab", 3) == [replace(each, queued=0) for each in it.course(points=3)]


def test_accept_goes_by_where_relay_waits_and_the_listener_s_tables_say_which_is_which() -> None:
    text = f"""
length = "2h"
{DANE}
[[configuration.listeners]]
name = "OutgoingMail"
[[configuration.listeners]]
name = "IncomingMail"
recipients = [{{ address = "mismatch.lab", accept = true }}]
"""
    for listener, group, domain in (
        ("OutgoingMail", "RELAYLIST", "mismatch.lab"),
        ("IncomingMail", "ALL", "mismatch.lab"),
        ("IncomingMail", "ALL", "dane.lab"),
        ("IncomingMail", "BLACKLIST", "mismatch.lab"),
    ):
        text += f'[[traffic]]\ndomain = "{domain}"\nper_hour = 30\n'
        text += f'listener = "{listener}"\ngroup = "{group}"\n'
    it = finished(simulation(text))
    (host,) = it.hosts()
    assert (host.received, host.active, host.completion.with_tls) == (120, 60, 60)
    assert it.refused == 120


def test_a_limit_of_recipients_holds_back_what_is_too_much() -> None:
    entry = '{ domain = "dane.lab", recipient_limit = 40, recipient_minutes = 60 }'
    text = SMALL.format(domain="dane.lab") + DANE
    it = simulation(text.replace("[[traffic]]", f"[configuration.destinations]\nentries = [{entry}]"
                                 "\n[[traffic]]").replace(DANE, ""))  # fmt: skip
    finished(it)
    assert [each.queued for each in it.course(points=6)] == [20, 40, 60, 80, 100, 120]
    assert it.figures().completion.delivered == 240


def test_one_connection_at_a_time_lets_through_what_one_connection_can() -> None:
    entry = '{ domain = "dane.lab", concurrency = 1, messages_per_connection = 1 }'
    head = f"[configuration.destinations]\nentries = [{entry}]\n"
    text = SMALL.format(domain="dane.lab").replace("per_hour = 60", "per_hour = 6000")
    it = simulation(text + head)
    it.run(it.begun + HOUR)
    # A second and a tenth for each: 54 in a minute.
    assert it.figures().completion.delivered == 54 * 60
    assert it.figures().active == 6000 - 54 * 60


def test_the_bounce_profile_is_the_destination_s_and_else_the_listener_s() -> None:
    text = f"""
length = "4h"
{DANE}
[[configuration.bounces.profiles]]
name = "hour"
maximum_queue_time = 3600
[[configuration.bounces.profiles]]
name = "minutes"
maximum_queue_time = 600
[[configuration.listeners]]
name = "OutgoingMail"
bounce_profile = "hour"
[[configuration.destinations.entries]]
domain = "tlsa-bogus.lab"
bounce_profile = "minutes"
"""
    for domain in ("mismatch.lab", "tlsa-bogus.lab"):
        text += f'[[traffic]]\ndomain = "{domain}"\nper_hour = 60\n'
        text += 'listener = "OutgoingMail"\ngroup = "RELAYLIST"\n'
    it = finished(simulation(text))
    first = {each.domain: hours(it, each.first_bounce) for each in it.hosts()}
    assert first["mismatch.lab"] == pytest.approx(1.06, abs=0.03)
    assert first["tlsa-bogus.lab"] == pytest.approx(0.26, abs=0.03)


def test_refusals_are_hard_bounces_with_the_codes_that_the_host_gave() -> None:
    text = SMALL.format(domain="dane.lab") + DANE
    text += '[[event]]\nat = "1h"\nwhat = "host"\nsubject = "dane.lab"\n'
    text += 'settings.replies.RCPT = "550 5.1.1 No such user"\n'
    text += '[[event]]\nat = "2h"\nwhat = "host"\nsubject = "dane.lab"\n'
    text += 'settings.replies.RCPT = "451 4.3.0 Not now"\n'
    it = finished(simulation(text))
    (host,) = it.hosts()
    assert host.completion.smtp_hard == 60
    assert host.last_error is not None
    assert host.last_error.text.startswith("550")
    assert "No such user" in host.last_error.text
    assert host.active == 240
    assert "451" in host.reason


def test_who_does_not_exist_or_takes_no_mail_is_a_hard_bounce_of_the_dns() -> None:
    it = finished(simulation(SMALL.format(domain="null-mx.lab") + DANE))
    assert it.figures().completion.dns_hard == 360


def test_a_route_to_nowhere_drops() -> None:
    text = SMALL.format(domain="dane.lab") + DANE
    text += '[[configuration.smtp_routes]]\ndomain = "dane.lab"\ndestinations = ["/dev/null"]\n'
    assert finished(simulation(text)).figures().completion.dropped == 360


def test_senders_are_warned_of_a_delay_after_a_4xx_only() -> None:
    def warned(event: str) -> int:
        text = SMALL.format(domain="dane.lab") + DANE
        text += f'[[event]]\nat = "1m"\n{event}\nsubject = "dane.lab"\n'
        profile = BounceProfile(send_warnings=True, warning_interval=3600, warning_count=2)
        it = simulation(text)
        settings = BounceSettings(profiles=(replace(it.config.bounces.profiles[0],
            **{each: getattr(profile, each) for each in
               ("send_warnings", "warning_interval", "warning_count")}),))  # fmt: skip
        it.reconfigure(replace(it.config, bounces=settings))
        finished(it)
        return sum(last - first for queue in it.lanes() for _, _, first, last in queue.warnings)

    assert warned('what = "host"\nsettings.replies.RCPT = "451 4.3.0 Not now"') > 400
    assert warned('what = "host-dies"') == 0


def test_what_happens_now_happens_now_and_what_cannot_is_refused() -> None:
    it = simulation(SMALL.format(domain="dane.lab") + DANE)
    it.run(it.begun + 2 * HOUR)
    it.happen(happening("host-dies dane.lab"))
    assert it.events()[-1] == (it.begun + 2 * HOUR, "dane.lab cannot be reached any more")
    finished(it)
    (host,) = it.hosts()
    assert host.active == 240
    assert host.state is HostState.DOWN
    for line in (
        "host dane.lab starttls = 3",
        "host dane.lab color = 'red'",
        "host-dies no-such.lab",
        "resolver-dies 192.0.2.99",
        "host-dies ..",
        "starttls-off .",
    ):
        with pytest.raises(OperatorError):
            it.happen(happening(line))
    with pytest.raises(OperatorError, match="no appliance outer"):
        it.figures("outer")


def test_a_scenario_that_speaks_of_what_is_not_there_is_refused_with_the_place() -> None:
    event = '[[event]]\nat = "1h"\nwhat = "host-dies"\nsubject = "no-such.lab"\n'
    with pytest.raises(BadConfiguration, match=r"no domain no-such\.lab"):
        simulation(SMALL.format(domain="dane.lab") + event)
    with pytest.raises(BadConfiguration, match="there is no listener Nowhere"):
        simulation(SMALL.format(domain="dane.lab") + 'listener = "Nowhere"\ngroup = "ALL"\n')


def test_what_the_outer_appliance_has_waiting_is_what_the_inner_one_handed_over() -> None:
    it = finished(built("tiers"))
    (inner,) = (each for each in it.lanes("inner") if each.domain == "mismatch.lab")
    listed = it.queued(domain="mismatch.lab", limit=10)
    assert [each.recipient for each in listed] == [
        inner.mail.letter(number).recipient for number in range(1, 11)
    ]
    # They came to the outer one when the inner one let them go.
    assert {hours(it, each.since) for each in listed} == {
        hours(it, next(entry.when for entry in inner.entries))
    }


def test_a_simulation_of_the_company_balances_and_finds_who_has_always_been_broken() -> None:
    it = built("company")
    it.run(it.begun + 24 * HOUR)
    stuck = {each.domain for each in it.hosts() if each.active}
    assert {"mismatch.lab", "tlsa-bogus.lab", "refused.lab", "stale-ds.lab"} <= stuck
    assert not stuck & {"dane.lab", "ietf.org", "cisco.com", "expired-certificate.lab"}
    figures = it.figures()
    assert figures.received == figures.completion.completed + figures.active
    assert figures.destinations == 200


def test_a_hundred_times_the_messages_are_judged_at_the_same_price() -> None:
    def cost(per_hour: int) -> tuple[int, int]:
        text = f'length = "24h"\n{DANE}'
        for domain in ("dane.lab", "cisco.com", "mismatch.lab"):
            text += f'[[traffic]]\ndomain = "{domain}"\nper_hour = {per_hour}\n'
        it = finished(simulation(text))
        (appliance,) = it._appliances
        assert it.figures().received == 3 * 24 * per_hour
        return appliance.judge.attempts, sum(each.steps for each in it.lanes())

    few, many = cost(60), cost(6000)
    assert few[0] == many[0] == 3
    assert many[1] < 1.1 * few[1]


def test_at_every_halt_on_the_way_everything_is_settled_to_one_instant() -> None:
    traffic = "".join(
        f'[[traffic]]\ndomain = "own{number}.bulk.lab"\nper_hour = 60\n' for number in range(130)
    )
    it = simulation(f'length = "2h"\n{DANE}{traffic}')
    halts = []
    for _ in it.advance(it.begun + HOUR // 60):
        it.check()
        assert {each.now for each in it.lanes()} == {it.now}
        halts.append(it.now)
    # Two at the ends of ticks, and two on the way, where so many are met for the first time.
    assert len(halts) == 4
    assert halts == sorted(set(halts))
    assert it.figures().received == it.figures().completion.with_dane == 130


def test_what_happens_to_a_host_is_noticed_behind_a_route_to_its_address_too() -> None:
    text = SMALL.format(domain="cisco.com")
    text += '[[configuration.smtp_routes]]\ndomain = "cisco.com"\n'
    text += 'destinations = ["198.51.100.10"]\n'
    text += '[[event]]\nat = "2h"\nwhat = "host-dies"\nsubject = "dane.lab"\n'
    it = finished(simulation(text))
    assert (it.figures().completion.in_clear, it.figures().active) == (120, 240)
