"""What a sensor says, as a person reads it. Pure."""

from appliance.contract.messages import ReadingView
from console.web.words import Translate

_YES_NO = ("smoke", "water", "mains_lost", "fan")
"""Quantities that are or are not."""
QUANTITIES = (
    *("temperature", "humidity", "dust_pm1", "dust_pm2_5", "dust_pm4", "dust_pm10"),
    *("voltage", "current", "power", *_YES_NO),
)
"""The words of an appliance for what it measures; another one is shown as it came."""
_DECIMALS = {"°C": 1, "%": 0, "W": 0, "µg/m³": 1}


def figure(reading: ReadingView, translate: Translate) -> str:
    """The value with its unit; what is or is not, in a word. There must be a value."""
    if reading.value is None:
        return ""
    if reading.quantity in _YES_NO:
        return translate("yes") if reading.value else translate("no")
    return f"{_number(reading.value, reading.unit)} {reading.unit}"


def limits(reading: ReadingView) -> str:
    """The range that the policy asks for."""
    low, high = (
        None if limit is None else _number(limit, reading.unit)
        for limit in (reading.low, reading.high)
    )
    if low is None:
        return f"≤ {high}"
    return f"≥ {low}" if high is None else f"{low} – {high}"


def _number(value: float, unit: str) -> str:
    return f"{value:.{_DECIMALS.get(unit, 1)}f}"
