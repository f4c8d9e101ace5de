"""Whole look-ups over a small signed internet: what each situation must come to."""

import msgspec
import pytest

from esashell.clock import SECOND, FixedClock
from esashell.resolver import rdata as rd
from esashell.resolver.anchors import Anchor
from esashell.resolver.answer import Ede, Existence, Security
from esashell.resolver.budget import Budget
from esashell.resolver.lookup import Resolver, Server
from esashell.resolver.names import ROOT, Name
from esashell.resolver.rrtypes import RRType
from esashell.resolver.wire import Message, Rrset
from esashell.steps import run
from tests.resolver.signer import (
    A1,
    DAY,
    NOW,
    Internet,
    SignedZone,
    SigningKey,
    World,
    h3,
    mx,
    n,
    rrsig,
    stripped,
)

DENIALS = ["nsec", "nsec3", "optout"]
S, I, B, X = Security.SECURE, Security.INSECURE, Security.BOGUS, Security.INDETERMINATE  # noqa: E741
FOUND, NO_DATA, NX = Existence.FOUND, Existence.NO_DATA, Existence.NX_DOMAIN


def securities(answer):
    return [hop.security for hop in answer.hops]


@pytest.mark.parametrize("denial", DENIALS)
@pytest.mark.parametrize(
    ("qname", "rdtype", "expected", "existence"),
    [
        ("a.test", RRType.MX, S, FOUND),
        ("mail.a.test", RRType.A, S, FOUND),
        ("mail.a.test", RRType.AAAA, S, NO_DATA),
        ("ent.a.test", RRType.A, S, NO_DATA),
        ("alias.a.test", RRType.A, S, FOUND),
        ("alias.a.test", RRType.CNAME, S, FOUND),
        ("alias.a.test", RRType.AAAA, S, NO_DATA),
        ("a.test", RRType.DS, S, FOUND),
        ("a.test", RRType.DNSKEY, S, FOUND),
        ("a.test", RRType.SOA, S, FOUND),
        ("a.test", RRType.ANY, S, FOUND),
        (".", RRType.NS, S, FOUND),
        (".", RRType.DS, S, NO_DATA),
        ("plain.test", RRType.MX, I, FOUND),
        ("www.plain.test", RRType.AAAA, I, NO_DATA),
        ("no.plain.test", RRType.A, I, NX),
        ("out.a.test", RRType.A, I, FOUND),
        ("in.plain.test", RRType.A, I, FOUND),
    ],
)
def test_honest_answers_come_to_what_their_zones_are(denial, qname, rdtype, expected, existence):
    answer = World(denial).ask(qname, rdtype)
    assert (answer.security, answer.existence) == (expected, existence), answer.reason


@pytest.mark.parametrize(("denial", "expected"), [("nsec", S), ("nsec3", S), ("optout", I)])
@pytest.mark.parametrize(
    ("qname", "rdtype", "existence"),
    [
        ("x.wild.a.test", RRType.A, FOUND),
        ("x.y.wild.a.test", RRType.A, FOUND),
        ("x.wild.a.test", RRType.AAAA, NO_DATA),
        ("nope.a.test", RRType.A, NX),
        ("a.b.c.nope.a.test", RRType.A, NX),
        ("_25._tcp.mail.a.test", RRType.TLSA, NX),
    ],
)
def test_what_rests_on_an_opt_out_span_is_insecure(denial, expected, qname, rdtype, existence):
    # RFC 5155 9.2.
    answer = World(denial).ask(qname, rdtype)
    assert (answer.security, answer.existence) == (expected, existence), answer.reason


def test_each_hop_of_an_alias_keeps_the_security_of_its_own_zone():
    world = World()
    assert securities(world.ask("out.a.test", RRType.A)) == [S, I]
    answer = world.ask("in.plain.test", RRType.A)
    assert securities(answer) == [I, S]
    assert str(answer.name) == "mail.a.test"
    assert [str(hop.target) for hop in answer.hops] == ["mail.a.test", "None"]


def test_the_chain_leads_from_the_anchor_to_the_record():
    answer = World().ask("a.test", RRType.MX)
    (hop,) = answer.hops
    steps = [(str(link.zone), link.what) for link in hop.chain]
    assert steps == [
        (".", "anchor"),
        (".", "DNSKEY"),
        (".", "DS"),
        ("test", "DNSKEY"),
        ("test", "DS"),
        ("a.test", "DNSKEY"),
        ("a.test", "MX"),
    ]
    assert all(link.security is S for link in hop.chain)
    assert [trial.result for trial in hop.chain[-1].trials] == ["verified"]
    assert msgspec.json.encode(answer.hops[0].chain[0].records)


