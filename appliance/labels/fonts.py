"""Which font a label is written in, and whether it has every character."""

from pathlib import Path

from PIL import ImageFont

from appliance.contract.errors import SteleError

CANDIDATES = (
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc",
    "/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf",
    "/usr/share/fonts/truetype/arphic/uming.ttc",
)
"""Where Debian's packages put fonts with Chinese characters: fonts-wqy-microhei, fonts-noto-cjk,
fonts-wqy-zenhei, fonts-droid-fallback, fonts-arphic-uming."""

_NO_CHARACTER = "\U0010fffe"
"""No font has it: what is drawn for it is what is drawn for every missing character."""
_PROBE_PX = 48

Font = ImageFont.FreeTypeFont


def find_font(wanted: str = "") -> str:
    """The font file: the one that the settings name, or the first that Debian has.

    Raises:
        SteleError: 3268 there is none, or the named one is not there or no font.
    """
    if not wanted:
        for candidate in CANDIDATES:
            if Path(candidate).is_file():
                return candidate
        raise SteleError(3268, "no font for labels is installed", ", ".join(CANDIDATES))
    open_font(wanted, _PROBE_PX)
    return wanted


def open_font(path: str, size_px: int) -> Font:
    """Raises: SteleError: 3268 it cannot be opened."""
    try:
        return ImageFont.truetype(path, size_px)
    except (OSError, ValueError) as error:
        raise SteleError(3268, f"the label font {path} cannot be used", str(error)) from error


def require_glyphs(path: str, text: str) -> None:
    """See that each character can be drawn: a box in its place would say nothing in fifty years.

    Raises:
        SteleError: 3269 the font lacks characters; the message names them.
    """
    font = open_font(path, _PROBE_PX)
    nothing = _drawn(font, _NO_CHARACTER)
    missing = [c for c in dict.fromkeys(text) if c != " " and _drawn(font, c) == nothing]
    if missing:
        names = ", ".join(f"{c} (U+{ord(c):04X})" for c in missing[:5])
        raise SteleError(3269, f"the label font has no {names}", path)


def _drawn(font: Font, character: str) -> tuple[tuple[int, int], bytes]:
    mask = font.getmask(character)
    return mask.size, bytes(mask)
