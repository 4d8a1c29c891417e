"""What the console's HTTP answers mean: addresses, statuses and offsets that nobody vouches for."""

import aiohttp
from yarl import URL

from appliance.contract.messages import ContentRef
from appliance.services.content import (
    ContentBrokenError,
    ContentGoneError,
    ContentMalformedError,
    TokenRefusedError,
)

UPLOAD_OFFSET = "Upload-Offset"

_REASON_BYTES = 2048
_PASSING_STATUSES = frozenset({408, 425, 429})


def address_of(ref: ContentRef, leaf: str) -> URL:
    """Where `leaf` of the resource is; its token can stand in a header.

    Raises:
        ContentMalformedError: it is no address for HTTP, or the token would break the header.
    """
    try:
        url = URL(f"{ref.url.rstrip('/')}/{leaf}")
        usable = url.scheme in ("http", "https") and bool(url.host)
    except ValueError:
        usable = False
    if not usable or not (ref.token.isascii() and ref.token.isprintable()):
        raise ContentMalformedError(f"{ref.url[:200]!r} is not an address, or its token no token")
    return url


async def check_status(answer: aiohttp.ClientResponse, *good: int) -> None:
    """Raise what an unwanted status means for the job."""
    if answer.status in good:
        return
    said = await answer.content.read(_REASON_BYTES)
    reason = f"{answer.method} {answer.url} answered {answer.status}"
    detail = said.decode("utf-8", "replace")
    if answer.status == 401:
        raise TokenRefusedError(reason, detail)
    if answer.status in (403, 404, 410):
        raise ContentGoneError(reason, detail)
    if answer.status in _PASSING_STATUSES or answer.status >= 500:
        raise ContentBrokenError(reason, detail)
    raise ContentMalformedError(reason, detail)


def range_of(answer: aiohttp.ClientResponse) -> str:
    return answer.headers.get("Content-Range", "")


def upload_offset_of(answer: aiohttp.ClientResponse) -> int:
    text = answer.headers.get(UPLOAD_OFFSET, "")
    if not (text.isascii() and text.isdigit() and len(text) <= 19):
        raise ContentMalformedError(f"{answer.url} did not say its {UPLOAD_OFFSET}", text[:100])
    return int(text)
