"""Looking at a printed label: is it there, is it this disc's, is it sharp and the right way up.

The picture is compared with the label as it was drawn, brought to the same size. Needs OpenCV:
imported in the child process only. The limits were set on drawn labels with noise, uneven light,
blur and smears (tests/appliance/labels); how far they fit a real camera is not known.
"""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from appliance.contract.errors import SteleError
from appliance.labels.disc_finder import Picture, cut_out_disc, load_picture
from appliance.labels.orders import LabelFinding

SIDE_PX = 900
"""Both pictures are brought to this width: 0.13 mm a pixel."""
INK_LEAST = 0.3
"""Part of the drawn ink that has to be there for a label to be there."""
SHARP_LEAST = 0.45
"""Least strength of edges, in each direction, as a part of the drawn label's."""
TURNED_MOST_DEG = 8.0
"""How far a disc may lie turned in the tray."""
PRINTED_PARTS = (1.0, 0.985, 0.975, 0.96, 0.945)
"""How much of the disc that the camera sees the label may take, in diameter."""
_INK_BELOW_PAPER = 60
_UPRIGHT_TURNS = (0, 90, 180, 270)


def check_label(frame_path: str, label_path: str, code: str) -> LabelFinding:
    """Look at the picture of a disc that should carry the label with `code`.

    Raises:
        SteleError: 3275 black, 3278 unusable, 3276 no disc, 3270 no label, 3274 turned,
            3272 another disc's label, 3273 smeared, 3271 the code cannot be read.
    """
    picture = load_picture(frame_path)
    drawn = cv2.imread(label_path, cv2.IMREAD_GRAYSCALE)
    if drawn is None:
        raise SteleError(3278, "the drawn label cannot be read", label_path)
    label = np.asarray(
        cv2.resize(drawn, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA), dtype=np.uint8
    )
    frame = _laid_over(picture, label)
    _require_ink(frame, label)
    found, turned = read_code(frame)
    if found and found != code:
        raise SteleError(
            3272, "the label belongs to another disc", f"its code says {found[:100]!r}"
        )
    if found:
        _require_upright(turned)
        sharpness = edge_strength(frame, label)
        _require_sharp(sharpness)
        return LabelFinding(code=found, sharpness=round(sharpness, 2), turned_deg=round(turned, 1))
    _require_upright(_best_turn(frame, label))
    _require_sharp(edge_strength(frame, label))
    raise SteleError(3271, "the QR code on the label cannot be read")


def _laid_over(picture: Picture, label: Picture) -> Picture:
    """The disc at the label's size. Whether a camera sees the clear rim around what is printed
    depends on its light, so the size is tried that makes both most alike."""
    whole = cut_out_disc(picture, SIDE_PX)
    drawn = cv2.GaussianBlur(label, (0, 0), 4)

    def likeness(part: float) -> float:
        return _likeness(cv2.GaussianBlur(_middle(whole, part), (0, 0), 4), drawn)

    return _middle(whole, max(PRINTED_PARTS, key=likeness))


def _middle(picture: Picture, part: float) -> Picture:
    gone = round(SIDE_PX * (1 - part) / 2)
    cut = picture[gone : SIDE_PX - gone, gone : SIDE_PX - gone]
    return np.asarray(cv2.resize(cut, (SIDE_PX, SIDE_PX)), dtype=np.uint8)


def _likeness(one: NDArray[Any], other: NDArray[Any]) -> float:
    ring = _ring()
    if one[ring].std() < 1 or other[ring].std() < 1:
        return 0.0  # an even picture is like nothing
    return float(np.corrcoef(one[ring].astype(np.float32), other[ring].astype(np.float32))[0, 1])


def read_code(picture: Picture) -> tuple[str, float]:
    """The code's content, "" when there is none, and how far it is turned clockwise in degrees."""
    reader = cv2.QRCodeDetector()
    for scale in (1.0, 1.6, 0.7):
        tried = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
        try:
            text, corners, _ = reader.detectAndDecode(tried)
        except cv2.error:  # it fails on some pictures instead of finding nothing
            continue
        if text and corners is not None:
            across = corners.reshape(-1, 2)[1] - corners.reshape(-1, 2)[0]
            return text, float(np.degrees(np.arctan2(across[1], across[0])))
    return "", 0.0


