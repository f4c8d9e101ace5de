"""The sorts of answers: yes and no, numbers, choices, names, addresses, text, menus.

Each function here is one question of a sort, for `yield from`; its result is the parsed answer. The
lines that refuse an answer are written here and nowhere else. The sheet of the appliance's wording
knows only "Please answer Yes or No." and the one for a blank value; the others follow their voice.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

from esashell.config.faults import address_fault, host_name_fault
from esashell.config.quoting import quoted
from esashell.dialogue.questions import Ask, Kind
from esashell.errors import BadAnswer

if TYPE_CHECKING:
    from esashell.dialogue.drive import Dialogue
    from esashell.resolver.names import Name

T = TypeVar("T")


def ask(question: Ask[T]) -> "Dialogue[T]":
    """Put one question, with the answer's type kept."""
    answer: T = yield question
    return answer


def _yes_or_no(text: str) -> bool:
    match text.strip().lower():
        case "y" | "yes":
            return True
        case "n" | "no":
            return False
    raise BadAnswer("Please answer Yes or No.")


YES_NO: Kind[bool] = Kind(
    _yes_or_no,
    lambda yes: "Y" if yes else "N",
    ("yes", "no"),
    "yes",
    closed=True,
    inline=True,
    about="Yes or No",
)


def yes_no(
    key: str,
    prompt: str,
    default: bool,
    *,
    gates: Iterable[str] = (),
    batch: str | None = None,
    positional: bool = False,
) -> "Dialogue[bool]":
    question = Ask(
        key, prompt, YES_NO, default, gates=frozenset(gates), batch=batch, positional=positional
    )
    return ask(question)


def confirm(prompt: str, default: bool = False) -> "Dialogue[bool]":
    """ "Are you sure?": whoever typed the whole command on one line is."""
    return yes_no("confirm", prompt, default, batch="yes")


def number_kind(lowest: int, highest: int) -> Kind[int]:
    def parse(text: str) -> int:
        # str.isdigit takes superscripts, and int() any script's digits.
        if text.isascii() and text.isdigit() and len(text) <= 20 and lowest <= int(text) <= highest:
            return int(text)
        raise BadAnswer(f"Error: The value must be an integer from {lowest} to {highest}.")

    return Kind(parse, sample=str(lowest), about=f"A whole number from {lowest} to {highest}")


def number(
    key: str,
    prompt: str,
    default: int | None,
    lowest: int,
    highest: int,
    *,
    positional: bool = False,
    label: str = "",
) -> "Dialogue[int]":
    """A whole number; `label` says what it counts, for usage lines."""
    kind = number_kind(lowest, highest)
    return ask(Ask(key, prompt, kind, default, positional=positional, label=label))


def choice_kind(
    words: Sequence[str], besides: Sequence[str] = (), *, closed: bool = True
) -> Kind[str]:
    """One of the words, or its number in their order; `besides` are taken but have no number.

    Not `closed` where the words are an appliance's own names.
    """
    in_any_case = {word.lower(): word for word in (*words, *besides)}

    def parse(text: str) -> str:
        if text.lower() in in_any_case:
            return in_any_case[text.lower()]
        if text.isascii() and text.isdigit() and len(text) < 4 and 1 <= int(text) <= len(words):
            return words[int(text) - 1]
        numbers = ", ".join(str(each) for each in range(1, len(words) + 1))
        raise BadAnswer(f"Error: The value must be one of {numbers} or {', '.join(words)}.")

    return Kind(
        parse,
        lambda word: str(words.index(word) + 1) if word in words else word,
        (*words, *besides),
        words[0] if words else "",
        closed=closed,
        about=f"A number from the list, or one of the words {', '.join(words)}",
    )


def numbered(texts: Iterable[str]) -> str:
    """The lines of a numbered choice."""
    return "\n".join(f"{at}. {text}" for at, text in enumerate(texts, 1))


