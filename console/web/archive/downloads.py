"""Handing a file's bytes to a browser: with ranges, under its own name, and never opened there."""

import hashlib
import re
from base64 import b64encode
from collections.abc import Iterator
from typing import BinaryIO
from urllib.parse import quote

from flask import Response, request
from werkzeug.wsgi import FileWrapper

from appliance.contract.errors import SteleError
from console.web.names import plain_name

CHUNK_BYTES = 256 * 1024
NAME_BYTES = 255
"""What file systems take; a longer name would be refused or cut by the browser."""


def send_stream(stream: BinaryIO, size_bytes: int, name: str, sha256: str) -> Response:
    """The content of a seekable stream as a download; a ``Range`` gives that part of it.

    The type is never told and the answer is sandboxed: whatever the bytes are, a browser saves
    them.
    """
    body = (
        FileWrapper(stream, CHUNK_BYTES) if request.range else check_while_reading(stream, sha256)
    )
    response = Response(body, mimetype="application/octet-stream", direct_passthrough=True)
    response.call_on_close(stream.close)
    response.headers["Content-Disposition"] = content_disposition(name)
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Repr-Digest"] = f"sha-256=:{b64encode(bytes.fromhex(sha256)).decode()}:"
    response.content_length = size_bytes
    response.set_etag(sha256)
    response.make_conditional(request, accept_ranges=True, complete_length=size_bytes)
    return response


def check_while_reading(stream: BinaryIO, sha256: str) -> Iterator[bytes]:
    """The stream in chunks; the last one is held back until all of it has agreed with its digest.

    Raises:
        SteleError: 3402 it has not; the browser sees a download that broke off.
    """
    digest = hashlib.sha256()
    chunk = stream.read(CHUNK_BYTES)
    while chunk:
        digest.update(chunk)
        after = stream.read(CHUNK_BYTES)
        if not after and digest.hexdigest() != sha256:
            raise SteleError(3402, f"the content {sha256} no longer has this digest")
        yield chunk
        chunk = after


def content_disposition(name: str) -> str:
    """``attachment`` with an ASCII name for old clients and the whole one by RFC 5987."""
    safe = re.sub(r'[/\\:*?"<>|]', "_", plain_name(name)).strip(". ") or "file"
    safe = shorten(safe, NAME_BYTES)
    ascii_name = re.sub(r"[^\x20-\x7e]", "_", safe).replace("%", "_")
    return f"attachment; filename=\"{ascii_name}\"; filename*=UTF-8''{quote(safe, safe='')}"


def shorten(name: str, limit_bytes: int) -> str:
    """A name of at most `limit_bytes` of UTF-8, with its extension kept."""
    if len(name.encode()) <= limit_bytes:
        return name
    stem, dot, extension = name.rpartition(".")
    tail = (dot + extension).encode()
    if not stem or len(tail) > 32:
        stem, tail = name, b""
    return stem.encode()[: limit_bytes - len(tail)].decode(errors="ignore") + tail.decode()
