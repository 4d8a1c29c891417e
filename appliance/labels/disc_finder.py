"""Finding the disc in a camera's picture. Needs OpenCV: imported in the child process only."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from appliance.contract.errors import SteleError

Picture = NDArray[np.uint8]

SMALLEST_PX = 400
"""Of the picture's shorter side: below it a module of the QR code has less than two pixels."""
DARK_MEAN = 20.0
DARK_BRIGHTEST = 60.0
"""A picture whose brightest hundredth is below this shows nothing."""
SMALLEST_PART = 0.4
"""Of the shorter side that a disc's diameter has, when the camera looks at it."""
ROUNDNESS = 0.9
"""Least part of its enclosing circle that a disc's outline fills."""
_WORK_PX = 500


@dataclass(frozen=True, slots=True)
class Circle:
    x: float
    y: float
    radius: float


def load_picture(path: str) -> Picture:
    """A grey picture. Raises: SteleError: 3278 not a picture, or too small; 3275 black."""
    picture = cv2.imread(path, cv2.IMREAD_GRAYSCALE)
    if picture is None:
        raise SteleError(3278, "the camera's picture cannot be read", path)
    height, width = picture.shape[:2]
    if min(height, width) < SMALLEST_PX:
        raise SteleError(3278, "the camera's picture is too small", f"{width} x {height} pixels")
    grey = np.asarray(picture, dtype=np.uint8)
    if float(grey.mean()) < DARK_MEAN and float(np.percentile(grey, 99)) < DARK_BRIGHTEST:
        raise SteleError(3275, "the camera's picture is black", f"mean {grey.mean():.0f} of 255")
    return grey


def cut_out_disc(picture: Picture, side: int) -> Picture:
    """The disc alone, `side` pixels wide. Raises: SteleError: 3276 there is none."""
    circle = find_disc(picture)
    if circle is None:
        raise SteleError(3276, "there is no disc in the camera's picture")
    scale = side / (2 * circle.radius)
    shift = np.array(
        [
            [scale, 0, side / 2 - circle.x * scale],
            [0, scale, side / 2 - circle.y * scale],
        ]
    )
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    cut = cv2.warpAffine(picture, shift, (side, side), flags=method, borderValue=(255.0,))
    return np.asarray(cut, dtype=np.uint8)


def find_disc(picture: Picture) -> Circle | None:
    """The largest round thing that stands out from what lies around it, whole in the picture."""
    height, width = picture.shape[:2]
    scale = min(1.0, _WORK_PX / min(height, width))
    size = (round(width * scale), round(height * scale))
    small = cv2.GaussianBlur(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), (5, 5), 0)
    best: Circle | None = None
    for kind in (cv2.THRESH_BINARY, cv2.THRESH_BINARY_INV):
        _, mask = cv2.threshold(small, 0, 255, kind + cv2.THRESH_OTSU)
        outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        for outline in outlines:
            (x, y), radius = cv2.minEnclosingCircle(outline)
            hull = cv2.contourArea(cv2.convexHull(outline))
            if radius * 2 < SMALLEST_PART * min(size) or radius * 2 > 1.02 * min(size):
                continue
            if hull < ROUNDNESS * np.pi * radius**2:
                continue
            if best is None or radius > best.radius:
                best = Circle(x, y, radius)
    if best is None:
        return None
    return Circle(
        (best.x + 0.5) / scale - 0.5, (best.y + 0.5) / scale - 0.5, (best.radius + 0.5) / scale
    )
