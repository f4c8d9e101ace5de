"""NSEC proofs, one record set at a time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esashell.resolver import nsec, nsec3
from esashell.resolver import rdata as rd
from esashell.resolver.budget import Budget, Effort, Work
from esashell.resolver.names import name_from_labels
from esashell.resolver.nsec import Nsec, Proof, Shortfall
from esashell.resolver.rrtypes import RRType
from tests.resolver.signer import n

A, NS, CNAME, SOA, MX, DNAME, DS = (
    RRType.A, RRType.NS, RRType.CNAME, RRType.SOA, RRType.MX, RRType.DNAME, RRType.DS,
)  # fmt: skip


def record(owner: str, following: str, *types: int) -> Nsec:
    return Nsec(n(owner), n(following), frozenset(types))


# A ring: the apex, a host, an alias, a delegation with and one without DS, and a wildcard.
ZONE = (
    record("t", "alias.t", SOA, NS, MX),
    record("alias.t", "a.b.c.t", CNAME),
    record("a.b.c.t", "*.d.t", A),
    record("*.d.t", "host.t", A),
    record("host.t", "plain.t", A),
    record("plain.t", "signed.t", NS),
    record("signed.t", "sub.t", NS, DS),
    record("sub.t", "t", DNAME),
)


@pytest.mark.parametrize(
    ("name", "proved"),
    [
        ("nope.t", True),
        ("zzz.t", True),
        ("x.host.t", True),
        ("host.t", False),
        ("b.c.t", False),
        ("c.t", False),
        ("x.d.t", False),
        ("www.plain.t", False),
        ("www.signed.t", False),
        ("www.sub.t", False),
        ("t", False),
    ],
)
def test_name_errors_are_proved_for_names_that_cannot_exist_and_no_others(name, proved):
    assert isinstance(nsec.proves_name_error(ZONE, n(name)), Proof if proved else Shortfall)


@pytest.mark.parametrize(
    ("name", "rdtype", "proved"),
    [
        ("host.t", MX, True),
        ("host.t", A, False),
        ("alias.t", MX, False),
        ("c.t", A, True),
        ("b.c.t", A, True),
        ("d.t", A, True),
        ("x.d.t", MX, True),
        ("x.d.t", A, False),
        ("plain.t", MX, False),
        ("plain.t", DS, True),
        ("signed.t", DS, False),
        ("t", DS, False),
        ("nope.t", A, False),
        ("www.plain.t", A, False),
        ("www.sub.t", A, False),
    ],
)
def test_no_data_is_proved_where_the_name_exists_without_the_type(name, rdtype, proved):
    found = nsec.proves_no_data(ZONE, n(name), rdtype)
    assert isinstance(found, Proof if proved else Shortfall), found


@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("plain.t", "delegation"),
        ("signed.t", "no proof"),
        ("host.t", "no cut"),
        ("alias.t", "no cut"),
        ("c.t", "no cut"),
        ("nope.t", "no cut"),
        ("x.d.t", "no cut"),
        ("x.plain.t", "no proof"),
        ("x.sub.t", "no proof"),
        ("t", "no proof"),
    ],
)
def test_the_absence_of_a_ds_tells_delegations_from_names_without_a_cut(name, outcome):
    found = nsec.proves_no_ds(ZONE, n(name))
    if isinstance(found, Shortfall):
        assert outcome == "no proof"
    else:
        assert found.delegation == (outcome == "delegation")


def test_an_expansion_needs_the_closest_wildcard():
    assert isinstance(nsec.proves_expansion(ZONE, n("x.d.t"), n("d.t")), Proof)
    assert isinstance(nsec.proves_expansion(ZONE, n("x.d.t"), n("t")), Shortfall)
    assert isinstance(nsec.proves_expansion(ZONE, n("b.c.t"), n("c.t")), Shortfall)
    assert isinstance(nsec.proves_expansion(ZONE, n("host.t"), n("t")), Shortfall)


def test_a_zone_of_one_name_covers_everything_else():
    only = (record("t", "t", SOA, NS),)
    assert isinstance(nsec.proves_name_error(only, n("x.t")), Proof)
    assert isinstance(nsec.proves_name_error(only, n("t")), Shortfall)


def test_dropping_any_needed_record_leaves_a_shortfall():
    for name in ("nope.t", "x.host.t"):
        used = nsec.proves_name_error(ZONE, n(name))
        assert isinstance(used, Proof)
        for owner in used.owners:
            rest = tuple(each for each in ZONE if each.owner != owner)
            assert isinstance(nsec.proves_name_error(rest, n(name)), Shortfall)


LABELS = st.lists(st.sampled_from([b"a", b"b", b"*", b"z"]), max_size=3).map(tuple)
NAMES = LABELS.map(lambda labels: name_from_labels((*labels, b"t")))
ZONES = st.dictionaries(NAMES, st.sampled_from([(A,), (NS,), (NS, DS), (CNAME,)]), max_size=5)


def ring(contents) -> tuple[Nsec, ...]:
    apex = n("t")
    contents = {
        name: types
        for name, types in contents.items()
        if not any(
            NS in contents.get(above, ()) for above in name.ancestors() if above not in (name, apex)
        )
    }
    contents[apex] = (SOA, NS)
    names = sorted(contents, key=lambda each: each.order)
    return tuple(
        Nsec(name, names[(i + 1) % len(names)], frozenset(contents[name]))
        for i, name in enumerate(names)
    )


def hashed(records: tuple[Nsec, ...]) -> nsec3.Ring:
    """The same zone as NSEC3: every name and every empty non-terminal, hashed."""
    types = {each.owner: each.types for each in records}
    names = {above for each in types for above in each.ancestors() if above.is_under(n("t"))}
    hashes = sorted((nsec3.name_hash(each, 1, b"s"), each) for each in names)
    found = [
        nsec3.Nsec3(name, value, hashes[(i + 1) % len(hashes)][0], 1, 0, 1, b"s",
                    types.get(name, frozenset()))
        for i, (value, name) in enumerate(hashes)
    ]  # fmt: skip
    return nsec3.Ring(found, n("t"), Work(Budget(), Effort()))


@given(ZONES, NAMES, st.sampled_from([A, MX, DS]))
def test_nsec_and_nsec3_prove_the_same_of_any_zone_and_never_against_it(contents, name, rdtype):
    records = ring(contents)
    hashes = hashed(records)
    by_nsec = nsec.proves_name_error(records, name), nsec.proves_no_data(records, name, rdtype)
    by_nsec3 = nsec3.proves_name_error(hashes, name), nsec3.proves_no_data(hashes, name, rdtype)
    assert [isinstance(each, Proof) for each in by_nsec] == [
        isinstance(each, Proof) for each in by_nsec3
    ]
    there = {each.owner: each.types for each in records}
    exists = any(owner.is_under(name) for owner in there)
    if isinstance(by_nsec[0], Proof):
        assert not exists
    if isinstance(by_nsec[1], Proof):
        assert rdtype not in there.get(name, ())


@given(ZONES, NAMES)
def test_both_kinds_agree_about_delegations(contents, name):
    records = ring(contents)
    one, other = nsec.proves_no_ds(records, name), nsec3.proves_no_ds(hashed(records), name)
    assert isinstance(one, Proof) == isinstance(other, Proof)
    if isinstance(one, Proof) and isinstance(other, Proof):
        assert one.delegation == other.delegation


@given(st.binary(max_size=60), st.binary(max_size=60))
def test_no_bytes_raise_anything_but_bad_rdata(owner, rdata):
    for reader in (nsec.nsec, nsec3.nsec3):
        try:
            reader(name_from_labels((owner[:40] or b"x",)), rdata)
        except rd.BadRdata:
            continue
