"""Bounce profiles (`bounceconfig`): how long mail is retried, and who hears of a failure.

A profile other than `Default` leaves to that one what it does not set itself, None here. Times are
in seconds. A message that cannot be delivered for now becomes undeliverable when it has been
retried `maximum_retries` times or has waited `maximum_queue_time`, whichever comes first.
"""

from msgspec import Struct

DEFAULT_PROFILE = "Default"
DEFAULT_SUBJECT = "Delivery Status Notification (Failure)"


class BounceProfile(Struct, frozen=True, forbid_unknown_fields=True):
    """One profile. `alternate_address` is who is told instead of the sender; empty is the sender.

    The delay warning goes out `warning_interval` seconds after the last, `warning_count` times.
    """

    name: str = DEFAULT_PROFILE
    maximum_retries: int = 100
    maximum_queue_time: int = 259_200
    initial_retry: int = 60
    maximum_retry: int = 3600
    send_bounces: bool | None = None
    dsn_format: bool | None = None
    subject: str = DEFAULT_SUBJECT
    send_warnings: bool | None = None
    warning_interval: int = 14_400
    warning_count: int = 1
    alternate_address: str = ""
    sign: bool | None = None


DEFAULT = BounceProfile(send_bounces=True, dsn_format=True, send_warnings=False, sign=False)
"""What the profile `Default` is on a new appliance."""


class BounceSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The profiles; `bounce_down_hosts` bounces all queued mail of a host that is found down.

    A bounce has the message in it as far as that is no longer than `max_bounce_copy` bytes, and its
    header otherwise.
    """

    bounce_down_hosts: bool = False
    profiles: tuple[BounceProfile, ...] = (DEFAULT,)
    max_bounce_copy: int = 10_240
