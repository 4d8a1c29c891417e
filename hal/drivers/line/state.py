"""Asking a line, with failures as numbered errors that name what hangs on it."""

from hal.errors import HalError
from hal.transports.interfaces import InputLine, OutputLine


def state_of(line: InputLine, name: str) -> bool:
    """Raises `HalError`: 1020 it cannot be read; 1010 to 1014 from an expander."""
    try:
        return line.is_active()
    except OSError as error:
        raise HalError(1020, f"the line of {name} cannot be read", str(error)) from error


async def ask(line: InputLine, name: str) -> bool:
    """The line itself, now. Raises as `state_of`."""
    try:
        return await line.read()
    except OSError as error:
        raise HalError(1020, f"the line of {name} cannot be read", str(error)) from error


async def switch(line: OutputLine, name: str, *, on: bool) -> None:
    """Raises `HalError`: 1021 it cannot be switched; 1010 to 1014 from an expander."""
    try:
        await line.set(on)
    except OSError as error:
        raise HalError(1021, f"the line of {name} cannot be switched", str(error)) from error


async def is_switched_on(line: OutputLine, name: str) -> bool:
    """Raises `HalError`: 1020 it cannot be asked; 1010 to 1014 from an expander."""
    try:
        return await line.is_set()
    except OSError as error:
        raise HalError(1020, f"the line of {name} cannot be read", str(error)) from error
