"""The child process that draws and checks labels: ``python -m appliance.labels.worker``.

One order as JSON on standard input, one answer on standard output; then it ends, and with it all
that Pillow, the font and OpenCV took. What it is given may be broken, so it may not take more than
`MEMORY_BYTES`.
"""

import os
import resource
import sys

import msgspec

from appliance.contract.errors import SteleError, info_of
from appliance.contract.messages import ErrorInfo
from appliance.labels.orders import (
    Answer,
    CheckOrder,
    DrawOrder,
    LabelFinding,
    Order,
    ReadOrder,
)

MEMORY_BYTES = 4 << 30
"""Address space, of which OpenCV's libraries and threads reserve most."""
PIXELS = 1 << 26
"""The largest picture that is read: 8192 x 8192."""


def obey(order: Order) -> Answer:
    try:
        if isinstance(order, DrawOrder):
            _draw(order)
            return Answer()
        if isinstance(order, ReadOrder):
            return Answer(code=_read(order))
        return Answer(finding=_check(order))
    except (SteleError, OSError, MemoryError) as error:
        return Answer(error=_told(error))


def _told(error: Exception) -> ErrorInfo:
    if isinstance(error, SteleError):
        return info_of(error)
    return ErrorInfo(3279, "drawing or checking a label broke off", repr(error)[:300])


def _draw(order: DrawOrder) -> None:
    from appliance.labels.drawing import draw_label  # noqa: PLC0415  # one half is used at a time
    from appliance.labels.fonts import find_font  # noqa: PLC0415

    label = draw_label(order.template, order.fields, find_font(order.font))
    with open(order.to, "wb") as target:  # noqa: PTH123
        target.write(label)
        target.flush()
        os.fsync(target.fileno())


def _check(order: CheckOrder) -> LabelFinding:
    from appliance.labels.check import check_label  # noqa: PLC0415

    return check_label(order.frame, order.label, order.code)


def _read(order: ReadOrder) -> str:
    from appliance.labels.reading import read_label  # noqa: PLC0415

    return read_label(order.frame, order.label, order.code)


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    os.environ["OPENCV_IO_MAX_IMAGE_PIXELS"] = str(PIXELS)
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=Order)
    sys.stdout.buffer.write(msgspec.json.encode(obey(order)))


if __name__ == "__main__":
    main()
