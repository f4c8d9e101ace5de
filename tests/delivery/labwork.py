"""A lab, a resolver pointed at it, and `daneverify`'s walk in one call."""

from esashell.clock import Clock, FixedClock
from esashell.delivery.evidence import Evidence
from esashell.delivery.verification import Sender, verify_domain
from esashell.reports.verification import lines
from esashell.resolver.lookup import Resolver, Server
from esashell.resolver.names import name_from_text
from esashell.steps import run
from esashell.worlds.lab.world import Lab

NOON = 1_795_000_000_000_000  # microseconds; some day in November 2026
CAPABLE = ("194.191.40.83", "194.191.40.84")


class Bench:
    """One lab and one resolver with its cache."""

    def __init__(self, *resolvers: str, clock: Clock | None = None) -> None:
        self.clock = clock or FixedClock(NOON)
        self.lab = Lab(self.clock)
        servers = [Server(each) for each in resolvers or CAPABLE]
        self.resolver = Resolver(servers, [self.lab.anchor], self.clock)

    def verify(self, domain: str) -> tuple[Evidence, list[str]]:
        """The evidence, and the lines as they would have been printed on the way."""
        printed: list[str] = []
        with self.lab.session() as session:
            evidence = run(
                verify_domain(name_from_text(domain), Sender(self.resolver, self.clock)),
                session,
                lambda finding: printed.extend(lines(finding)),
            )
        return evidence, printed
