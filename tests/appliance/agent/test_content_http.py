"""Content over HTTP against a real server: whole, resumed, refused, cut and lied to."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from appliance.agent import content_http
from appliance.agent.content_http import HttpContent
from appliance.contract.errors import table
from appliance.contract.messages import ContentRef, FetchItem
from appliance.services.content import (
    ContentBrokenError,
    ContentClient,
    ContentGoneError,
    ContentMalformedError,
    TokenRefusedError,
)
from appliance.volume.plan import DossierRef, Identity, PlanFile, encode_plan, make_plan
from tests.appliance.agent.conftest import IDLE_S, PAYLOAD
from tests.appliance.agent.content_server import TOKEN, ContentServer


async def read(client: HttpContent, ref: ContentRef, offset: int = 0) -> bytes:
    return b"".join([chunk async for chunk in client.stream(ref, offset)])


async def nothing() -> AsyncIterator[bytes]:
    for chunk in ():
        yield chunk


def test_it_is_what_the_jobs_ask_for(tmp_path: Path) -> None:
    made = HttpContent(tmp_path, connect_timeout_s=1, idle_timeout_s=1)
    assert isinstance(made, ContentClient)
    for failure in (
        ContentBrokenError,
        TokenRefusedError,
        ContentGoneError,
        ContentMalformedError,
    ):
        assert failure("x").code in table()


async def test_a_plan_arrives_as_it_was_made(
    server: ContentServer, ref: ContentRef, client: HttpContent
) -> None:
    identity = Identity(
        volume_id="v-1",
        label="V1",
        fonds="f",
        series="s",
        dossiers=(DossierRef("d", "Dossier", "d"),),
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    digest = hashlib.sha256(b"x").digest()
    files = [PlanFile(f"d/file-{number:05}", 1, 0, digest) for number in range(20_000)]
    plan = make_plan(identity, files, [])
    server.plan = b"".join(encode_plan(plan))
    assert await client.plan(ref) == plan


async def test_items_arrive_in_order(
    server: ContentServer, ref: ContentRef, client: HttpContent
) -> None:
    server.items = [FetchItem(f"d/{number}", number, "0" * 64) for number in range(5000)]
    assert await client.items(ref) == server.items


async def test_a_stream_begins_where_it_is_asked_to(ref: ContentRef, client: HttpContent) -> None:
    assert await read(client, ref) == PAYLOAD
    for offset in (1, 1_234_567, len(PAYLOAD) - 1):
        assert await read(client, ref, offset) == PAYLOAD[offset:]
    assert await read(client, ref, len(PAYLOAD)) == b"", "the end of the stream is not an error"


async def test_a_stream_that_was_cut_goes_on_where_it_stopped(
    server: ContentServer, ref: ContentRef, client: HttpContent
) -> None:
    server.cut_after_bytes = 1_000_001
    got = bytearray()
    for _ in range(3):
        try:
            async for chunk in client.stream(ref, len(got)):
                got += chunk
        except ContentBrokenError:
            assert len(got) < len(PAYLOAD)
    server.cut_after_bytes = None
    async for chunk in client.stream(ref, len(got)):
        got += chunk
    assert bytes(got) == PAYLOAD


async def test_a_stream_that_stalls_is_broken_after_the_idle_time(
    server: ContentServer, ref: ContentRef, client: HttpContent
) -> None:
    server.stall.clear()
    got = bytearray()

    async def read_on() -> None:
        async for chunk in client.stream(ref, 0):
            got.extend(chunk)

    with pytest.raises(ContentBrokenError):
        await read_on()
    assert bytes(got) == PAYLOAD[: len(PAYLOAD) // 2]


async def test_a_slow_reader_does_not_break_its_own_stream(
    ref: ContentRef, client: HttpContent
) -> None:
    got = bytearray()
    async for chunk in client.stream(ref, 0):
        if not got:
            await asyncio.sleep(2 * IDLE_S)
        got += chunk
    assert bytes(got) == PAYLOAD


@pytest.mark.parametrize(
    ("status", "failure"),
    [
        (401, TokenRefusedError),
        (403, ContentGoneError),
        (404, ContentGoneError),
        (410, ContentGoneError),
        (429, ContentBrokenError),
        (500, ContentBrokenError),
        (503, ContentBrokenError),
        (302, ContentMalformedError),
        (400, ContentMalformedError),
        (418, ContentMalformedError),
    ],
)
async def test_each_status_is_the_failure_that_it_means(
    server: ContentServer,
    ref: ContentRef,
    client: HttpContent,
    status: int,
    failure: type[Exception],
) -> None:
    server.status = status
    for call in (
        client.plan(ref),
        client.items(ref),
        read(client, ref),
        client.upload_offset(ref),
        client.upload(ref, 0, nothing()),
    ):
        with pytest.raises(failure):
            await call
    assert len(server.authorizations) == 5, "no redirection was followed"


async def test_a_wrong_token_is_refused_and_a_right_one_works_at_once(
    ref: ContentRef, client: HttpContent
) -> None:
    with pytest.raises(TokenRefusedError) as caught:
        await client.upload_offset(ContentRef(ref.url, "stale"))
    assert "stale" not in str(caught.value) + caught.value.detail
    assert await client.upload_offset(ref) == 0


async def test_a_server_without_ranges_is_not_taken_for_one_with(
    server: ContentServer, ref: ContentRef, client: HttpContent
) -> None:
    server.honours_ranges = False
    with pytest.raises(ContentMalformedError):
        await read(client, ref, 5)


@pytest.mark.parametrize("body", [b"", b"\xff", b"{}\n", b"[" * 100_000, b"x" * 3_000_000])
async def test_a_plan_or_list_that_is_none_is_refused(
    server: ContentServer, ref: ContentRef, client: HttpContent, body: bytes
) -> None:
    server.plan = body
    with pytest.raises(ContentMalformedError):
        await client.plan(ref)


async def test_items_that_are_none_are_refused(
    server: ContentServer, ref: ContentRef, client: HttpContent, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.items = [FetchItem("d/1", 1, "not a digest")]
    with pytest.raises(ContentMalformedError):
        await client.items(ref)
    server.items = [FetchItem("d/1", 1, "0" * 64)] * 100
    monkeypatch.setattr(content_http, "MAX_ITEMS_BYTES", 1000)
    with pytest.raises(ContentMalformedError, match="larger"):
        await client.items(ref)


async def test_a_console_that_is_not_there_is_broken_not_gone(client: HttpContent) -> None:
    with pytest.raises(ContentBrokenError):
        await client.upload_offset(ContentRef("http://127.0.0.1:1/x", TOKEN))


@pytest.mark.parametrize(
    ("url", "token"),
    [
        ("ftp://127.0.0.1/x", TOKEN),
        ("file:///etc/passwd", TOKEN),
        ("http://", TOKEN),
        ("http://host:99999/", TOKEN),
        ("not a url", TOKEN),
        ("http://127.0.0.1:1/x", "line\r\nbreak"),
    ],
)
async def test_an_address_or_token_that_is_none_is_refused(
    client: HttpContent, url: str, token: str
) -> None:
    with pytest.raises(ContentMalformedError):
        await client.items(ContentRef(url, token))
