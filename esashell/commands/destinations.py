"""How destination controls are shown: the table of LIST, and the paragraphs of DETAIL.

The table keeps to the 80 columns of a screen, whatever is in it: words are short in its cells, a
domain that is longer than its column has a line to itself, and of a profile's long name the
beginning is shown. DETAIL has all of it.
"""

from collections.abc import Sequence

from esashell.config.model.destination import (
    DaneSetting,
    DefaultControl,
    DestinationControl,
    Enforcement,
    IpPreference,
    LimitScope,
    TlsSetting,
)
from esashell.config.tree import Config

HEADS = (
    ("", "Domain"),
    ("Rate", "Limiting"),
    ("", "TLS"),
    ("", "DANE"),
    ("Bounce", "Verification"),
    ("Bounce", "Profile"),
    ("IP", "Version"),
)
TLS_CELLS = {
    TlsSetting.NO: "Off",
    TlsSetting.PREFERRED: "Pref",
    TlsSetting.REQUIRED: "Req",
    TlsSetting.PREFERRED_VERIFY: "Pref (Verify)",
    TlsSetting.REQUIRED_VERIFY: "Req (Verify)",
    TlsSetting.REQUIRED_VERIFY_HOSTED: "Req (Hosted)",
}

DANE_CELLS = {
    DaneSetting.NONE: "None",
    DaneSetting.OPPORTUNISTIC: "Opp",
    DaneSetting.MANDATORY: "Mand",
}
PREFERENCE_CELLS = {
    IpPreference.IPV6_PREFERRED: "Pref v6",
    IpPreference.IPV6_REQUIRED: "Req v6",
    IpPreference.IPV4_PREFERRED: "Pref v4",
    IpPreference.IPV4_REQUIRED: "Req v4",
}
WIDTH = 80
GAP = "  "
PROFILE = 5  # the column of a name that may be long
DOMAIN_AT_LEAST = 9  # columns, which "(Default)" has

Control = DefaultControl | DestinationControl


def table(config: Config) -> str:
    """All entries, a line for each, and the default at the end."""
    default = config.destinations.default
    rows = [(each.domain, *_cells(each)) for each in config.destinations.entries]
    last = _cells(default)
    # The default's own profile is the one of that name.
    profile = f"({last[4]})" if last[4] == "Default" else last[4]
    rows.append(("(Default)", *last[:4], profile, *last[5:]))
    widths = _widths(rows)
    ruler = tuple("=" * width for width in widths)
    return "\n".join(_line(row, widths) for row in (*HEADS_AS_ROWS, ruler, *rows))


HEADS_AS_ROWS = tuple(zip(*HEADS, strict=True))


def _widths(rows: Sequence[Sequence[str]]) -> list[int]:
    """The columns' widths: what their cells want, if the screen has it."""
    widths = [max(map(len, column)) for column in zip(*HEADS_AS_ROWS, *rows, strict=True)]
    heads = [max(map(len, column)) for column in zip(*HEADS_AS_ROWS, strict=True)]
    least = {0: DOMAIN_AT_LEAST, PROFILE: max(heads[PROFILE], len("(Default)"))}
    for at, lowest in least.items():
        over = sum(widths) + len(GAP) * (len(widths) - 1) - WIDTH
        widths[at] = min(widths[at], max(lowest, widths[at] - max(0, over)))
    return widths


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    domain, *rest = cells
    rest = [_cut(cell, width) for cell, width in zip(rest, widths[1:], strict=True)]
    own_line = f"{domain}\n" if len(domain) > widths[0] else ""
    first = "" if own_line else domain
    padded = (f"{cell:<{width}}" for cell, width in zip((first, *rest), widths, strict=True))
    return own_line + GAP.join(padded).rstrip()


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 3]}..."


def _cells(control: Control) -> tuple[str, ...]:
    limits = (control.concurrency, control.messages_per_connection, control.recipient_limit)
    return (
        "Default" if all(each is None for each in limits) else "On",
        "Default" if control.tls is None else TLS_CELLS[control.tls],
        "Default" if control.dane is None else DANE_CELLS[control.dane],
        _switch(control.bounce_verification),
        control.bounce_profile or "Default",
        "Default" if control.ip_preference is None else PREFERENCE_CELLS[control.ip_preference],
    )


def _switch(setting: bool | None) -> str:
    return "Default" if setting is None else ("On" if setting else "Off")


def _dane(setting: DaneSetting | None) -> str:
    return "Default" if setting is None else setting.value


def detail(name: str, control: Control) -> str:
    """Everything about one entry; `Default` where it is left to the default."""
    tls = "Default" if control.tls is None else control.tls.value
    return "\n".join(
        (
            name,
            f" IP Version Preference: {control.ip_preference or 'Default'}",
            f" Maximum messages per connection: {_or_default(control.messages_per_connection)}",
            *_rate_limiting(control),
            f" TLS: {'Off' if control.tls is TlsSetting.NO else tls}",
            f" DANE: {_dane(control.dane)}",
            f" Bounce Verification Tagging: {_switch(control.bounce_verification)}",
            f" Bounce Profile: {control.bounce_profile or 'Default'}",
        )
    )


def _or_default(number: int | None) -> str:
    return "Default" if number is None else str(number)


def _rate_limiting(control: Control) -> tuple[str, ...]:
    if control.concurrency is None and control.recipient_limit is None:
        return (" Rate Limiting: Default",)
    recipients = "No recipient limit"
    if control.recipient_limit is None:
        recipients = "Default recipient limit"
    elif control.recipient_limit:
        minutes = _or_default(control.recipient_minutes)
        recipients = f"{control.recipient_limit} recipients per {minutes} minutes"
    to = "each mail exchanger IP address"
    if control.limit_scope is not LimitScope.MX_ADDRESS:
        to = "entire domain"
    across = "across all virtual gateways"
    if control.enforcement is Enforcement.VIRTUAL_GATEWAY:
        across = "for each virtual gateway"
    return (
        " Rate Limiting:",
        f"  {_or_default(control.concurrency)} concurrent connections",
        f"  {recipients}",
        f"  Limits applied to {to}, {across}",
    )
