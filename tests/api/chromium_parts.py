"""A real browser that types and presses buttons: Chromium over its own pipe (DevTools protocol), without a driver."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

CHROMIUM = shutil.which("chromium")
PATIENCE = 60.0
"""Seconds until a page that does not come is given up."""


class Tab:
    """One page. Messages on the pipe are JSON, each ended by a zero byte."""

    def __init__(self, commands: int, answers: BinaryIO) -> None:
        self._out, self._in = commands, answers
        self._number = 0
        self._session = ""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.call("Page.enable")

    def call(self, method: str, **params: Any) -> Any:
        """A command's result."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while (answer := self._read()).get("id") != self._number:
            pass
        assert "error" not in answer, answer
        return answer["result"]

    def _read(self) -> Any:
        text = bytearray()
        while (byte := self._in.read(1)) != b"\0":
            assert byte, "the browser has ended"
            text += byte
        return json.loads(text)

    def value(self, script: str) -> Any:
        """What a script in the page gives."""
        return self.call("Runtime.evaluate", expression=script, returnByValue=True)["result"].get("value")

    def open(self, url: str) -> None:
        """Goes to a page and waits for it."""
        self.call("Page.navigate", url=url)
        self.wait(f"location.href == {json.dumps(url)} && document.readyState == 'complete'")

    def wait(self, condition: str) -> None:
        """Waits until a condition holds in the page, whichever page that is by then."""
        until = time.monotonic() + PATIENCE
        while not self.value(condition):
            assert time.monotonic() < until, self.value("document.documentElement.outerHTML")
            time.sleep(0.05)

    def click(self, selector: str) -> None:
        """Presses the left button over the middle of an element."""
        place = f"document.querySelector({json.dumps(selector)})"
        self.value(f"{place}.scrollIntoView({{block: 'center'}})")
        box = f"(() => {{ const box = {place}.getBoundingClientRect();"
        x, y = self.value(f"{box} return [box.x + box.width / 2, box.y + box.height / 2] }})()")
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def type(self, selector: str, text: str) -> None:
        """Clicks into a field and types."""
        self.click(selector)
        self.call("Input.insertText", text=text)


@contextmanager
def browser(profile: Path) -> Iterator[Tab]:
    """A tab of a browser that ends with the block; `profile` is a folder of its own."""
    to_browser, from_browser = os.pipe(), os.pipe()

    def pipes() -> None:  # Chromium reads from descriptor 3 and writes to 4
        reading, writing = (fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (to_browser[0], from_browser[1]))
        os.dup2(reading, 3)
        os.dup2(writing, 4)

    command = [
        str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe",
        f"--user-data-dir={profile}",
    ]  # fmt: skip
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=pipes, close_fds=False
    )
    os.close(to_browser[0])
    os.close(from_browser[1])
    try:
        with os.fdopen(from_browser[0], "rb") as answers:
            yield Tab(to_browser[1], answers)
    finally:
        process.terminate()
        process.wait(30)
        os.close(to_browser[1])
