"""Pictures: what comes out of the printer, and what the camera sees of it.

OpenCV is imported when a picture is drawn, so that a cabinet in which nobody prints does without.
"""

import os
import shutil
import struct
import zlib
from pathlib import Path
from typing import Any

from simulators.world.printer import Print

WIDTH, HEIGHT = 1600, 1200
RADIUS = 560
"""Of a disc of 120 mm in the camera's picture, in pixels."""
HOLE = 15 / 120
CLAMPING = 40 / 120
"""Diameter within which nothing is printed, as a share of the disc's."""
BARE, TRAY, BLACK = 208, 46, 0
"""Grey of an unprinted disc, of the empty tray, and of a camera in the dark."""
PALE_FROM_PCT = 8.0
"""With less ink than this, prints become pale."""


def come_out(sent: Path, printed: Path, how: Print, ink_pct: float) -> None:
    """Write what the printer makes of the picture that it was sent."""
    beside = printed.with_suffix(".new.png")
    if not (how.smeared or how.upside_down or ink_pct < PALE_FROM_PCT):
        shutil.copyfile(sent, beside)
    else:
        import cv2  # noqa: PLC0415  # see above
        import numpy as np  # noqa: PLC0415

        picture: Any = cv2.imread(os.fspath(sent), cv2.IMREAD_COLOR)
        if how.upside_down:
            picture = cv2.rotate(picture, cv2.ROTATE_180)
        if how.smeared:
            reach = max(9, picture.shape[1] // 24)
            picture = cv2.blur(picture, (reach, max(3, reach // 4)))
        if ink_pct < PALE_FROM_PCT:
            strength = max(0.05, ink_pct / PALE_FROM_PCT)
            picture = (255 - (255 - picture.astype(np.float32)) * strength).astype(np.uint8)
        cv2.imwrite(os.fspath(beside), picture)
    beside.replace(printed)


def draw_plain(grey: int, to: Path) -> None:
    """Write a frame of one grey: an empty tray, a camera in the dark."""
    rows = (b"\0" + bytes([grey]) * WIDTH) * HEIGHT
    beside = to.with_suffix(".new.png")
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 1)), (b"IEND", b""))
    with beside.open("wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n")
        for kind, data in chunks:
            checksum = zlib.crc32(kind + data)
            file.write(struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum))
    beside.replace(to)


def draw_disc(printed: Path | None, seed: int, to: Path) -> None:
    """Write a frame of a disc in the tray, with its label side up.

    No disc lies quite straight, no lamp is quite even, no sensor without noise; the same seed
    gives the same frame.
    """
    import cv2  # noqa: PLC0415  # see above
    import numpy as np  # noqa: PLC0415

    chance = np.random.default_rng(seed)
    frame: Any = np.full((HEIGHT, WIDTH, 3), TRAY, np.uint8)
    centre = (WIDTH // 2, HEIGHT // 2)
    cv2.circle(frame, centre, RADIUS, (BARE, BARE, BARE), -1, cv2.LINE_AA)
    picture: Any = None if printed is None else cv2.imread(os.fspath(printed), cv2.IMREAD_COLOR)
    if picture is not None:
        label = cv2.resize(picture, (2 * RADIUS, 2 * RADIUS), interpolation=cv2.INTER_AREA)
        mask = np.zeros(frame.shape[:2], np.uint8)
        cv2.circle(mask, centre, RADIUS - 6, 255, -1)
        cv2.circle(mask, centre, round(RADIUS * CLAMPING), 0, -1)
        left, top = centre[0] - RADIUS, centre[1] - RADIUS
        canvas = frame.copy()
        canvas[top : top + 2 * RADIUS, left : left + 2 * RADIUS] = label
        frame[mask > 0] = canvas[mask > 0]
    cv2.circle(frame, centre, round(RADIUS * HOLE), (TRAY, TRAY, TRAY), -1, cv2.LINE_AA)
    turn = cv2.getRotationMatrix2D(centre, float(chance.uniform(-1.5, 1.5)), 1.0)
    edge = (TRAY, TRAY, TRAY)
    frame = cv2.warpAffine(frame, turn, (WIDTH, HEIGHT), borderValue=edge)
    light = np.linspace(0.93, 1.0, WIDTH, dtype=np.float32)[None, :, None]
    noise = chance.normal(0, 2.0, frame.shape).astype(np.float32)
    seen = np.clip(frame.astype(np.float32) * light + noise, 0, 255).astype(np.uint8)
    seen = cv2.GaussianBlur(seen, (3, 3), 0)
    beside = to.with_suffix(".new.png")
    cv2.imwrite(os.fspath(beside), seen, [cv2.IMWRITE_PNG_COMPRESSION, 1])
    beside.replace(to)
