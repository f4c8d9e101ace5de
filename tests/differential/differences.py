"""Where unbound and our resolver may say different things of the same octets, and why.

Each class is a function that recognises itself in what both were given and what both said; nothing
else is accepted. In those of the first group we refuse what unbound lets pass, in those of the
second both refuse and only name it differently, and in those of the third, which have to argue the
hardest, unbound refuses what we believe.
"""

import re
from collections.abc import Callable, Iterator

import dns.exception
import dns.message
from msgspec import Struct

from esashell.resolver import nsec, nsec3
from esashell.resolver import rdata as rd
from esashell.resolver.answer import Answer, Security
from esashell.resolver.rrtypes import RRType, type_text
from esashell.resolver.signatures import label_count
from esashell.resolver.wire import Rrset
from esashell.steps import run
from tests.differential.cases import Case
from tests.differential.mutated import Mutated, Way
from tests.differential.opinion import BOGUS, INDETERMINATE, INSECURE, SECURE, Opinion


class Trial(Struct, frozen=True):
    """A case on which the two are not of one mind."""

    case: Case
    mutated: Mutated
    their: Opinion
    our: Opinion
    answer: Answer
    way: Way

    @property
    def stricter(self) -> bool:
        return self.our.refused and not self.their.refused

    @property
    def laxer(self) -> bool:
        return self.their.refused and not self.our.refused

    def rrsets(self, *types: int) -> Iterator[Rrset]:
        for message in self.mutated.messages(self.case):
            for each in (*message.answer, *message.authority):
                if not types or each.rdtype in types:
                    yield each


def signatures(rrset: Rrset) -> Iterator[rd.Rrsig]:
    for raw in rrset.signatures:
        try:
            yield rd.rrsig(raw)
        except rd.BadRdata:
            continue


# -- we refuse, unbound does not


def infrastructure_made_from_a_wildcard(it: Trial) -> bool:
    """A DS, DNSKEY, SOA, NSEC or NSEC3 whose signature says that a wildcard stands for it. RFC 4592
    has none of them made so (4.1, 4.4, 4.6, 4.7); unbound does not look at their label count."""
    types = (RRType.DS, RRType.DNSKEY, RRType.SOA, RRType.NSEC, RRType.NSEC3, RRType.DNAME)
    return it.stricter and any(
        signature.labels < label_count(each.owner)
        for each in it.rrsets(*types)
        for signature in signatures(each)
    )


def a_ds_outside_of_an_answer(it: Trial) -> bool:
    """The DS asked for stands in the authority section, as in a referral, or the code says that the
    name does not exist. Unbound takes it all the same; to us an answer that denies is none."""
    for message in it.mutated.messages(it.case):
        if message.question[0][1] != RRType.DS:
            continue
        sets = message.authority if message.rcode == 0 else (*message.answer, *message.authority)
        if it.stricter and any(each.rdtype == RRType.DS for each in sets):
            return True
    return False


def a_link_that_leads_nowhere(it: Trial) -> bool:
    """An NSEC whose next name is neither further on in the zone nor its apex (RFC 4034 4.1.1), or
    an NSEC3 whose next hash is not as long as its own. Unbound reads the types of such a record
    and minds only when it is to cover something; to us it is no record of the chain."""
    if not it.stricter:
        return False
    for each in it.rrsets(RRType.NSEC, RRType.NSEC3):
        zone = next((signature.signer for signature in signatures(each)), each.owner)
        try:
            if each.rdtype == RRType.NSEC3:
                nsec3.nsec3(each.owner, each.rdatas[0])
                continue
            following = rd.name_at(each.rdatas[0], 0)[0]
        except rd.BadRdata:
            return True
        onward = following.is_under(zone) and each.owner.order < following.order
        if following != zone and not onward:
            return True
    return False