def ink_of(picture: Picture) -> NDArray[np.bool_]:
    """Where something is printed: clearly darker than the paper around it, inside the ring."""
    paper = cv2.morphologyEx(
        cv2.GaussianBlur(picture, (3, 3), 0), cv2.MORPH_CLOSE, np.ones((41, 41), np.uint8)
    )
    darker = paper.astype(np.int16) - picture.astype(np.int16)
    contrast = _INK_BELOW_PAPER * float(np.percentile(paper, 90)) / 255
    return np.asarray((darker > contrast) & _ring(), dtype=np.bool_)


def edge_strength(frame: Picture, label: Picture) -> float:
    """How strong edges are, as a part of the label's, in the direction where they are weakest.

    A smear keeps the edges along its own direction and loses those across it, so each direction
    counts by itself. Only places with edges in the label count; a little blur on both makes the
    camera's noise weigh less.
    """
    seen, drawn = (_evenly(picture) for picture in (frame, label))
    parts = []
    for order in ((1, 0), (0, 1)):
        edges = np.abs(cv2.Sobel(drawn, cv2.CV_32F, *order))
        places = cv2.dilate((edges > 0.25 * float(edges.max())).astype(np.uint8), np.ones((7, 7)))
        mask = (places > 0) & _ring()
        if not mask.any():
            continue
        strong = [
            float(np.percentile(np.abs(cv2.Sobel(picture, cv2.CV_32F, *order))[mask], 85))
            for picture in (seen, drawn)
        ]
        parts.append(strong[0] / max(strong[1], 1e-6))
    return min(parts, default=0.0)


def _evenly(picture: Picture) -> NDArray[np.float32]:
    """Grey from 0 (ink) to 1 (paper), whatever the light."""
    soft = cv2.GaussianBlur(picture, (0, 0), 1.2).astype(np.float32)
    values = soft[_ring()]
    black, white = np.percentile(values, [1, 80])
    return np.asarray((soft - black) / max(float(white - black), 1.0), dtype=np.float32)


def _ring() -> NDArray[np.bool_]:
    """Without the edge and the hub, where the picture of the disc itself has edges."""
    y, x = np.ogrid[:SIDE_PX, :SIDE_PX]
    away = np.hypot(x - SIDE_PX / 2, y - SIDE_PX / 2)
    return np.asarray((away < 0.47 * SIDE_PX) & (away > 0.125 * SIDE_PX), dtype=np.bool_)


def _require_ink(frame: Picture, label: Picture) -> None:
    there, wanted = float(ink_of(frame).mean()), float(ink_of(label).mean())
    if there < INK_LEAST * wanted:
        raise SteleError(
            3270,
            "there is no label on the disc",
            f"{there:.1%} of it is printed, {wanted:.1%} should",
        )


def _require_upright(turned_deg: float) -> None:
    if abs(turned_deg) > TURNED_MOST_DEG:
        upside_down = abs(abs(turned_deg) - 180) <= 45
        raise SteleError(
            3274,
            "the label is upside down" if upside_down else "the label is turned",
            f"by {turned_deg:.0f} degrees",
        )


def _require_sharp(sharpness: float) -> None:
    if sharpness < SHARP_LEAST:
        raise SteleError(
            3273, "the label is smeared", f"its edges have {sharpness:.0%} of their strength"
        )


def _best_turn(frame: Picture, label: Picture) -> float:
    """Which quarter turn of the label looks most like the frame, when its code tells nothing."""
    seen, drawn = (cv2.GaussianBlur(picture, (0, 0), 6) for picture in (frame, label))
    likeness = {turn: _likeness(seen, np.rot90(drawn, -turn // 90)) for turn in _UPRIGHT_TURNS}
    best = max(likeness, key=lambda turn: likeness[turn])
    if likeness[best] < likeness[0] + 0.1:
        return 0.0
    return float(best if best <= 180 else best - 360)
