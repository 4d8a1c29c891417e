"""Uploads over HTTP: whole, resumed, mismatched, cut, from a slow source, to a stuck console."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from appliance.agent.content_http import HttpContent
from appliance.contract.messages import ContentRef
from appliance.services.content import ContentBrokenError, ContentMalformedError
from tests.appliance.agent.conftest import IDLE_S, PAYLOAD
from tests.appliance.agent.content_server import ContentServer


async def pieces(data: bytes, size: int = 50_000) -> AsyncIterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


async def test_an_upload_arrives_and_tells_its_offset(
    server: ContentServer, ref: ContentRef, client: HttpContent
) -> None:
    assert await client.upload(ref, 0, pieces(PAYLOAD)) == len(PAYLOAD)
    assert bytes(server.received) == PAYLOAD
    assert await client.upload_offset(ref) == len(PAYLOAD)


async def test_an_upload_at_the_wrong_place_tells_the_right_one(
    server: ContentServer, ref: ContentRef, client: HttpContent
) -> None:
    server.received += b"abc"
    assert await client.upload(ref, 7, pieces(PAYLOAD)) == 3
    assert bytes(server.received) == b"abc"


async def test_an_upload_that_was_cut_goes_on_where_the_console_has_it(
    server: ContentServer, ref: ContentRef, client: HttpContent
) -> None:
    server.cut_after_bytes = 1_500_000
    with pytest.raises(ContentBrokenError):
        await client.upload(ref, 0, pieces(PAYLOAD))
    server.cut_after_bytes = None
    offset = await client.upload_offset(ref)
    assert offset == 1_500_000
    assert await client.upload(ref, offset, pieces(PAYLOAD[offset:])) == len(PAYLOAD)
    assert bytes(server.received) == PAYLOAD


async def test_what_the_source_raises_goes_on_unchanged(
    ref: ContentRef, client: HttpContent
) -> None:
    class DiscError(Exception):
        pass

    async def failing() -> AsyncIterator[bytes]:
        yield b"some"
        raise DiscError

    with pytest.raises(DiscError):
        await client.upload(ref, 0, failing())


async def test_a_slow_source_is_waited_for(
    server: ContentServer, ref: ContentRef, client: HttpContent
) -> None:
    async def slow() -> AsyncIterator[bytes]:
        yield b"one "
        await asyncio.sleep(3 * IDLE_S)
        yield b"two"

    assert await client.upload(ref, 0, slow()) == 7
    assert bytes(server.received) == b"one two"


async def test_a_console_that_takes_nothing_is_broken_after_the_idle_time(
    server: ContentServer, ref: ContentRef, client: HttpContent
) -> None:
    server.stall.clear()
    with pytest.raises(ContentBrokenError):
        await client.upload(ref, 0, pieces(bytes(64 << 20)))


@pytest.mark.parametrize("said", ["-1", "0x10", "١", "9" * 40, "1.0"])
async def test_an_offset_that_is_no_number_is_refused(
    server: ContentServer, ref: ContentRef, client: HttpContent, said: str
) -> None:
    server.offset_header = said
    with pytest.raises(ContentMalformedError):
        await client.upload_offset(ref)
