import pytest

from esashell.dane.base_domain import (
    base_domain_of,
    reference_identifiers,
    server_name,
    tlsa_base_domains,
    tlsa_name,
)
from esashell.resolver.answer import Existence
from esashell.resolver.names import BadName
from tests.dane.answers import (
    BOGUS,
    INDETERMINATE,
    INSECURE,
    SECURE,
    a,
    aaaa,
    n,
    no_aaaa,
)

HOST, OTHER, THIRD = "mx.example.com", "host.example.net", "deep.example.org"


def bases(*addresses):
    return [str(each) for each in tlsa_base_domains(addresses)]


def test_a_secure_host_is_its_own_base_domain():
    assert bases(a(), no_aaaa()) == [HOST]


def test_an_insecure_host_has_none():
    assert bases(a(security=INSECURE), no_aaaa(security=INSECURE)) == []


@pytest.mark.parametrize(
    ("alias", "addresses", "expected"),
    [
        (SECURE, SECURE, [OTHER, HOST]),
        (SECURE, INSECURE, [HOST]),
        (INSECURE, SECURE, []),
        (INSECURE, INSECURE, []),
    ],
)
def test_an_alias_and_its_target_are_judged_apart(alias, addresses, expected):
    assert bases(a(HOST, addresses, [(alias, OTHER)])) == expected


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ((SECURE, SECURE, SECURE), [THIRD, HOST]),
        ((SECURE, INSECURE, SECURE), [HOST]),
        ((SECURE, SECURE, INSECURE), [HOST]),
        ((INSECURE, SECURE, SECURE), []),
    ],
)
def test_names_between_the_first_and_the_last_are_never_candidates(steps, expected):
    first, second, last = steps
    assert bases(a(HOST, last, [(first, OTHER), (second, THIRD)])) == expected


@pytest.mark.parametrize("other", [BOGUS, INDETERMINATE, INSECURE])
def test_either_family_being_secure_is_enough(other):
    assert bases(a(), aaaa(security=other)) == [HOST]
    assert bases(a(security=other), aaaa()) == [HOST]


@pytest.mark.parametrize("security", [BOGUS, INDETERMINATE])
def test_a_failed_look_up_gives_no_base_domain(security):
    assert bases(a(security=security), aaaa(security=security)) == []
    assert bases(a(HOST, security, [(SECURE, OTHER)])) == []


def test_a_denial_alone_gives_no_base_domain():
    assert bases(no_aaaa()) == []
    assert bases(no_aaaa(existence=Existence.NX_DOMAIN)) == []


def test_two_families_with_one_alias_give_each_name_once():
    aliases = [(SECURE, OTHER)]
    assert bases(a(HOST, SECURE, aliases), aaaa(HOST, SECURE, aliases=aliases)) == [OTHER, HOST]


def test_the_owner_of_the_records_is_made_and_taken_apart():
    owner = tlsa_name(n(HOST))
    assert str(owner) == "_25._tcp.mx.example.com"
    assert str(tlsa_name(n(HOST), 2525)) == "_2525._tcp.mx.example.com"
    assert base_domain_of(owner) == n(HOST)
    assert server_name(n(HOST)) == HOST


def test_a_name_without_room_for_the_prefix_is_not_asked_for():
    start = ".".join(["a" * 61] * 3) + "."
    fits, too_long = start + "b" * 58, start + "b" * 59
    assert bases(a(fits)) == [fits]
    assert len(tlsa_name(n(fits))) == 255
    assert bases(a(too_long)) == []
    with pytest.raises(BadName):
        tlsa_name(n(too_long))


def test_a_secure_mx_adds_the_mail_domain_and_its_expansion_to_the_names():
    names = reference_identifiers(n(HOST), n("example.com"), n("example.net"), True)
    assert names == (n(HOST), n("example.com"), n("example.net"))


def test_names_are_not_repeated():
    assert reference_identifiers(n(HOST), n(HOST), n(HOST), True) == (n(HOST),)


def test_an_insecure_mx_leaves_the_base_domain_alone():
    assert reference_identifiers(n(HOST), n("example.com"), n("example.net"), False) == (n(HOST),)
