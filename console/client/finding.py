"""Which console a command speaks to, and by what right.

Named by `--url` or STELE_URL: that one, with a token. Else the console that runs on the data
folder, with the folder's own token. Else, when none runs there, the same application in here.
"""

import fcntl
import getpass
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from appliance.contract.errors import SteleError
from console.access.local import ensure_local_token
from console.addresses import read_addresses
from console.client.client import PATIENCE_S, Client
from console.client.in_process import InProcessTransport
from console.client.over_http import HttpTransport
from console.store.workspace import Workspace

TOKEN_BYTES_MAX = 4096


def console_at(url: str, token: str, patience_s: float = PATIENCE_S) -> Client:
    """A console anywhere; raises SteleError 5415, 5417."""
    if not token:
        raise SteleError(5417, f"there is no token for {url}")
    transport = HttpTransport(url)
    return Client(transport, _headers(token), url, is_local=False, patience_s=patience_s)


def console_on(data: Path, workspace: Callable[[], Workspace], person: str = "") -> Client:
    """The console of a data folder, running or not; raises SteleError 4080, 5400 to 5403.

    `person` is whoever sits at the machine, the account's name if it is not said.
    """
    addresses = read_addresses(data) if _runs(data) else None
    if addresses is not None:
        headers = _headers(ensure_local_token(data)) | _person(person)
        return Client(HttpTransport(addresses.page_url), headers, addresses.page_url, is_local=True)
    from console.api.v1.application import create_api  # noqa: PLC0415  (slow to import)

    opened = workspace()
    app = create_api(opened)
    headers = _headers(ensure_local_token(opened.data)) | _person(person)
    transport = InProcessTransport(app.wsgi_app, opened.close)
    return Client(transport, headers, str(data), is_local=True)


def read_token(file: Path) -> str:
    """The token in a file; raises SteleError 5417."""
    try:
        with file.open("rb") as opened:
            text = opened.read(TOKEN_BYTES_MAX).decode("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SteleError(5417, f"no token can be read from {file}: {error}") from error
    if not text or not text.isprintable() or " " in text:
        raise SteleError(5417, f"{file} holds no token")
    return text


def _runs(data: Path) -> bool:
    """Whether a console holds the folder. What listens at its address then is no stranger."""
    try:
        with (data / "up.lock").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False


def _headers(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", "User-Agent": "stele-console"}


def _person(name: str) -> dict[str, str]:
    return {"Stele-Person": quote(name or getpass.getuser())}
