"""One bucket of an S3 store: the client, its patience, and its failures by number.

Two clients: a patient one for what may take its time, and a brisk one for what is done while the
console's store holds a lock, which fails within seconds rather than make everybody wait.

Every transfer is signed over its SHA-256, so a store that checks signatures refuses bytes that
changed on the way.
"""

import functools
import logging
import os
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import botocore.config
import botocore.exceptions
import botocore.session
import msgspec

from console.store.landing.base import LandingError

UNREACHABLE = 3443
REFUSED = 3444
NO_BUCKET = 3445
THROTTLED = 3446
MISCONFIGURED = 3447
TOO_LARGE = 3448

AWAY_S = 5.0
"""For so long after a failure brisk calls fail at once."""
CONNECTIONS = 64

_THROTTLING = {"SlowDown", "Throttling", "ThrottlingException", "RequestLimitExceeded", "503"}
_FORBIDDEN = {
    "AccessDenied",
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "ExpiredToken",
    "InvalidToken",
    "RequestTimeTooSkewed",
}
_PATIENT = {"retries": {"mode": "standard", "total_max_attempts": 6}, "connect_timeout": 5}
_BRISK = {"retries": {"mode": "standard", "total_max_attempts": 2}, "connect_timeout": 2}

_session_lock = threading.Lock()

logging.getLogger("botocore").setLevel(logging.WARNING)  # below that it logs whole requests


@functools.cache
def _session() -> Any:
    """One a process: it reads a megabyte of descriptions, and keeps them."""
    return botocore.session.Session()


class NoSuchKeyError(Exception):
    """The bucket is there, and holds nothing under that key."""


class PastEndError(Exception):
    """The object ends before the range that was asked for begins."""


@dataclass(frozen=True, slots=True)
class S3Access:
    """How a store is reached. Without a key file the environment's usual places are asked."""

    endpoint_url: str = ""
    region: str = ""
    key_file: Path | None = None


