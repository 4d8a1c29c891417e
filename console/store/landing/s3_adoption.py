"""Local files whose digests are known, on their way to their own keys in an S3 store.

The digest comes first here, so there is no temporary key: an object appears whole or not at all.
"""

import logging
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from console.store.landing.base import CHUNK_BYTES, LandingError
from console.store.landing.s3_upload import Sender, Upload

log = logging.getLogger(__name__)

_AT_ONCE = 8


class Adoptions:
    """Files that are being sent. One that could not be is sent again with the next `settle`."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        # Not the sender's threads: who waits for those must not be one of them.
        self._threads = ThreadPoolExecutor(_AT_ONCE, "adoption")
        self._lock = threading.Lock()
        self._waiting: dict[Path, tuple[str, Future[None]]] = {}

    def add(self, file: Path, key: str) -> None:
        """Send a file, by a thread."""
        with self._lock:
            self._waiting[file] = (key, self._threads.submit(self._send, file, key))

    def settle(self) -> None:
        """Return when all that was added is there, and deleted here. Raises LandingError."""
        with self._lock:
            waiting = dict(self._waiting)
        failure: LandingError | None = None
        for file, (key, sending) in waiting.items():
            try:
                sending.result()
            except FileNotFoundError:
                log.warning("%s went away before it was sent", file)
            except LandingError as error:
                failure = error
                self.add(file, key)
                continue
            except OSError as error:
                reason = error.strerror or str(error)
                failure = LandingError(3412, f"{file} cannot be sent: {reason}")
                self.add(file, key)
                continue
            with self._lock:
                if self._waiting.get(file) == (key, sending):
                    del self._waiting[file]
        if failure is not None:
            raise failure

    def _send(self, file: Path, key: str) -> None:
        upload = Upload(self._sender, key)
        try:
            with file.open("rb") as stream:
                while chunk := stream.read(CHUNK_BYTES):
                    upload.write(chunk)
            upload.finish()
            upload.wait()
        except BaseException:
            upload.abort()
            raise
        file.unlink(missing_ok=True)
