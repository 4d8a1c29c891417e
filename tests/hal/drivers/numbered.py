"""The number of the error that a call ends with."""

from collections.abc import Callable

from hal.errors import HalError

NONE = 0


def code_of(call: Callable[[], object]) -> int:
    """Its code, or `NONE` when the call succeeds. Any other exception is a surprise and passes."""
    try:
        call()
    except HalError as error:
        return error.code
    return NONE
