"""The web processes: gunicorn with threads, as many processes as `web.processes` says.

They share one port, and everything that they must agree on is in the store or in files. One that
ends is started again by the first of them. A thread serves one request. A browser's event stream
holds one for as long as its page is open.
"""

import os
from pathlib import Path
from typing import Any

import click
from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]  # no stubs

from console.api.metrics.folder import prepare_folder
from console.supervision import die_with_parent

THREADS = 256
STOP_S = 2
"""How long open requests may take to end when the server is asked to stop."""


class Server(BaseApplication):  # type: ignore[misc]  # gunicorn ships no types
    """gunicorn, configured here instead of by files and environment."""

    def __init__(self, data: Path, host: str, port: int, processes: int = 1) -> None:
        self._data = data
        self._processes = processes
        self._bind = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        super().__init__()

    def load_config(self) -> None:
        settings: dict[str, Any] = {
            "bind": self._bind,
            "workers": self._processes,
            "worker_class": "gthread",
            "threads": THREADS,
            "timeout": 60,
            "graceful_timeout": STOP_S,
            "keepalive": 15,
            "control_socket_disable": True,
            "post_fork": _after_fork,
        }
        for name, value in settings.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        # In the worker process: nothing of the application may be opened before the fork.
        from console.web.app import create_app  # noqa: PLC0415

        return create_app(self._data)


def _after_fork(_arbiter: Any, worker: Any) -> None:
    die_with_parent(worker.ppid)


@click.command()
@click.option("--data", type=click.Path(path_type=Path), required=True)
@click.option("--host", default="127.0.0.1")
@click.option("--port", type=int, required=True)
@click.option("--processes", type=click.IntRange(1), default=1, show_default=True)
def main(data: Path, host: str, port: int, processes: int) -> None:
    """Serve the page and the content until SIGTERM."""
    os.environ.pop("GUNICORN_CMD_ARGS", None)  # the settings above are the only ones
    prepare_folder(data, port)
    Server(data, host, port, processes).run()


if __name__ == "__main__":
    main()
