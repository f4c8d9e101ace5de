"""Where TLSA records are sought, and the names that a certificate may carry.

TLSA records belong to a host's name. When an MX host's name is an alias, there are two candidates:
the name at the end of the aliases and the original one (RFC 7671 7, RFC 7672 2.2.2 and 2.2.3). The
name under which records are found is the *TLSA base domain*. It is what the client sends as SNI
(RFC 7672 8.1) and the first of the names it accepts in a certificate below a DANE-TA anchor.

How far each name may be trusted differs from step to step: an alias in a signed zone often leads
into a zone that is not signed. So the security of each step is read, and nothing is combined.
"""

from esashell.resolver.answer import Answer, Security
from esashell.resolver.names import Name

_LONGEST = 255  # octets in a domain name (RFC 1035 2.3.4)


def tlsa_base_domains(addresses: tuple[Answer, ...], port: int = 25) -> tuple[Name, ...]:
    """The names under which TLSA records may be sought for this host, best first.

    `addresses` are the host's answers for A and AAAA; either being secure is enough, since many
    zones break one of them (RFC 7672 2.2.2 asks for no more). The expanded name comes first when
    every step to it, and the addresses there, are secure; the original name follows when its own
    first step is secure, even if a later zone is not signed.

    Empty means that no TLSA query may be sent at all: some large providers' servers fail on
    them, and an unsigned answer could not be used anyway (RFC 7672 2.2.2).
    """
    found = [each for each in addresses if each.found]
    names = {each.name: None for each in found if each.security is Security.SECURE}
    # RFC 7672 2.2.2: a secure alias into an unsigned zone keeps the original name. Names between
    # the first and the last are never candidates.
    names |= {each.qname: None for each in found if _first_step(each) is Security.SECURE}
    room = _LONGEST - len(f"_{port}._tcp.")
    return tuple([each for each in names if len(each) <= room])


def _first_step(answer: Answer) -> Security:
    """The security of the record at the name that was asked for, be it an alias or an address."""
    return answer.hops[0].security if answer.hops else answer.security


def tlsa_name(base_domain: Name, port: int = 25) -> Name:
    """`_25._tcp.mx.example.com`, the owner of the host's TLSA records (RFC 6698 3).

    `BadName` when there is no room for it, which `tlsa_base_domains` sees to.
    """
    return base_domain.prepend(b"_%d" % port, b"_tcp")


def base_domain_of(owner: Name) -> Name:
    """The base domain that an owner made by `tlsa_name` belongs to."""
    return owner.parent.parent


def server_name(base_domain: Name) -> str:
    """What goes out as SNI (RFC 7672 8.1). Servers may ignore it."""
    return str(base_domain)


def reference_identifiers(
    base_domain: Name, next_hop: Name, expanded_next_hop: Name, mx_secure: bool
) -> tuple[Name, ...]:
    """The names accepted in a certificate below a DANE-TA anchor, the base domain first.

    `expanded_next_hop` is where aliases of the next-hop domain lead, itself when there are none.
    `mx_secure` says that the step from the next-hop domain to the host was secure, or that there
    was no such step because the host is the next-hop domain itself.
    """
    if not mx_secure:
        # RFC 7672 3.2.2: whoever forged the MX answer chose the host, so that the domain's name in
        # the host's certificate would prove nothing that the host's own name does not.
        return (base_domain,)
    # RFC 7672 3.2.2: a certificate for the mail domain is as good as one for the host.
    return tuple(dict.fromkeys((base_domain, next_hop, expanded_next_hop)))
