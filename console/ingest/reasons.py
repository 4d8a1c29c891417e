"""Why a file is refused: the ingest's own numbers for what reading the source may report."""

from appliance.contract.errors import SteleError
from appliance.volume.errors import (
    INVALID_PLAN,
    SOURCE_CHANGED,
    SOURCE_UNREADABLE,
    VolumeError,
)
from appliance.volume.tool.folder import LeftOut, Reason

_CODES = {INVALID_PLAN: 3409, SOURCE_CHANGED: 3403, SOURCE_UNREADABLE: 3407}

NEVER_FILES = (3405, 3406)
"""What no later try brings in: it has no content of its own."""

_LEFT_OUT = {
    Reason.SYMBOLIC_LINK: (3405, "a symbolic link is not followed"),
    Reason.SOCKET: (3406, "a socket has no content to archive"),
    Reason.PIPE: (3406, "a named pipe has no content to archive"),
    Reason.DEVICE: (3406, "a device has no content to archive"),
    Reason.UNREADABLE: (3407, "it cannot be read"),
    Reason.BAD_PATH: (3409, "its name cannot stand on a disc"),
}


def code_of(error: SteleError | VolumeError) -> int:
    """The number under which a file is refused for this error."""
    return _CODES.get(error.code, error.code)


def why_left_out(found: LeftOut) -> tuple[int, str]:
    """The number and the reason for something that is not archived."""
    code, message = _LEFT_OUT[found.reason]
    return code, f"{message}: {found.detail}" if found.detail else message
