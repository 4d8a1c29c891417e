"""Pictures of printed discs, as a camera above the printer would take them."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]


def photograph(
    label: Path,
    to: Path,
    *,
    width: int = 1280,
    height: int = 960,
    diameter: int = 800,
    shift: int = 0,
    table: int = 40,
    paper: int = 215,
    turned_deg: float = 0.0,
    blur_px: float = 0.8,
    noise: float = 4.0,
    uneven: float = 0.2,
    smear: tuple[int, int] = (1, 1),
    printed: bool = True,
    disc: bool = True,
    seed: int = 1,
) -> Path:
    """A disc with the label on a table. `smear` is in pixels of the label, across and down."""
    drawn = cv2.imread(str(label), cv2.IMREAD_GRAYSCALE)
    assert drawn is not None
    side = drawn.shape[0]
    grey = cv2.blur(drawn, smear).astype(np.float32) / 255
    if not printed:
        grey = np.ones_like(grey)
    face = 30 + grey * (paper - 30)
    across, down = np.meshgrid(np.arange(side), np.arange(side))
    face[np.hypot(across - side / 2, down - side / 2) < 0.06 * side] = table
    middle = (width / 2 + shift, height / 2)
    turn = cv2.getRotationMatrix2D((side / 2, side / 2), -turned_deg, diameter / side)
    turn[:, 2] += (middle[0] - side / 2, middle[1] - side / 2)
    seen = cv2.warpAffine(face, turn, (width, height), flags=cv2.INTER_AREA)
    across, down = np.meshgrid(np.arange(width), np.arange(height))
    away = np.hypot(across - middle[0], down - middle[1])
    picture = np.where((away < diameter / 2) & disc, seen, float(table))
    picture *= 1 + uneven * (across / width - 0.5)
    picture = cv2.GaussianBlur(picture, (0, 0), blur_px)
    picture += np.random.default_rng(seed).normal(0, noise, picture.shape)
    cv2.imwrite(str(to), np.clip(picture, 0, 255).astype(np.uint8))
    return to
