"""A real web server of a console, as a process that can be killed."""

import os
import signal
import subprocess
import sys
import time
import urllib.request
from datetime import UTC, datetime
from pathlib import Path

from console.access.scopes import Scope
from console.access.tokens import NewToken, create_token
from console.api.v1.application import EVERYTHING
from console.broker import free_port
from console.store.workspace import open_workspace


class Server:
    """`python -m console.web.server` on a data folder, at a port of its own."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.port = free_port("127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None
        open_workspace(data).store.dispose()

    def start(self) -> None:
        argv = [sys.executable, "-m", "console.web.server", "--data", str(self.data)]
        with (self.data / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                [*argv, "--port", str(self.port)],
                stdout=subprocess.DEVNULL,
                stderr=log,
                start_new_session=True,
            )
        end = time.monotonic() + 60
        while True:
            try:
                with urllib.request.urlopen(f"{self.url}/api/v1/openapi.json", timeout=5):
                    return
            except OSError:
                assert self._process.poll() is None, (self.data / "server.log").read_text()
                assert time.monotonic() < end
                time.sleep(0.05)

    def kill(self) -> None:
        """As a power cut does it: no process of the server gets to do anything more."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    @property
    def pids(self) -> list[int]:
        """The server's processes."""
        assert self._process is not None
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text()
        return [self._process.pid, *map(int, children.split())]

    def peak_rss_mb(self) -> float:
        """The most memory that any of its processes has had, in MB."""
        peaks = []
        for pid in self.pids:
            for line in Path(f"/proc/{pid}/status").read_text().splitlines():
                if line.startswith("VmHWM:"):
                    peaks.append(int(line.split()[1]) / 1024)
        return max(peaks)

    def token(self, name: str, *scopes: Scope, namespaces: list[str] | None = None) -> str:
        workspace = open_workspace(self.data)
        try:
            with workspace.store.begin() as connection:
                new = NewToken(name, list(scopes), namespaces)
                return create_token(connection, new, EVERYTHING, datetime.now(UTC)).secret
        finally:
            workspace.close()
