"""The built-in company: 200 destinations, as much mail to each as experience has it.

Most of them are well. Some are not, in the ways in which destinations are not: they are domains of
the lab that demonstrate one thing each. The mail is distributed by Zipf's law, as that of a company
is: a few partners get most of it.
"""

from collections.abc import Iterator

DESTINATIONS = 200

# The sizes of their shares are those of their places in the list.
_PARTNERS = (
    "ietf.org",
    "dane.lab",
    "dane-ta.lab",
    "rollover.lab",
    "second-mx.lab",
    "cisco.com",
    "mismatch.lab",
    "self-signed.lab",
    "no-tlsa.lab",
    "expired-certificate.lab",
    "mx-alias.lab",
    "tlsa-alias.lab",
    "nsec3.lab",
    "no-starttls.lab",
    "ipv6-only.lab",
    "implicit-mx.lab",
    "rsa.lab",
    "tlsa-bogus.lab",
    "signature-expired.lab",
    "refused.lab",
    "all-unusable.lab",
    "expired-certificate-ta.lab",
    "greeting-554.lab",
    "null-mx.lab",
    "stale-ds.lab",
    "timeout.lab",
    "tlsa-servfail.lab",
    "starttls-454.lab",
)


def company() -> Iterator[tuple[str, float]]:
    """Each destination and its share of the mail; the shares add up to one."""
    domains = list(_names())
    weights = [1 / place for place in range(1, len(domains) + 1)]
    whole = sum(weights)
    for domain, weight in zip(domains, weights, strict=True):
        yield domain, weight / whole


def _names() -> Iterator[str]:
    """The partners, one in seven, among others that nothing is particular about."""
    partners = iter(_PARTNERS)
    for number in range(DESTINATIONS):
        partner = next(partners, None) if number % 7 == 1 else None
        if partner is not None:
            yield partner
        elif number % 5 == 4:
            yield f"plain{number}.bulk.lab"
        elif number % 5 == 2:
            yield f"d{number}.bulk.lab"
        else:
            yield f"own{number}.bulk.lab"