def test_a_cold_look_up_with_the_parent_known_costs_three_questions_and_three_verifications():
    world = World()
    resolver = world.resolver()
    world.ask("plain.test", RRType.MX, resolver)
    before = msgspec.structs.replace(resolver.effort)
    answer = world.ask("a.test", RRType.MX, resolver)
    assert len(answer.asked) == resolver.effort.queries - before.queries == 3
    assert resolver.effort.verifications - before.verifications == 3
    before = msgspec.structs.replace(resolver.effort)
    again = world.ask("a.test", RRType.MX, resolver)
    assert again.cached
    assert again.asked == ()
    assert again.rdatas == answer.rdatas
    assert resolver.effort.queries == before.queries
    assert resolver.effort.verifications == before.verifications
    assert resolver.effort.cache_hits == before.cache_hits + 1


# A resolver that does not carry DNSSEC


@pytest.mark.parametrize("qname", ["a.test", "plain.test", "nope.a.test", "."])
def test_a_resolver_that_strips_signatures_makes_everything_bogus(qname):
    world = World()
    world.internet.ways["192.0.2.53"] = "strip"
    answer = world.ask(qname, RRType.MX)
    assert answer.security is B
    assert answer.existence is None
    assert answer.reason.code == Ede.RRSIGS_MISSING
    assert ". DNSKEY" in answer.reason.text
    assert len(answer.asked) == 2


def test_signatures_missing_below_a_known_zone_are_bogus_and_not_insecure():
    world = World()
    resolver = world.resolver()
    world.ask("a.test", RRType.MX, resolver)
    world.internet.ways["192.0.2.53"] = "strip"
    answer = world.ask("mail.a.test", RRType.A, resolver)
    assert answer.security is B
    assert answer.rdatas
    assert not answer.found


def test_without_any_anchor_everything_is_insecure():
    world = World()
    resolver = Resolver((Server("192.0.2.53"),), (), world.clock)
    answer = world.ask("a.test", RRType.MX, resolver)
    assert (answer.security, answer.existence) == (I, FOUND)
    assert len(answer.asked) == 1


def test_a_negative_anchor_makes_what_is_below_it_insecure():
    world = World()
    anchors = (world.anchor(), Anchor(n("a.test")))
    resolver = Resolver((Server("192.0.2.53"),), anchors, world.clock)
    assert world.ask("a.test", RRType.MX, resolver).security is I
    assert world.ask("test", RRType.SOA, resolver).security is S


def test_the_closest_anchor_counts_also_below_an_unsigned_zone():
    world = World()
    island = SignedZone("island.plain.test")
    world.plain.cuts[island.name] = False
    world.plain.add(island.name, RRType.NS, n("ns.island.plain.test"))
    island.add("island.plain.test", RRType.A, A1)
    world.internet.zones[island.name] = island
    assert world.ask("island.plain.test", RRType.A).security is I
    anchors = (world.anchor(), Anchor(island.name, dnskeys=(island.key.rdata,)))
    resolver = Resolver((Server("192.0.2.53"),), anchors, world.clock)
    assert world.ask("plain.test", RRType.MX, resolver).security is I
    assert world.ask("island.plain.test", RRType.A, resolver).security is S


# Keys, DS records and algorithms


def with_mutation(world: World, change):
    """Let `change` replace RRsets on their way out; it is given one and answers one, or None."""

    def mutate(qname: Name, rdtype: int, message: Message) -> Message:
        def section(rrsets: tuple[Rrset, ...]) -> tuple[Rrset, ...]:
            return tuple(new for each in rrsets if (new := change(each)) is not None)

        return msgspec.structs.replace(
            message, answer=section(message.answer), authority=section(message.authority)
        )

    world.internet.mutate = mutate
    return world


def instead(owner: Name, kind: int, **fields):
    """The response to one question, with other sections."""

    def mutate(qname: Name, rdtype: int, message: Message) -> Message:
        if (qname, rdtype) == (owner, kind):
            return msgspec.structs.replace(message, **fields)
        return message

    return mutate


def replacing(owner: str, rdtype: int, **fields):
    def change(rrset: Rrset) -> Rrset:
        if rrset.owner == n(owner) and rrset.rdtype == rdtype:
            return msgspec.structs.replace(rrset, **fields)
        return rrset

    return change


