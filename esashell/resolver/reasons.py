"""Why a verdict is what it is: every situation, with its published code, its sentence and its cure.

A person who is told "bogus" wants three things: what was looked at, what is wrong with it, and who
has to do what. So every row of `Why` has a code of RFC 8914, a finding that names the zone and the
record, and a cure that names whose it is. Wherever the resolver gives a `Reason` it is made of a
row, by `because`, and nowhere else; a test walks the rows and the zones that lead to each.

In the texts `{record}` is a name with a type, `{zone}` the zone that it is in or that is at fault,
and the rest is what the row's own situation adds.
"""

from enum import Enum

from msgspec import Struct

from esashell.resolver.answer import Ede, Reason, Strike
from esashell.resolver.names import Name


class Situation(Struct, frozen=True):
    """One row: the code, the finding, and the cure, the last two with their blanks."""

    code: Ede
    finding: str
    cure: str


_SIGN = "the owner of {zone} must sign the zone again"


class Why(Enum):
    """All of the situations."""

    # A signature, or what should be one.
    NOT_SIGNED = Situation(
        Ede.RRSIGS_MISSING,
        "{record} has no RRSIG although the zone {zone} is signed: the zone, or a resolver on the "
        "way that does not carry DNSSEC, left it out",
        "ask a resolver that carries DNSSEC; if it has none either, the owner of {zone} must sign "
        "the zone again",
    )
    BAD_SIGNATURE = Situation(
        Ede.DNSSEC_BOGUS,
        "the signature over {record} by key {tag} of {zone} does not hold ({result}): the records "
        "were changed after they were signed, or signed wrongly",
        _SIGN + ", and see that no server or resolver on the way changes it",
    )
    EXPIRED = Situation(
        Ede.SIGNATURE_EXPIRED,
        "the signature over {record} by key {tag} of {zone} does not hold ({result})",
        "the zone must be signed again, and its signing repeated before the signatures end",
    )
    NOT_YET_VALID = Situation(
        Ede.SIGNATURE_NOT_YET_VALID,
        "the signature over {record} by key {tag} of {zone} does not hold ({result})",
        "the signer's clock, or ours, is wrong and must be set",
    )
    ENDS_BEFORE_IT_BEGINS = Situation(
        Ede.SIGNATURE_EXPIRED_BEFORE_VALID,
        "the signature over {record} by key {tag} of {zone} does not hold ({result})",
        "the zone must be signed again, with times in their order",
    )
    NO_SUCH_KEY = Situation(
        Ede.DNSKEY_MISSING,
        "the signature over {record} by key {tag} of {zone} does not hold ({result})",
        "the zone must publish the key that signs, or sign with one it publishes",
    )
    UNSUPPORTED_SIGNATURE = Situation(
        Ede.RRSIGS_MISSING,
        "the signature over {record} by key {tag} of {zone} does not hold ({result})",
        "the zone must sign with an algorithm that its DS records announce",
    )
    WRONG_SIGNER = Situation(
        Ede.DNSSEC_BOGUS,
        "the signature over {record} is by {signer}, but the zone that holds it is {zone} or one "
        "below (RFC 4035 5.3.1)",
        "a zone must sign its records itself, so the owner of {zone} must sign this one",
    )
    NOT_OF_A_WILDCARD = Situation(
        Ede.DNSSEC_BOGUS,
        "by its signature {record} in {zone} was made from the wildcard {wildcard}, which cannot "
        "stand for such a record (RFC 4592): it was signed wrongly, or copied to another name",
        _SIGN,
    )
    SIGNATURES_THEMSELVES = Situation(
        Ede.OTHER,
        "RRSIG records, as {record} in {zone}, are not signed themselves (RFC 4035 2.2)",
        "nothing is wrong; ask for the records that they sign",
    )
    # A denial.
    NO_DENIAL = Situation(
        Ede.NSEC_MISSING,
        "{zone} is signed, but the answer about {record} ({what}) carries no NSEC or NSEC3 record: "
        "the zone, or a resolver on the way that does not carry DNSSEC, left it out",
        "ask a resolver that carries DNSSEC; if it has none either, the owner of {zone} must sign "
        "the zone again",
    )
    DENIAL_INCOMPLETE = Situation(
        Ede.NSEC_MISSING,
        "{zone} does not prove what it says about {record} ({what}): {detail}",
        _SIGN + " with a whole chain of NSEC or NSEC3 records, and all its servers must have it",
    )
    OPT_OUT = Situation(
        Ede.OTHER,
        "{detail} (RFC 5155 9.2, for {record} in {zone})",
        "if it is to be signed, its owner must sign it and have {zone} publish a DS record",
    )
    COSTLY_DENIAL = Situation(
        Ede.UNSUPPORTED_NSEC3_ITERATIONS,
        "the NSEC3 records of {zone} about {record} ask for {count} iterations, more than the "
        "{limit} that are done here, so the zone counts as unsigned (RFC 9276 3.2)",
        "the owner of {zone} must set the iterations to 0 (RFC 9276 3.1)",
    )
    # A zone and what vouches for it.
    NO_DS = Situation(
        Ede.OTHER,
        "{zone} shows that {child} has no DS record, so {child} and all below it is not signed "
        "({record})",
        "if {child} is to be secure, its owner must sign it and have {zone} publish its DS",
    )
    UNSUPPORTED_ALGORITHM = Situation(
        Ede.UNSUPPORTED_DNSKEY_ALGORITHM,
        "{child} is signed only with what is not supported here ({named}), by {record} in {zone}, "
        "so it counts as unsigned (RFC 4035 5.2)",
        "the owner of {child} must change to a supported algorithm, such as ECDSAP256SHA256",
    )
    UNSUPPORTED_DIGEST = Situation(
        Ede.UNSUPPORTED_DS_DIGEST_TYPE,
        "no DS record of {child} has a digest type that is supported ({record} in {zone}), so it "
        "counts as unsigned (RFC 4035 5.2)",
        "the owner of {child} must give {zone} a DS record with a SHA-256 digest",
    )
    NO_DNSKEY = Situation(
        Ede.DNSKEY_MISSING,
        "{vouched}, but publishes no DNSKEY record ({record}; zone {zone})",
        "the zone must publish its keys, or {holder} must take the {kind} out",
    )
    STALE_DS = Situation(
        Ede.DNSKEY_MISSING,
        "the DS at {parent} points to key {tags}, which {zone} no longer publishes ({record} has "
        "{published})",
        "the parent must be given the DS of a key that is published",
    )
    WRONG_DS = Situation(
        Ede.DNSKEY_MISSING,
        "the DS at {parent} has the tag of key {tags} but does not fit that key as {zone} "
        "publishes it ({record} has {published})",
        "the parent must be given the DS of a key that is published",
    )
    STALE_ANCHOR = Situation(
        Ede.DNSKEY_MISSING,
        "the trust anchor of {zone} {fault} (it publishes {published} in {record})",
        "{note}",
    )
    NOT_BY_A_TRUSTED_KEY = Situation(
        Ede.DNSKEY_MISSING,
        "the records {record} are not signed by any key of {zone} that is trusted",
        "if the zone has changed its keys, bring the trust anchor up to date; or they were forged",
    )
    ANCHOR_UNSUPPORTED = Situation(
        Ede.UNSUPPORTED_DNSKEY_ALGORITHM,
        "no trust anchor of {zone} has an algorithm that is supported ({record}), so nothing below "
        "it is validated",
        "configure a trust anchor with a supported algorithm",
    )
    NOT_VALIDATED = Situation(
        Ede.OTHER,
        "{note} ({record}; zone {zone})",
        "if it is to be validated, the settings, or what is said there, must be changed",
    )
    NO_ANCHOR = Situation(
        Ede.OTHER,
        "there is no trust anchor above {record}, not even for the zone {zone}, so nothing can be "
        "validated",
        "configure the root's trust anchor",
    )
    # No answer.
    NOT_HAD = Situation(
        Ede.DNSSEC_INDETERMINATE,
        "{record}, which {zone} must answer for, could not be had{said}",
        "{cure}",
    )
    NO_ANSWER = Situation(
        Ede.NO_REACHABLE_AUTHORITY,
        "{who} gave an answer for {record} ({said})",
        "see with 'dig' which of the servers answers, and mend it, the zone (it is {zone} or one "
        "below), or the way there",
    )
    SILENCE = Situation(
        Ede.NETWORK_ERROR,
        "{who} gave an answer for {record} ({said})",
        "see that the network and the servers for {zone} and below are up, or configure others "
        "with 'dnsconfig'",
    )
    NO_SERVER = Situation(
        Ede.NOT_READY,
        "no DNS server is configured to ask for {record} (zone {zone} and all below)",
        "add one with 'dnsconfig'",
    )
    # An answer that is none.
    CONTRADICTION = Situation(
        Ede.INVALID_DATA,
        "the answer for {record} cannot be: {detail} (at or below the zone {zone})",
        "the owner of the records must mend them",
    )
    ALIAS_CIRCLE = Situation(
        Ede.INVALID_DATA,
        "the aliases lead in a circle, at {record} (at or below the zone {zone})",
        "the owner of one of the aliases must lead it to a name with records",
    )
    ONLY_REFERRED = Situation(
        Ede.INVALID_DATA,
        "the answer for {record} only refers to other servers (at or below the zone {zone})",
        "configure a recursive resolver with 'dnsconfig', or mend the server that was asked",
    )
    SUBSTITUTION_TOO_LONG = Situation(
        Ede.INVALID_DATA,
        "the name of {record} becomes longer than 255 octets where a DNAME at or below the zone "
        "{zone} puts another end to it (YXDOMAIN, RFC 6672 2.2; {said})",
        "ask for a shorter name, or the owner of the DNAME must lead it to a shorter one",
    )
    # A work limit.
    LIMIT = Situation(
        Ede.OTHER,
        "stopped at the limit of {number} {counted} for one look-up, at {record}, below the zone "
        "{zone} (limit {limit}, against {attack})",
        "the owner of the records, or of their zone, must publish fewer, or it is an attack",
    )


def because(why: Why, zone: Name, record: str, code: int | None = None, **more: object) -> Reason:
    """The reason that a situation gives; `code` is that of what was found out beneath it."""
    row = why.value
    blanks = {"zone": zone.dotted, "record": record, **more}
    cure = row.cure.format_map(blanks)
    text = f"{row.finding.format_map(blanks)}: {cure}"
    return Reason(
        int(row.code if code is None else code), text, record, zone.dotted, cure, why.name
    )


def stopped(strike: Strike, zone: Name) -> Reason:
    """The reason where a work limit has ended a look-up."""
    return because(
        Why.LIMIT,
        zone,
        strike.about,
        number=strike.number,
        counted=strike.counted,
        limit=strike.limit,
        attack=strike.attack,
    )