class _Keys(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    access_key: str
    secret_key: str
    session_token: str = ""

    def __repr__(self) -> str:
        return "<keys>"


class S3Place:
    """A bucket and a prefix in it."""

    def __init__(self, url: str, access: S3Access) -> None:
        """Nothing is asked of the store yet.

        Raises:
            LandingError: 3447 the URL or the key file cannot be used.
        """
        self.bucket, self._prefix = _parse(url)
        self._access = access
        self._lock = threading.Lock()
        self._clients: dict[bool, Any] = {}
        self._away: tuple[float, LandingError] | None = None
        self._keys = _read_keys(access.key_file) if access.key_file else None

    def key(self, name: str) -> str:
        """The whole key of a name below the prefix."""
        return f"{self._prefix}{name}"

    def call(self, operation: str, *, brisk: bool = False, **parameters: Any) -> Any:
        """Ask the store for one thing.

        Raises:
            NoSuchKeyError: the key is not there. PastEndError: it ends before the range.
            LandingError: 3443 to 3447.
        """
        if brisk and self._away is not None and time.monotonic() < self._away[0]:
            raise self._away[1]
        try:
            method = getattr(self._client(brisk), operation)
            return method(Bucket=self.bucket, **parameters)
        except botocore.exceptions.ClientError as error:
            self._explain(error, asks_head=operation == "head_object")
            raise self._numbered(error) from error
        except botocore.exceptions.BotoCoreError as error:
            raise self._numbered(error) from error

    def _explain(self, error: Any, *, asks_head: bool) -> None:
        code = str(error.response.get("Error", {}).get("Code", ""))
        if code == "NoSuchKey":
            raise NoSuchKeyError from error
        if code in ("InvalidRange", "416"):
            raise PastEndError from error
        if asks_head and code in ("404", "NotFound"):
            # An answer to HEAD has no body: a lost bucket must not look like a lost content.
            self.call("head_bucket")
            raise NoSuchKeyError from error

    def _numbered(self, error: Exception) -> LandingError:
        found = number(error, self.bucket)
        if found.code in (UNREACHABLE, THROTTLED):
            self._away = (time.monotonic() + AWAY_S, found)
        return found

    def _client(self, brisk: bool) -> Any:
        with self._lock:
            if brisk not in self._clients:
                self._clients[brisk] = self._make_client(brisk)
            return self._clients[brisk]

    def _make_client(self, brisk: bool) -> Any:
        access, keys = self._access, self._keys
        config = botocore.config.Config(
            **(_BRISK if brisk else _PATIENT),
            read_timeout=10 if brisk else 60,
            max_pool_connections=CONNECTIONS,
            tcp_keepalive=True,
            s3={
                "addressing_style": "path" if access.endpoint_url else "auto",
                "payload_signing_enabled": True,
            },
            # Stores that are not Amazon's often know no other checksum than the signature.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        try:
            with _session_lock:
                return _session().create_client(
                    "s3",
                    endpoint_url=access.endpoint_url or None,
                    region_name=access.region or "us-east-1",
                    aws_access_key_id=keys.access_key if keys else None,
                    aws_secret_access_key=keys.secret_key if keys else None,
                    aws_session_token=(keys.session_token or None) if keys else None,
                    config=config,
                )
        except (ValueError, botocore.exceptions.BotoCoreError) as error:
            raise LandingError(MISCONFIGURED, f"the S3 store cannot be used: {error}") from error


def number(error: Exception, bucket: str) -> LandingError:
    """A failure of the client as one with a number; no key and no signature is in its text."""
    if isinstance(error, botocore.exceptions.ClientError):
        code = str(error.response.get("Error", {}).get("Code", ""))
        status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
        return _refusal(code, status, bucket)
    if isinstance(error, botocore.exceptions.NoCredentialsError):
        return LandingError(MISCONFIGURED, "no keys for the S3 store are set")
    kind = type(error).__name__
    return LandingError(UNREACHABLE, f"the S3 store of bucket {bucket} cannot be reached: {kind}")


def _refusal(code: str, status: int, bucket: str) -> LandingError:
    said = code or f"HTTP {status}"
    if code in ("NoSuchBucket", "404", "NotFound"):
        return LandingError(NO_BUCKET, f"the S3 store has no bucket {bucket}")
    if code in _THROTTLING or status in (429, 503):
        return LandingError(THROTTLED, f"the S3 store asks for less at a time: {said}")
    if status in (301, 307) or code == "AuthorizationHeaderMalformed":
        return LandingError(MISCONFIGURED, f"bucket {bucket} is in another region: {said}")
    if code in _FORBIDDEN or status in (401, 403):
        return LandingError(REFUSED, f"the S3 store refuses access to bucket {bucket}: {said}")
    if status >= 500:
        return LandingError(UNREACHABLE, f"the S3 store of bucket {bucket} fails: {said}")
    return LandingError(3412, f"the landing zone cannot be written: the S3 store says {said}")


def server_time(answer: Any) -> datetime:
    """The store's own clock, by which it dates its objects."""
    stated = answer["ResponseMetadata"]["HTTPHeaders"].get("date")
    return parsedate_to_datetime(stated) if stated else datetime.now(UTC)


def _parse(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        message = "an S3 URL is s3://bucket/prefix; keys belong into the key file"
        raise LandingError(MISCONFIGURED, message)
    if parts.scheme != "s3" or not parts.netloc:
        raise LandingError(MISCONFIGURED, f"{url!r} is no S3 URL; one is s3://bucket/prefix")
    prefix = parts.path.strip("/")
    return parts.netloc, f"{prefix}/" if prefix else ""


def _read_keys(file: Path) -> _Keys:
    """Raises LandingError 3447, without a word of what stands in the file."""
    try:
        with file.open("rb") as stream:
            others = os.fstat(stream.fileno()).st_mode & 0o077
            text = stream.read(65_536)
    except OSError as error:
        reason = error.strerror or "it cannot be read"
        raise LandingError(MISCONFIGURED, f"the S3 key file {file}: {reason}") from error
    if others:
        message = f"the S3 key file {file} may be read by others; its mode must be 0600"
        raise LandingError(MISCONFIGURED, message)
    try:
        return msgspec.toml.decode(text, type=_Keys)
    except (msgspec.DecodeError, ValueError, UnicodeDecodeError):
        message = f"the S3 key file {file} holds access_key and secret_key, as TOML, and no more"
        raise LandingError(MISCONFIGURED, message) from None
