"""Where an MX host is, and the TLSA records that speak for it.

The order of look-ups is the appliance's: A, AAAA, CNAME, and TLSA only when an address, or the
alias that leads to it, was secure. Asking for TLSA under an unsigned name gains nothing, since the
answer could not be used, and some large providers' servers fail on the question (7672 2.2.2).
"""

from esashell.dane.answers import next_tlsa_question
from esashell.dane.base_domain import tlsa_base_domains
from esashell.delivery.evidence import Address, HostAddresses
from esashell.resolver.answer import Answer
from esashell.resolver.lookup import Resolver
from esashell.resolver.names import Name
from esashell.resolver.rdata import BadRdata, address
from esashell.resolver.rrtypes import RRType
from esashell.steps import Steps


def find_addresses(host: Name, resolver: Resolver) -> Steps[HostAddresses]:
    """Ask for a host's addresses of both families, and whether its name is an alias.

    The CNAME question is asked because the appliance asks it and its logs show it. Nothing rests on
    its answer: the steps of the address answers already say how secure each alias was, and where
    this question fails (as it does at some providers) mail still goes.
    """
    a = yield from resolver.look_up(host, RRType.A)
    aaaa = yield from resolver.look_up(host, RRType.AAAA)
    alias = yield from resolver.look_up(host, RRType.CNAME)
    return HostAddresses(host, a, aaaa, alias, (*addresses_in(a), *addresses_in(aaaa)))


def addresses_in(answer: Answer) -> tuple[Address, ...]:
    """The addresses that may be used; a malformed record never costs the others."""
    if not answer.found:
        return ()
    found = []
    for rdata in answer.rdatas:
        try:
            found.append(Address(address(rdata), answer.rdtype, answer.security))
        except BadRdata:
            continue
    return tuple(found)


def find_tlsa(
    lookups: HostAddresses, resolver: Resolver, port: int = 25
) -> Steps[tuple[Answer, ...]]:
    """Ask for TLSA records under each base domain in turn, until it is known what counts."""
    bases = tlsa_base_domains(lookups.families, port)
    answers: tuple[Answer, ...] = ()
    while (question := next_tlsa_question(bases, answers, port)) is not None:
        answer = yield from resolver.look_up(question, RRType.TLSA)
        answers += (answer,)
    return answers


def has_secure_name(lookups: HostAddresses, address: Address) -> bool:
    """Whether TLSA may speak for this address: it is secure, or a secure alias leads to it."""
    answers = tuple(each for each in lookups.families if each.rdtype == address.rdtype)
    return bool(tlsa_base_domains(answers))
