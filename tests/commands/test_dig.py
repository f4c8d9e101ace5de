"""dig's words: the published options, whatever their order, and nothing else."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esashell.commands.dig import WISH, Wish
from esashell.errors import BadAnswer
from esashell.resolver.names import name_from_text as n
from esashell.resolver.rrtypes import RRType

NAME = n("example.com")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("example.com", Wish(NAME)),
        ("mx example.com", Wish(NAME, RRType.MX)),
        ("example.com MX", Wish(NAME, RRType.MX)),
        ("-t mx example.com", Wish(NAME, RRType.MX, tcp=True)),
        ("-t -u mx example.com", Wish(NAME, RRType.MX)),
        ("type65280 example.com", Wish(NAME, 65280)),
        ("@192.0.2.1 -s 192.0.2.9 example.com", Wish(NAME, 1, "192.0.2.1", "192.0.2.9")),
        ("example.com @2001:DB8::1 +dnssec", Wish(NAME, 1, "2001:db8::1", dnssec=True)),
        ("-x 192.0.2.1", Wish(n("1.2.0.192.in-addr.arpa"), RRType.PTR)),
        ("-x ::1 @192.0.2.1", Wish(n("1." + "0." * 31 + "ip6.arpa"), RRType.PTR, "192.0.2.1")),
        ("mx", Wish(n("mx"))),
        ("mx mx", Wish(n("mx"), RRType.MX)),
        ("192.0.2.1", Wish(n("192.0.2.1"))),
        (".", Wish(n("."))),
        ("_25._tcp.mail.example.com tlsa", Wish(n("_25._tcp.mail.example.com"), RRType.TLSA)),
    ],
)
def test_what_is_understood(line, expected):
    assert WISH.parse(line) == expected


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("@192.0.2.1", "The name to look up is missing"),
        ("@mail.example.com a", "is not an IP address"),
        ("-s", "-s: an IP address is required"),
        ("-x example.com", "is not an IP address"),
        ("-x 192.0.2.1 mx", "-x takes no name and no type"),
        ("-q example.com", "is not an option of dig"),
        ("+short example.com", "is not an option of dig"),
        ("example.com mx ns", "Not understood"),
        ("example.com example.org", "is not a record type"),
        ("type65536 example.com", "is not a record type"),
        ("a..b", "two dots in a row"),
        ("-s ::1 @192.0.2.1 a", "different families"),
    ],
)
def test_what_is_refused_and_why(line, message):
    with pytest.raises(BadAnswer, match=message):
        WISH.parse(line)


WORDS = st.sampled_from(
    ["-s", "-t", "-u", "-x", "@", "@::1", "192.0.2.1", "mx", "a.b", "+dnssec", "fe80::1%lo", "\\"]
)


@given(st.lists(WORDS | st.text(max_size=12), max_size=8))
def test_any_words_are_a_question_or_refused(words):
    with suppress(BadAnswer):
        found = WISH.parse(" ".join(words))
        assert 0 < len(found.qname) <= 255
        assert 0 <= found.rdtype < 65536
