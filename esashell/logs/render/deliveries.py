"""The lines of Delivery Logs: each recipient that a message went to, or was hard bounced for.

The form is that of the user guide, an element with its attributes. Those that are not known of a
delivery are left out; the times of injection and of delivery are, since every line has its own.
"""

from esashell.config.model.logs import LogLevel
from esashell.events import Bounced, Delivered
from esashell.logs.render.line import Form, Lines, Table


def _delivered(it: Delivered, form: Form) -> tuple[str, ...]:
    about = _attributes(
        bytes=it.size, mid=it.mid, ip=it.address, code=250, reply=it.response, **{"from": it.sender}
    )
    to = (*it.recipients, *[""] * (len(it.rids) - len(it.recipients)))
    each = " ".join(_recipient(rid, text) for rid, text in zip(it.rids, to, strict=False))
    return (f"<success{about}> {each} </success>",)


def _bounced(it: Bounced, form: Form) -> tuple[str, ...]:
    about = _attributes(
        mid=it.mid,
        ip=it.address,
        reason=f"{it.status} - {it.text}",
        code=f"{it.code:03}",
        reply=" ".join(it.response),
        **{"from": it.sender},
    )
    return (f"<bounce{about}> {_recipient(it.rid, it.recipient)} </bounce>",)


def _recipient(rid: int, to: str) -> str:
    return f'<rcpt rid="{rid}"{_attributes(to=to)} />'


ORDER = ("bytes", "mid", "ip", "from", "reason", "code", "reply", "to")


def _attributes(**values: str | int) -> str:
    """Each with a blank in front, in the guide's order; what is empty or 0 is not known."""
    known = [(name, str(values[name])) for name in ORDER if values.get(name)]
    return "".join(f' {name}="{_quoted(value)}"' for name, value in known)


def _quoted(value: str) -> str:
    for character, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;")):
        value = value.replace(character, entity)
    return value


DELIVERIES: Table = {
    Delivered: (Lines(LogLevel.INFORMATION, _delivered),),
    Bounced: (Lines(LogLevel.INFORMATION, _bounced),),
}
