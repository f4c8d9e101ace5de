"""A Chromium without a window, spoken to through a pipe: what a page looks like to its readers.

The conversation is the DevTools protocol: JSON objects that end in a zero octet, on descriptors 3
and 4 of the browser.
"""

import json
import os
import subprocess
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.conftest import need

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--remote-debugging-pipe",
)  # fmt: skip


class Page:
    """One tab. What the page asks for, and what its policy refuses, is kept in `events`."""

    def __init__(self, to: int, back: int) -> None:
        self._to, self._back = to, back
        self._number, self._left = 0, b""
        self._session = ""
        self.events: list[dict[str, Any]] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for each in ("Page", "Network", "Log", "Runtime", "Accessibility"):
            self.call(f"{each}.enable")

    def call(self, method: str, **params: Any) -> Any:
        self._number += 1
        asked = {"id": self._number, "method": method, "params": params}
        if self._session:
            asked["sessionId"] = self._session
        os.write(self._to, json.dumps(asked).encode() + b"\0")
        while True:
            told = self._next()
            if told.get("id") != self._number:
                self.events.append(told)
                continue
            assert "error" not in told, told
            return told["result"]

    def show(self, file: Path, width: int) -> None:
        """Load the file in a window so wide, and wait until it is there."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=900, deviceScaleFactor=1, mobile=False,
        )  # fmt: skip
        self.events.clear()
        self.call("Page.navigate", url=file.as_uri())
        while not any(each.get("method") == "Page.loadEventFired" for each in self.events):
            self.events.append(self._next())

    def value(self, expression: str) -> Any:
        found = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def roles(self) -> list[tuple[str, str]]:
        """What a screen reader is told: the role and the name of everything it does not skip."""
        nodes = self.call("Accessibility.getFullAXTree")["nodes"]
        return [
            (each["role"]["value"], each.get("name", {}).get("value", ""))
            for each in nodes
            if not each["ignored"]
        ]

    def picture(self) -> bytes:
        return b64decode(self.call("Page.captureScreenshot", captureBeyondViewport=True)["data"])

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._left:
            piece = os.read(self._back, 1 << 16)
            assert piece, "the browser has gone"
            self._left += piece
        first, _, self._left = self._left.partition(b"\0")
        told: dict[str, Any] = json.loads(first)
        return told


@contextmanager
def browser(profile: Path) -> Iterator[Page]:
    """A browser with a profile of its own, which is gone afterwards."""
    program = need("chromium")
    to_read, to_write = os.pipe()
    back_read, back_write = os.pipe()
    # The shell puts the pipes where the browser looks for them, whatever numbers they have here.
    script = f'exec "$0" "$@" 3<&{to_read} 4>&{back_write}'
    with subprocess.Popen(
        ["bash", "-c", script, program, *FLAGS, f"--user-data-dir={profile}"],
        pass_fds=(to_read, back_write),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as running:
        os.close(to_read)
        os.close(back_write)
        try:
            yield Page(to_write, back_read)
        finally:
            running.terminate()
            try:
                running.wait(10)
            except subprocess.TimeoutExpired:
                running.kill()
            os.close(to_write)
            os.close(back_read)
