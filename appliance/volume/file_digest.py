"""The digests of one file after another, checked against the plan."""

import hashlib

from appliance.volume.errors import PAYLOAD_DIFFERS, VolumeError
from appliance.volume.plan import PlanFile


class FileDigest:
    """Feed a file's bytes, then `require` that they are the planned ones; then the next file."""

    def __init__(self, *, with_sm3: bool) -> None:
        self._with_sm3 = with_sm3
        self._begin()

    def update(self, part: bytes | memoryview) -> None:
        for digest in self._digests:
            digest.update(part)

    def require(self, file: PlanFile) -> None:
        """End the file.

        Raises:
            VolumeError: 3003, it does not have its planned digests.
        """
        found = [digest.digest() for digest in self._digests]
        self._begin()
        if found != [file.sha256, file.sm3][: len(found)]:
            raise VolumeError(PAYLOAD_DIFFERS, f"{file.path!r} differs from the planned digest")

    def _begin(self) -> None:
        self._digests = [hashlib.sha256()]
        if self._with_sm3:
            self._digests.append(hashlib.new("sm3"))
