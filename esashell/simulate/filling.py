"""From the mail of a scenario to the queues of the appliance that it comes to."""

from msgspec import Struct

from esashell.config.model.bounce import DEFAULT_PROFILE
from esashell.config.model.listeners import Behavior
from esashell.errors import BadConfiguration
from esashell.simulate.appliance import Appliance, Queue
from esashell.simulate.mail import Part, mail
from esashell.simulate.scenario import Explicit, Scenario, Traffic
from esashell.simulate.traffic import Course, Listed, Stream, Timed, flow, phases

Place = tuple[str, Behavior]


class Filled(Struct, frozen=True):
    """All streams that are taken in, and those that are not."""

    streams: list[Stream]
    refused: list[Stream]


def filled(scenario: Scenario, appliance: Appliance) -> Filled:
    """Make the appliance's queues. Raises `BadConfiguration` where there is no such listener."""
    parts: dict[Place, list[Part]] = {}
    refused: list[Stream] = []
    begin, length = scenario.begin, scenario.length
    drawn = phases(scenario.seed, len(scenario.traffic))
    for each, phase in zip(scenario.traffic, drawn, strict=True):
        place = _place(scenario, appliance, each, each.domain)
        stream = Timed(Course(each.shape, begin, length), flow(each.messages, phase))
        if place is None:
            refused.append(stream)
            continue
        parts.setdefault(place, []).append(Part(stream, each))
    single: dict[Place, list[Explicit]] = {}
    for message in scenario.messages:
        domain = message.recipient.rpartition("@")[2].lower()
        place = _place(scenario, appliance, message, domain)
        if place is None:
            refused.append(Listed((begin + message.after,)))
        else:
            single.setdefault(place, []).append(message)
    for place, messages in single.items():
        instants = tuple(begin + each.after for each in messages)
        parts.setdefault(place, []).append(Part(Listed(instants), tuple(messages)))
    own = appliance.config.hostname.partition(".")[2]
    own = own if "." in own else "example.com"
    for (domain, behavior), theirs in parts.items():
        letters = mail(tuple(theirs), own, scenario.seed)
        profile = next(filter(None, (_bounce_profile(appliance, each) for each in theirs)), "")
        queue = Queue(domain, behavior, letters, appliance, profile=profile or DEFAULT_PROFILE)
        appliance.queues.append(queue)
    return Filled([part.stream for each in parts.values() for part in each], refused)


def _bounce_profile(appliance: Appliance, part: Part) -> str:
    """That of the listener that it comes in by, if one is named."""
    like = part.like if isinstance(part.like, Traffic) else part.like[0]
    named = {each.name.lower(): each.bounce_profile for each in appliance.config.listeners}
    return named.get(like.listener.lower(), "")


def _place(
    scenario: Scenario, appliance: Appliance, mail: Traffic | Explicit, domain: str
) -> Place | None:
    try:
        behavior = appliance.behavior(mail)
    except ValueError as error:
        raise BadConfiguration(f"{scenario.name}: traffic for {domain}: {error}") from None
    return None if behavior is None else (domain, behavior)
