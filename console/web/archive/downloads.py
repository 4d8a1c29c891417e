"""Handing a file's bytes to a browser: with ranges, under its own name, and never opened there."""

import re
from base64 import b64encode
from urllib.parse import quote

from flask import Response, request
from werkzeug.exceptions import RequestedRangeNotSatisfiable

from appliance.contract.errors import SteleError
from console.api.rest.answers import Ranged, render
from console.delivery.handing import Handed
from console.web.names import plain_name

NAME_BYTES = 255
"""What file systems take; a longer name would be refused or cut by the browser."""


def send_parts(found: Handed) -> Response:
    """What is handed over as a download; a ``Range`` gives that part of it.

    The type is never told and the answer is sandboxed: whatever the bytes are, a browser saves
    them.

    Raises:
        RequestedRangeNotSatisfiable: there is no such part.
    """
    parts = Ranged(found.size_bytes, found.read, found.etag)
    try:
        response = render(parts, request, "application/octet-stream", 200)
    except SteleError as error:
        raise RequestedRangeNotSatisfiable(found.size_bytes) from error
    response.headers["Content-Disposition"] = content_disposition(found.name)
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    digest = b64encode(bytes.fromhex(found.etag)).decode()
    response.headers["Repr-Digest"] = f"sha-256=:{digest}:"
    return response


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
