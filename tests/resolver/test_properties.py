"""No change to what is signed, and no bytes at all, ever come out as SECURE or as an exception."""

from random import Random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from esashell.resolver import wire
from esashell.resolver.answer import Security
from esashell.resolver.budget import Budget
from esashell.resolver.rrtypes import RRType
from esashell.resolver.wire import Message, Rrset
from esashell.steps import Exchange, run
from tests.conftest import LONG
from tests.resolver.signer import World, n

WORLDS = {denial: World(denial) for denial in ("nsec", "nsec3", "optout")}
QUESTIONS = [
    ("a.test", RRType.MX),
    ("mail.a.test", RRType.A),
    ("mail.a.test", RRType.AAAA),
    ("x.wild.a.test", RRType.A),
    ("x.wild.a.test", RRType.AAAA),
    ("nope.a.test", RRType.A),
    ("ent.a.test", RRType.A),
    ("alias.a.test", RRType.A),
    ("a.test", RRType.DS),
    ("plain.test", RRType.DS),
    ("plain.test", RRType.MX),
    ("_25._tcp.mail.a.test", RRType.TLSA),
]
ANY_WORLD = st.sampled_from(sorted(WORLDS))
ANY_QUESTION = st.sampled_from(QUESTIONS)
ORDER = (Security.BOGUS, Security.INDETERMINATE, Security.INSECURE, Security.SECURE)


class Tampered:
    """The internet of a world with one message changed on the way, as bytes or as records."""

    def __init__(self, world: World, which: int, change) -> None:
        self.world = world
        self.which = which
        self.change = change
        self.count = 0
        self.changed = False

    def perform(self, request: Exchange) -> bytes:
        reply = self.world.internet.perform(request)
        self.count += 1
        if self.count - 1 != self.which:
            return reply
        after = self.change(reply)
        self.changed = after != reply
        return after


def signed_content(answer):
    """What a SECURE answer says; equal when nothing that counts was changed."""
    return answer.existence, frozenset(answer.rdatas), [str(hop.target) for hop in answer.hops]


@given(ANY_WORLD, ANY_QUESTION, st.data())
@settings(max_examples=300 if LONG else 100, deadline=None)
def test_whatever_bytes_are_changed_a_secure_answer_is_still_the_true_one(denial, question, data):
    world = WORLDS[denial]
    truth = world.ask(*question)
    which = data.draw(st.integers(0, len(truth.asked) - 1))

    def change(reply: bytes) -> bytes:
        octets = bytearray(reply)
        for _ in range(data.draw(st.integers(1, 4))):
            at = data.draw(st.integers(0, len(octets) - 1))
            octets[at] ^= 1 << data.draw(st.integers(0, 7))
        return bytes(octets)

    internet = Tampered(world, which, change)
    answer = run(world.resolver().look_up(n(question[0]), question[1]), internet)
    assert ORDER.index(answer.security) <= ORDER.index(truth.security)
    if answer.security is Security.SECURE:
        assert signed_content(answer) == signed_content(truth)


@given(ANY_QUESTION, st.integers(0, 5), st.binary(max_size=200))
@settings(max_examples=100, deadline=None)
def test_no_bytes_raise_anything(question, which, junk):
    internet = Tampered(WORLDS["nsec3"], which, lambda reply: reply[:12] + junk)
    answer = run(WORLDS["nsec3"].resolver().look_up(n(question[0]), question[1]), internet)
    assert answer.security in ORDER


def sections(message: Message):
    return [("answer", message.answer), ("authority", message.authority)]


def parts(reply: bytes) -> list[tuple[str, int, str]]:
    """Every signature, and every denial record, that can be dropped from a message."""
    found = []
    for section, rrsets in sections(wire.parse(reply)):
        for i, rrset in enumerate(rrsets):
            if rrset.signatures:
                found.append((section, i, "signatures"))
            if rrset.rdtype in (RRType.NSEC, RRType.NSEC3):
                found.append((section, i, "all"))
    return found


def without(reply: bytes, section: str, index: int, what: str) -> bytes:
    message = wire.parse(reply)
    rrsets = list(getattr(message, section))
    if what == "all":
        del rrsets[index]
    else:
        rrsets[index] = msgspec.structs.replace(rrsets[index], signatures=())
    return wire.encode(msgspec.structs.replace(message, **{section: tuple(rrsets)}))


