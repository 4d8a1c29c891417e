"""Drawing a label: a square picture of the printable disc at 300 dpi, black on white."""

import io

import segno
from PIL import Image, ImageDraw

from appliance.contract.errors import SteleError
from appliance.labels.fields import LabelFields, clean
from appliance.labels.fonts import Font, open_font, require_glyphs
from appliance.labels.lines import LINE_SPACING, Setting, fit
from appliance.labels.template import CodeBox, Template, TextBox

DPI = 300
PX_PER_MM = DPI / 25.4
QUIET_MODULES = 4
"""White around a QR code, as its standard asks for."""
MODULE_LEAST_PX = 5
"""0.42 mm: a camera that sees the whole disc in 800 pixels has nearly three of them for it."""
_SIZE_STEP_PX = 2


def draw_label(template: Template, fields: LabelFields, font: str) -> bytes:
    """The label as a PNG; the same fields give the same bytes.

    Raises:
        SteleError: 3266 a text does not fit; 3268, 3269 the font; 3277 the code.
    """
    fields = clean(fields)
    side = px(template.disc.outer_mm)
    picture = Image.new("L", (side, side), 255)
    for box in template.text:
        value = str(getattr(fields, box.field))
        if value:
            _draw_text(picture, box, box.before + value, font)
    _draw_code(picture, template.code, fields.code)
    ring = ring_mask(template, side)
    label = Image.composite(picture, Image.new("L", (side, side), 255), ring)
    target = io.BytesIO()
    label.save(target, "PNG", dpi=(DPI, DPI), optimize=False)
    return target.getvalue()


def px(length_mm: float) -> int:
    return round(length_mm * PX_PER_MM)


def ring_mask(template: Template, side: int) -> Image.Image:
    """255 where the disc can be printed."""
    mask = Image.new("L", (side, side), 0)
    draw = ImageDraw.Draw(mask)
    draw.ellipse((0, 0, side - 1, side - 1), fill=255)
    hub = round(side * template.disc.hub_mm / template.disc.outer_mm / 2)
    middle = side / 2
    draw.ellipse((middle - hub, middle - hub, middle + hub, middle + hub), fill=0)
    return mask


def _draw_text(picture: Image.Image, box: TextBox, text: str, font_path: str) -> None:
    require_glyphs(font_path, text)
    setting = _set(box, text, font_path)
    if setting is None:
        raise SteleError(
            3266,
            f"the field {box.field!r} does not fit its place on the label",
            f"{len(text)} characters: {text[:60]}",
        )
    font = open_font(font_path, setting.size)
    draw = ImageDraw.Draw(picture)
    step = setting.size * LINE_SPACING
    middle_x = picture.width / 2 + box.x_mm * PX_PER_MM
    first_y = picture.height / 2 + box.y_mm * PX_PER_MM - step * (len(setting.lines) - 1) / 2
    for number, line in enumerate(setting.lines):
        draw.text((middle_x, first_y + number * step), line, font=font, fill=0, anchor="mm")


def _set(box: TextBox, text: str, font_path: str) -> Setting | None:
    fonts: dict[int, Font] = {}

    def measure(line: str, size: int) -> float:
        if size not in fonts:
            fonts[size] = open_font(font_path, size)
        return fonts[size].getlength(line)

    largest, smallest = px(box.size_mm), px(box.smallest_mm)
    sizes = [largest]
    if "shrink" in box.overflow:
        sizes = [*range(largest, smallest, -_SIZE_STEP_PX), smallest]
    return fit(
        text,
        measure,
        px(box.width_mm),
        px(box.height_mm),
        sizes,
        wrap="wrap" in box.overflow,
        ellipsis="ellipsis" in box.overflow,
    )


def _draw_code(picture: Image.Image, box: CodeBox, text: str) -> None:
    try:
        code = segno.make_qr(text, error="m", mode="byte", encoding="utf-8")
    except (segno.DataOverflowError, ValueError) as error:
        raise SteleError(3277, "the label's QR code cannot be made", str(error)) from error
    modules = len(code.matrix) + 2 * QUIET_MODULES
    scale = px(box.size_mm) // modules
    if scale < MODULE_LEAST_PX:
        raise SteleError(
            3277, "the label's QR code would be too fine", f"{modules} modules in {box.size_mm} mm"
        )
    small = Image.new("L", (modules, modules), 255)
    for y, row in enumerate(code.matrix):
        for x, dark in enumerate(row):
            if dark:
                small.putpixel((x + QUIET_MODULES, y + QUIET_MODULES), 0)
    whole = small.resize((modules * scale, modules * scale), Image.Resampling.NEAREST)
    left = round(picture.width / 2 + box.x_mm * PX_PER_MM - whole.width / 2)
    top = round(picture.height / 2 + box.y_mm * PX_PER_MM - whole.height / 2)
    picture.paste(whole, (left, top))
