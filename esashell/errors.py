"""The families of things that go wrong, one road for each.

* A *fault* in a request (`TransportError`) is thrown at the `yield` that asked for it. Foreign
  exceptions (`OSError`, `ssl.SSLError`) are turned into one of these in `worlds` and nowhere else.
  The engine catches it where it can go on with the next address, and it becomes a finding.
* An *operator's mistake* (`OperatorError`) carries the very line that is shown. It never comes
  with a traceback and never costs work: the question is asked again, or the command is refused.
* A *finding* about the world (bogus, no match, `550`) is not here: it is a value in the evidence.
* *Our own mistake* is any other exception. It is caught once, in `shell`, and the session lives.
"""


class TransportError(Exception):
    """A request could not be performed; `text` is the reason in a few words."""

    word = "network error"

    def __init__(self, text: str = "") -> None:
        super().__init__(text or self.word)

    @property
    def text(self) -> str:
        return str(self.args[0])


class TimedOut(TransportError):
    """Nothing came back within the time that the request allowed."""

    word = "timeout"


class Overdue(TransportError):
    """A connection has used up the time for everything on it, however busy it still is."""

    word = "the time for the whole conversation is used up"


class Refused(TransportError):
    """The peer answered the connection attempt with a reset (nothing listens there)."""

    word = "Connection refused"


class Unreachable(TransportError):
    """No route, or the network said that there is no such host."""

    word = "No route to host"


class Reset(TransportError):
    """An established connection was cut off by the peer."""

    word = "Connection reset by peer"


class HandshakeFailed(TransportError):
    """TLS did not come about; the text is the TLS library's reason or the peer's alert."""

    word = "TLS handshake failed"


class OperatorError(Exception):
    """An operator's mistake. The message is what is shown, verbatim."""


class BadAnswer(OperatorError):
    """The text does not answer the question; it is asked again."""


class UsageError(OperatorError):
    """A command line that cannot be understood; nothing has been done."""


class CommitRefused(OperatorError):
    """The pending configuration may not become the running one, and why."""


class BadConfiguration(OperatorError):
    """A configuration file that is not taken: damaged, unknown, or newer than this program."""
