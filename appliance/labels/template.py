"""A label template: where on the disc each field stands. TOML; lengths in mm.

The origin is the disc's centre, x to the right, y down. Everything lies in the ring between the
hub and the outer edge of what can be printed; a template that puts something else there is refused.
"""

import math
import tomllib
from importlib import resources
from pathlib import Path
from typing import Literal

import msgspec

from appliance.contract.errors import SteleError

TEMPLATE_BYTES = 64 * 1024
Overflow = Literal["shrink", "wrap", "ellipsis"]
FieldName = Literal["title", "series", "date", "text"]


class Disc(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What of the disc can be printed. A printable disc of 120 mm mostly takes 23 to 117 mm."""

    outer_mm: float = 117.0
    hub_mm: float = 23.0


class TextBox(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One field in a box, centred."""

    field: FieldName
    x_mm: float
    y_mm: float
    """Middle of the box."""
    width_mm: float
    height_mm: float
    size_mm: float
    """Height of the letters' line."""
    smallest_mm: float = 2.0
    """How far `shrink` may go."""
    overflow: tuple[Overflow, ...] = ("shrink",)
    """What may be done with a text that does not fit. Without `ellipsis` it may be refused."""
    before: str = ""
    """Written before the field, if there is one."""


class CodeBox(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The QR code, a square with its quiet zone."""

    x_mm: float
    y_mm: float
    size_mm: float


class Template(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    name: str
    code: CodeBox
    disc: Disc = Disc()
    text: tuple[TextBox, ...] = ()


def load_template(name_or_path: str) -> Template:
    """A template that comes with the firmware, by its name, or one in a file.

    Raises:
        SteleError: 3267 not there, not TOML, or not a template; the message says where.
    """
    path = Path(name_or_path)
    try:
        if path.suffix == ".toml":
            data = path.read_bytes()
        else:
            folder = resources.files("appliance.labels") / "templates"
            data = (folder / f"{path.name}.toml").read_bytes()
    except OSError as error:
        raise SteleError(
            3267, f"there is no label template {name_or_path!r}", str(error)
        ) from error
    return parse_template(data, name_or_path)


def parse_template(data: bytes, source: str) -> Template:
    """Raises: SteleError: 3267."""
    if len(data) > TEMPLATE_BYTES:
        raise SteleError(3267, f"the label template {source} is too large", f"{len(data)} bytes")
    try:
        template = msgspec.convert(tomllib.loads(data.decode("utf-8")), Template)
    except (ValueError, RecursionError) as error:
        raise SteleError(3267, f"the label template {source} cannot be read", str(error)) from error
    for problem in _problems(template):
        raise SteleError(3267, f"the label template {source} does not fit a disc", problem)
    return template


def _problems(template: Template) -> list[str]:
    disc, code = template.disc, template.code
    if not 0 < disc.hub_mm < disc.outer_mm <= 120:
        return [f"a ring from {disc.hub_mm} to {disc.outer_mm} mm is no disc"]
    problems = []
    boxes: list[tuple[str, float, float, float, float]] = [
        (box.field, box.x_mm, box.y_mm, box.width_mm, box.height_mm) for box in template.text
    ]
    boxes.append(("code", code.x_mm, code.y_mm, code.size_mm, code.size_mm))
    for name, x, y, width, height in boxes:
        if not math.isfinite(x + y + width + height) or width <= 0 or height <= 0:
            problems.append(f"the box of {name} has no size")
        elif _farthest(x, y, width, height) > disc.outer_mm / 2:
            problems.append(f"the box of {name} reaches over the disc's edge")
        elif _nearest(x, y, width, height) < disc.hub_mm / 2:
            problems.append(f"the box of {name} reaches into the hub")
    for box in template.text:
        if not 1 <= box.smallest_mm <= box.size_mm <= box.height_mm:
            problems.append(f"the letters of {box.field} do not fit into their box")
    if code.size_mm < 14:
        problems.append("a QR code below 14 mm cannot be read by a camera")
    return problems


def _farthest(x: float, y: float, width: float, height: float) -> float:
    return math.hypot(abs(x) + width / 2, abs(y) + height / 2)


def _nearest(x: float, y: float, width: float, height: float) -> float:
    return math.hypot(max(0.0, abs(x) - width / 2), max(0.0, abs(y) - height / 2))
