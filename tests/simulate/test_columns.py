"""Columns beside the plain way: each row by itself, by the documented order of entries."""

from hypothesis import given
from hypothesis import strategies as st

from esashell.simulate.columns import OWN, Evaluation, Rows, Treatments, changed

labels = st.sampled_from(["a", "b", "example", "com", "org", "x-y", "a0"])
domains = st.lists(labels, min_size=1, max_size=4).map(".".join)
patterns = st.builds(lambda dot, name: dot + name, st.sampled_from(["", "."]), domains)
CLASSES, TREATMENTS = 5, 4
treatments = st.builds(
    Treatments,
    st.dictionaries(patterns, st.integers(0, TREATMENTS - 1), max_size=12),
    st.integers(0, TREATMENTS - 1),
    st.dictionaries(patterns, st.integers(OWN, CLASSES - 1), max_size=12),
    st.integers(OWN, CLASSES - 1),
)
TABLES = [bytes((kind * 40 + min(each, 30)) for each in range(256)) for kind in range(TREATMENTS)]


def plainly(domain: str, own: int, under: Treatments) -> int:
    """By trying every entry: one that is the domain, else the longest that it ends in."""

    def decided(entries: object, default: int) -> int:
        assert isinstance(entries, dict)
        if domain in entries:
            return int(entries[domain])
        endings = [each for each in entries if each.startswith(".") and domain.endswith(each)]
        return int(entries[max(endings, key=len)]) if endings else default

    route = decided(under.routes, under.default_route)
    table = TABLES[decided(under.controls, under.default_control)]
    return table[own if route == OWN else route]


def evaluation(names: set[str], under: Treatments) -> Evaluation:
    rows = Rows(names)
    own = bytes(sum(map(ord, rows.domain(row))) % CLASSES for row in range(len(rows)))
    return Evaluation(rows, own, TABLES, under)


@given(st.sets(domains, max_size=20), treatments)
def test_each_row_is_decided_by_its_most_specific_entry(names: set[str], under: Treatments) -> None:
    found = evaluation(names, under)
    for row in range(len(found.rows)):
        wanted = plainly(found.rows.domain(row), found.own[row], under)
        assert found.outcomes[row] == found.outcome_of(row) == wanted


@given(st.sets(domains, max_size=20), treatments, treatments, st.booleans())
def test_an_edit_gives_what_a_whole_evaluation_gives(
    names: set[str], before: Treatments, other: Treatments, same_default: bool
) -> None:
    after = other
    if same_default:
        after = Treatments(
            other.controls, before.default_control, other.routes, before.default_route
        )
    base = evaluation(names, before)
    kept = bytes(base.outcomes), bytes(base.evidence)
    edited = base.edited(after)
    whole = evaluation(names, after)
    assert edited.outcomes == whole.outcomes
    assert edited.evidence == whole.evidence
    assert edited.differing(base) == changed(base.outcomes, whole.outcomes)
    assert (bytes(base.outcomes), bytes(base.evidence)) == kept


@given(st.binary(max_size=300), st.dictionaries(st.integers(0, 299), st.integers(0, 255)))
def test_the_changed_rows_are_those_that_differ(before: bytes, edits: dict[int, int]) -> None:
    after = bytearray(before * 60)
    for place, octet in edits.items():
        if place * 50 < len(after):
            after[place * 50] = octet
    whole = before * 60
    wanted = [row for row, octet in enumerate(whole) if octet != after[row]]
    assert changed(whole, after) == wanted
