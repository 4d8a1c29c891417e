"""The failures of building (30xx) and reading (31xx) a volume: rows of the error table."""

INVALID_PLAN = 3001
VOLUME_TOO_LARGE = 3002
PAYLOAD_DIFFERS = 3003
PAYLOAD_LENGTH = 3004
UNREADABLE_PLAN = 3005
SOURCE_CHANGED = 3006
SOURCE_UNREADABLE = 3007
OUTPUT_FAILED = 3008

NOT_A_VOLUME = 3101
DAMAGED_METADATA = 3102
TRUNCATED = 3103
HOSTILE = 3104
DAMAGED_FILE = 3105
UNREADABLE_MEDIUM = 3106
DESTINATION_EXISTS = 3107
DESTINATION_FULL = 3108
DESTINATION_UNWRITABLE = 3109

DAMAGE = (DAMAGED_METADATA, UNREADABLE_MEDIUM)
"""What age does to a disc, unlike what somebody did on purpose."""


class VolumeError(Exception):
    """A defined failure; `message` names the thing and what happened to it."""

    def __init__(self, code: int, message: str, detail: str = "") -> None:
        super().__init__(f"[{code}] {message}")
        self.code = code
        self.message = message
        self.detail = detail