@pytest.mark.parametrize("algorithm", [8, 10, 13, 14, 15, 16])
def test_every_supported_algorithm_validates(algorithm):
    assert World(algorithm=algorithm).ask("a.test", RRType.MX).security is S


@pytest.mark.parametrize("algorithm", [5, 7])
def test_sha1_signatures_are_insecure_unless_switched_on(algorithm):
    from esashell.resolver.algorithms import Policy

    world = World(algorithm=algorithm)
    answer = world.ask("a.test", RRType.MX)
    assert (answer.security, answer.existence) == (I, FOUND)
    assert answer.reason.code == Ede.UNSUPPORTED_DNSKEY_ALGORITHM
    resolver = world.resolver(policy=Policy(sha1=True))
    assert world.ask("a.test", RRType.MX, resolver).security is S


def test_an_unknown_digest_type_is_insecure_and_says_so():
    answer = World(digest_types=(3,)).ask("a.test", RRType.MX)
    assert answer.security is I
    assert answer.reason.code == Ede.UNSUPPORTED_DS_DIGEST_TYPE


@pytest.mark.parametrize("types", [(1,), (2,), (4,), (1, 2), (3, 4)])
def test_every_known_digest_type_is_enough(types):
    assert World(digest_types=types).ask("a.test", RRType.MX).security is S


def test_a_sha1_digest_does_not_help_where_a_better_one_is_published():
    # RFC 4509 3: the good SHA-1 record must not rescue the wrong SHA-256 one.
    world = World()
    wrong = world.a.ds(2)[:-1] + bytes((world.a.ds(2)[-1] ^ 1,))
    world.test.records[world.a.name, RRType.DS] = [world.a.ds(1), wrong]
    assert world.ask("a.test", RRType.MX).security is B


def test_a_stale_ds_is_bogus_and_the_reason_names_zone_record_and_cure():
    world = World()
    old = SigningKey().rdata
    stale = rd.key_tag(old).to_bytes(2, "big") + b"\x0d\x02" + bytes(32)
    world.test.records[world.a.name, RRType.DS] = [stale]
    answer = world.ask("a.test", RRType.MX)
    assert answer.security is B
    assert answer.reason.code == Ede.DNSKEY_MISSING
    wanted = f"the DS at test. points to key {rd.key_tag(old)}, which a.test. no longer publishes"
    assert answer.reason.text.startswith(wanted)
    assert "parent" in answer.reason.cure


def test_ds_records_of_wrong_lengths_beside_a_good_one_do_no_harm():
    world = World()
    good = world.a.ds()
    world.test.records[world.a.name, RRType.DS] = [good, good[:20], good + b"x", b"\x01"]
    assert world.ask("a.test", RRType.MX).security is S
    world = World()
    world.test.records[world.a.name, RRType.DS] = [good[:20]]
    assert world.ask("a.test", RRType.MX).security is B


@pytest.mark.parametrize(
    ("flags", "protocol"),
    [(0x0001, 3), (0x0101, 2), (0x0181, 3)],
    ids=["no zone bit", "protocol", "revoked"],
)
def test_keys_that_may_not_sign_zone_data_do_not_count(flags, protocol):
    world = World()
    world.a.key = SigningKey(13, flags, protocol)
    world.a.records[world.a.name, RRType.DNSKEY] = [world.a.key.rdata]
    world.test.records[world.a.name, RRType.DS] = [world.a.ds()]
    assert world.ask("a.test", RRType.MX).security is B


def test_a_zone_key_without_the_sep_bit_counts():
    world = World()
    world.a.key = SigningKey(13, 256)
    world.a.records[world.a.name, RRType.DNSKEY] = [world.a.key.rdata]
    world.test.records[world.a.name, RRType.DS] = [world.a.ds()]
    assert world.ask("a.test", RRType.MX).security is S


@pytest.mark.parametrize("algorithm", [8, 13, 15])
def test_unreadable_key_material_is_bogus_and_no_exception(algorithm):
    world = World()
    for junk in (b"", b"\x00", b"\xff" * 64, b"\x03\x01\x00\x01" + b"\x00" * 64, b"\x00\xff\xff"):
        key = b"\x01\x01\x03" + bytes((algorithm,)) + junk
        world.a.records[world.a.name, RRType.DNSKEY] = [key]
        digest = __import__("hashlib").sha256(world.a.name + key).digest()
        tag = rd.key_tag(key).to_bytes(2, "big")
        world.test.records[world.a.name, RRType.DS] = [tag + bytes((algorithm, 2)) + digest]
        world.a.signatures[world.a.name, int(RRType.DNSKEY)] = (
            rrsig(
                world.a.key, world.a.name, world.a.name, 48, (key,),
                algorithm=algorithm, tag=rd.key_tag(key),
            ),
        )  # fmt: skip
        assert world.ask("a.test", RRType.MX).security is B


