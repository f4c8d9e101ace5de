"""Our side of `probes`: so many STARTTLS probes of one host, each with a connection of its own.

    python -m tests.bench.probe_side COUNT ADDRESS WINDOW [PROFILE]

As a batch holds them: many conversations at once in one process and one thread. Prints how many
came to TLS, and how many handshakes there were. `PROFILE` is a file for the profile.
"""

import cProfile
import sys
from typing import Any

from esashell.delivery.connections import OWN, Meeting
from esashell.smtp.client import SmtpDialogue
from esashell.steps import StartTls, Steps, TlsPolicy
from esashell.worlds.conversing import Ear
from esashell.worlds.live import Live
from esashell.worlds.many import many


def probe(meeting: Meeting) -> Steps[SmtpDialogue]:
    yield from OWN.connect(meeting.address, meeting.port)
    return (yield from OWN.shake_hands(meeting))


def main() -> None:
    count, address, window, *profile = sys.argv[1:]
    meeting = Meeting(address, 25, "bench.example", "mail.ietf.org", TlsPolicy())
    handshakes = 0

    def ear() -> Ear:
        def hear(request: Any, reply: Any, failed: Any) -> None:
            nonlocal handshakes
            handshakes += isinstance(request, StartTls)

        return hear

    profiler = cProfile.Profile()
    if profile:
        profiler.enable()
    probes = (probe(meeting) for _ in range(int(count)))
    found = list(many(probes, Live(), window=int(window), ear=ear))
    if profile:
        profiler.disable()
        profiler.dump_stats(profile[0])
    good = sum(each.peer is not None and each.failure is None for _, each in found)
    print(good, handshakes)


if __name__ == "__main__":
    main()