def choice(
    key: str,
    prompt: str,
    options: Mapping[str, str],
    default: str | None = None,
    *,
    positional: bool = False,
    batch: str | None = None,
    besides: Sequence[str] = (),
) -> "Dialogue[str]":
    """A numbered list, answered by number or by the option's word; the word is the result."""
    kind = choice_kind(tuple(options), besides)
    shown = f"{prompt}\n{numbered(options.values())}"
    return ask(Ask(key, shown, kind, default, positional=positional, batch=batch))


def menu(
    key: str,
    summary: str,
    offers: Mapping[str, str],
    hidden: Sequence[str] = (),
    bare: str = "",
) -> "Dialogue[str]":
    """The list of operations under a summary of what there is; an empty answer leaves: "".

    `hidden` are words that are taken but not listed: forms known from the command line only.
    `bare` is the operation of a command line that ends here, where there is such a form.
    """

    def parse(text: str) -> str:
        word = text.lower()
        if word in offers or word in hidden:
            return word
        listed = ", ".join(each.upper() for each in offers)
        raise BadAnswer(f"Error: The value must be one of {listed}.")

    lines = [f"- {word.upper()} - {text}" for word, text in offers.items()]
    head = [summary, ""] if summary else []
    prompt = "\n".join((*head, "Choose the operation you want to perform:", *lines))
    words = (*offers, *hidden)
    kind = Kind(
        parse,
        words=words,
        sample=words[0] if words else "",
        menu=True,
        bare=bare,
        about="One of the operations, in any case; an empty answer leaves the menu",
    )
    return ask(Ask(key, prompt, kind, "", positional=True))


def _domain_name(text: str) -> "Name":
    from esashell.resolver.names import BadName, domain_from_text

    try:
        return domain_from_text(text)
    except BadName as error:
        raise BadAnswer(f"Error: {error}") from None


DOMAIN: "Kind[Name]" = Kind(_domain_name, sample="example.com", name_in=str, about="A domain name")


def domain(key: str, prompt: str, default: "Name | None" = None) -> "Dialogue[Name]":
    """A domain name, in lower case and without its final dot."""
    return ask(Ask(key, prompt, DOMAIN, default))


def _host_name(text: str) -> str:
    if fault := host_name_fault(text):
        raise BadAnswer(f"Error: {quoted(text, 60)} {fault}.")
    return text.lower()


HOST_NAME: Kind[str] = Kind(_host_name, sample="mail.example.com", about="A host name")


def host_name(key: str, prompt: str, default: str | None) -> "Dialogue[str]":
    """A name that an appliance can have (RFC 1123), in lower case."""
    return ask(Ask(key, prompt, HOST_NAME, default, positional=True))


def _domain_names(text: str) -> tuple[str, ...]:
    found = [_host_name(each.strip().removesuffix(".")) for each in text.split(",")]
    if len(set(found)) < len(found):
        raise BadAnswer("Error: A domain is given twice.")
    return tuple(found)


DOMAIN_NAMES: Kind[tuple[str, ...]] = Kind(
    _domain_names,
    ", ".join,
    sample="example.com",
    about="Domain names with commas between them",
)


def domain_names(key: str, prompt: str, called: str) -> "Dialogue[tuple[str, ...]]":
    """One domain of the configuration or several with commas between them, none twice.

    `called` is what usage lines call one.
    """
    return ask(Ask(key, prompt, DOMAIN_NAMES, label=f"{called}[,{called}]"))


def _query_name(text: str) -> "Name":
    from esashell.resolver.names import name_from_text, reverse_name

    if address_fault(text) is None:
        return reverse_name(text)
    if len(text) > 1020:  # 255 octets, each written as three digits
        raise BadAnswer("The name is longer than 253 characters.")
    if set(text) & set(" \t\"'(),:;<>[]`{}|"):
        raise BadAnswer(f"Error: {quoted(text, 60)} is not a name.")
    return name_from_text(text)


QUERY_NAME: "Kind[Name]" = Kind(_query_name, sample="example.com", name_in=str)
"""Any name that DNS can be asked about, underscores and the root included; an IP address stands
for the name of its PTR records."""


