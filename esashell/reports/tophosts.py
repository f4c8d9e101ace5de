"""`tophosts`, and the page that the appliance calls Delivery Status: destinations by their mail.

The first is the terminal's table of twenty, in the appliance's columns. The second is what its web
interface shows of every destination, with the column that operators watch when DANE holds mail
back, Active Recipients; here it is a table of text.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence

from esashell.delivery.figures import HostFigures, HostState
from esashell.reports.evidence import Document, moment
from esashell.reports.status import completion_document

SCHEMA = "esashell.tophosts"
VERSION = 1
MOST = 20
# Queues of the appliance's own that are in the list whatever happens.
PSEUDO_HOSTS = ("the.encryption.queue", "the.euq.queue", "the.euq.release.queue")
_WIDEST = 24

Dated = Callable[[int], str]

# By what the table is sorted: the word of the one-line form, what it is called, and the figure.
SORTS: dict[str, tuple[str, Callable[[HostFigures], int]]] = {
    "active_rcpts": ("Active Recipients", lambda it: it.active),
    "conn_out": ("Connections Out", lambda it: it.connections_out),
    "deliv_rcpts": ("Delivered Recipients", lambda it: it.completion.delivered),
    "hard_bounced": ("Hard Bounced Recipients", lambda it: it.completion.hard_bounced),
    "soft_bounced": ("Soft Bounced Events", lambda it: it.completion.soft_bounced),
}


def ranked(hosts: Iterable[HostFigures], by: str) -> list[HostFigures]:
    """The first twenty, the appliance's own queues among them; equals by their names."""
    from heapq import nsmallest

    figure = SORTS[by][1]
    own = (HostFigures(each, HostState.UP) for each in PSEUDO_HOSTS)
    return nsmallest(MOST, (*hosts, *own), key=lambda it: (-figure(it), it.domain))


def top_lines(hosts: Sequence[HostFigures], when: str) -> Iterator[str]:
    """The whole screen."""
    yield f"{'Status as of:':<29}{when}"
    yield "Hosts marked with '*' were down as of the last delivery attempt."
    yield ""
    yield f"{'':<29}Active  Conn.   Deliv.    Soft     Hard"
    yield f"{'#':<4}{'Recipient Host':<25}Recip.  Out     Recip.    Bounced  Bounced"
    yield ""
    for number, it in enumerate(hosts, 1):
        mark = f"{number}{'*' if it.state is HostState.DOWN else ''}"
        name, done = it.domain, it.completion
        if len(name) > _WIDEST:
            # The figures stay in their columns, on a line of their own.
            yield f"{mark:<4}{name}"
            mark = name = ""
        figures = f"{it.active:>6}{it.connections_out:>7}{done.delivered:>9}"
        yield f"{mark:<4}{name:<25}{figures}{done.soft_bounced:>10}{done.hard_bounced:>9}"


def top_document(hosts: Iterable[HostFigures], by: str, now: int, simulation: str) -> Document:
    """The same for machines, without the appliance's own queues."""
    return {
        "schema": SCHEMA,
        "version": VERSION,
        "when": moment(now),
        "simulation": simulation or None,
        "sorted_by": by,
        "hosts": [
            {
                "domain": it.domain,
                "state": it.state.value,
                "active": it.active,
                "connections_out": it.connections_out,
                "counters": completion_document(it.completion),
            }
            for it in hosts
            if it.domain not in PSEUDO_HOSTS
        ],
    }


def delivery_status(hosts: Iterable[HostFigures], width: int) -> Iterator[str]:
    """The table of the page Delivery Status, as text."""
    rows = list(hosts)
    widest = max([len(it.domain) for it in rows] + [len("Destination Domain")])
    room = max(_WIDEST, min(widest, width - 53))
    head = f"{'':<{room}}  {'Latest':<8}{'Active':>9}{'Conn.':>7}{'Deliv.':>10}"
    yield f"{head}{'Soft':>9}{'Hard':>9}"
    head = f"{'Destination Domain':<{room}}  {'Host':<8}{'Recip.':>9}{'Out':>7}{'Recip.':>10}"
    yield f"{head}{'Bounced':>9}{'Bounced':>9}"
    for it in rows:
        done, name = it.completion, it.domain
        if len(name) > room:
            yield name
            name = ""
        state = it.state.value.capitalize()
        figures = f"{it.active:>9,}{it.connections_out:>7,}{done.delivered:>10,}"
        yield f"{name:<{room}}  {state:<8}{figures}{done.soft_bounced:>9,}{done.hard_bounced:>9,}"
