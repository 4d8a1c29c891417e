"""The S3 store, started once, and landing zones in it."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.store.landing.s3 import S3Landing
from console.store.landing.s3_place import S3Access, S3Place
from tests.console.store.s3_server import (
    ACCESS_KEY,
    BUCKET,
    SECRET_KEY,
    Proxy,
    S3Server,
    running_server,
)


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3Server]:
    with running_server() as server:
        yield server


@pytest.fixture
def proxy(s3_server: S3Server) -> Iterator[Proxy]:
    with Proxy(s3_server).running() as proxy:
        yield proxy


@pytest.fixture
def prefix() -> str:
    """A place in the bucket that no other test uses."""
    return f"{uuid.uuid4().hex}/"


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    file = tmp_path / "s3.keys"
    file.write_text(f'access_key = "{ACCESS_KEY}"\nsecret_key = "{SECRET_KEY}"\n')
    file.chmod(0o600)
    return file


@pytest.fixture
def s3(s3_server: S3Server, key_file: Path, prefix: str) -> S3Landing:
    """A landing zone that speaks to the store itself."""
    access = S3Access(s3_server.url, key_file=key_file)
    return S3Landing(S3Place(f"s3://{BUCKET}/{prefix}", access))


@pytest.fixture
def proxied(proxy: Proxy, key_file: Path, prefix: str) -> S3Landing:
    """The same place, through the proxy."""
    access = S3Access(proxy.url, key_file=key_file)
    return S3Landing(S3Place(f"s3://{BUCKET}/{prefix}", access))
