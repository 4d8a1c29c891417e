"""The data folder's own token: whoever may read the folder may do everything through REST.

Commands on the same machine use it. It is a file of mode 0600, made when the console starts; to
replace it, delete it and start the console again. It is compared with the file each time, so a
deleted one opens nothing.
"""

import hmac
import os
import secrets
import stat
from pathlib import Path

from appliance.contract.errors import SteleError

FILE_NAME = "local.token"
PREFIX = "stele-local-"
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def ensure_local_token(data: Path) -> str:
    """The token of a data folder; makes the file, or makes it anew when others may read it.

    Raises:
        SteleError: 4080 the file cannot be read or written.
    """
    path = data / FILE_NAME
    try:
        if path.exists() and path.stat().st_mode & _OTHERS:
            path.unlink()
        if not path.exists():
            _write(data, path)
        return path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SteleError(4080, f"the token file {path} cannot be used", str(error)) from error


def is_local_token(data: Path, secret: str) -> bool:
    """Whether this is the folder's token as it stands in its file now."""
    if not secret.startswith(PREFIX):
        return False
    try:
        kept = (data / FILE_NAME).read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):
        return False
    return len(kept) > len(PREFIX) and hmac.compare_digest(
        kept.encode(), secret.encode("utf-8", "replace")
    )


def _write(data: Path, path: Path) -> None:
    """Written beside and linked into place: of two processes the first wins, whole."""
    draft = data / f".{FILE_NAME}.{os.getpid()}.{secrets.token_hex(4)}"
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(PREFIX + secrets.token_urlsafe(32) + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
