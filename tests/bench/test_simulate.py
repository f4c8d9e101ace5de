"""The benchmark of simulations runs, in its short form, and counts what it should; no time is
asserted."""

from tests.bench import simulate


def test_both_come_to_the_same_counts_and_ours_costs_no_more_than_its_failing_slots() -> None:
    found = simulate.compared(10_000, 1000, 1)
    assert found.agree
    assert found.messages > 9000
    assert found.steps <= found.bound
    assert "times ours" in found.report()


def test_twice_the_messages_for_the_same_destinations_are_no_more_steps() -> None:
    once, twice = (simulate.ours(simulate.load(each, 2000)) for each in (10**6, 2 * 10**6))
    assert twice.totals().injected > 1.99 * once.totals().injected
    assert twice.steps < 1.1 * once.steps
