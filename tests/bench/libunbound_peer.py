"""libunbound's side of the benchmark; run by the system's Python, which has the module `unbound`.

    /usr/bin/python3 libunbound_peer.py CONFIGURATION ANCHORS WINDOW < rounds.json

`rounds` is a list of lists of (name, type); each round is timed by itself, with a window full of
questions under way and libunbound's work done by one thread of its own. Prints for each round the
seconds, how many answers were secure, and how many datagrams were sent meanwhile.
"""

import json
import select
import sys
import time

import unbound


def datagrams():
    """How many UDP datagrams have been sent in this network namespace."""
    with open("/proc/net/snmp", encoding="ascii") as lines:
        names, values = (line.split() for line in lines if line.startswith("Udp:"))
    return int(values[names.index("OutDatagrams")])


class Round:
    """The questions of one round, and how far they have got."""

    def __init__(self, context, questions, window):
        self.context = context
        self.left = iter(questions)
        self.window = window
        self.running = 0
        self.secure = 0

    def answered(self, data, status, result):
        self.running -= 1
        if status == 0 and result.secure and result.havedata:
            self.secure += 1

    def run(self):
        before, began = datagrams(), time.perf_counter()
        ready = self.context.get_fd()
        more = True
        while more or self.running:
            while more and self.running < self.window:
                question = next(self.left, None)
                if question is None:
                    more = False
                    break
                self.running += 1
                name, rdtype = question
                self.context.resolve_async(name, None, self.answered, rdtype, 1)
            if self.running:
                select.select([ready], [], [], 5)
                self.context.process()
        return time.perf_counter() - began, self.secure, datagrams() - before


def main():
    configuration, anchors, window = sys.argv[1], sys.argv[2], int(sys.argv[3])
    context = unbound.ub_ctx()
    assert context.config(configuration) == 0
    with open(anchors, encoding="ascii") as lines:
        for line in lines:
            assert context.add_ta(line.strip()) == 0
    # A thread and not a process: one address space, as we have it.
    context.set_async(True)
    rounds = json.load(sys.stdin)
    json.dump([Round(context, each, window).run() for each in rounds], sys.stdout)


if __name__ == "__main__":
    main()
