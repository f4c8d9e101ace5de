"""Small zones of the lab, each to be spoilt in a way of its own, the same for whoever asks.

A *case* is a zone, its children where the question needs them, one question, and one or two
changes to the messages that lead to the answer. All of it follows from a seed and a number, so a
case that is worth keeping can be named by the two.
"""

from random import Random

from msgspec import Struct

from esashell.resolver.names import Name, name_from_text
from esashell.resolver.rrtypes import type_number, type_text
from tests.differential.mutations import MUTATIONS

_UNDER = name_from_text("lab")

_RECORDS = """\
@              MX     10 mail
mail           A      192.0.2.77
mail           A      192.0.2.78
_25._tcp.mail  TLSA   3 1 1 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff
*.wild         A      192.0.2.79
deep.ent       A      192.0.2.80
alias          CNAME  mail
dead           CNAME  nothing
*.star         CNAME  mail
"""
_WITH_KID = "near CNAME www.kid\nsub DNAME kid\n"
_WITH_PLAIN = "far CNAME www.plain\n"
_CHILD = "@ MX 10 www\nwww A 192.0.2.81\n*.wild A 192.0.2.82\n"

_QUESTIONS = """
    mail A; mail AAAA; @ MX; @ MX; @ TXT; nope A; x.nope A; x.wild A; x.wild A; x.y.wild A;
    x.wild TXT; ent A; x.ent A; alias A; alias AAAA; alias CNAME; dead A; x.star A; x.star AAAA;
    _25._tcp.mail TLSA; _25._tcp.nope TLSA; nope DS; mail DS; @ DNSKEY; @ SOA; @ NS; *.wild A;
    kid DS; kid NS; www.kid A; www.kid A; nope.kid A; x.wild.kid A; near A; near AAAA; x.sub A;
    www.sub A; www.sub CNAME; sub DNAME;
    plain DS; plain NS; www.plain A; www.plain A; nope.plain A; far A; far AAAA;
    odd DS; www.odd A; nope.odd A
"""
# What can only be changed where it is.
_AT_HOME = {"stale ds": "ds", "wrong keys": "keys"}
# Some cases ask instead for all that is at their name, and some for its signatures (RFC 6840 4.2).
_WHOLE = {0: "ANY", 1: "RRSIG"}
_IN_TURN = 11
QUESTIONS = tuple(each.split() for each in _QUESTIONS.split(";"))


class Case(Struct, frozen=True):
    """One trial: the zones as a scenario file has them, the question, and what is changed where."""

    index: int
    apex: Name
    scenario: str
    qname: Name
    rdtype: int
    changes: tuple[tuple[str, str], ...]  # (which messages, which mutation)

    def __str__(self) -> str:
        changes = ", ".join(f"{name} in {where}" for where, name in self.changes) or "untouched"
        return f"case {self.index}: {self.qname.dotted} {type_text(self.rdtype)} ({changes})"


def planned(seed: int, index: int) -> Case:
    """The case of this number; equal arguments, equal cases."""
    dice = Random(f"{seed}/{index}")
    apex = _UNDER.prepend(b"m%d" % index)
    owner, kind = dice.choice(QUESTIONS)
    kind = _WHOLE.get(index % _IN_TURN, kind)
    qname = apex if owner == "@" else apex.prepend(*name_from_text(owner).labels())
    words = set(owner.split("."))
    records = _RECORDS
    children = []
    if words & {"kid", "near", "sub"} or dice.random() < 0.1:
        records += _WITH_KID
        children.append(_zone(dice, f"kid.{apex}", _CHILD))
    if words & {"plain", "far"} or dice.random() < 0.3:
        records += _WITH_PLAIN
        children.append(_zone(dice, f"plain.{apex}", _CHILD, "signed = false"))
    if "odd" in words:
        state = dice.choice(("unknown-digest", "unknown-algorithm", "stale", "wrong-digest"))
        children.append(_zone(dice, f"odd.{apex}", _CHILD, f'ds = "{state}"'))
    zones = [_zone(dice, str(apex), records), *children]
    places = ("answer",) * 5 + ("keys", "ds", "all")
    count = dice.choice((1,) * 8 + (2,) * 3 + (0,))
    names = list(MUTATIONS)
    changes = []
    for _ in range(count):
        name, place = dice.choice(names), dice.choice(places)
        changes.append((_AT_HOME.get(name, place), name))
    return Case(index, apex, "\n".join(zones), qname, type_number(kind), tuple(changes))


def _zone(dice: Random, name: str, records: str, *more: str) -> str:
    denial = dice.choice(("nsec", "nsec", "nsec3", "nsec3-opt-out"))
    lines = [f'[zone."{name}"]', f'denial = "{denial}"', *more]
    lines.append(f"algorithm = {dice.choice((13, 13, 13, 15))}")
    if dice.random() < 0.3:
        lines.append("split_keys = true")
    if denial != "nsec":
        lines.append(f"iterations = {dice.choice((0, 0, 0, 1, 10, 151))}")
        lines.append(f'salt = "{dice.choice(("", "", "ABCD"))}"')
    lines.append(f"records = '''\n{records}'''\n")
    return "\n".join(lines)
