"""A list of destinations in a file: a domain on each line, and how much mail it gets, where known.

    # our partners
    example.com 1200
    example.org, 35        messages an hour

A domain that stands there twice counts once, with what its last line says.
"""

from collections.abc import Sequence

from esashell.config.quoting import quoted
from esashell.dialogue.kinds import DOMAIN
from esashell.errors import BadAnswer, OperatorError
from esashell.logs.profile import Profile, is_profile, read_profile
from esashell.simulate.plan import Destined

MOST_BAD = 20  # lines that are told
MOST_MAIL = 1e7


def destinations_in(text: str, file: str) -> list[Destined]:
    """The destinations of the list. Raises `OperatorError` with the lines that are none.

    A profile of a log (`logprofile`) is taken for one, with the mail that was seen.
    """
    if is_profile(text):
        return _seen(read_profile(text, file), file)
    found: dict[str, Destined] = {}
    bad: list[str] = []
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), 1):
        words = line.partition("#")[0].replace(",", " ").split()
        if not words:
            continue
        try:
            destined = _line(words)
        except BadAnswer as error:
            bad.append(f"{file}:{number}: {str(error).removeprefix('Error: ')}")
        else:
            found[destined.domain] = destined
    if bad:
        # A plan over a part of the partners would say that nobody else is affected.
        left = len(bad) - MOST_BAD
        more = [f"... and {left:,} more like these"] if left > 0 else []
        head = "Error: no plan: these lines are not destinations:"
        raise OperatorError("\n  ".join([head, *bad[:MOST_BAD], *more]))
    return list(found.values())


def _line(words: Sequence[str]) -> Destined:
    name = str(DOMAIN.parse(words[0])).removesuffix(".").lower()
    if len(words) == 1:
        return Destined(name)
    try:
        rate = float(words[1])
    except ValueError:
        rate = -1.0
    if len(words) > 2 or not 0 <= rate <= MOST_MAIL:
        raise BadAnswer(f"Error: {quoted(' '.join(words[1:]), 40)} is not messages in an hour.")
    return Destined(name, rate)


def _seen(profile: Profile, file: str) -> list[Destined]:
    hours = profile.days * 24
    try:
        return [
            Destined(str(DOMAIN.parse(each.domain)), each.recipients / hours if hours else None)
            for each in profile.destinations
        ]
    except BadAnswer as error:
        reason = str(error).removeprefix("Error: ")
        raise OperatorError(f"Error: {file} is not a profile: {reason}") from None
