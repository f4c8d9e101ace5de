"""What a resolver says of a case, in words that both unbound and ours have."""

from msgspec import Struct

from esashell.resolver.answer import Answer, Existence, Security
from esashell.resolver.rrtypes import rcode_text

SECURE, INSECURE, BOGUS, INDETERMINATE = (each.value for each in Security)


class Opinion(Struct, frozen=True):
    """What one of the two says of a case; `why` is for people, `ttl` how long it may be kept."""

    security: str
    existence: str
    rcode: str
    why: str = ""
    ttl: int = 0

    @property
    def verdict(self) -> tuple[str, str, str]:
        return self.security, self.existence, self.rcode

    @property
    def refused(self) -> bool:
        return self.security in (BOGUS, INDETERMINATE)


def opinion(answer: Answer) -> Opinion:
    """What our resolver says, in the words in which unbound can be asked."""
    why = f"EDE {answer.reason.code} {answer.reason.text}" if answer.reason else ""
    if answer.security in (Security.BOGUS, Security.INDETERMINATE):
        return Opinion(answer.security.value, "", "SERVFAIL", why)
    existence = answer.existence.value if answer.existence else ""
    if answer.rcode == 3:
        existence = Existence.NX_DOMAIN.value
    return Opinion(answer.security.value, existence, rcode_text(answer.rcode), why, answer.ttl)
