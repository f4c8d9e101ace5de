"""What a response says, before anybody asks whether it is true.

The answer section is followed from the name that was asked about: an alias (CNAME), an alias of
a whole subtree (DNAME, RFC 6672), or the records asked for. What is not on that path is not part of
the answer and is never looked at again, which is also what keeps strangers' records out of it.

Nothing is judged here except the form. A response that contradicts itself carries a `fault`.
"""

from msgspec import Struct

from esashell.resolver import rdata as rd
from esashell.resolver.names import BadName, Name
from esashell.resolver.rrtypes import Rcode, RRType
from esashell.resolver.wire import Message, Rrset

_NO_SUCH_NAME = Rcode.NXDOMAIN.value
_NS = RRType.NS.value
# What is asked for by these types is more, or less, than the one RRset of the name and type.
_SPECIAL = frozenset((RRType.CNAME.value, RRType.ANY.value))


class Alias(Struct, frozen=True, gc=False):
    """One alias that was followed; `rrset` is the CNAME or DNAME that is signed for it."""

    owner: Name
    target: Name
    rrset: Rrset


class Reading(Struct, frozen=True, gc=False):
    """The path through a response: aliases, and what stands at `name`, where they end.

    `rrsets` are what was asked for (several only for type ANY). Without any, `denies` tells that
    the response speaks about the absence at `name`; if not, `name` has to be asked about.
    `referral` means that the server knows better whom to ask. `made_from` is the DNAME that the
    server made a CNAME from when it is that CNAME which was asked for.
    """

    name: Name
    aliases: tuple[Alias, ...] = ()
    rrsets: tuple[Rrset, ...] = ()
    denies: bool = False
    referral: bool = False
    fault: str = ""
    made_from: Rrset | None = None


def reading(message: Message, qname: Name, rdtype: int, most: int) -> Reading:
    """The path from the name asked about, over at most so many aliases."""
    if message.rcode != _NO_SUCH_NAME and rdtype not in _SPECIAL:
        # Nearly every answer is just that.
        for each in message.answer:
            if each.rdtype == rdtype and each.owner == qname:
                return Reading(qname, (), (each,))
    by_key = {(each.owner, each.rdtype): each for each in message.answer}
    aliases: list[Alias] = []
    name = qname
    passed = {qname}
    while True:
        found = _found(message, by_key, name, rdtype)
        try:
            if found and rdtype in _SPECIAL:
                # Also whoever asks only which one it is wants one, however well two are signed.
                for each in found:
                    if each.rdtype == RRType.CNAME:
                        _single(each)
            if found and not (rdtype in _SPECIAL and _may_be_made(found)):
                return Reading(name, tuple(aliases), found)
            alias = _alias(by_key, name)
        except _Contradiction as error:
            return Reading(name, tuple(aliases), fault=str(error))
        # The CNAME that a DNAME makes answers for ANY too (RFC 1034 4.3.2), sent along or not.
        whole = rdtype == RRType.ANY and message.rcode != _NO_SUCH_NAME
        wanted = found or whole or rdtype == RRType.CNAME
        if wanted and alias is not None and alias.owner != alias.rrset.owner:
            made = Rrset(name, RRType.CNAME.value, alias.rrset.ttl, (alias.target,))
            return Reading(name, tuple(aliases), (made,), made_from=alias.rrset)
        if found:
            return Reading(name, tuple(aliases), found)
        if alias is None:
            break
        aliases.append(alias)
        name = alias.target
        if name in passed:
            return Reading(
                name, tuple(aliases), fault=f"the aliases lead in a circle, at {name.dotted}"
            )
        if len(aliases) > most:
            return Reading(name, tuple(aliases), fault=f"more than {most} aliases in a row")
        passed.add(name)
    types = {each.rdtype for each in message.authority if name.is_under(each.owner)}
    denies = not aliases or message.rcode == Rcode.NXDOMAIN or RRType.SOA in types
    # RFC 2308 2.2: NS without SOA in an answer with nothing in it points elsewhere.
    referral = not aliases and message.rcode == 0 and RRType.NS in types and RRType.SOA not in types
    return Reading(name, tuple(aliases), denies=denies, referral=referral)


def refers(message: Message, qname: Name, rdtype: int) -> bool:
    """Whether the response only says who may know better, as `Reading.referral` does."""
    if not any(each.rdtype == _NS for each in message.authority):
        return False
    return reading(message, qname, rdtype, 0).referral


class _Contradiction(Exception):
    pass


def _found(
    message: Message, by_key: dict[tuple[Name, int], Rrset], name: Name, rdtype: int
) -> tuple[Rrset, ...]:
    if message.rcode == Rcode.NXDOMAIN and rdtype != RRType.CNAME:
        # Records of a name that is said not to exist contradict that; absence must be proved
        # then. A CNAME that was asked for exists although its target may not (RFC 6604 3).
        return ()
    if rdtype == RRType.ANY:
        return tuple(e for e in message.answer if e.owner == name and e.rdtype != RRType.RRSIG)
    here = by_key.get((name, rdtype))
    return (here,) if here is not None else ()


def _may_be_made(found: tuple[Rrset, ...]) -> bool:
    """Whether it is a CNAME alone and unsigned, as a server makes it from a DNAME above."""
    first = found[0]
    alone = len(found) == 1 and len(first.rdatas) == 1
    return alone and first.rdtype == RRType.CNAME and not first.signatures


def _alias(by_key: dict[tuple[Name, int], Rrset], name: Name) -> Alias | None:
    cname = by_key.get((name, RRType.CNAME))
    # The closest above; looked for by name, since a message may hold thousands of others.
    above = None
    for each in name.ancestors()[1:]:
        above = by_key.get((each, RRType.DNAME))
        if above is not None:
            break
    # A CNAME with its own signature is a record of its own; without one it may be what the
    # server made from the DNAME (RFC 6672 3.1), which is then what must be signed.
    if above is not None and (cname is None or not cname.signatures):
        target = _substituted(name, above)
        if cname is not None and _only_name(cname) != target:
            raise _Contradiction(f"the CNAME at {name.dotted} is not what the DNAME above it makes")
        return Alias(name, target, above)
    if cname is None:
        return None
    return Alias(name, _only_name(cname), cname)


def _single(rrset: Rrset) -> None:
    if len(rrset.rdatas) != 1:
        # RFC 2181 10.1: a name has one canonical name, and is renamed once (RFC 6672 2.4).
        raise _Contradiction(f"{rrset.owner.dotted} has more than one CNAME or DNAME record")


def _only_name(rrset: Rrset) -> Name:
    _single(rrset)
    try:
        return rd.one_name(rrset.rdatas[0])
    except rd.BadRdata:
        raise _Contradiction(f"the alias at {rrset.owner.dotted} cannot be read") from None


def _substituted(name: Name, dname: Rrset) -> Name:
    """The name with the DNAME's owner replaced by its target (RFC 6672 2.2)."""
    target = _only_name(dname)
    head = name.labels()[: len(name.labels()) - len(dname.owner.labels())]
    try:
        return target.prepend(*head)
    except BadName:
        raise _Contradiction(
            f"the DNAME at {dname.owner.dotted} makes {name.dotted} too long"
        ) from None
