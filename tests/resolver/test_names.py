"""Names: canonical order, ancestry, and what an operator may type."""

import dns.name
import pytest
from hypothesis import given
from hypothesis import strategies as st

from esashell.resolver.names import (
    ROOT,
    BadName,
    Name,
    common_ancestor,
    domain_from_text,
    name_from_labels,
    name_from_text,
)

LABELS = st.lists(st.binary(min_size=1, max_size=12), max_size=6).map(tuple)

# The example of RFC 4034 6.1, in its order.
RFC_4034_6_1 = [
    "example",
    "a.example",
    "yljkjljk.a.example",
    "Z.a.example",
    "zABC.a.EXAMPLE",
    "z.example",
    r"\001.z.example",
    "*.z.example",
    r"\200.z.example",
]


def test_the_canonical_order_is_that_of_the_rfcs_example():
    names = [name_from_text(each) for each in RFC_4034_6_1]
    shuffled = names[3:] + names[:3]
    assert sorted(shuffled, key=lambda name: name.order) == names


@given(LABELS, LABELS)
def test_order_and_ancestry_agree_with_dnspython(one, other):
    ours = [name_from_labels(each) for each in (one, other)]
    theirs = [dns.name.Name((*each, b"")) for each in (one, other)]
    assert (ours[0].order < ours[1].order) == (theirs[0].canonicalize() < theirs[1].canonicalize())
    assert ours[0].is_under(ours[1]) == theirs[0].is_subdomain(theirs[1])
    assert ours[0] == theirs[0].canonicalize().to_wire()


@given(LABELS)
def test_text_comes_back_as_the_same_name(labels):
    name = name_from_labels(labels)
    assert name_from_text(str(name)) == name


@given(LABELS, LABELS, LABELS)
def test_the_common_ancestor_is_above_both_and_nothing_longer_is(head, other, tail):
    one, two = name_from_labels(head + tail), name_from_labels(other + tail)
    shared = common_ancestor(one, two)
    assert one.is_under(shared)
    assert two.is_under(shared)
    longer = [each for each in one.ancestors() if len(each) > len(shared)]
    assert not any(two.is_under(each) for each in longer)


def test_a_suffix_that_begins_inside_a_label_is_no_ancestor():
    # The bytes of "a.b" end in those of "b" also where a length octet is mere data.
    inner = Name(b"\x04x\x01b\x00\x00"[:5] + b"\x00")
    assert not inner.is_under(name_from_text("b"))


def test_the_root_has_no_parent():
    assert list(ROOT.ancestors()) == [ROOT]
    with pytest.raises(IndexError):
        _ = ROOT.parent


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "a..b",
        ".a",
        "x" * 64,
        ".".join(["abcdefgh"] * 40),
        "bücher.example",
        "192.0.2.1",
        "2001:db8::1",
        "[192.0.2.1]",
        "a b.example",
        "a\tb.example",
        "a\x00b",
        "a/b.example",
        "*.example",
        ".",
        "a\\.b",
        "\\",
        "x" * 5_000_000,
    ],
)
def test_what_is_no_domain_is_refused_with_one_line(text):
    with pytest.raises(BadName) as refusal:
        domain_from_text(text)
    line = str(refusal.value)
    assert line
    assert "\n" not in line
    assert len(line) < 200


@pytest.mark.parametrize(
    "text", ["ietf.org", "IETF.org.", " ietf.org ", "_25._tcp.mx.example", "xn--bcher-kva.example"]
)
def test_a_domain_is_taken_in_any_case_and_with_or_without_its_dot(text):
    assert str(domain_from_text(text)) == text.strip().rstrip(".").lower()


@given(st.text(max_size=300))
def test_any_text_gives_a_name_or_a_refusal(text):
    for reader in (domain_from_text, name_from_text):
        try:
            name = reader(text)
        except BadName:
            continue
        assert len(name) <= 255
        assert name_from_text(str(name)) == name