def test_the_anchor_must_still_match_the_root():
    world = World()
    resolver = Resolver((Server("192.0.2.53"),), (Anchor(ROOT, ds=(world.a.ds(),)),), world.clock)
    answer = world.ask("a.test", RRType.MX, resolver)
    assert answer.security is B
    assert "trust anchor" in answer.reason.text


# What a careful first version still got wrong elsewhere


def test_a_signer_that_does_not_contain_the_rrset_is_refused():
    world = World()
    other = SignedZone("b.test")
    world.test.delegate(other)
    world.internet.zones[other.name] = other
    rdatas = (A1,)
    forged = rrsig(other.key, other.name, n("mail.a.test"), 1, rdatas)
    with_mutation(world, replacing("mail.a.test", 1, rdatas=rdatas, signatures=(forged,)))
    resolver = world.resolver()
    assert world.ask("b.test", RRType.SOA, resolver).security is S
    assert world.ask("mail.a.test", RRType.A, resolver).security is B


def test_a_child_cannot_sign_for_its_parents_ds():
    world = World()
    evil = SigningKey()
    ds = SignedZone("a.test")
    ds.key = evil
    forged = rrsig(evil, n("a.test"), n("a.test"), 43, (ds.ds(),))
    with_mutation(world, replacing("a.test", 43, rdatas=(ds.ds(),), signatures=(forged,)))
    assert world.ask("a.test", RRType.MX).security is B
    assert world.ask("a.test", RRType.DS).security is B


def test_a_wildcard_above_the_closest_encloser_is_refused():
    # *.a.test could not stand for x.wild.a.test: wild.a.test exists.
    for denial in DENIALS:
        world = World(denial)
        world.a.add("*.a.test", RRType.A, A1)
        owner = n("x.wild.a.test")
        rrset = world.a.rrset(n("*.a.test"), RRType.A, at=owner)
        proof = world.a.deny(owner, n("wild.a.test"), n("x.wild.a.test"), n("a.test"))

        world.internet.mutate = instead(owner, RRType.A, answer=(rrset,), authority=tuple(proof))
        assert world.ask("x.wild.a.test", RRType.A).security is B, denial


def test_a_wildcard_is_not_accepted_for_a_name_that_exists():
    for denial in DENIALS:
        world = World(denial)
        world.a.add("*.a.test", RRType.A, A1)
        rrset = world.a.rrset(n("*.a.test"), RRType.A, at=n("mail.a.test"))
        proof = tuple(world.a.deny(n("mail.a.test"), n("zzz.a.test"), n("a.test")))

        name = n("mail.a.test")
        world.internet.mutate = instead(name, RRType.A, answer=(rrset,), authority=proof)
        assert world.ask("mail.a.test", RRType.A).security is B, denial


@pytest.mark.parametrize("denial", DENIALS)
def test_denial_from_the_parents_side_of_a_cut_says_nothing_about_the_child(denial):
    world = World(denial)
    # The parent's record for a.test lists NS and DS, no MX: true, and no answer.
    soa = world.test.rrset(n("test"), RRType.SOA)
    proof = (soa, *world.test.deny(n("a.test")))

    for qname, rdtype in (("a.test", RRType.MX), ("_25._tcp.mail.a.test", RRType.TLSA)):
        for rcode in (0, 3):
            world.internet.mutate = instead(
                n(qname), rdtype, answer=(), authority=proof, rcode=rcode
            )
            assert world.ask(qname, rdtype).security is B


@pytest.mark.parametrize("denial", ["nsec", "nsec3"])
def test_denial_from_the_childs_apex_says_nothing_about_the_ds(denial):
    world = World(denial)
    proof = (world.a.rrset(n("a.test"), RRType.SOA), *world.a.deny(n("a.test")))

    def mutate(qname, rdtype, message):
        if rdtype == RRType.DS and qname == n("a.test"):
            return msgspec.structs.replace(message, answer=(), authority=proof)
        return message

    world.internet.mutate = mutate
    assert world.ask("a.test", RRType.MX).security is B
    assert world.ask("a.test", RRType.DS).security is B


