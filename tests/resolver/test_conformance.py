"""Other validators' scenarios, where their data is at hand.

Each scenario is a file with a trust anchor, a date, servers' answers, a question, and what a
validator must make of it. They are re-signed with today's algorithms first, since most of
them use SHA-1. The data is not part of this project; without it there is nothing to run.
"""

import sys
from pathlib import Path

import dns.exception
import dns.message
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rdtypes.ANY.RRSIG
import dns.rrset
import pytest

from esashell.clock import SECOND
from esashell.errors import TimedOut
from esashell.resolver import rdata as rd
from esashell.resolver.anchors import Anchor
from esashell.resolver.answer import Security
from esashell.resolver.forward import Forwarder, Server
from esashell.resolver.iterate import Iterator
from esashell.resolver.lookup import Resolver
from esashell.resolver.names import Name, name_from_labels
from esashell.resolver.rrtypes import RRType
from esashell.resolver.wire import Rrset
from esashell.steps import Exchange, run
from tests.resolver.wording import well_worded

DATA = Path(__file__).resolve().parents[3] / "shared" / "conformance"
if not DATA.is_dir():
    pytest.skip(
        f"no conformance scenarios at {DATA}: other validators' cases are not run",
        allow_module_level=True,
    )
sys.path.insert(0, str(DATA))
try:
    import rpl
    import rplresign
finally:
    sys.path.remove(str(DATA))

SCENARIOS = sorted(DATA.glob("*/*.rpl"))
# (scenario, step) -> why it differs here. One that comes out right must leave this list.
DIFFERENT = {
    ("val_cnameqtype_qmin", 150): "wants a name error made up from NSEC records that an earlier "
    "question brought (RFC 8198); the server's own second answer does not prove it",
}
WORDS = {
    Security.SECURE: "secure",
    Security.INSECURE: "insecure",
    Security.BOGUS: "bogus",
    Security.INDETERMINATE: "bogus",
}


def ours(name: dns.name.Name) -> Name:
    return name_from_labels(name.canonicalize().labels[:-1])


class Engine:
    """Our resolver in the clothes that the driver expects."""

    def __init__(self, setup) -> None:
        self.setup = setup
        self.last_inception = max(
            record.rdata.inception
            for each in setup.scenario.ranges
            for entry in each.entries
            for record in (*entry.answer, *entry.authority)
            if isinstance(record.rdata, dns.rdtypes.ANY.RRSIG.RRSIG)
        )
        anchors = {}
        for rrset in setup.anchors:
            ds, keys = anchors.setdefault(ours(rrset.name), ([], []))
            into = ds if rrset.rdtype == dns.rdatatype.DS else keys
            into.extend(each.to_wire() for each in rrset)
        found = [Anchor(zone, tuple(ds), tuple(keys)) for zone, (ds, keys) in anchors.items()]
        found += [Anchor(ours(each)) for each in setup.insecure]
        if setup.forwards:
            addresses = next(iter(setup.forwards.values()))
            source = Forwarder([Server(each) for each in addresses], self)
        else:
            source = Iterator({ours(zone): each for zone, each in setup.stubs.items()}, self)
        self.resolver = Resolver((), found, self, source=source)

    def now(self) -> int:
        """Scenarios that ignore dates are judged just after their last signature was made."""
        return int(self.setup.now() if self.setup.now else self.last_inception + 1) * SECOND

    def perform(self, request: Exchange) -> bytes:
        query = dns.message.from_wire(request.message)
        try:
            reply = self.setup.send(query, request.server, request.tcp)
        except dns.exception.Timeout:
            raise TimedOut from None
        return reply.to_wire(max_size=65535)

    def resolve(self, qname: dns.name.Name, qtype: int):
        answer = run(self.resolver.look_up(ours(qname), qtype), self)
        well_worded(answer)
        if answer.security in (Security.BOGUS, Security.INDETERMINATE):
            return "bogus", 2, []
        return WORDS[answer.security], answer.rcode, list(shown(answer))


def shown(answer):
    for rrset in answer.rrsets:
        yield theirs(rrset)
        if rrset.rdtype == RRType.DNAME:
            for made in answer.hops:
                if made.target and made.owner != rrset.owner and made.owner.is_under(rrset.owner):
                    yield theirs(Rrset(made.owner, int(RRType.CNAME), 0, (made.target,)))
        if answer.rdtype == RRType.ANY and rrset.signatures:
            yield theirs(Rrset(rrset.owner, int(RRType.RRSIG), 0, rrset.signatures))


def theirs(rrset: Rrset) -> dns.rrset.RRset:
    owner = dns.name.from_wire(bytes(rrset.owner), 0)[0]
    kind = dns.rdatatype.RdataType.make(rrset.rdtype)
    covers = kind if kind != dns.rdatatype.RRSIG else dns.rdatatype.NONE
    made = dns.rrset.RRset(owner, dns.rdataclass.IN, kind)
    if kind == dns.rdatatype.RRSIG:
        covers = dns.rdatatype.RdataType.make(rd.rrsig(rrset.rdatas[0]).type_covered)
        made = dns.rrset.RRset(owner, dns.rdataclass.IN, kind, covers)
    for each in rrset.rdatas:
        try:
            value = dns.rdata.from_wire(dns.rdataclass.IN, kind, each, 0, len(each))
        except dns.exception.DNSException:
            value = dns.rdata.GenericRdata(dns.rdataclass.IN, kind, each)
        made.add(value, rrset.ttl)
    return made


@pytest.mark.parametrize("path", SCENARIOS, ids=[each.stem for each in SCENARIOS])
def test_the_scenario_comes_out_as_its_authors_say(path):
    scenario, _ = rplresign.modernise(rpl.parse_rpl(str(path)))
    result = rpl.run_scenario(scenario, Engine)
    assert result
    assert result[0].ok or (path.stem, result[0].step) not in DIFFERENT
    failed = {
        (path.stem, check.step): f"{check.qname} {check.qtype}: expected "
        f"{check.expect and (check.expect.status, check.expect.rcode)}, "
        f"got {check.got and check.got[:2]} {check.error}"
        for check in result
        if not check.ok
    }
    assert failed.keys() == {each for each in DIFFERENT if each[0] == path.stem}, failed
