"""How destination controls are shown: the table of LIST, and the paragraphs of DETAIL."""

from collections.abc import Sequence

from esashell.config.model.destination import (
    DaneSetting,
    DefaultControl,
    DestinationControl,
    Enforcement,
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
    ("IP Version", "Preference"),
)
TLS_CELLS = {
    TlsSetting.NO: "Off",
    TlsSetting.PREFERRED: "Pref",
    TlsSetting.REQUIRED: "Req",
    TlsSetting.PREFERRED_VERIFY: "Pref (Verify)",
    TlsSetting.REQUIRED_VERIFY: "Req (Verify)",
    TlsSetting.REQUIRED_VERIFY_HOSTED: "Req (Hosted)",
}

Control = DefaultControl | DestinationControl


def table(config: Config) -> str:
    """All entries, a line for each, and the default at the end."""
    default = config.destinations.default
    rows = [(each.domain, *_cells(each)) for each in config.destinations.entries]
    last = _cells(default)
    # The default's own profile is the one of that name.
    profile = f"({last[4]})" if last[4] == "Default" else last[4]
    rows.append(("(Default)", *last[:4], profile, *last[5:]))
    widths = [max(map(len, column)) for column in zip(*HEADS_AS_ROWS, *rows, strict=True)]
    ruler = tuple("=" * width for width in widths)
    return "\n".join(_line(row, widths) for row in (*HEADS_AS_ROWS, ruler, *rows))


HEADS_AS_ROWS = tuple(zip(*HEADS, strict=True))


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True))
    return "  ".join(padded).rstrip()


def _cells(control: Control) -> tuple[str, ...]:
    limits = (control.concurrency, control.messages_per_connection, control.recipient_limit)
    return (
        "Default" if all(each is None for each in limits) else "On",
        "Default" if control.tls is None else TLS_CELLS[control.tls],
        _dane(control.dane),
        _switch(control.bounce_verification),
        control.bounce_profile or "Default",
        control.ip_preference or "Default",
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