def test_an_opt_out_span_never_makes_the_absence_of_a_type_secure():
    world = World("optout")
    owner = n("hidden.a.test")
    proof = (
        world.a.rrset(n("a.test"), RRType.SOA),
        *world.a.deny(n("a.test"), owner),
    )

    def mutate(qname, rdtype, message):
        if qname == owner:
            return msgspec.structs.replace(message, answer=(), authority=proof, rcode=0)
        return message

    world.internet.mutate = mutate
    assert world.ask("hidden.a.test", RRType.TLSA).security is I
    # And where the name is in the ring, the span of its neighbour proves nothing at all.
    owner = n("mail.a.test")
    proof = (world.a.rrset(n("a.test"), RRType.SOA), *world.a.deny(n("a.test"), n("hidden.a.test")))
    assert world.ask("mail.a.test", RRType.TLSA).security is B


def test_the_dnskey_rrset_must_be_signed_by_the_key_that_the_ds_names():
    world = World()
    intruder = SigningKey()
    keys = (world.a.key.rdata, intruder.rdata)
    world.a.records[world.a.name, RRType.DNSKEY] = list(keys)
    world.a.signatures[world.a.name, int(RRType.DNSKEY)] = (
        rrsig(intruder, world.a.name, world.a.name, 48, keys),
    )
    assert world.ask("a.test", RRType.MX).security is B


def test_an_unsigned_referral_cannot_make_a_signed_child_insecure():
    for denial in DENIALS:
        world = World(denial)
        with_mutation(world, lambda each: None if each.rdtype == RRType.DS else each)
        assert world.ask("a.test", RRType.MX).security is B


def test_an_nsec_made_from_a_wildcard_proves_nothing():
    world = World()
    fake = Name(n("nope.a.test"))
    key, zone = world.a.key, world.a.name
    rdata = n("zz.a.test") + rd.bitmap_of(frozenset((1,)))
    # Signed as if *.a.test owned an NSEC, then presented at another name.
    signed = rrsig(key, zone, n("*.a.test"), 47, (rdata,))
    soa = world.a.rrset(zone, RRType.SOA)

    def mutate(qname, rdtype, message):
        if qname == fake:
            nsec = Rrset(fake, 47, 3600, (rdata,), (signed,))
            return msgspec.structs.replace(message, rcode=0, answer=(), authority=(soa, nsec))
        return message

    world.internet.mutate = mutate
    assert world.ask("nope.a.test", RRType.AAAA).security is B


# Times, in serial arithmetic


@pytest.mark.parametrize(
    ("inception", "expiration", "code"),
    [
        (NOW - 2 * DAY, NOW - 1, Ede.SIGNATURE_EXPIRED),
        (NOW + 1, NOW + DAY, Ede.SIGNATURE_NOT_YET_VALID),
        (NOW + DAY, NOW - DAY, Ede.SIGNATURE_EXPIRED_BEFORE_VALID),
    ],
)
def test_signatures_outside_their_time_are_bogus_and_say_which(inception, expiration, code):
    answer = World(inception=inception, expiration=expiration).ask("a.test", RRType.MX)
    assert answer.security is B
    assert answer.reason.code == code


@pytest.mark.parametrize("edge", [(NOW, NOW + DAY), (NOW - DAY, NOW)])
def test_the_first_and_the_last_second_still_count(edge):
    world = World(inception=edge[0], expiration=edge[1])
    assert world.ask("a.test", RRType.MX).security is S


def test_times_go_on_after_the_32_bit_counter_has_wrapped():
    late = 2**32 + 1000
    root = SignedZone(".", inception=late - 5000, expiration=late + 5000)
    internet = Internet(root)
    resolver = Resolver(
        (Server("192.0.2.53"),), (Anchor(ROOT, ds=(root.ds(),)),), FixedClock(late * SECOND)
    )
    assert run(resolver.look_up(ROOT, RRType.SOA), internet).security is S


# Aliases


def test_aliases_that_lead_in_a_circle_end_in_a_reason():
    world = World()
    world.a.add("c1.a.test", RRType.CNAME, n("c2.a.test"))
    world.a.add("c2.a.test", RRType.CNAME, n("c1.a.test"))
    answer = world.ask("c1.a.test", RRType.A)
    assert answer.security is X
    assert answer.existence is None
    assert "circle" in answer.reason.text


