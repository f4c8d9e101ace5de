"""Two sessions' work put together, in every table that there is.

The tables are read off the types, nested ones included, and filled with records of made-up values:
putting changes together looks at keys and values and not at the rules, and so does this.
"""

import enum
import typing
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import replace

from esashell.config.changes import apply, changes
from esashell.config.merge import contested, merged
from esashell.config.revision import Revision
from esashell.config.tree import Config
from esashell.config.working import Working
from esashell.errors import CommitRefused
from tests.config import trees


def made(kind: Any, number: int) -> Any:
    """A value of the type, another one for each number; of records there are always three."""
    if typing.get_origin(kind) is tuple:
        inner = typing.get_args(kind)[0]
        return tuple(made(inner, 10 * number + each) for each in (1, 2, 3))
    if several := [each for each in typing.get_args(kind) if each is not type(None)]:
        return made(several[0], number)
    if issubclass(kind, Struct):
        hints = typing.get_type_hints(kind)
        return kind(**{field: made(hints[field], number) for field in kind.__struct_fields__})
    if issubclass(kind, enum.Enum):
        return list(kind)[number % len(kind)]
    return bool(number % 2) if kind is bool else kind(number)


BASE: Config = made(Config, 1)

Put = Callable[[tuple[Any, ...]], Config]


def tables(record: Any, path: str, put: Callable[[Any], Config]) -> Iterator[tuple[str, Any, Put]]:
    """Every list of records at and below this record: its path, its rows, and what puts others
    there."""
    for field in record.__struct_fields__:
        value, below = getattr(record, field), f"{path}.{field}".lstrip(".")

        def put_field(new: Any, field: str = field) -> Config:
            return put(replace(record, **{field: new}))

        if isinstance(value, Struct):
            yield from tables(value, below, put_field)
        elif isinstance(value, tuple) and isinstance(value[0], Struct):
            yield below, value, put_field

            def put_first(new: Any, rest: Any = value[1:], put: Any = put_field) -> Config:
                return put((new, *rest))

            key = getattr(value[0], value[0].__struct_fields__[0])
            yield from tables(value[0], f"{below}[{key}]", put_first)


TABLES = {path: (rows, put) for path, rows, put in tables(BASE, "", lambda config: config)}
every_table = pytest.mark.parametrize("path", TABLES)
every_list_of_objects = pytest.mark.parametrize(
    "path", [path for path in TABLES if "[" not in path]
)


def settings_of(row: Any) -> list[str]:
    """The fields that are neither the key nor a table of their own."""
    after = ((name, getattr(row, name)) for name in row.__struct_fields__[1:])
    return [n for n, v in after if not (isinstance(v, tuple) and isinstance(v[0], Struct))]


def edited(row: Any, field: int = 1, number: int = 2) -> Any:
    """The row with another value in one of its settings; the first field is the key."""
    name = settings_of(row)[field - 1]
    hints = typing.get_type_hints(type(row))
    old = getattr(row, name)
    tries = (made(hints[name], each) for each in range(number, number + 9))
    return replace(row, **{name: next(new for new in tries if new != old)})


def together(mine: Config, theirs: Config) -> Config:
    """What a session has pending after somebody else's commit."""
    working = Working(Revision(1, BASE, "me", 0, ""))
    working.stage(mine)
    working.rebase(Revision(2, theirs, "they", 0, ""))
    assert working.base == 2
    return working.pending


def test_the_tables_are_those_an_operator_knows() -> None:
    wanted = {"destinations.entries", "smtp_routes", "bounces.profiles", "logs.subscriptions"}
    wanted |= {"dns.servers", "dns.alternates", "interfaces", "listeners"}
    assert wanted <= TABLES.keys()
    assert any(path.endswith(".sender_groups") for path in TABLES)


@every_list_of_objects
def test_different_rows_are_put_together(path: str) -> None:
    (a, b, c), put = TABLES[path]
    merged = together(put((edited(a), b, c)), put((a, edited(b), c)))
    assert merged == put((edited(a), edited(b), c))


@every_list_of_objects
def test_a_new_row_an_edited_one_and_a_removed_one_are_put_together(path: str) -> None:
    (a, b, c), put = TABLES[path]
    new = made(type(a), 77)
    assert together(put((a, edited(b), c, new)), put((a, b))) == put((a, edited(b), new))
    assert together(put((a, b)), put((a, edited(b), c, new))) == put((a, edited(b), new))


@every_list_of_objects
def test_an_order_and_an_edit_are_put_together(path: str) -> None:
    (a, b, c), put = TABLES[path]
    assert together(put((c, a, b)), put((a, edited(b), c))) == put((c, a, edited(b)))


