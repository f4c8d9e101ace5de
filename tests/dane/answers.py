"""Answers of the DNS for the tests, made by hand: what a validating look-up would have said."""

from esashell.dane.base_domain import tlsa_name
from esashell.resolver.answer import Answer, Existence, Hop, Reason, Security
from esashell.resolver.names import name_from_text
from esashell.resolver.rrtypes import RRType

SECURE, INSECURE = Security.SECURE, Security.INSECURE
BOGUS, INDETERMINATE = Security.BOGUS, Security.INDETERMINATE
_ORDER = (SECURE, INSECURE, INDETERMINATE, BOGUS)
ADDRESS = bytes((192, 0, 2, 1))


def n(text):
    return name_from_text(text)


def weakest(securities):
    return max(securities, key=_ORDER.index)


def answer(
    qname,
    rdtype=RRType.A,
    security=SECURE,
    rdatas=(),
    *,
    aliases=(),
    existence=Existence.FOUND,
):
    """`aliases` are pairs of the security of a step and the name it leads to."""
    hops = []
    owner = n(qname)
    for step, target in aliases:
        hops.append(Hop(owner, n(target), step))
        owner = n(target)
    hops.append(Hop(owner, None, security))
    whole = weakest([each.security for each in hops])
    failed = whole in (BOGUS, INDETERMINATE)
    return Answer(
        n(qname),
        rdtype,
        whole,
        None if failed else existence,
        tuple(rdatas),
        tuple(hops),
        Reason(6, "no signature verifies", qname) if failed else None,
    )


def a(host="mx.example.com", security=SECURE, aliases=()):
    return answer(host, RRType.A, security, [ADDRESS], aliases=aliases)


def aaaa(host="mx.example.com", security=SECURE, existence=Existence.FOUND, aliases=()):
    return answer(host, RRType.AAAA, security, [bytes(16)], existence=existence, aliases=aliases)


def no_aaaa(host="mx.example.com", security=SECURE, existence=Existence.NO_DATA):
    return answer(host, RRType.AAAA, security, existence=existence)


def mx(domain="example.com", host="mx.example.com", security=SECURE, aliases=()):
    rdata = b"\x00\x0a" + n(host)
    return answer(domain, RRType.MX, security, [rdata], aliases=aliases)


def no_mx(domain="example.com", security=SECURE, existence=Existence.NO_DATA):
    return answer(domain, RRType.MX, security, existence=existence)


def tlsa(*records, host="mx.example.com", security=SECURE, aliases=()):
    owner = str(tlsa_name(n(host)))
    return answer(owner, RRType.TLSA, security, [each.rdata for each in records], aliases=aliases)


def no_tlsa(host="mx.example.com", security=SECURE, existence=Existence.NX_DOMAIN):
    return answer(str(tlsa_name(n(host))), RRType.TLSA, security, existence=existence)
