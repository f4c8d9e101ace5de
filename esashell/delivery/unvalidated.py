"""What an answer of the DNS says to somebody who does not validate.

With DANE off, the states of DNSSEC are ignored: mail goes wherever the records say, and a domain
whose signatures are broken can still be delivered to. That is what switching DANE off for such a
domain is for (TechNote 214794). Records are kept in a bogus answer, and so is the response code, so
that the same look-up serves both.
"""

from msgspec.structs import replace

from esashell.resolver.answer import Answer, Existence, Security

_DENIALS = {0: Existence.NO_DATA, 3: Existence.NX_DOMAIN}


def unvalidated(answer: Answer) -> Answer:
    """The answer as a client without DNSSEC would have had it.

    Silence and SERVFAIL stay what they are: nobody can use those.
    """
    if answer.found or answer.denied:
        return answer
    if answer.rdatas:
        return replace(answer, security=Security.INSECURE, existence=Existence.FOUND)
    if answer.security is Security.BOGUS and answer.rcode in _DENIALS:
        existence = _DENIALS[answer.rcode]
        return replace(answer, security=Security.INSECURE, existence=existence)
    return answer
