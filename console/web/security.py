"""What every answer carries so that a browser trusts nothing but this console."""

import hmac
from pathlib import Path

from flask import Flask, Response

from console.api.tokens import load_key

POLICY = (
    "default-src 'self'; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
CSRF_LIFETIME_S = 12 * 3600


def protect(app: Flask) -> None:
    """Set the headers on every answer; a view that set one itself keeps its own."""

    @app.after_request
    def set_headers(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if not response.cache_control.max_age:
            response.headers.setdefault("Cache-Control", "no-store")
        return response


def session_key(data: Path) -> bytes:
    """The key that signs sessions, drawn from the data folder's own; for SteleError see there."""
    return hmac.digest(load_key(data), b"stele web session", "sha256")
