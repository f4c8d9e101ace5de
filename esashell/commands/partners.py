"""A list of destinations in a file: a domain on each line, and how much mail it gets, where known.

    # our partners
    example.com 1200
    example.org, 35        messages an hour

A domain that stands there twice counts once, with what its last line says.
"""

import re
from collections.abc import Sequence

from esashell.config.quoting import quoted
from esashell.dialogue.kinds import DOMAIN
from esashell.errors import BadAnswer, OperatorError
from esashell.logs.profile import Profile, is_profile, read_profile
from esashell.simulate.listed import Listed

MOST_BAD = 20  # lines that are told
MOST_MAIL = 1e7

# Most lines of a long list; what it does not take is read by the rules of a single domain.
_PLAIN = re.compile(
    r"((?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?)"
    r"(?:[ \t,]+(\d{1,6}(?:\.\d{1,6})?))?",
    re.ASCII,
)
_LONGEST = 253  # characters of a name


def destinations_in(text: str, file: str) -> Listed:
    """The destinations of the list. Raises `OperatorError` with the lines that are none.

    A profile of a log (`logprofile`) is taken for one, with the mail that was seen.
    """
    if is_profile(text):
        return _seen(read_profile(text, file), file)
    rates: dict[str, float | None] = {}
    bad: list[str] = []
    plain = _PLAIN.fullmatch
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), 1):
        if (found := plain(line)) and len(line) <= _LONGEST:
            name, rate = found.groups()
            rates[name] = None if rate is None else float(rate)
            continue
        words = line.partition("#")[0].replace(",", " ").split()
        if not words:
            continue
        try:
            name, rates[name] = _line(words)
        except BadAnswer as error:
            bad.append(f"{file}:{number}: {str(error).removeprefix('Error: ')}")
    if bad:
        # A plan over a part of the partners would say that nobody else is affected.
        left = len(bad) - MOST_BAD
        more = [f"... and {left:,} more like these"] if left > 0 else []
        head = "Error: no plan: these lines are not destinations:"
        raise OperatorError("\n  ".join([head, *bad[:MOST_BAD], *more]))
    if not rates:
        # A plan over nobody would say that nothing changes.
        raise OperatorError(f"Error: no plan: {file} has no destination.")
    return _listed(rates)


def _listed(rates: dict[str, float | None]) -> Listed:
    return Listed(rates, {each: rate for each, rate in rates.items() if rate is not None})


def _line(words: Sequence[str]) -> tuple[str, float | None]:
    name = _domain(words[0])
    if len(words) == 1:
        return name, None
    try:
        rate = float(words[1])
    except ValueError:
        rate = -1.0
    if len(words) > 2 or not 0 <= rate <= MOST_MAIL:
        raise BadAnswer(f"Error: {quoted(' '.join(words[1:]), 40)} is not messages in an hour.")
    return name, rate


def _domain(text: str) -> str:
    return str(DOMAIN.parse(text)).removesuffix(".").lower()


def _seen(profile: Profile, file: str) -> Listed:
    hours = profile.days * 24
    try:
        return _listed(
            {
                _domain(each.domain): each.recipients / hours if hours else None
                for each in profile.destinations
            }
        )
    except BadAnswer as error:
        reason = str(error).removeprefix("Error: ")
        raise OperatorError(f"Error: {file} is not a profile: {reason}") from None
