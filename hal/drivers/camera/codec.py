"""What the capturing process tells by its exit code. Pure."""

from hal.errors import HalError

TAKEN = 0
CANNOT_OPEN = 10
NO_PICTURE = 11
CANNOT_WRITE = 12


def failure(name: str, exit_code: int, said: str) -> HalError | None:
    """The failure that an exit code stands for; `None` when the picture was taken."""
    detail = said.strip()[-300:]
    match exit_code:
        case 0:
            return None
        case 10:
            return HalError(1050, f"camera {name} cannot be opened", detail)
        case 11:
            return HalError(1051, f"camera {name} gives no picture", detail)
        case 12:
            return HalError(1052, f"the picture of camera {name} cannot be written", detail)
    return HalError(1052, f"taking a picture with camera {name} broke off ({exit_code})", detail)
