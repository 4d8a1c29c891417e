"""HTTP and HTTPS to a console, with connections that are kept."""

from collections.abc import Iterator, Mapping

import urllib3
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NameResolutionError,
    NewConnectionError,
    SSLError,
)
from urllib3.util import Timeout, parse_url

from appliance.contract.errors import SteleError
from console.client.transport import Content, LostError

CONNECT_WITHIN_S = 10.0
ANSWER_WITHIN_S = 900.0
"""Planning a million dossiers takes its time."""
CHUNK_BYTES = 1 << 20
_NEVER_SENT = (NewConnectionError, ConnectTimeoutError, NameResolutionError, SSLError)


class HttpTransport:
    """To the console at `url`. Nothing is retried and no redirection followed here."""

    def __init__(self, url: str) -> None:
        try:
            parsed = parse_url(url)
        except HTTPError as error:
            raise SteleError(5415, f"{url!r} is no address: {error}") from error
        if parsed.scheme not in ("http", "https") or not parsed.host:
            raise SteleError(5415, f"{url!r} is no address of a console: http://… or https://…")
        self._base = url.rstrip("/")
        self._pool = urllib3.PoolManager(
            retries=False,
            timeout=Timeout(connect=CONNECT_WITHIN_S, read=ANSWER_WITHIN_S),
        )

    def send(
        self, method: str, target: str, headers: Mapping[str, str], content: Content
    ) -> "HttpAnswer":
        """Raises LostError."""
        try:
            found = self._pool.request(
                method,
                self._base + target,
                body=content,
                headers=headers,
                preload_content=False,
                redirect=False,
                decode_content=False,
            )
        except (HTTPError, OSError) as error:
            raise _lost(self._base, error) from error
        return HttpAnswer(found, self._base)

    def close(self) -> None:
        self._pool.clear()


class HttpAnswer:
    def __init__(self, found: urllib3.BaseHTTPResponse, base: str) -> None:
        self._found = found
        self._base = base
        self.status: int = found.status
        self.headers: Mapping[str, str] = found.headers

    def chunks(self) -> Iterator[bytes]:
        """Raises LostError."""
        try:
            yield from self._found.stream(CHUNK_BYTES, decode_content=False)
        except (HTTPError, OSError) as error:
            raise _lost(self._base, error) from error

    def close(self) -> None:
        # One that was read to its end goes back for the next request; else it must not.
        if not self._found.closed:
            self._found.close()
        self._found.release_conn()


def _lost(base: str, error: Exception) -> LostError:
    cause = getattr(error, "reason", None) or error
    was_sent = not isinstance(error, _NEVER_SENT) and not isinstance(cause, _NEVER_SENT)
    what = "stopped answering" if was_sent else "cannot be reached"
    return LostError(f"the console at {base} {what}: {cause}", was_sent=was_sent)
