"""What a sensor says, as a person reads it. Pure."""

from appliance.contract.messages import ReadingView
from console.web.words import Translate

_YES_NO = ("smoke", "water", "mains_lost", "fan")
"""Quantities that are or are not."""
QUANTITIES = {
    "dust_pm1": "dust PM1",
    "dust_pm2_5": "dust PM2.5",
    "dust_pm4": "dust PM4",
    "dust_pm10": "dust PM10",
    "mains_lost": "mains lost",
    **{word: word for word in ("temperature", "humidity", "voltage", "current", "power")},
    **{word: word for word in ("smoke", "water", "fan")},
}
"""An appliance's words for what it measures, for people; another one is shown as it came."""


def quantity(reading: ReadingView) -> str:
    """What a reading is of, as a phrase."""
    return QUANTITIES.get(reading.quantity, reading.quantity)


_DECIMALS = {"°C": 1, "%RH": 0, "W": 0, "µg/m³": 1}


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
