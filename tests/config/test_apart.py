from hypothesis import given
from hypothesis import strategies as st

from esashell.config.apart import KeySets, apart, exchanged, keys
from esashell.config.lookup import Destinations, Routes, index
from esashell.config.model.destination import DestinationControl, DestinationControls
from esashell.config.model.routes import SmtpRoute

LISTS = st.lists(st.integers(0, 3), max_size=8)
BASE = tuple(range(10, 3010))


def edited(draw: st.DrawFn) -> tuple[int, ...]:
    """A long list with a few pieces of it exchanged."""
    found = list(BASE)
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(found)))
        found[at : at + draw(st.sampled_from([0, 1, 5, 1500]))] = draw(LISTS)
    return tuple(found)


LONG = st.composite(edited)()


def parts(before: tuple[int, ...], after: tuple[int, ...]) -> tuple[int, int, int]:
    """The same, one by one."""
    most = min(len(before), len(after))
    start = next((n for n in range(most) if before[n] != after[n]), most)
    same = 0
    while same < most - start and before[-1 - same] == after[-1 - same]:
        same += 1
    return start, len(before) - same, len(after) - same


@given(LISTS.map(tuple), LISTS.map(tuple))
def test_where_two_lists_part(before: tuple[int, ...], after: tuple[int, ...]) -> None:
    assert apart(before, after) == parts(before, after)


@given(LONG, LONG)
def test_where_two_long_lists_part(before: tuple[int, ...], after: tuple[int, ...]) -> None:
    assert apart(before, after) == parts(before, after) == apart(before, after)
    assert apart(after, before) == parts(after, before)


ROWS = tuple(DestinationControl(f"d{n}.example") for n in range(1200))


@given(st.lists(st.tuples(st.integers(0, 1199), st.sampled_from(["edit", "drop", "new", "twice"]))))
def test_what_is_known_of_a_table_follows_its_versions(
    steps: list[tuple[int, str]],
) -> None:
    sets, table = KeySets(), ROWS
    for count, (at, what) in enumerate(steps):
        rows = list(table)
        if what == "drop":
            del rows[at % len(rows)]
        elif what == "new":
            rows.insert(at, DestinationControl(f"D{count}.{at}.example"))
        else:
            place = at if what == "edit" else 0
            rows[at % len(rows)] = DestinationControl(
                rows[place % len(rows)].domain, concurrency=count + 1
            )
        before, table = table, tuple(rows)
        gone, come = exchanged(before, table)
        assert {id(each) for each in before} - {id(each) for each in gone} == {
            id(each) for each in table
        } - {id(each) for each in come}
        names = list(keys(table))
        assert sets.of("x", table) == (set(names) if len(set(names)) == len(names) else None)
        wanted: dict[str, DestinationControl] = {}
        for each in table:
            wanted.setdefault(each.domain.lower(), each)
        assert index(table) == wanted
        assert index(before) is not index(table) or before is table


def test_routes_and_controls_of_the_same_names_are_not_taken_for_each_other() -> None:
    controls = Destinations(DestinationControls(entries=ROWS))
    routes = Routes(SmtpRoute(each.domain, ("a.example",)) for each in ROWS)
    assert isinstance(routes.route("d7.example"), SmtpRoute)
    assert isinstance(controls.entry("d7.example"), DestinationControl)
