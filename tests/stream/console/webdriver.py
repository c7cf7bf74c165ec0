"""A headless Chromium by the W3C protocol: the few words of it that the tests need."""

from __future__ import annotations

import base64
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import orjson

from tests.broker.chromium import Chromium

PATIENCE = 20.0
_ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
_ARGUMENTS = [
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--no-first-run", "--no-default-browser-check", "--disable-extensions", "--mute-audio"),
    *("--window-size=1440,1000", "--force-device-scale-factor=1", "--hide-scrollbars"),
]

Found = TypeVar("Found")


class Browser:
    """One window."""

    def __init__(self, url: str, session: str) -> None:
        self._url = f"{url}/session/{session}"

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        data = None if method == "GET" else orjson.dumps(body or {})
        headers = {"Content-Type": "application/json"}
        request = Request(self._url + path, data, headers, method=method)
        try:
            with urlopen(request, timeout=60) as answer:
                return orjson.loads(answer.read())["value"]
        except HTTPError as error:
            raise AssertionError(orjson.loads(error.read())["value"]["message"]) from error

    def open(self, url: str) -> None:
        """Load a page."""
        self._ask("POST", "/url", {"url": url})

    def run(self, script: str, *arguments: Any) -> Any:
        """What a script returns."""
        return self._ask("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def command(self, name: str, **parameters: Any) -> Any:
        """Say something of the DevTools protocol."""
        return self._ask("POST", "/goog/cdp/execute", {"cmd": name, "params": parameters})

    def logs(self, kind: str) -> list[dict[str, Any]]:
        """What was logged since the last call: `browser` or `performance`."""
        entries: list[dict[str, Any]] = self._ask("POST", "/se/log", {"type": kind})
        return entries

    def until(self, found: Callable[[], Found], what: str, patience: float = PATIENCE) -> Found:
        """Wait until something holds; what it is then."""
        deadline = time.monotonic() + patience
        while True:
            value = found()
            if value:
                return value
            assert time.monotonic() < deadline, f"not in time: {what}; the page says {self.text()}"
            time.sleep(0.03)

    def text(self, selector: str = "body") -> str:
        """The text that a person sees of an element; empty where there is none."""
        script = "const one = document.querySelector(arguments[0]); return one?.innerText"
        # Pictures in SVG have text, but none as people see it.
        text: str = self.run(f"{script} ?? one?.textContent ?? ''", selector)
        return text

    def texts(self, selector: str) -> list[str]:
        """The same of all such elements."""
        script = "return [...document.querySelectorAll(arguments[0])].map((one) => one.innerText)"
        texts: list[str] = self.run(script, selector)
        return texts

    def see(self, text: str, selector: str = "main") -> None:
        """Wait until an element shows a text."""
        self.until(lambda: text in self.text(selector), f"{text!r} in {selector}")

    def _element(self, selector: str) -> str:
        found = {"using": "css selector", "value": selector}
        return str(self._ask("POST", "/element", found)[_ELEMENT])

    def click(self, selector: str) -> None:
        """Click on an element."""
        self._ask("POST", f"/element/{self._element(selector)}/click")

    def write(self, selector: str, text: str) -> None:
        """Type into an element."""
        self._ask("POST", f"/element/{self._element(selector)}/value", {"text": text})

    def press(self, *keys: str) -> None:
        """Press keys one after the other, wherever the focus is."""
        strokes = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        keyboard = {"type": "key", "id": "keyboard", "actions": strokes}
        self._ask("POST", "/actions", {"actions": [keyboard]})

    def photograph(self, path: Path, width: int = 1440, most: int = 1640) -> None:
        """Write a picture of the page from its top, so many pixels high at most."""
        height = min(most, self.run("return document.documentElement.scrollHeight"))
        shape = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.command("Emulation.setDeviceMetricsOverride", **shape)
        time.sleep(0.3)
        shot = self.command("Page.captureScreenshot", format="png")
        self.command("Emulation.clearDeviceMetricsOverride")
        path.write_bytes(base64.b64decode(shot["data"]))

    def prefer(self, scheme: str) -> None:
        """Have the system prefer `light` or `dark`."""
        wish = {"name": "prefers-color-scheme", "value": scheme}
        self.command("Emulation.setEmulatedMedia", features=[wish])

    def close(self) -> None:
        """Close the window."""
        self._ask("DELETE", "")


@contextmanager
def driving(chromium: Chromium, folder: Path) -> Iterator[str]:
    """A driver that runs until the block ends; its address."""
    log = (folder / "driver.log").open("wb")
    command = [str(chromium.driver), "--port=0"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=log, env=chromium.environ(folder)
    )
    try:
        yield f"http://127.0.0.1:{_port(process)}"
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close() if process.stdout else None
        log.close()


def _port(process: subprocess.Popen[bytes]) -> int:
    assert process.stdout is not None
    for line in process.stdout:
        words = line.decode().rstrip(".\n").split()
        if "successfully" in words:
            return int(words[-1])
    raise AssertionError("the driver ended")


def browse(driver: str, chromium: Chromium, folder: Path) -> Browser:
    """A new window."""
    options = {
        "binary": str(chromium.binary),
        "args": [*_ARGUMENTS, f"--user-data-dir={folder}"],
    }
    wanted = {
        "browserName": "chrome",
        "goog:chromeOptions": options,
        "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
    }
    body = orjson.dumps({"capabilities": {"alwaysMatch": wanted}})
    request = Request(f"{driver}/session", body, {"Content-Type": "application/json"})
    try:
        with urlopen(request, timeout=60) as answer:
            return Browser(driver, orjson.loads(answer.read())["value"]["sessionId"])
    except HTTPError as error:
        raise AssertionError(error.read().decode()) from error
    except URLError as error:
        raise AssertionError(str(error)) from error
