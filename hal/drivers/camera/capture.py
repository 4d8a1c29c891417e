"""One picture from a camera, as a program: ``python -m hal.drivers.camera.capture DEVICE FILE``.

OpenCV takes some 60 MB and may crash on a broken camera's data; in a process of its own it costs
the firmware neither. The exit code tells how it went; see `codec`.
"""

import sys
from pathlib import Path

import cv2

from hal.drivers.camera.codec import CANNOT_OPEN, CANNOT_WRITE, NO_PICTURE, TAKEN

WARM_UP_FRAMES = 8
"""Dropped: a camera sets its exposure on the first ones, and its driver may hold old ones."""


def capture(device: str, target: Path) -> int:
    camera = cv2.VideoCapture(int(device)) if device.isdecimal() else cv2.VideoCapture(device)
    try:
        if not camera.isOpened():
            return CANNOT_OPEN
        frame = None
        for _ in range(WARM_UP_FRAMES):
            good, fresh = camera.read()
            if not good:
                break  # a still picture as a device gives a single frame
            frame = fresh
        if frame is None or frame.size == 0:
            return NO_PICTURE
        return TAKEN if cv2.imwrite(str(target), frame) else CANNOT_WRITE
    finally:
        camera.release()


if __name__ == "__main__":
    sys.exit(capture(sys.argv[1], Path(sys.argv[2])))
