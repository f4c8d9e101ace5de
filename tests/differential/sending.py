"""What becomes of a message of ours: one attempt, in the words that Postfix has for it."""

from esashell.clock import Clock
from esashell.config.model.destination import DaneSetting, TlsSetting
from esashell.delivery.attempt import attempt, outcome
from esashell.delivery.outcome import Outcome, Protection, Result
from esashell.delivery.settings import Settings
from esashell.delivery.verification import Sender
from esashell.resolver.lookup import Resolver
from esashell.resolver.names import name_from_text
from esashell.smtp.transaction import Message
from esashell.steps import Steps
from tests.differential.postfix import Level, Sent, Status

# Mandatory is what Postfix calls `dane-only`, and Opportunistic is its `dane`. Where DANE falls
# back to TLS, Postfix's `dane` is its `may`: TLS where it can be had, without asking for names.
SETTINGS = {
    Level.DANE: Settings(TlsSetting.PREFERRED, DaneSetting.OPPORTUNISTIC),
    Level.DANE_ONLY: Settings(TlsSetting.PREFERRED, DaneSetting.MANDATORY),
}
_STATUS = {
    Result.DELIVER: Status.SENT,
    Result.DEFER: Status.DEFERRED,
    Result.BOUNCE: Status.BOUNCED,
}


class Sending:
    """Messages to one domain after the other."""

    def __init__(self, resolver: Resolver, clock: Clock) -> None:
        self.sender = Sender(resolver, clock)

    def send(self, domain: str, level: Level) -> Steps[Sent]:
        message = Message("", (f"{level}@{domain}",), b"Subject: test\r\n\r\nbody\r\n")
        settings = SETTINGS[level]
        tried = yield from attempt(name_from_text(domain), settings, self.sender, message=message)
        # What was seen on the way leads to the same decision without anybody to talk to.
        again = outcome(tried.observation, settings, self.sender.clock.now())
        assert again.rule == tried.outcome.rule
        return in_postfixs_words(tried.outcome)


def in_postfixs_words(it: Outcome) -> Sent:
    """The status, and the name that Postfix has for such a TLS connection."""
    if it.result is not Result.DELIVER:
        return Sent(_STATUS[it.result])
    match it.protection:
        case Protection.DANE:
            # Row 9: the host is the one that was named, and who named it is not certain.
            return Sent(Status.SENT, "Trusted" if it.rule.name == "row 9" else "Verified")
        case Protection.CLEAR:
            return Sent(Status.SENT)
    return Sent(Status.SENT, "Untrusted")
