"""A content server on loopback that keeps the contract, or breaks it in the way it is told to."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
from aiohttp import web

from appliance.contract.messages import FetchItem

TOKEN = "right"


class ContentServer:
    """What it serves and what it was given; faults are switched on by attributes."""

    def __init__(self) -> None:
        self.plan = b""
        self.payload = b""
        self.items: list[FetchItem] = []
        self.received = bytearray()
        self.status: int | None = None
        """Answer everything with this status."""
        self.cut_after_bytes: int | None = None
        """Break the connection when so many bytes of a body have passed."""
        self.stall = asyncio.Event()
        """Cleared: streams stop on their way until it is set."""
        self.stalls_at = 0.5
        """Which part of a stream comes before it stops."""
        self.stall.set()
        self.honours_ranges = True
        self.offset_header: str | None = None
        self.authorizations: list[str] = []

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.authorizations.append(request.headers.get("Authorization", ""))
        if self.status is not None:
            headers = {"Location": "http://elsewhere.invalid/", "Upload-Offset": "3"}
            return web.json_response(
                {"code": 4001, "message": "no"}, status=self.status, headers=headers
            )
        if self.authorizations[-1] != f"Bearer {TOKEN}":
            return web.json_response({"code": 4001, "message": "token"}, status=401)
        match request.method, request.path.rpartition("/")[2]:
            case "GET", "plan":
                return await self._send(request, self.plan, 200, {})
            case "GET", "items":
                lines = msgspec.json.Encoder().encode_lines(self.items)
                return await self._send(request, lines, 200, {})
            case "GET", "stream":
                return await self._stream(request)
            case "HEAD", "stream":
                return web.Response(headers=self._offset())
            case "PATCH", "stream":
                return await self._receive(request)
        return web.Response(status=404)

    def _offset(self) -> dict[str, str]:
        return {"Upload-Offset": self.offset_header or str(len(self.received))}

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        start = request.http_range.start or 0
        if not start or not self.honours_ranges:
            return await self._send(request, self.payload, 200, {"Accept-Ranges": "bytes"})
        size = len(self.payload)
        if start >= size:
            return web.Response(status=416, headers={"Content-Range": f"bytes */{size}"})
        headers = {"Content-Range": f"bytes {start}-{size - 1}/{size}"}
        return await self._send(request, self.payload[start:], 206, headers)

    async def _send(
        self, request: web.Request, body: bytes, status: int, headers: dict[str, str]
    ) -> web.StreamResponse:
        answer = web.StreamResponse(status=status, headers=headers)
        answer.content_length = len(body)
        await answer.prepare(request)
        first = self.cut_after_bytes
        if first is None:
            first = int(len(body) * self.stalls_at)
        await answer.write(body[:first])
        if self.cut_after_bytes is not None and request.transport is not None:
            request.transport.close()
            return answer
        if request.path.endswith("/stream"):
            await self.stall.wait()
        await answer.write(body[first:])
        return answer

    async def _receive(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Upload-Offset") != str(len(self.received)):
            return web.Response(status=409, headers=self._offset())
        await self.stall.wait()
        while chunk := await request.content.readany():
            self.received += chunk
            limit = self.cut_after_bytes
            if limit is not None and len(self.received) >= limit and request.transport is not None:
                del self.received[limit:]
                request.transport.abort()
        return web.Response(status=204, headers=self._offset())


@asynccontextmanager
async def serving(server: ContentServer) -> AsyncIterator[str]:
    """Serve on a free loopback port; gives the base URL of one resource."""
    app = web.Application(client_max_size=1 << 40)
    app.router.add_route("*", "/{path:.*}", server.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        host, port = runner.addresses[0][:2]
        yield f"http://{host}:{port}/content/1/volumes/v-1"
    finally:
        server.stall.set()
        with contextlib.suppress(TimeoutError):
            await runner.cleanup()
