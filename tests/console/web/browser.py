"""A real browser for tests and pictures: chromedriver by its own protocol (W3C WebDriver)."""

import base64
import json
import re
import subprocess
import tempfile
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any, Self

ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)


class Browser:
    """One window, gone with all its processes at the end. Give it `size` in CSS pixels."""

    def __init__(
        self,
        size: tuple[int, int] = (1280, 900),
        *,
        scale: float = 1,
        dark: bool = False,
        wait_s: float = 20,
    ) -> None:
        self._wait_s = wait_s
        self._size = size
        self._scale = scale
        self._dark = dark

    def __enter__(self) -> Self:
        self._profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self._driver = subprocess.Popen(
            ["chromedriver", "--port=0"], stdout=subprocess.PIPE, text=True
        )
        try:
            self._base = f"http://127.0.0.1:{self._port()}"
            self._base += "/session/" + self._call("/session", self._wanted())["sessionId"]
            self._call("/timeouts", {"script": int((self._wait_s + 5) * 1000)})
            self._set_media()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        try:
            self._call("", None, "DELETE")
        finally:
            self._end()

    def open(self, url: str) -> None:
        """Load a page; a stream that stays open does not hold this up."""
        self._call("/url", {"url": url})

    def run(self, script: str, *values: object) -> Any:
        """What JavaScript in the page returns."""
        return self._call("/execute/sync", {"script": script, "args": list(values)})

    def wait_for(self, condition: str) -> None:
        """Return when a JavaScript expression is true; the browser itself looks again and again.

        Raises:
            TimeoutError: it was not within `wait_s`.
        """
        script = f"""const done = arguments[0];
            const look = () => ({condition}) ? done(true) : setTimeout(look, 50);
            setTimeout(() => done(false), {self._wait_s * 1000}); look();"""
        if not self._call("/execute/async", {"script": script, "args": []}):
            raise TimeoutError(condition)

    def picture(self, file: Path) -> None:
        """What the window shows, as PNG."""
        file.write_bytes(base64.b64decode(self._call("/screenshot", None, "GET")))

    def _wanted(self) -> dict[str, Any]:
        arguments = [*ARGUMENTS, f"--user-data-dir={self._profile.name}"]
        arguments.append("--window-size={},{}".format(*self._size))
        arguments.append(f"--force-device-scale-factor={self._scale}")
        always = {"browserName": "chrome", "goog:chromeOptions": {"args": arguments}}
        return {"capabilities": {"alwaysMatch": always}}

    def _set_media(self) -> None:
        size = {"width": self._size[0], "height": self._size[1], "mobile": False}
        self._tell("Emulation.setDeviceMetricsOverride", size | {"deviceScaleFactor": self._scale})
        scheme = {"name": "prefers-color-scheme", "value": "dark" if self._dark else "light"}
        still = {"name": "prefers-reduced-motion", "value": "reduce"}
        self._tell("Emulation.setEmulatedMedia", {"features": [scheme, still]})

    def _tell(self, command: str, values: dict[str, Any]) -> None:
        self._call("/goog/cdp/execute", {"cmd": command, "params": values})

    def _port(self) -> str:
        assert self._driver.stdout is not None
        for line in self._driver.stdout:
            if found := re.search(r"started successfully on port (\d+)", line):
                return found[1]
        raise RuntimeError("chromedriver ended before it listened")

    def _call(self, path: str, body: object | None = None, method: str = "POST") -> Any:
        data = json.dumps(body).encode() if body is not None else None
        asked = urllib.request.Request(self._base + path, data, method=method)
        with urllib.request.urlopen(asked, timeout=self._wait_s + 30) as answer:
            return json.load(answer)["value"]

    def _end(self) -> None:
        self._driver.terminate()
        self._driver.wait(10)
        if self._driver.stdout is not None:
            self._driver.stdout.close()
        self._profile.cleanup()
