"""The Internet's root servers: where a look-up begins that is told nothing else (RFC 8109).

They are only a way in. Whatever answers at these addresses has to sign as the trust anchor says, so
an address that is out of date or taken over costs time and never truth. As published by IANA
(named.root); the last one to move was B, in November 2023.
"""

# a.root-servers.net to m.root-servers.net. IPv4 comes first: without IPv6 the others are noticed to
# be of no use only by trying.
ROOT_SERVERS = (
    "198.41.0.4",
    "170.247.170.2",
    "192.33.4.12",
    "199.7.91.13",
    "192.203.230.10",
    "192.5.5.241",
    "192.112.36.4",
    "198.97.190.53",
    "192.36.148.17",
    "192.58.128.30",
    "193.0.14.129",
    "199.7.83.42",
    "202.12.27.33",
    "2001:503:ba3e::2:30",
    "2801:1b8:10::b",
    "2001:500:2::c",
    "2001:500:2d::d",
    "2001:500:a8::e",
    "2001:500:2f::f",
    "2001:500:12::d0d",
    "2001:500:1::53",
    "2001:7fe::53",
    "2001:503:c27::2:30",
    "2001:7fd::1",
    "2001:500:9f::42",
    "2001:dc3::35",
)