def test_too_many_aliases_end_at_a_limit_that_is_named():
    world = World()
    for i in range(30):
        world.a.add(f"c{i}.a.test", RRType.CNAME, n(f"c{i + 1}.a.test"))
    answer = world.ask("c0.a.test", RRType.A)
    assert answer.security is X
    assert "11 aliases" in answer.reason.text


def test_a_target_that_is_not_in_the_answer_is_asked_for():
    world = World()

    def mutate(qname, rdtype, message):
        if qname == n("out.a.test"):
            return msgspec.structs.replace(message, answer=message.answer[:1], authority=())
        return message

    world.internet.mutate = mutate
    answer = world.ask("out.a.test", RRType.A)
    assert answer.found
    assert securities(answer) == [S, I]


@pytest.mark.parametrize("denial", DENIALS)
def test_a_name_error_behind_an_alias_belongs_to_the_last_name(denial):
    world = World(denial)
    world.a.add("dangling.a.test", RRType.CNAME, n("gone.a.test"))
    answer = world.ask("dangling.a.test", RRType.A)
    assert answer.existence is NX
    assert securities(answer) == [S, I if denial == "optout" else S]
    assert str(answer.name) == "gone.a.test"


def test_a_dname_is_validated_and_its_cname_must_be_what_it_makes():
    world = World()
    world.a.add("old.a.test", RRType.DNAME, n("a.test"))
    answer = world.ask("mail.old.a.test", RRType.A)
    assert (answer.security, answer.existence) == (S, FOUND)
    assert str(answer.name) == "mail.a.test"
    with_mutation(world, replacing("mail.old.a.test", 5, rdatas=(n("evil.test"),)))
    answer = world.ask("mail.old.a.test", RRType.A)
    assert answer.security is X
    assert "DNAME" in answer.reason.text


def test_two_cnames_at_a_name_are_no_answer():
    world = World()
    world.a.add("alias.a.test", RRType.CNAME, n("other.a.test"))
    answer = world.ask("alias.a.test", RRType.A)
    assert answer.security is X
    assert answer.reason.code == Ede.INVALID_DATA


def test_records_that_are_not_on_the_path_are_never_part_of_the_answer():
    world = World()

    def mutate(qname, rdtype, message):
        stray = Rrset(n("evil.test"), 1, 60, (A1,))
        return msgspec.structs.replace(message, answer=(stray, *message.answer))

    world.internet.mutate = mutate
    answer = world.ask("a.test", RRType.MX)
    assert answer.security is S
    assert [str(each.owner) for each in answer.rrsets] == ["a.test"]


@pytest.mark.parametrize("denial", DENIALS)
def test_the_absence_of_any_type_is_not_shown_by_a_record_that_lists_some(denial):
    world = World(denial)

    def mutate(qname, rdtype, message):
        if rdtype != RRType.ANY:
            return message
        # The proof that there is no AAAA, played back.
        played = world.internet.answer(qname, RRType.AAAA)
        return msgspec.structs.replace(played, question=((qname, rdtype),))

    world.internet.mutate = mutate
    assert world.ask("mail.a.test", RRType.AAAA).security is S
    answer = world.ask("mail.a.test", RRType.ANY)
    assert (answer.security, answer.existence) == (B, None)
    assert "lists A" in answer.reason.text
    # An empty non-terminal has nothing at all.
    assert world.ask("ent.a.test", RRType.ANY).existence is Existence.NO_DATA


@pytest.mark.parametrize("types", [(RRType.DNSKEY,), (RRType.DS,), (RRType.NSEC, RRType.SOA)])
def test_what_may_not_be_kept_still_counts_for_the_whole_look_up(types):
    # RFC 1035 3.2.1: a TTL of 0 is for the transaction in progress.
    world = World()
    world.internet.mutate = lambda qname, rdtype, message: msgspec.structs.replace(
        message,
        answer=tuple(
            msgspec.structs.replace(each, ttl=0 if each.rdtype in types else each.ttl)
            for each in message.answer
        ),
        authority=tuple(
            msgspec.structs.replace(each, ttl=0 if each.rdtype in types else each.ttl)
            for each in message.authority
        ),
    )
    for code in range(65300, 65340):
        world.a.add("x.y.a.test", code, b"any")
    honest = len(World().ask("mail.a.test", RRType.A).asked)
    answer = world.ask("x.y.a.test", RRType.ANY)
    assert answer.security is S
    assert len(answer.rrsets) == 40
    assert len(answer.asked) == honest


# Zone cuts that are hard to find


