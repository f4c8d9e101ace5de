"""daneverify: can mail for a domain be delivered with DANE from this appliance?

    daneverify DOMAIN
    daneverify -f FILE [--csv | --json] [-o FILE]           (ours)

It asks with the resolvers of the running configuration, changes nothing, and sends no mail. Run
against a domain that is known to be good it tells whether the resolvers can carry DNSSEC at all.

With a file of domains, one a line, every domain has its line and the end is a summary. What the
domains have in common is looked up once, and each mail host is met once. `--csv` and `--json` take
the place of the lines, or with `-o` go to a file of their own. Ctrl-C ends it with what there is.

The status is 0 when every domain is a DANE SUCCESS, 1 when one is not or an operation failed, and 2
when a line of the file is no domain.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from esashell.commands.registry import TABLE, command
from esashell.config.quoting import quoted
from esashell.dane.table import Verified
from esashell.delivery.batch import DomainVerified, verify_domains
from esashell.delivery.evidence import Evidence
from esashell.delivery.verification import verify_domain
from esashell.dialogue.drive import Progress
from esashell.dialogue.kinds import DOMAIN, ask
from esashell.dialogue.requests import (
    Ask,
    Kind,
    ReadText,
    SaveText,
    Say,
    Show,
    do,
    do_until_stopped,
)
from esashell.errors import BadAnswer, OperatorError
from esashell.reports.batch import (
    DomainList,
    Verdict,
    batch_document,
    csv_text,
    line,
    summary,
    verdict_of,
)
from esashell.reports.evidence import document
from esashell.reports.verification import lines

if TYPE_CHECKING:
    from esashell.commands.registry import Appliance
    from esashell.dialogue.drive import Dialogue
    from esashell.resolver.names import Name
    from esashell.steps import Steps


PROMPT = "Enter the domain to verify DANE support:"
USAGE = ("daneverify <domain>", "daneverify -f <file> [--csv | --json] [-o <file>]")
OPTIONS = ("-f", "-o", "--csv", "--json")
SHOWN = 20  # lines that are not understood; a file of something else has too many
_WIDEST = 40


class Wish(Struct, frozen=True):
    """A domain, or a file of domains and what is to become of them."""

    domain: "Name | None" = None
    file: str = ""
    form: str = ""
    output: str = ""


def _wish(text: str) -> Wish:
    if text.partition(" ")[0] not in OPTIONS:
        return Wish(DOMAIN.parse(text))
    found: dict[str, list[str]] = {}
    form, values = "", None
    for word in text.split(" "):
        if word in ("-f", "-o"):
            values = found.setdefault(word, [])
        elif word in ("--csv", "--json"):
            form, values = word[2:], None
        elif values is not None:
            values.append(word)  # a name with a blank in it is several words
        else:
            raise BadAnswer(f"Error: {quoted(word, 40)} is not an option of daneverify.")
    file, output = (" ".join(found.get(each, ())) for each in ("-f", "-o"))
    if not file:
        raise BadAnswer("Error: -f: a file of domains is required.")
    if "-o" in found and not (output and form):
        raise BadAnswer("Error: -o: a file, and --csv or --json, are required.")
    return Wish(None, file, form, output)


WISH = Kind(
    _wish,
    sample="example.com",
    name_in=lambda wish: str(wish.domain) if wish.domain else "",
)


def _takes(words: Sequence[str]) -> int:
    """A domain is one word; a file comes with all that follows."""
    return len(words) if words and words[0] in OPTIONS else min(1, len(words))


@command("daneverify", help=TABLE["daneverify"], usage=USAGE)
def daneverify(appliance: "Appliance") -> "Dialogue[int]":
    wish = yield from ask(Ask("domain", PROMPT, WISH, takes=_takes))
    if wish.domain is None:
        return (yield from _batch(appliance, wish))
    evidence = yield from do(verification(appliance, wish.domain), lines)
    yield Show(document(evidence))
    return 0 if evidence.verdict is Verified.SUCCESS else 1


def verification(appliance: "Appliance", name: "Name") -> "Steps[Evidence]":
    """The conversation; the sender is made only when it begins."""
    return (yield from verify_domain(name, appliance.sender))


def _batch(appliance: "Appliance", wish: Wish) -> "Dialogue[int]":
    text = yield ReadText(wish.file)
    wanted = domains_in(text, wish.file)
    to_screen = not wish.form or bool(wish.output)
    if to_screen:
        for bad in (*wanted.bad[:SHOWN], *_more(len(wanted.bad) - SHOWN)):
            yield Say(bad)
    if not wanted.domains:
        raise OperatorError(f"Error: {wish.file} holds no domain.")
    if wish.output:
        yield SaveText(wish.output, "")  # better told now than when all is done
    verdicts: dict[str, Verdict] = {}
    width = min(_WIDEST, max(len(str(each)) for each in wanted.domains))

    def tell(event: Any) -> Iterator[str | Progress]:
        if isinstance(event, DomainVerified):
            it = verdict_of(event.evidence)
            verdicts[it.domain] = it
            if to_screen:
                yield line(it, width)
            yield Progress(len(verdicts), len(wanted.domains))

    def conversation() -> "Steps[None]":
        return (yield from verify_domains(wanted.domains, appliance.sender))

    ended = yield from do_until_stopped(conversation(), tell)
    listed = [verdicts[key] for each in wanted.domains if (key := str(each)) in verdicts]
    yield from _told(appliance, wish, wanted, listed, stopped=not ended)
    if not ended:
        raise KeyboardInterrupt
    if wanted.bad:
        return 2
    return int(any(each.verdict is Verified.FAILED for each in listed))


def _told(
    appliance: "Appliance",
    wish: Wish,
    wanted: DomainList,
    verdicts: list[Verdict],
    *,
    stopped: bool,
) -> "Dialogue[None]":
    """All of it at the end, in every form that is wanted."""
    record = batch_document(wanted, verdicts, appliance.now, stopped)
    if wish.form:
        text = csv_text(verdicts) if wish.form == "csv" else _json(record)
        if wish.output:
            yield SaveText(wish.output, text)
        else:
            yield Say(text.rstrip("\r\n"))
    if not wish.form or wish.output:
        yield Say("\n".join(("", *summary(wanted, verdicts))))
    yield Show(record)


def _json(record: dict[str, Any]) -> str:
    import msgspec

    return msgspec.json.format(msgspec.json.encode(record)).decode() + "\n"


def _more(count: int) -> Iterable[str]:
    return (f"... and {count:,} more like these",) if count > 0 else ()


def domains_in(text: str, file: str) -> DomainList:
    """The domains of a file's text: one a line, `#` begins a comment."""
    found: dict[Name, None] = {}
    bad: list[str] = []
    repeated = 0
    for number, each in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        word = each.partition("#")[0].strip()
        if not word:
            continue
        try:
            name = DOMAIN.parse(word)
        except BadAnswer as error:
            bad.append(f"{file}:{number}: {str(error).removeprefix('Error: ')}")
            continue
        repeated += name in found
        found[name] = None
    return DomainList(file, tuple(found), repeated, tuple(bad))
