"""Content tokens: the short-lived right of one appliance to read or write one object.

A token is signed, not stored: whoever holds the key in the data folder can check it. It says
which appliance it was made for, which object it opens and for what purpose, and when it was made.
"""

import os
import secrets
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from itsdangerous import BadData, SignatureExpired, URLSafeTimedSerializer

from appliance.contract.errors import SteleError
from console.store.workspace import Workspace

KEY_FILE = "token.key"
_KEY_BYTES = 32


class Purpose(StrEnum):
    READ = "read"
    """Read a volume's plan and payload, to burn it."""
    DELIVER = "deliver"
    """Read what a fetch asks for, and deliver it."""


@dataclass(frozen=True, slots=True)
class Right:
    """What a token gives. `object_id` is a volume's or a fetch's id."""

    appliance: str
    purpose: Purpose
    object_id: str


def load_key(data: Path) -> bytes:
    """The data folder's signing key; made on first use, readable by its owner alone.

    Raises:
        SteleError: 4003 the key file cannot be read or is cut short.
    """
    path = data / KEY_FILE
    data.mkdir(parents=True, exist_ok=True)
    draft = data / f".{KEY_FILE}.{os.getpid()}.{secrets.token_hex(4)}"
    try:
        if not path.exists():
            # Written beside and linked into place: of two processes the first wins, whole.
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as f:
                f.write(secrets.token_bytes(_KEY_BYTES))
                f.flush()
                os.fsync(f.fileno())
            try:
                path.hardlink_to(draft)
            except FileExistsError:
                pass
            finally:
                draft.unlink()
        key = path.read_bytes()
    except OSError as error:
        raise SteleError(4003, f"the token key {path} cannot be read", str(error)) from error
    if len(key) < _KEY_BYTES:
        raise SteleError(4003, f"the token key {path} is cut short")
    return key


def open_tokens(workspace: Workspace) -> "Tokens":
    """The tokens of a data folder; for SteleError see `load_key`."""
    return Tokens(load_key(workspace.shared), workspace.config.content.token_lifetime_s)


class Tokens:
    """Makes and checks content tokens."""

    def __init__(self, key: bytes, lifetime_s: int) -> None:
        self._signer = URLSafeTimedSerializer(key, salt="stele-content-1")
        self._lifetime_s = lifetime_s

    def issue(self, right: Right) -> str:
        """A token for `right`, good from now for the lifetime."""
        return self._signer.dumps([right.appliance, right.purpose.value, right.object_id])

    def check(self, token: str, purpose: Purpose, object_id: str) -> Right:
        """The right that `token` gives, if it opens this object for this purpose now.

        Raises:
            SteleError: 4000 expired; 4001 forged or malformed; 4002 made for something else.
        """
        try:
            value = self._signer.loads(token, max_age=self._lifetime_s)
            appliance, found_purpose, found_id = (str(part) for part in value)
        except SignatureExpired as error:
            raise SteleError(4000, "the content token has expired") from error
        except (BadData, ValueError, TypeError) as error:
            raise SteleError(4001, "the content token is not one of this console") from error
        if (found_purpose, found_id) != (purpose.value, object_id):
            raise SteleError(4002, f"the content token does not {purpose.value} {object_id}")
        return Right(appliance, purpose, object_id)
