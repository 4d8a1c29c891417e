"""What the firmware and the label process say to each other: JSON, one order, one answer."""

import msgspec

from appliance.contract.messages import ErrorInfo
from appliance.labels.fields import LabelFields
from appliance.labels.template import Template


class LabelFinding(msgspec.Struct, frozen=True):
    """A label that passed."""

    code: str
    sharpness: float
    """Strength of its edges as a part of the drawn label's; 1 is as drawn."""
    turned_deg: float


class DrawOrder(msgspec.Struct, frozen=True, tag="draw"):
    template: Template
    fields: LabelFields
    font: str
    """A font file, or "" for the first that Debian has."""
    to: str


class CheckOrder(msgspec.Struct, frozen=True, tag="check"):
    frame: str
    label: str
    code: str


class ReadOrder(msgspec.Struct, frozen=True, tag="read"):
    """Say what code the disc in the picture bears, whichever that is."""

    frame: str
    label: str = ""
    """The label as it was drawn for the disc that should be there; the file need not exist."""
    code: str = ""
    """The code on that label."""


Order = DrawOrder | CheckOrder | ReadOrder


class Answer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    error: ErrorInfo | None = None
    finding: LabelFinding | None = None
    """Of a check that passed."""
    code: str | None = None
    """Of a reading."""
