"""What every test may use: above all, a word about programs that are not on this machine."""

import gc
import os
import shutil
from collections.abc import Iterator
from typing import NoReturn

import pytest
from hypothesis import HealthCheck, settings

# Where the time is there, what is tried at random is tried longer.
LONG = bool(os.environ.get("ESASHELL_CI"))

# On a busy machine slow is not wrong.
settings.register_profile(
    "unhurried",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    max_examples=100 if LONG else 50,
)
settings.load_profile("unhurried")

_PACKAGE = {
    "unbound": "unbound",
    "unbound-host": "unbound",
    "nsd": "nsd",
    "nsd-checkconf": "nsd",
    "posttls-finger": "postfix",
    "sendmail": "postfix",
    "postconf": "postfix",
    "gnutls-cli": "gnutls-bin",
    "danetool": "gnutls-bin",
    "openssl": "openssl",
    "ip": "iproute2",
    "tmux": "tmux",
    "dig": "dnsutils",
    "delv": "dnsutils",
    "unshare": "util-linux",
    "setpriv": "util-linux",
    "nsenter": "util-linux",
}

# Servers live where an ordinary user's PATH does not look.
_PLACES = os.pathsep.join(
    [os.environ.get("PATH", os.defpath), "/usr/local/sbin", "/usr/sbin", "/sbin"]
)


def pytest_collection_finish() -> None:
    """What was imported stays until the end: looking through it for garbage again and again would
    be an eighth of the whole run."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


@pytest.fixture(autouse=True, scope="session")
def _patient_disk() -> Iterator[None]:
    """No test takes the power away, so none has to wait until the disk has what was written. The
    programs that tests start do wait."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda opened: None)
        yield


def _without(reason: str) -> NoReturn:
    """Skip the test, or fail it where nothing may be missing."""
    if os.environ.get("ESASHELL_CI"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def need(program: str) -> str:
    """The path of somebody else's program; without it the test is skipped, with a line that says
    which Debian package has it. With ESASHELL_CI set, missing is failing."""
    found = shutil.which(program, path=_PLACES)
    if found is None:
        package = _PACKAGE.get(program, program)
        _without(f"{program} is not installed (Debian package: {package})")
    return found


def lacking(reason: str) -> NoReturn:
    """Something other than a program is missing (a privilege, a namespace): as `need` does."""
    _without(reason)