def unsigned_where_nothing_need_be_signed(it: Trial) -> bool:
    """What is said carries no proof that holds, in a zone that opts out or asks for too many NSEC3
    iterations. Unbound goes on to ask for DS records down to the name, finds that nobody vouches
    for it, and calls the answer insecure; we judge what the answer itself claims to be."""
    if not (it.stricter and it.their.security == INSECURE):
        return False
    for each in it.rrsets(RRType.NSEC3):
        flags, iterations = each.rdatas[0][1], int.from_bytes(each.rdatas[0][2:4], "big")
        if iterations > 150 or (flags & nsec3.OPT_OUT and it.their.existence != "FOUND"):
            return True
    resolver = it.mutated.resolver(it.way)
    names = [each for each in it.case.qname.ancestors() if each.is_under(it.case.apex)]
    if it.answer.hops:
        names += [e for e in it.answer.name.ancestors() if e.is_under(it.case.apex)]
    return any(
        run(resolver.look_up(each, RRType.DS), it.mutated).security is Security.INSECURE
        for each in names
    )


def a_cut_that_a_denial_shows(it: Trial) -> bool:
    """The NSEC or NSEC3 at the name, or above it, has NS and neither SOA nor DS: an unsigned zone
    begins there. Unbound calls the answer insecure for that, whatever else is wrong with it; we
    say that such a record denies nothing but a DS (RFC 6840 4.1), and no CNAME is beside a cut."""
    if not (it.stricter and it.their.security == INSECURE):
        return False
    names = {name for asked in (it.case.qname, it.answer.name) for name in asked.ancestors()}
    for each in it.rrsets(RRType.NSEC, RRType.NSEC3):
        try:
            if each.rdtype == RRType.NSEC:
                types = nsec.nsec(each.owner, each.rdatas[0]).types
                about = each.owner in names
            else:
                record = nsec3.nsec3(each.owner, each.rdatas[0])
                types = record.types
                about = any(nsec3.name_hash(n, *record.parameters) == record.hashed for n in names)
        except rd.BadRdata:
            continue
        if about and RRType.NS in types and not types & {RRType.SOA, RRType.DS}:
            return True
    return False


def a_wildcard_that_has_the_type(it: Trial) -> bool:
    """Along with an NSEC that shows that the name is not there comes that of the wildcard, and
    lists what is denied. Unbound, given all of the zone's, is content with the others."""
    whole = any(name.startswith("swap all proofs") for _, name in it.case.changes)
    return it.stricter and whole and re.search(r"record of \*\.\S+ lists", it.our.why) is not None


def proofs_in_the_wrong_response(it: Trial) -> bool:
    """Unbound puts the responses about an alias and about its target together before it looks for
    proofs; we want each response to prove what it says."""
    kinds = ("swap a proof", "swap sections", "wrong labels")
    moved = any(name.startswith(kinds) for _, name in it.case.changes)
    aliased = any(each.rdtype == RRType.CNAME for each in it.rrsets())
    unproved = re.search(r"does not prove what it says|carries no NSEC", it.our.why)
    return it.stricter and moved and aliased and unproved is not None


def an_nsec3_signed_from_above(it: Trial) -> bool:
    """RFC 5155 3 has the owner one label below the zone that signs it. Unbound takes the zone from
    the owner, and lets a parent sign it."""
    return it.stricter and any(
        signature.signer != each.owner.parent
        for each in it.rrsets(RRType.NSEC3)
        for signature in signatures(each)
    )


def keys_from_an_answer_to_any(it: Trial) -> bool:
    """The zone's keys stand among all else at its apex, and what is said when they are asked for is
    wrong. Unbound keeps what it was told along with ANY, and does not ask; we ask."""
    whole = it.case.rdtype == RRType.ANY and it.case.qname == it.case.apex
    spoilt = any(where in ("keys", "all") for where, _ in it.case.changes)
    return it.stricter and whole and spoilt and f"{it.case.apex.dotted} DNSKEY" in it.our.why


def signatures_behind_an_alias(it: Trial) -> bool:
    """Signatures were asked for, and an alias leads to where they are. Unbound validates nothing
    where RRSIG is asked for; to us the alias is a record like any other, and has to be proved."""
    aliased = any(it.rrsets(RRType.CNAME, RRType.DNAME))
    return it.stricter and it.case.rdtype == RRType.RRSIG and aliased


def a_signature_in_another_section(it: Trial) -> bool:
    """Records stand in one section and their RRSIG in the other. Unbound puts them together; to us
    what a section holds is signed by what that section holds."""
    return it.stricter and "has no RRSIG" in it.our.why and any(it.rrsets(RRType.RRSIG))


