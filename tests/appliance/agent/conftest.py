"""A content server on loopback and a client of it, for the tests of content over HTTP."""

import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from appliance.agent.content_http import HttpContent
from appliance.contract.messages import ContentRef
from tests.appliance.agent.content_server import TOKEN, ContentServer, serving

IDLE_S = 0.4
PAYLOAD = random.Random(1).randbytes(3_000_000)


@pytest.fixture
async def server() -> ContentServer:
    return ContentServer()


@pytest.fixture
async def ref(server: ContentServer) -> AsyncIterator[ContentRef]:
    server.payload = PAYLOAD
    async with serving(server) as url:
        yield ContentRef(url, TOKEN)


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[HttpContent]:
    made = HttpContent(tmp_path, connect_timeout_s=2, idle_timeout_s=IDLE_S)
    yield made
    await made.aclose()
