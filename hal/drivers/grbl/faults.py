"""GRBL's alarms and refusals as numbered errors."""

from hal.errors import HalError

HARD_LIMIT = 1
"""The alarm of a machine that ran into something."""
RESET_CODE = 2022


def alarm_error(name: str, number: int) -> HalError:
    """``ALARM:N`` as 2001 to 2010; 2020 for one that GRBL 1.1 does not have."""
    code = 2000 + number if 1 <= number <= 10 else 2020
    return HalError(code, f"{name} stopped with ALARM:{number}")


def refusal_error(name: str, number: int, line: str) -> HalError:
    """``error:N`` as 2024 (homing is switched off) or 2021."""
    if number == 5:
        return HalError(2024, f"{name} has homing switched off", f"error:5 to {line!r}")
    return HalError(2021, f"{name} refused {line!r}", f"error:{number}")