@pytest.mark.parametrize("denial", sorted(WORLDS))
@pytest.mark.parametrize(("qname", "rdtype"), QUESTIONS)
def test_without_any_one_signature_or_denial_record_nothing_is_secure(denial, qname, rdtype):
    world = WORLDS[denial]
    truth = world.ask(qname, rdtype)
    tried = 0
    for which, asked in enumerate(truth.asked):
        request = Exchange(asked.server, wire.query(asked.qname, asked.rdtype))
        for part in parts(world.internet.perform(request)):
            internet = Tampered(world, which, lambda reply, part=part: without(reply, *part))
            answer = run(world.resolver().look_up(n(qname), rdtype), internet)
            assert internet.changed
            tried += 1
            if len(truth.hops) > 1 and answer.security is Security.SECURE:
                # What was said of an alias's target in passing is asked for once more, directly.
                assert signed_content(answer) == signed_content(truth)
                assert len(answer.asked) > len(truth.asked)
                continue
            assert answer.security is not Security.SECURE, (asked, part)
            assert answer.security is not Security.INSECURE or truth.security is Security.INSECURE
    assert tried >= len(truth.asked) - 1


@pytest.mark.parametrize("denial", sorted(WORLDS))
@pytest.mark.parametrize(("qname", "rdtype"), QUESTIONS)
def test_every_single_bit_of_the_signed_answer_counts(denial, qname, rdtype):
    """Octets of each rdata and each signature of the first response, one bit at a time."""
    world = WORLDS[denial]
    resolver = world.resolver()
    truth = world.ask(qname, rdtype, resolver)
    message = world.internet.answer(n(qname), int(rdtype))
    honest = wire.parse(wire.encode(message))
    tried = 0
    for section, i, kind, octet in places(message, 3):
        rrsets = getattr(message, section)
        new = (*rrsets[:i], flipped(rrsets[i], kind, octet), *rrsets[i + 1 :])
        forged = wire.encode(msgspec.structs.replace(message, **{section: new}))
        if wire.parse(forged) == honest:
            continue  # only the case of a name was changed
        # The zones and their keys stay known; the answer has to be asked for.
        resolver.cache.answers.clear()
        resolver.cache.aliases.clear()
        internet = Tampered(world, 0, lambda _, f=forged: f)
        answer = run(resolver.look_up(n(qname), rdtype), internet)
        assert internet.changed
        tried += 1
        if answer.security is Security.SECURE:
            assert signed_content(answer) == signed_content(truth)
            # Only a record that the proof did not need may be harmed without notice; what was
            # said of an alias's target in passing is asked for once more, directly.
            assert section == "authority" or (i and len(answer.asked) > 1)
    assert tried > (20 if truth.security is Security.SECURE else 3)


def places(message: Message, step: int):
    for section, rrsets in sections(message):
        for i, rrset in enumerate(rrsets):
            for kind in ("rdatas", "signatures"):
                values = getattr(rrset, kind)
                for octet in range(0, len(values[0]) if values else 0, step):
                    yield section, i, kind, octet


def flipped(rrset: Rrset, kind: str, octet: int) -> Rrset:
    values = list(getattr(rrset, kind))
    changed = bytearray(values[0])
    changed[octet] ^= 1 << (octet % 8)
    values[0] = bytes(changed)
    return msgspec.structs.replace(rrset, **{kind: tuple(values)})