@pytest.mark.parametrize("denial", DENIALS)
def test_an_unsigned_zone_below_empty_non_terminals_is_found(denial):
    world = World(denial)
    far = SignedZone("x.y.a.test", denial="none")
    world.a.delegate(far)
    far.add("www.x.y.a.test", RRType.A, A1)
    world.internet.zones[far.name] = far
    assert world.ask("www.x.y.a.test", RRType.A).security is I


@pytest.mark.parametrize("denial", DENIALS)
def test_who_names_a_secure_signer_must_prove_it_even_for_an_unsigned_zone(denial):
    world = World(denial)
    stray = rrsig(SigningKey(), n("test"), n("www.plain.test"), 1, (A1,))
    with_mutation(world, replacing("www.plain.test", 1, signatures=(stray,)))
    assert world.ask("www.plain.test", RRType.A).security is B


def test_too_many_nsec3_iterations_are_insecure_only_after_the_signature_was_checked():
    world = World("nsec3", iterations=151)
    answer = world.ask("nope.a.test", RRType.A)
    assert answer.security is I
    assert answer.reason.code == Ede.UNSUPPORTED_NSEC3_ITERATIONS
    assert world.ask("a.test", RRType.MX).security is S

    def broken(each: Rrset) -> Rrset:
        if each.rdtype != RRType.NSEC3:
            return each
        last = bytes((each.signatures[0][-1] ^ 1,))
        return msgspec.structs.replace(each, signatures=(each.signatures[0][:-1] + last,))

    assert with_mutation(world, broken).ask("nope.a.test", RRType.A).security is B
    assert World("nsec3", iterations=150, salt=b"\xaa\xbb").ask("nope.a.test", 1).security is S


# Work limits


def test_many_colliding_keys_and_signatures_stop_at_a_limit_that_is_named():
    world = World()
    answer = world.ask("a.test", RRType.MX, world.resolver(budget=Budget(verifications=3)))
    assert answer.security is X
    assert "limit of 3 verifications" in answer.reason.text
    answer = world.ask("a.test", RRType.MX, world.resolver(budget=Budget(queries=3)))
    assert answer.security is X
    assert "limit of 3 queries" in answer.reason.text


def test_signatures_that_fail_are_counted_over_the_whole_look_up():
    world = World()
    bad = tuple(
        rrsig(world.a.key, world.a.name, n("a.test"), 15, (mx(i, "x.test"),)) for i in range(40)
    )
    with_mutation(world, replacing("a.test", 15, signatures=bad))
    resolver = world.resolver()
    answer = world.ask("a.test", RRType.MX, resolver)
    # One of those that were not tried might hold: nothing is known.
    assert answer.security is X
    assert resolver.effort.verifications <= 5 + 8
    results = [each.result for each in answer.hops[0].chain[-1].trials]
    assert (results.count("bad signature"), results.count("not tried")) == (8, 32)
    assert answer.strikes[0].limit == "signatures"


def test_a_look_up_without_any_configured_server_says_so():
    answer = run(Resolver((), (), FixedClock(0)).look_up(n("a.test"), 15), World().internet)
    assert answer.security is X
    assert "dnsconfig" in answer.reason.text


def test_ttls_are_limited_by_the_signature_and_floors_do_not_outlive_it():
    world = World(expiration=NOW + 100)
    resolver = world.resolver(minimum_ttl=7200)
    assert world.ask("a.test", RRType.MX, resolver).ttl == 100
    world.clock.advance(99 * SECOND)
    assert world.ask("a.test", RRType.MX, resolver).cached
    world.clock.advance(2 * SECOND)
    answer = world.ask("a.test", RRType.MX, resolver)
    assert not answer.cached
    assert answer.security is B


def test_the_floor_keeps_short_answers_and_a_negative_answer_ends_with_its_soa():
    world = World()
    resolver = world.resolver(minimum_ttl=1800)
    assert world.ask("mail.a.test", RRType.AAAA, resolver).ttl == 300
    world.clock.advance(1000 * SECOND)
    assert world.ask("mail.a.test", RRType.AAAA, resolver).cached
    world.clock.advance(1000 * SECOND)
    assert not world.ask("mail.a.test", RRType.AAAA, resolver).cached


def test_hash_of_the_rfcs_example():
    # RFC 5155 appendix A: H(example) with 12 iterations and salt aabbccdd.
    import base64

    from esashell.resolver.nsec3 import name_hash

    value = name_hash(n("example"), 12, bytes.fromhex("aabbccdd"))
    assert value == h3(n("example"), 12, bytes.fromhex("aabbccdd"))
    assert base64.b32hexencode(value).decode().lower() == "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom"