def _record_type(text: str) -> int:
    from esashell.resolver.rrtypes import type_number

    try:
        return type_number(text)
    except ValueError:
        raise BadAnswer(f"Error: {quoted(text, 60)} is not a record type.") from None


def _record_type_text(rdtype: int) -> str:
    from esashell.resolver.rrtypes import type_text

    return type_text(rdtype)


TYPE_WORDS = ("A", "AAAA", "CNAME", "DNSKEY", "DS", "MX", "NS", "PTR", "SOA", "TLSA", "TXT")
RECORD_TYPE: Kind[int] = Kind(_record_type, _record_type_text, TYPE_WORDS, "A")


def _address(text: str) -> str:
    from ipaddress import ip_address

    if fault := address_fault(text):
        raise BadAnswer(f"Error: {quoted(text, 50)} {fault}.")
    return str(ip_address(text))


def _addresses(text: str) -> tuple[str, ...]:
    found = [_address(each.strip()) for each in text.split(",")]
    if len(set(found)) < len(found):
        raise BadAnswer("Error: An IP address is given twice.")
    return tuple(found)


ADDRESS: Kind[str] = Kind(_address, sample="192.0.2.1", about="An IPv4 or IPv6 address")
ADDRESSES: Kind[tuple[str, ...]] = Kind(
    _addresses, ", ".join, sample="192.0.2.1", about="IP addresses with commas between them"
)


def address(key: str, prompt: str, default: str | None = None) -> "Dialogue[str]":
    """An IPv4 or IPv6 address in its usual spelling."""
    return ask(Ask(key, prompt, ADDRESS, default))


def addresses(key: str, prompt: str) -> "Dialogue[tuple[str, ...]]":
    """One IP address or several with commas between them, none twice."""
    return ask(Ask(key, prompt, ADDRESSES, label=f"{key}[,{key}]"))


def text_kind(longest: int) -> Kind[str]:
    def parse(text: str) -> str:
        if len(text) > longest:
            raise BadAnswer(f"Error: The text is longer than {longest} characters.")
        return text

    return Kind(parse, sample="text", about=f"Text of at most {longest} characters")


def text(
    key: str,
    prompt: str,
    default: str | None = None,
    *,
    longest: int = 1000,
    takes: Callable[[Sequence[str]], int] | None = None,
) -> "Dialogue[str]":
    """Free text on one line; a default of "" lets it be left empty."""
    return ask(Ask(key, prompt, text_kind(longest), default, takes=takes))


def _file_name(text: str) -> str:
    # The folder is flat, and what begins with a dot is hidden in it.
    if "/" in text or "\\" in text or text.startswith(".") or len(text.encode()) > 200:
        raise BadAnswer(f"Error: {quoted(text, 60)} is not a file name.")
    return text


def file_kind(names: Sequence[str]) -> Kind[str]:
    """The name of a file in the folder for configurations; Tab offers `names`."""
    return Kind(
        _file_name,
        words=tuple(names),
        sample="file.txt",
        about="The name of a file in the folder for configurations, without a path",
    )


def word(key: str, kind: Kind[T], default: T) -> "Dialogue[T]":
    """A word that the command line may have after the command; it is never asked for."""
    return ask(Ask(key, "", kind, default, positional=True, silent=True))


def row_kind(keys: Sequence[str], called: str) -> Kind[str]:
    """One of the rows of a numbered list, by its key or by its number; the key is the answer."""

    def parse(text: str) -> str:
        for each in keys:
            if each.lower() == text.lower():
                return each
        if text.isascii() and text.isdigit() and len(text) < 9 and 1 <= int(text) <= len(keys):
            return keys[int(text) - 1]
        raise BadAnswer(f"Error: There is no {called} {quoted(text)}.")

    return Kind(
        parse,
        words=tuple(keys),
        sample=keys[0] if keys else "",
        about=f"A {called} of the list, by its number or its name",
    )
