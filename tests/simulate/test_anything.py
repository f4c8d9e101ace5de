"""Whatever happens: every message stays in one place, and a second run is like the first."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from esashell.errors import OperatorError
from esashell.simulate.happenings import Happening, What
from esashell.simulate.run import Simulation
from esashell.simulate.traffic import HOUR
from tests.simulate.simulating import DANE, simulation

TEXT = f"""
length = "30h"
{DANE}
[[configuration.bounces.profiles]]
name = "Default"
maximum_queue_time = 14_400
[[configuration.destinations.entries]]
domain = "dane-ta.lab"
recipient_limit = 20
[[traffic]]
domain = "dane.lab"
per_hour = 12
[[traffic]]
domain = "dane.lab"
per_hour = 5
policy = "ACCEPT"
[[traffic]]
domain = "dane-ta.lab"
per_hour = 30
shape = "office"
"""
DOMAINS = ("dane.lab", "dane-ta.lab")
RESOLVERS = ("194.191.40.83", "194.191.40.84")

of_domains = st.sampled_from(
    [each for each in What if not each.startswith(("resolver", "commit")) and each is not What.HOST]
)
happenings = st.one_of(
    st.builds(Happening, of_domains, st.sampled_from(DOMAINS)),
    st.builds(
        Happening,
        st.sampled_from([each for each in What if each.startswith("resolver")]),
        st.sampled_from(RESOLVERS),
    ),
    st.builds(
        lambda code, domain: Happening(What.HOST, domain, {"replies": {"RCPT": f"{code} No"}}),
        st.sampled_from([250, 421, 451, 550]),
        st.sampled_from(DOMAINS),
    ),
)
acts = st.tuples(
    st.integers(0, 28 * 60), st.one_of(happenings, st.sampled_from(["delete", "bounce", "reset"]))
)


def played(it: Simulation, done: list[tuple[int, Happening | str]]) -> str:
    """What there is to see at the end."""
    for minute, act in done:
        # What is not balanced on the way raises here.
        it.run(max(it.begun + minute * HOUR // 60, it.now))
        if isinstance(act, Happening):
            it.happen(act)
        elif act == "delete":
            it.delete(domain="dane.lab")
        elif act == "bounce":
            it.bounce(domain="dane-ta.lab")
        else:
            it.reset()
    it.run(it.end)
    figures = it.figures()
    assert figures.received == (12 + 5 + 30) * 30
    gone = figures.completion.completed + figures.completion.dropped
    assert figures.received == gone + figures.active
    assert sum(it.ages()) == figures.active == it.waiting()
    assert [each.queued for each in it.course(points=1)] == [figures.active]
    return repr((list(it.hosts()), it.course(points=9), it.queued(limit=9), figures))


@settings(max_examples=12, deadline=None)
@given(st.lists(acts, max_size=7).map(lambda each: sorted(each, key=lambda it: it[0])))
def test_every_message_stays_in_one_place_and_a_second_run_is_alike(
    done: list[tuple[int, Happening | str]],
) -> None:
    it = simulation(TEXT)
    first = played(it, done)
    it.reset()
    assert played(it, done) == first


def test_the_words_that_are_no_happening_are_refused_and_leave_all_as_it_was() -> None:
    it = simulation(TEXT)
    it.run(it.begun + HOUR)
    before = repr(list(it.hosts()))
    for act in (
        Happening(What.HOST_DIES, "no-such.lab"),
        Happening(What.HOST, "dane.lab", {"starttls": "maybe"}),
        Happening(What.RESOLVER_DIES, "dane.lab"),
        Happening(What.ROLLS_KEY, ""),
    ):
        with pytest.raises(OperatorError, match=r"^Error: "):
            it.happen(act)
    assert repr(list(it.hosts())) == before
    assert it.events() == []
