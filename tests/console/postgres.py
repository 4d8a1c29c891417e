"""A PostgreSQL server of the tests' own: private, on a unix socket, gone when they are.

A test module gets `postgres_url` by importing it together with `postgres` (pytest finds fixtures by
name)::

    from tests.console.postgres import postgres, postgres_url

    __all__ = ["postgres", "postgres_url"]
"""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from console.store.ids import new_id

START_TIMEOUT_S = 60
_USER = "stele"
_SETTINGS = {
    "listen_addresses": "",
    # Nobody pulls the plug of this one; its processes may still be killed.
    "fsync": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "jit": "off",
}


class PostgresServer:
    """A running server, and databases in it."""

    def __init__(self, socket_folder: Path) -> None:
        self.socket_folder = socket_folder

    def url(self, database: str) -> str:
        """What `console.store.engine.open_store` takes."""
        return f"postgresql+psycopg://{_USER}@/{database}?host={self.socket_folder}"

    def create_database(self, options: str = "") -> str:
        """A new empty database; returns its URL. `options` are those of CREATE DATABASE."""
        name = new_id("t").replace("-", "_")
        self._execute(f"CREATE DATABASE {name} {options}")
        return self.url(name)

    def drop_database(self, url: str) -> None:
        """Whoever is still connected is cut off."""
        name = url.partition("@/")[2].partition("?")[0]
        self._execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def _execute(self, statement: str) -> None:
        target = f"host={self.socket_folder} user={_USER} dbname=postgres"
        with psycopg.connect(target, autocommit=True) as connection:
            connection.execute(statement.encode())


@contextmanager
def run_server(**settings: str) -> Iterator[PostgresServer]:
    """A server in a temporary folder, with further settings of postgresql.conf."""
    # Its own folder below /tmp: a socket's path has 107 bytes at most.
    folder = Path(tempfile.mkdtemp(prefix="stele-pg-"))
    try:
        if os.getuid() == 0:
            shutil.chown(folder, "nobody")
        _run("initdb", "--pgdata", f"{folder}/data", "--username", _USER, "--auth=trust",
             "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")  # fmt: skip
        chosen = {**_SETTINGS, "unix_socket_directories": str(folder), **settings}
        argv = [_program("postgres"), "-D", f"{folder}/data"]
        argv += [word for name, value in chosen.items() for word in ("-c", f"{name}={value}")]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen([*_as_nobody(), *argv], stdout=log, stderr=log, cwd="/")
        try:
            _await_server(process, folder)
            yield PostgresServer(folder)
        finally:
            process.send_signal(signal.SIGINT)  # fast shutdown
            process.wait(START_TIMEOUT_S)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One server for all tests of a process."""
    with run_server() as server:
        yield server


@pytest.fixture
def postgres_url(postgres: PostgresServer) -> Iterator[str]:
    """An empty database for one test."""
    url = postgres.create_database()
    yield url
    postgres.drop_database(url)


def _program(name: str) -> str:
    """Debian keeps the server's programs beside the path, a folder a version."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    program = str(found[-1]) if found else shutil.which(name)
    assert program, "the Debian package postgresql is missing; `make test` installs it"
    return program


def _as_nobody() -> list[str]:
    """PostgreSQL refuses to run as root. The server ends with the process that started it."""
    argv = ["setpriv", "--pdeathsig=INT"]
    if os.getuid() == 0:
        argv += ["--reuid=nobody", "--regid=nogroup", "--clear-groups"]
    return argv


def _run(name: str, *arguments: str) -> None:
    argv = [*_as_nobody(), _program(name), *arguments]
    done = subprocess.run(argv, check=False, capture_output=True, text=True, cwd="/")
    assert done.returncode == 0, done.stdout + done.stderr


def _await_server(process: "subprocess.Popen[bytes]", folder: Path) -> None:
    give_up = time.monotonic() + START_TIMEOUT_S
    while not _answers(folder):
        log = (folder / "log").read_text("utf-8", "replace")
        assert process.poll() is None, f"the server ended: {log}"
        assert time.monotonic() < give_up, f"the server does not answer: {log}"
        time.sleep(0.02)


def _answers(folder: Path) -> bool:
    try:
        psycopg.connect(f"host={folder} user={_USER} dbname=postgres").close()
    except psycopg.OperationalError:
        return False
    return True
