"""By which names the page may be called: against DNS rebinding.

A stranger's page can have its own host name resolve to this machine and then read ours as its own.
It cannot choose the name that the browser sends, so names that nobody here gave are refused. A bare
address needs no name server and cannot be made to point here; the content resource trusts nothing
but its tokens. Both are let in.
"""

import ipaddress
import socket
from collections.abc import Callable
from urllib.parse import urlsplit

from flask import Flask, Response, request

from appliance.contract.errors import SteleError, table
from console.api.rest.failures import failure_response, is_api
from console.config import WebSettings


def guard_host(app: Flask, settings: WebSettings) -> None:
    """Refuse requests by another name with error 5482, in words that give nothing away.

    The page of a failure shows alarms and appliances around it, so it is not used here.
    """
    is_ours = host_check(settings)

    @app.before_request
    def check_host() -> Response | None:
        if request.blueprint == "content" or is_ours(request.environ.get("HTTP_HOST", "")):
            return None
        if is_api(request.path):
            return failure_response(SteleError(5482, ""))
        row = table()[5482]
        text = f"5482 {row.title}\n{row.action}\n\n{row.title_zh}\n{row.action_zh}\n"
        return Response(text, 421, mimetype="text/plain")


def host_check(settings: WebSettings) -> Callable[[str], bool]:
    """Whether a ``Host`` header names this console. ``.example.org`` lets every name below in."""
    machine = socket.gethostname().lower()
    given = [settings.host, urlsplit(settings.content_url).hostname or "", *settings.hosts]
    own = {"localhost", machine, machine.partition(".")[0] + ".local"}
    names = own | {name.lower() for name in given if not name.startswith(".")}
    below = tuple(name.lower() for name in settings.hosts if name.startswith("."))

    def check(host: str) -> bool:
        try:
            name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
        except ValueError:
            return False
        # Without a name there is no browser: every one sends it.
        return not host or name in names or name.endswith(below) or _is_address(name)

    return check


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
