"""Configurations for property tests: good ones, and such as only a hostile hand would write."""

import ipaddress

from hypothesis import strategies as st

from esashell.config.model.dnsserver import (
    AlternateDomain,
    AlternateServer,
    DnsServer,
    DnsSettings,
)
from esashell.config.model.network import Interface
from esashell.config.tree import Config

NUMBERS = st.integers(0, 2**31 - 1)

# Made so that nothing has to be thrown away: drawing is most of what these tests cost.
_LABELS = st.text("az09", min_size=1, max_size=6) | st.sampled_from(["x--y", "xn--exmple-cua"])
host_names = st.builds(
    lambda labels, top: ".".join([*labels, top]),
    st.lists(_LABELS, max_size=4),
    st.sampled_from(["example", "local", "a", "x0"]),
)
addresses = st.one_of(
    # The unicast addresses: from 0.0.0.1 to below 224.0.0.0, from :: exclusive to below ff00::.
    st.integers(1, 0xDFFFFFFF).map(lambda n: str(ipaddress.IPv4Address(n))),
    st.integers(1, 0xFF << 120).map(lambda n: str(ipaddress.IPv6Address(n - 1 or 1))),
)
interface_names = st.text(
    st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=20
) | st.sampled_from(["Data 1", " padded "])

good_servers = st.lists(
    st.builds(DnsServer, addresses, NUMBERS), max_size=5, unique_by=lambda server: server.address
).map(tuple)

_good_alternates = st.lists(
    st.builds(
        AlternateDomain,
        host_names,
        st.lists(
            st.builds(AlternateServer, addresses, st.just("") | host_names),
            min_size=1,
            max_size=3,
            unique_by=lambda server: server.address,
        ).map(tuple),
        st.booleans(),
    ),
    max_size=3,
    unique_by=lambda each: each.domain,
).map(tuple)

good = st.builds(
    Config,
    hostname=host_names,
    interface=st.builds(Interface, interface_names, addresses),
    dns=st.builds(DnsSettings, good_servers, NUMBERS, NUMBERS, _good_alternates),
)

# From few values, so that two trees often have a server in common, or one server twice, and keys
# that look like paths.
_KEYS = st.sampled_from(["192.0.2.1", "192.0.2.2", "::1", "", "a].priority", "a", '"', "b c"])
_FEW = st.integers(0, 2)
any_servers = st.lists(st.builds(DnsServer, _KEYS, _FEW), max_size=5).map(tuple)
_any_alternates = st.lists(
    st.builds(
        AlternateDomain,
        _KEYS,
        st.lists(st.builds(AlternateServer, _KEYS, _KEYS), max_size=3).map(tuple),
        st.booleans(),
    ),
    max_size=3,
).map(tuple)
any_at_all = st.builds(
    Config,
    hostname=st.sampled_from(["a.example", "b.example", "\x1b[2J"]) | st.text(max_size=5),
    interface=st.builds(Interface, _KEYS, _KEYS),
    dns=st.builds(DnsSettings, any_servers, _FEW, _FEW, _any_alternates),
)