@every_table
def test_different_settings_of_one_object_are_refused(path: str) -> None:
    (a, b, c), put = TABLES[path]
    if len(settings_of(a)) < 2:
        return  # a key and one setting
    mine, theirs = put((edited(a, 1), b, c)), put((edited(a, 2), b, c))
    for one, other in ((mine, theirs), (theirs, mine)):
        with pytest.raises(CommitRefused, match="was changed meanwhile"):
            together(one, other)
    # One who has made the other's change too has seen it.
    both = put((edited(edited(a, 1), 2), b, c))
    assert together(both, theirs) == together(mine, both) == both


@pytest.mark.parametrize("path", [path for path in TABLES if "[" in path])
def test_different_rows_inside_of_one_object_are_refused(path: str) -> None:
    (a, b, c), put = TABLES[path]
    with pytest.raises(CommitRefused, match="was changed meanwhile"):
        together(put((edited(a), b, c)), put((a, edited(b), c)))


def test_the_default_destination_and_a_side_of_tls_are_objects() -> None:
    def default(**settings: Any) -> Config:
        it = BASE.destinations
        return replace(BASE, destinations=replace(it, default=replace(it.default, **settings)))

    with pytest.raises(CommitRefused, match=r"^destinations\.default was changed meanwhile"):
        together(default(concurrency=7), default(recipient_limit=9))
    outbound = replace(BASE.ssl.outbound, ciphers="x")
    inbound = replace(BASE.ssl.inbound, methods=("y",))
    mine, theirs = (
        replace(BASE, ssl=replace(BASE.ssl, outbound=outbound)),
        replace(BASE, ssl=replace(BASE.ssl, inbound=inbound)),
    )
    assert together(mine, theirs).ssl == replace(BASE.ssl, outbound=outbound, inbound=inbound)


def test_settings_that_are_part_of_no_object_are_put_together() -> None:
    mine = replace(BASE, delivery=replace(BASE.delivery, concurrency=77))
    theirs = replace(BASE, hostname="other", delivery=replace(BASE.delivery, tls_concurrency=7))
    assert together(mine, theirs) == replace(
        theirs, delivery=replace(theirs.delivery, concurrency=77)
    )


@every_table
def test_one_value_that_both_changed_is_refused_and_nothing_moves(path: str) -> None:
    (a, b, c), put = TABLES[path]
    new, other = made(type(a), 77), edited(made(type(a), 77))
    # A row that was removed here and changed there, and one that both have added.
    clashes = [((b, c), (edited(a), b, c)), ((a, b, c, new), (a, b, c, other))]
    if len(set(map(repr, (a, edited(a), edited(a, number=5))))) == 3:
        clashes.append(((edited(a), b, c), (edited(a, number=5), b, c)))
    for mine, theirs in (*clashes, *((right, left) for left, right in clashes)):
        working = Working(Revision(1, BASE, "me", 0, ""))
        working.stage(put(mine))
        with pytest.raises(CommitRefused, match=r"meanwhile|not there any more"):
            working.rebase(Revision(2, put(theirs), "they", 0, ""))
        assert (working.base, working.committed, working.pending) == (1, BASE, put(mine))
        assert contested(BASE, put(mine), put(theirs))


@every_table
def test_what_both_made_the_same_is_no_conflict(path: str) -> None:
    (a, _, c), put = TABLES[path]
    new = made(type(a), 77)
    both = put((edited(a), c, new))
    assert together(both, both) == both


@settings(max_examples=60)
@given(data=st.data())
def test_nothing_is_ever_lost_silently(data: st.DataObject) -> None:
    """Whatever three trees: what is put together has all of mine and all of theirs."""
    base, other, another = (data.draw(trees.any_at_all) for _ in range(3))
    fields = st.sets(st.sampled_from(Config.__struct_fields__), max_size=4)
    mine = replace(base, **{each: getattr(other, each) for each in data.draw(fields)})
    theirs = replace(base, **{each: getattr(another, each) for each in data.draw(fields)})
    ours = changes(base, mine)
    try:
        put_together = merged(base, mine, theirs)
    except CommitRefused:
        assert contested(base, mine, theirs)
        return
    # What the merge changed is mine, and each change of mine is in it, or was there already.
    made_now = {each.path: each.after for each in changes(theirs, put_together)}
    wanted = {each.path: each.after for each in ours}
    assert made_now.items() <= wanted.items()
    assert apply(put_together, ours) == put_together