def test_a_stripped_answer_to_the_ds_question_alone_is_bogus():
    world = World()

    def mutate(qname, rdtype, message):
        return stripped(message) if rdtype == RRType.DS else message

    world.internet.mutate = mutate
    assert world.ask("a.test", RRType.MX).security is B
    assert world.ask("plain.test", RRType.MX).security is B


# Response codes that contradict the records


@pytest.mark.parametrize("denial", DENIALS)
@pytest.mark.parametrize("qname", ["a.test", "mail.a.test", "x.wild.a.test"])
def test_records_of_a_name_that_is_said_not_to_exist_are_no_answer(denial, qname):
    world = World(denial)
    rdtype = RRType.MX if qname == "a.test" else RRType.A
    world.internet.mutate = instead(n(qname), rdtype, rcode=3)
    assert world.ask(qname, rdtype).security is B


def test_a_ds_of_a_name_that_is_said_not_to_exist_is_none():
    world = World()
    world.internet.mutate = instead(n("a.test"), RRType.DS, rcode=3)
    assert world.ask("a.test", RRType.MX).security is B
    assert world.ask("a.test", RRType.DS).security is B


@pytest.mark.parametrize(("denial", "expected"), [("nsec", S), ("nsec3", B), ("optout", B)])
def test_a_name_error_that_proves_a_lack_of_the_type_is_taken_for_that_with_nsec(denial, expected):
    world = World(denial)
    world.internet.mutate = instead(n("mail.a.test"), RRType.AAAA, rcode=3)
    answer = world.ask("mail.a.test", RRType.AAAA)
    assert answer.security is expected
    assert answer.existence is (NO_DATA if expected is S else None)
    assert answer.rcode in (0, 3)


def test_what_is_said_of_a_target_in_passing_is_asked_for_directly_when_it_does_not_hold():
    world = World()
    message = world.internet.answer(n("alias.a.test"), 1)
    forged = msgspec.structs.replace(message.answer[1], rdatas=(bytes(4),))
    world.internet.mutate = instead(n("alias.a.test"), RRType.A, answer=(message.answer[0], forged))
    answer = world.ask("alias.a.test", RRType.A)
    assert answer.security is S
    assert bytes(4) not in answer.rdatas
    assert [str(each.qname) for each in answer.asked][-1] == "mail.a.test"
    assert len(answer.hops) == 2


def test_an_alias_that_was_met_before_is_followed_without_asking():
    world = World()
    resolver = world.resolver()
    world.ask("alias.a.test", RRType.A, resolver)
    answer = world.ask("alias.a.test", RRType.AAAA, resolver)
    assert [str(each.qname) for each in answer.asked] == ["mail.a.test"]
    assert securities(answer) == [S, S]
    assert world.ask("alias.a.test", RRType.CNAME, resolver).asked == ()
    world.a.add("old.a.test", RRType.DNAME, n("a.test"))
    world.ask("mail.old.a.test", RRType.A, resolver)
    answer = world.ask("ent.old.a.test", RRType.A, resolver)
    assert [str(each.qname) for each in answer.asked] == ["ent.a.test"]
    assert securities(answer) == [S, S]


@pytest.mark.parametrize("rdtype", [RRType.CNAME, RRType.ANY])
def test_a_cname_that_a_dname_makes_is_as_secure_as_the_dname(rdtype):
    world = World()
    world.a.add("old.a.test", RRType.DNAME, n("a.test"))
    answer = world.ask("mail.old.a.test", rdtype)
    assert (answer.security, answer.existence) == (S, FOUND)
    (made,) = (each for each in answer.rrsets if each.owner == n("mail.old.a.test"))
    assert (made.rdtype, made.rdatas) == (RRType.CNAME, (n("mail.a.test"),))
    assert answer.rdatas == (made.rdatas if rdtype == RRType.CNAME else ())


def test_what_stands_beside_a_cname_that_a_dname_makes_must_be_signed():
    world = World()
    world.a.add("old.a.test", RRType.DNAME, n("a.test"))
    world.internet.mutate = lambda qname, rdtype, message: (
        msgspec.structs.replace(
            message, answer=(*message.answer, Rrset(qname, RRType.A.value, 60, (A1,)))
        )
        if rdtype == RRType.ANY
        else message
    )
    assert world.ask("mail.old.a.test", RRType.ANY).security is B
