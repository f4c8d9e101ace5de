"""One example of each way in which unbound and our resolver differ, by name and for good.

Each is a case that was found at random, kept by its seed and number. `about` is what the case has
to be: when the dice fall otherwise, because a mutation was added, the example has to be found anew
(`python -m tests.differential.test_mutated_zones` counts and shows the classes). The argument says
why we think as we do, and names the section; the function of that name in `differences` recognises
all others of the kind.
"""

from msgspec import Struct

from tests.differential.mutated import Way

Verdict = tuple[str, str, str]  # security, existence, response code

_REFUSED = ("BOGUS", "", "SERVFAIL")
_UNHEARD = ("INDETERMINATE", "", "SERVFAIL")
_FOUND = ("SECURE", "FOUND", "NOERROR")
_NO_DATA = ("SECURE", "NODATA", "NOERROR")
_NO_NAME = ("SECURE", "NXDOMAIN", "NXDOMAIN")


class Named(Struct, frozen=True):
    """A difference: the case, both verdicts, a word of our reason, and the argument."""

    name: str
    seed: int
    index: int
    about: str
    theirs: Verdict
    ours: Verdict
    reason: str
    argument: str
    way: Way = Way.FORWARD


NAMED = (
    # We refuse what unbound lets pass.
    Named(
        name="infrastructure made from a wildcard",
        seed=20260501,
        index=24,
        about="x.wild.m24.lab. A (wrong labels in keys)",
        theirs=_FOUND,
        ours=_REFUSED,
        reason="made from the wildcard",
        argument="RFC 4592 4.1, 4.6, 4.7: a wildcard stands for no DS, DNSKEY, SOA or NSEC record; "
        "a label count (RFC 4034 3.1.3) that says so shows a record that is not what it seems.",
    ),
    Named(
        name="a ds outside of an answer",
        seed=20260501,
        index=29,
        about="near.m29.lab. A (swap sections in ds)",
        theirs=_FOUND,
        ours=_REFUSED,
        reason="carries no NSEC or NSEC3",
        argument="RFC 2308 2.2, RFC 4035 5.2: a recursor's response without an answer says that "
        "there is none, and that must be proved; the DS in its authority section is no proof.",
    ),
    Named(
        name="a link that leads nowhere",
        seed=20260501,
        index=214,
        about="near.m214.lab. AAAA (wrong next name in answer)",
        theirs=_NO_DATA,
        ours=_REFUSED,
        reason="no record of the answer can be used",
        argument="RFC 4034 4.1.1, RFC 5155 3.1.7: the next name is the zone's and further on, or "
        "its apex; the next hash is as long as the record's own.",
    ),
    Named(
        name="a cut that a denial shows",
        seed=4,
        index=182,
        about="alias.m182.lab. AAAA (wrong type bitmap in all)",
        theirs=("INSECURE", "NODATA", "NOERROR"),
        ours=_REFUSED,
        reason="from the parent's side of a zone cut",
        argument="RFC 6840 4.1: an NSEC with NS and without SOA must not be taken for a denial of "
        "any type but DS at its name. No unsigned zone was shown: the cut was met in passing.",
    ),
    Named(
        name="a wildcard that has the type",
        seed=20260501,
        index=1186,
        about="x.wild.kid.m1186.lab. A (swap sections in answer, "
        "swap all proofs for those of the whole zone in answer)",
        theirs=_NO_DATA,
        ours=_REFUSED,
        reason="of *.wild.kid.m1186.lab. lists A",
        argument="RFC 4035 5.4: no data is proved when no wildcard that matches has the type; "
        "this one has it, and its record is there to say so.",
    ),
    Named(
        name="proofs in the wrong response",
        seed=4,
        index=2412,
        about="dead.m2412.lab. A (swap a proof for another of the zone in answer)",
        theirs=("INSECURE", "NXDOMAIN", "NXDOMAIN"),
        ours=_REFUSED,
        reason="no NSEC3 record covers the wildcard",
        argument="RFC 4035 5.4 wants the complete set of proofs in the response that denies, and "
        "another query where it is not. What came with the alias is another response's.",
    ),
    Named(
        name="an nsec3 signed from above",
        seed=20260501,
        index=2086,
        about="x.wild.m2086.lab. A (everything signed by the parent in all)",
        theirs=_FOUND,
        ours=_REFUSED,
        reason="RFC 4035 5.3.1",
        argument="RFC 5155 3: the owner is one label below the apex of the zone, and RFC 4035 "
        "5.3.1 has that zone sign it. A parent's signature makes it a record of no zone.",
    ),
    Named(
        name="keys from an answer to any",
        seed=20260501,
        index=2673,
        about="m2673.lab. ANY (swap sections in keys)",
        theirs=_FOUND,
        ours=_REFUSED,
        reason="publishes no DNSKEY",
        argument="RFC 8482 4.1: an answer to ANY may leave out or hold whatever the server likes, "
        "so it is no word on another question. Asked for its keys, this zone has none to answer.",
    ),
    Named(
        name="signatures behind an alias",
        seed=20260501,
        index=221,
        about="www.sub.m221.lab. RRSIG (answer with nothing in ds)",
        theirs=("INSECURE", "FOUND", "NOERROR"),
        ours=_REFUSED,
        reason="carries no NSEC or NSEC3",
        argument="RFC 4035 2.2: RRSIG records are not signed themselves, but the alias that leads "
        "to them is one that RFC 6672 5.3.1 wants proved, and this one cannot be.",
    ),
    Named(
        name="a signature in another section",
        seed=11,
        index=895,
        about="nope.kid.m895.lab. A (swap two signatures in answer, swap sections in answer)",
        theirs=_NO_NAME,
        ours=_REFUSED,
        reason="has no RRSIG",
        argument="RFC 4035 3.1.1: a server puts the RRSIG into the section where its RRset is. "
        "This one has the NSEC in the authority section, and what signs it in the answer.",
    ),
    Named(
        name="nsec3 parameters mixed",
        seed=16,
        index=948,
        about="_25._tcp.nope.m948.lab. TLSA (wrong nsec3 parameters in answer)",
        theirs=_NO_NAME,
        ours=_REFUSED,
        reason="no NSEC3 record matches an ancestor",
        argument="RFC 5155 8.2 allows to call a response bogus for mixed parameters. Each set of "
        "them is a chain of its own here, and none of the chains proves anything alone.",
    ),
    Named(
        name="signed above a known cut",
        seed=31,
        index=5417,
        about="near.m5417.lab. A (wrong signer in answer)",
        theirs=_FOUND,
        ours=_REFUSED,
        reason="RFC 4035 5.3.1",
        argument="RFC 4035 5.3.1: the signer is the zone that holds the RRset. The root is not: "
        "on the way to the alias that leads here, lab. was seen to be a zone of its own.",
    ),
    Named(
        name="unsigned where nothing need be signed",
        seed=20260501,
        index=1030,
        about="nope.kid.m1030.lab. A (swap two signatures in answer)",
        theirs=("INSECURE", "NXDOMAIN", "NXDOMAIN"),
        ours=_REFUSED,
        reason="has no RRSIG although the zone",
        argument="RFC 4035 5.5: what no signature vouches for is bad. That another question (DS) "
        "would come to insecure does not make the proof hold that this answer brings.",
    ),
    Named(
        name="the code behind an alias",
        seed=20260501,
        index=2187,
        about="dead.m2187.lab. A (wrong next name in answer)",
        theirs=_NO_NAME,
        ours=_NO_DATA,
        reason="",
        argument="RFC 4035 5.4: what is proved counts, and the code is not signed. The records "
        "prove that the name exists without the type, so NXDOMAIN is not passed on.",
    ),
    Named(
        name="an answer that refers elsewhere",
        seed=20260501,
        index=421,
        about="m421.lab. NS (swap sections in answer)",
        theirs=_REFUSED,
        ours=_UNHEARD,
        reason="referral",
        argument="RFC 2308 2.2: NS records alone in the authority section are a referral. A "
        "recursor that refers has not answered, and the next one is asked.",
    ),
    # Both refuse.
    Named(
        name="one malformed record",
        seed=20260501,
        index=2726,
        about="mail.m2726.lab. DS (flip a bit of a record in answer)",
        theirs=_UNHEARD,
        ours=_REFUSED,
        reason="bad signature",
        argument="RFC 4035 4.3: bogus is what should be signed and cannot be shown to be. A record "
        "that cannot be read is one whose signature fails; it does not unsay the others.",
    ),
    Named(
        name="an answer that contradicts itself",
        seed=20260501,
        index=294,
        about="alias.m294.lab. A (resigned with other records in answer)",
        theirs=_REFUSED,
        ours=_UNHEARD,
        reason="more than one CNAME",
        argument="RFC 2181 10.1: one name has one canonical name. Nothing was forged, as the "
        "signature over both holds; there is only nothing to follow.",
    ),
    # Unbound refuses what we let pass.
    Named(
        name="several signatures",
        seed=20260501,
        index=344,
        about="m344.lab. MX (two signatures of which one is wrong in answer)",
        theirs=_REFUSED,
        ours=_FOUND,
        reason="",
        argument="RFC 6840 5.4 recommends that any signature that holds suffices, and that an "
        "RRset is bogus only when all of them fail.",
    ),
    Named(
        name="the code beside an alias asked for",
        seed=3,
        index=963,
        about="alias.m963.lab. CNAME (flip the rcode in answer)",
        theirs=("INSECURE", "NXDOMAIN", "NXDOMAIN"),
        ours=_NO_NAME,
        reason="",
        argument="RFC 6604 3: behind an alias the code speaks of the end of the chain. The CNAME "
        "that was asked for is found and signed.",
    ),
    Named(
        name="a record that is not needed",
        seed=20260501,
        index=288,
        about="x.wild.m288.lab. A (two signatures of which one is wrong in answer)",
        theirs=_REFUSED,
        ours=_FOUND,
        reason="",
        argument="RFC 4035 3.2.3: of the authority section, what is relevant to a denial has to be "
        "authentic. An RRSIG that covers nothing is relevant to nothing.",
    ),
    Named(
        name="more proofs than are needed",
        seed=4,
        index=729,
        about="x.wild.kid.m729.lab. A (swap sections in answer, "
        "swap all proofs for those of the whole zone in all)",
        theirs=_REFUSED,
        ours=_FOUND,
        reason="",
        argument="RFC 4035 5.4 wants the complete set of the records that are necessary, and does "
        "not forbid others of the same zone that are just as true.",
    ),
    Named(
        name="an alias made that was asked for",
        seed=20260501,
        index=1065,
        about="www.sub.m1065.lab. CNAME (untouched)",
        theirs=_REFUSED,
        ours=_FOUND,
        reason="",
        argument="RFC 6672 5.3.1: the CNAME that a DNAME makes is not signed, and follows from the "
        "DNAME, which is. Nothing at all is wrong with this zone; unbound looks for a cut below "
        "the DNAME and takes the DNAME that it is shown again for an error.",
        way=Way.ROOTS,
    ),
    Named(
        name="strangers in an unsigned zone",
        seed=4,
        index=1311,
        about="nope.odd.m1311.lab. A (swap a proof for one of the parent in answer)",
        theirs=_REFUSED,
        ours=("INSECURE", "NXDOMAIN", "NXDOMAIN"),
        reason="digest type",
        argument="RFC 4035 4.3, 5.2: insecure means that no chain of trust leads to the zone, and "
        "its parent shows that. Nothing in the zone's answer can add to it or take from it.",
    ),
)
