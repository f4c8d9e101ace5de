"""The built-in root servers."""

import ipaddress
import re
from pathlib import Path

import pytest

from esashell.resolver.hints import ROOT_SERVERS

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
