"""The built-in root servers, and those of a hints file."""

import ipaddress
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esashell.resolver.hints import ROOT_SERVERS, BadHints, hints_from_text, hints_text
from esashell.resolver.names import name_from_text as n

PUBLISHED = Path("/usr/share/dns/root.hints")


def test_thirteen_servers_have_an_address_of_each_family_ipv4_first():
    versions = [ipaddress.ip_address(each).version for each in ROOT_SERVERS]
    assert versions == [4] * 13 + [6] * 13
    assert len(set(ROOT_SERVERS)) == 26
    assert all(ipaddress.ip_address(each).is_global for each in ROOT_SERVERS)


@pytest.mark.skipif(not PUBLISHED.exists(), reason="Debian's dns-root-data is not installed")
def test_they_are_the_published_ones():
    found = re.findall(r"^\S+\s+\d+\s+A(?:AAA)?\s+(\S+)$", PUBLISHED.read_text(), re.MULTILINE)
    assert set(found) == set(ROOT_SERVERS)
    assert set(hints_from_text(PUBLISHED.read_text())) == set(ROOT_SERVERS)


FILE = """
;  as InterNIC has it
.                        3600000      NS    B.ROOT.EXAMPLE.
.                 3600000  IN   NS   a.root.example. ; the other
A.ROOT.EXAMPLE.          3600000      AAAA  2001:DB8::1
b.root.example.  A  192.0.2.2
a.root.example.  IN A  192.0.2.1
not.among.them.          3600000      A     192.0.2.9
"""


def test_a_hints_file_names_addresses_of_the_root_s_servers_ipv4_first():
    assert hints_from_text(FILE) == ("192.0.2.2", "192.0.2.1", "2001:db8::1")


def test_what_is_written_is_read_back():
    servers = ((n("a.x"), "192.0.2.1"), (n("a.x"), "2001:db8::1"), (n("b.x"), "192.0.2.2"))
    assert hints_from_text(hints_text(servers)) == ("192.0.2.1", "192.0.2.2", "2001:db8::1")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no NS record of the root with an address"),
        (". NS a.", "no NS record of the root with an address"),
        ("a. A 192.0.2.1", "no NS record of the root with an address"),
        (". NS a.\na. A 192.0.2.256", 'line 2: "192.0.2.256" is no address'),
        (". NS a.\na. AAAA 192.0.2.1", "line 2: .* for an AAAA record"),
        ("org. NS a.", "line 1: org. is not the root"),
        (". SOA a.", "line 1: an NS, A or AAAA record is wanted"),
        (". NS a. b.", "line 1: an NS, A or AAAA record is wanted"),
        (". NS", "line 1: an NS, A or AAAA record is wanted"),
        ("\n. NS a..b", "line 2: "),
        ("192.0.2.1", "line 1: an NS, A or AAAA record is wanted"),
    ],
)
def test_a_file_that_is_no_good_is_refused_with_its_line(text, message):
    with pytest.raises(BadHints, match=message):
        hints_from_text(text)


WORDS = st.sampled_from(
    [".", "NS", "A", "AAAA", "IN", "a.", "192.0.2.1", "::1", "7", ";", "\n", "²"]
)


@given(st.lists(WORDS | st.text(max_size=6), max_size=12))
def test_any_text_is_hints_or_refused(words):
    try:
        found = hints_from_text(" ".join(words))
    except BadHints:
        return
    assert found
    assert all(ipaddress.ip_address(each) for each in found)