@given(ANY_WORLD, ANY_QUESTION, st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_the_order_of_records_never_matters(denial, question, random):
    world = WORLDS[denial]
    truth = world.ask(*question)

    class Shuffled:
        def perform(self, request: Exchange) -> bytes:
            message = wire.parse(world.internet.perform(request))
            changed = {}
            for section, rrsets in sections(message):
                mixed = [
                    msgspec.structs.replace(
                        each,
                        rdatas=tuple(random.sample(each.rdatas, len(each.rdatas))),
                        signatures=tuple(random.sample(each.signatures, len(each.signatures))),
                    )
                    for each in rrsets
                ]
                random.shuffle(mixed)
                changed[section] = tuple(mixed)
            return wire.encode(msgspec.structs.replace(message, **changed))

    answer = run(world.resolver().look_up(n(question[0]), question[1]), Shuffled())
    assert answer.security is truth.security
    assert signed_content(answer) == signed_content(truth)


@pytest.mark.parametrize("denial", sorted(WORLDS))
@pytest.mark.parametrize(("qname", "rdtype"), QUESTIONS)
def test_more_budget_never_weakens_a_verdict(denial, qname, rdtype):
    world = WORLDS[denial]
    whole = world.ask(qname, rdtype).security
    amounts = range(0, 12, 1 if LONG else 2)
    for limit in ("queries", "verifications", "nsec3_hashes", "denials", "signatures"):
        found = [
            world.ask(qname, rdtype, world.resolver(budget=Budget(**{limit: allowed}))).security
            for allowed in amounts
        ]
        # First nothing can be known, and from some point on what is true: nothing else, no return.
        unknown = found.count(Security.INDETERMINATE)
        assert found == [Security.INDETERMINATE] * unknown + [whole] * (len(amounts) - unknown), (
            limit
        )
        assert unknown < len(amounts)


@pytest.mark.parametrize("denial", sorted(WORLDS))
@pytest.mark.parametrize("question", [("mail.a.test", RRType.A), ("mail.a.test", RRType.MX)])
def test_one_flipped_bit_in_any_message_on_the_way_is_one_too_many(denial, question):
    """Keys and DS records too: octets of what is signed and of the signatures, one bit at a time,
    before a resolver that knows nothing yet."""
    world = WORLDS[denial]
    truth = world.ask(*question)
    assert truth.security is Security.SECURE
    harmless = tried = 0
    for which, asked in enumerate(truth.asked):
        message = wire.parse(
            world.internet.perform(Exchange("", wire.query(asked.qname, asked.rdtype)))
        )
        for section, i, kind, octet in places(message, 3 if LONG else 11):
            rrsets = getattr(message, section)
            new = (*rrsets[:i], flipped(rrsets[i], kind, octet), *rrsets[i + 1 :])
            forged = wire.encode(msgspec.structs.replace(message, **{section: new}))
            if wire.parse(forged) == message:
                continue  # only the case of a name was changed
            internet = Tampered(world, which, lambda _, f=forged: f)
            answer = run(world.resolver().look_up(n(question[0]), question[1]), internet)
            tried += 1
            if answer.security is Security.SECURE:
                harmless += 1
                assert section == "authority"
                assert signed_content(answer) == signed_content(truth)
            else:
                assert answer.security in (Security.BOGUS, Security.INDETERMINATE)
    assert tried > (200 if LONG else 50)
    assert harmless < tried / 4


KINDS = [1, 2, 5, 6, 15, 39, 41, 43, 46, 47, 48, 50, 51, 52, 250, 65280]


def rubbish(dice: Random, reply: bytes) -> bytes:
    """The message with records of all kinds in it that are shorter, longer and other than right."""
    message = wire.parse(reply)
    changed = {}
    for section, rrsets in sections(message):
        kept = list(rrsets)
        for _ in range(dice.randrange(3)):
            owner = dice.choice([each.owner for each in rrsets] or [message.question[0][0]])
            old = dice.choice([e for each in rrsets for e in each.rdatas] or [b""])
            rdata = dice.choice((dice.randbytes(dice.randrange(60)), old[: dice.randrange(40)]))
            rrset = Rrset(owner, dice.choice(KINDS), dice.getrandbits(32), (rdata,), (rdata,))
            kept.insert(dice.randrange(len(kept) + 1), rrset)
        if kept and dice.random() < 0.3:
            at = dice.randrange(len(kept))
            bad = tuple(each[: dice.randrange(len(each) + 1)] for each in kept[at].signatures)
            kept[at] = msgspec.structs.replace(kept[at], signatures=bad)
        changed[section] = tuple(kept)
    octets = bytearray(wire.encode(msgspec.structs.replace(message, **changed)))
    if dice.random() < 0.3:
        octets[dice.randrange(2, len(octets))] = dice.randrange(256)
    return bytes(octets[: dice.randrange(len(octets))] if dice.random() < 0.05 else octets)


@pytest.mark.parametrize("denial", sorted(WORLDS))
def test_whatever_the_messages_hold_nothing_is_raised_and_nothing_false_believed(denial):
    world = WORLDS[denial]
    dice = Random(20260501)
    seen = set()
    for _ in range(500 if LONG else 200):
        question = dice.choice(QUESTIONS)
        truth = world.ask(*question)
        chance = dice.choice((0.3, 1.0))

        class Rubbish:
            def perform(self, request: Exchange, chance=chance) -> bytes:
                reply = world.internet.perform(request)
                return rubbish(dice, reply) if dice.random() < chance else reply

        answer = run(world.resolver().look_up(n(question[0]), question[1]), Rubbish())
        seen.add(answer.security)
        if answer.security is Security.SECURE:
            assert signed_content(answer) == signed_content(truth)
        if answer.security is Security.INSECURE and truth.security is Security.SECURE:
            # Opting out is the only way to it.
            assert denial == "optout"
    assert seen >= {Security.SECURE, Security.BOGUS, Security.INDETERMINATE}
