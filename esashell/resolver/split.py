"""Split DNS: servers of their own for some domains, others for everything else.

Each question goes to the source of the lowest alternate domain that the name lies in. A DS question
goes by the name above (RFC 4035 3.1.4.1): whether an alternate domain is signed is for its parent
to say, and asking the alternate servers would let them say so of themselves.

An alias may lead from one source's names to another's. What a server says of the other side is left
out then, so that the target is asked about where it belongs; a resolver that sees the public
version of a private name would otherwise answer for it in passing.

Nothing here is about trust. A domain is not believed more for having servers of its own.
"""

from collections.abc import Mapping

from msgspec import structs

from esashell.resolver.answer import Asked
from esashell.resolver.budget import Work
from esashell.resolver.exchange import Ask, Reply, Source
from esashell.resolver.names import Name
from esashell.resolver.reading import reading
from esashell.resolver.rrtypes import Rcode, RRType
from esashell.resolver.wire import Message
from esashell.steps import Steps


class Split:
    """Asks `alternates` about their domains and all below, `otherwise` about the rest."""

    def __init__(self, otherwise: Source, alternates: Mapping[Name, Source]) -> None:
        self._otherwise = otherwise
        self._alternates = dict(alternates)

    def source(self, work: Work, asked: list[Asked]) -> Ask:
        """Who one look-up asks: the source of each question's own domain."""
        asks: dict[Name | None, Ask] = {}

        def ask(qname: Name, rdtype: int) -> Steps[Reply]:
            side = self._domain(qname, rdtype)
            if side not in asks:
                source = self._otherwise if side is None else self._alternates[side]
                asks[side] = source.source(work, asked)
            return (yield from self._bounded(asks[side](qname, rdtype), qname, rdtype, side))

        return ask

    def forget(self) -> None:
        """Ask as if for the first time."""
        for each in (self._otherwise, *self._alternates.values()):
            each.forget()

    def _bounded(
        self, asking: Steps[Reply], qname: Name, rdtype: int, side: Name | None
    ) -> Steps[Reply]:
        """The reply with what its side has to say, and so with each that is asked for again."""
        reply = yield from asking
        if reply.message is None:
            return reply
        again = reply.again
        return Reply(
            self._own(reply.message, qname, rdtype, side),
            again=again and (lambda: self._bounded(again(), qname, rdtype, side)),
        )

    def _domain(self, name: Name, rdtype: int = 0) -> Name | None:
        """The alternate domain that the name lies in; None when it is in none."""
        if rdtype == RRType.DS and len(name) > 1:
            name = name.parent
        return next((each for each in name.ancestors() if each in self._alternates), None)

    def _own(self, message: Message, qname: Name, rdtype: int, side: Name | None) -> Message:
        """The message without what it says of the other sides, where an alias leads there."""
        end = reading(message, qname, rdtype, len(message.answer)).name
        if end == qname or self._domain(end) == side:
            return message
        # The error of a name that is not ours to ask about says nothing here (RFC 6604 3).
        return structs.replace(
            message,
            rcode=Rcode.NOERROR.value,
            answer=tuple(each for each in message.answer if self._domain(each.owner) == side),
            authority=tuple(each for each in message.authority if self._domain(each.owner) == side),
        )