def nsec3_parameters_mixed(it: Trial) -> bool:
    """A proof whose parts are hashed in different ways. Unbound joins them; we want one proof from
    records of one kind, where RFC 5155 8.2 would let us refuse all of them."""
    for message in it.mutated.messages(it.case):
        heads = {
            e.rdatas[0][:1] + e.rdatas[0][2 : 5 + e.rdatas[0][4]]
            for e in message.authority
            if e.rdtype == RRType.NSEC3 and len(e.rdatas[0]) > 5
        }
        if it.stricter and len(heads) > 1:
            return True
    return False


def signed_above_a_known_cut(it: Trial) -> bool:
    """The signer is a zone further up, and in between lies one that is known already: from an
    earlier walk, because its servers are those that were asked, or because a cut is looked for
    below a top-level domain. RFC 4035 5.3.1 wants the zone that holds the RRset; unbound never
    looks whether there is a cut."""
    if it.their.security != SECURE or it.our.security == SECURE:
        return False
    apex_for = it.mutated.lab.catalogue.apex_for
    above = False
    for each in it.rrsets():
        zone = apex_for(each.owner.parent if each.rdtype == RRType.DS else each.owner)
        above |= any(
            signature.signer != zone and zone.is_under(signature.signer)
            for signature in signatures(each)
        )
    return above or "RFC 4035 5.3.1" in it.our.why


def the_code_behind_an_alias(it: Trial) -> bool:
    """The response about an alias's target has the wrong code for what it proves. Unbound does not
    look at the code there; we do, as anywhere, and say what is proved."""
    flipped = any(name == "flip the rcode" for _, name in it.case.changes)
    aliased = any(each.rdtype == RRType.CNAME for each in it.rrsets())
    if it.their.security == it.our.security:
        return aliased and it.their.existence != it.our.existence
    return aliased and flipped and it.stricter


def an_answer_that_refers_elsewhere(it: Trial) -> bool:
    """NS records in the authority section and nothing else: a recursor that refers, or a zone's own
    server that does, which is lame. We ask the next one and have none, unbound judges it as a
    denial."""
    return it.our.security == INDETERMINATE and re.search("refer|lame", it.our.why) is not None


# -- both refuse


def one_malformed_record(it: Trial) -> bool:
    """Unbound drops a message for one record in it that cannot be read, and has no answer at all;
    we keep what can be read and judge it: bogus where the record matters, and else as if it were
    not there."""
    if it.their.security != INDETERMINATE or it.our.security == INDETERMINATE:
        return False
    for octets in it.mutated.octets(it.case):
        try:
            dns.message.from_wire(octets)
        except (dns.exception.DNSException, ValueError):
            return True
    return False


def an_answer_that_contradicts_itself(it: Trial) -> bool:
    """Two canonical names, or a CNAME that is not what the DNAME makes: we stop at the form of the
    answer (EDE 24), unbound drops what is too much and finds that the signature does not fit."""
    return it.their.security == BOGUS and it.our.why.startswith("EDE 24 ")


# -- unbound refuses, we do not


def several_signatures(it: Trial) -> bool:
    """One good signature is enough: RFC 6840 5.4 recommends to take any, and to call an RRset bogus
    only when all of them fail. Unbound takes the zone and the number of labels from the first
    that it meets, good or bad; which that is, is chance, so to be as strict would be no rule."""
    return it.laxer and any(
        len({(e.signer, e.labels) for e in signatures(each)}) > 1 for each in it.rrsets()
    )


def a_record_that_is_not_needed(it: Trial) -> bool:
    """Unbound wants every RRset of the authority section to hold, also one that proves nothing.
    RFC 4035 3.2.3 asks that of the answer and of what is *relevant* to a denial: what our proof
    rests on is signed, and nothing else is passed on, so there is nothing to be stricter about."""
    if not it.laxer:
        return False
    used = [line for hop in it.answer.hops for link in hop.chain for line in link.records]
    failed = re.search(r"for <(\S+ (SOA|NSEC|NSEC3|RRSIG|NS)) IN>", it.their.why)
    records = [failed[1]] if failed is not None else []
    if "while building chain of trust" in it.their.why or it.their.why == "EDE 6":
        # One that the zone has not signed sends unbound looking for a cut that would excuse it, or
        # is refused without a word.
        zone = it.answer.hops[-1].chain[-1].zone
        records += [
            f"{each.owner.dotted} {type_text(each.rdtype)}"
            for each in it.rrsets(RRType.SOA, RRType.NSEC, RRType.NSEC3)
            if all(signature.signer != zone for signature in signatures(each))
        ]
    if "misc failure" in it.their.why:
        # Signatures over a type that is not there.
        records += [f"{each.owner.dotted} RRSIG" for each in it.rrsets(RRType.RRSIG)]
    return any(not any(line.startswith(f"{each} ") for line in used) for each in records)


def the_code_beside_an_alias_asked_for(it: Trial) -> bool:
    """The CNAME that was asked for is there and signed, under a code that says that the name does
    not exist. The code speaks of the end of the chain (RFC 6604 3), which nobody asked about;
    unbound looks for its proof among whatever else was sent."""
    aside = it.laxer or (it.our.security, it.their.security) == (SECURE, INSECURE)
    return aside and it.answer.rdtype == RRType.CNAME and it.answer.found and it.answer.rcode == 3


def an_alias_made_that_was_asked_for(it: Trial) -> bool:
    """The CNAME is one that the server made from a DNAME, and was asked for or comes apart from it;
    the DNAME is signed, and RFC 6672 5.3.1 has the CNAME follow. Unbound looks for a cut at the
    name, is shown the DNAME again, and gives up, whatever the zone does; or it meets a denial on
    that way which makes it call the CNAME insecure."""
    apart = any(e.rdtype == RRType.CNAME for m in it.mutated.messages(it.case) for e in m.authority)
    asked = it.case.rdtype == RRType.CNAME
    made = asked or apart or "DS got DNAME answer" in it.their.why
    lower = it.their.refused or (it.our.security, it.their.security) == (SECURE, INSECURE)
    return lower and made and not it.our.refused and any(it.rrsets(RRType.DNAME))


def more_proofs_than_are_needed(it: Trial) -> bool:
    """All NSEC or NSEC3 records of the zone instead of the one or two that matter. All of them are
    true; RFC 4035 5.4 wants the complete set of those that are necessary, and forbids no other.
    Unbound takes some of them for the start of another proof, and misses its rest."""
    whole = any(name.startswith("swap all proofs") for _, name in it.case.changes)
    # Nor does it matter that one of the others asks for too many iterations.
    costly = (it.our.security, it.their.security) == (SECURE, INSECURE)
    return whole and (costly or (it.laxer and "proof failed" in it.their.why))


def strangers_in_an_unsigned_zone(it: Trial) -> bool:
    """It is proved that no chain of trust leads into the zone, which is all that "insecure" means
    (RFC 4035 4.3, 5.2): nothing in its answers vouches for anything, so nothing can be wrong.
    Unbound takes a signed proof of the parent's among them for a sign that the parent answers."""
    last = it.answer.hops[-1].chain[-1] if it.answer.hops and it.answer.hops[-1].chain else None
    unsigned = last is not None and last.what in ("DS", "no DS")
    return it.laxer and it.our.security == INSECURE and unsigned


DIFFERENCES: tuple[Callable[[Trial], bool], ...] = (
    infrastructure_made_from_a_wildcard,
    a_ds_outside_of_an_answer,
    a_link_that_leads_nowhere,
    a_cut_that_a_denial_shows,
    a_wildcard_that_has_the_type,
    proofs_in_the_wrong_response,
    an_nsec3_signed_from_above,
    keys_from_an_answer_to_any,
    signatures_behind_an_alias,
    a_signature_in_another_section,
    nsec3_parameters_mixed,
    signed_above_a_known_cut,
    the_code_behind_an_alias,
    an_answer_that_refers_elsewhere,
    unsigned_where_nothing_need_be_signed,
    one_malformed_record,
    an_answer_that_contradicts_itself,
    several_signatures,
    the_code_beside_an_alias_asked_for,
    an_alias_made_that_was_asked_for,
    strangers_in_an_unsigned_zone,
    a_record_that_is_not_needed,
    more_proofs_than_are_needed,
)
