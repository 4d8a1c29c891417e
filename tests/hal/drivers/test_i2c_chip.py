"""What a failed transfer is called."""

import errno

import pytest

from hal.drivers.i2c_chip import I2cChip
from hal.errors import HalError
from tests.hal.drivers.i2c_board import Board


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.ENXIO, 1011),
        (errno.EREMOTEIO, 1011),
        (errno.EIO, 1010),
        (errno.ETIMEDOUT, 1010),
        (errno.ENOENT, 1010),
        (None, 1010),
    ],
)
async def test_who_does_not_answer_is_told_from_a_bus_that_is_gone(
    number: int | None, code: int
) -> None:
    board = Board()
    board.failure = OSError(number, "no") if number else OSError("no")
    with pytest.raises(HalError) as caught:
        await I2cChip(board, 0x44, "climate").ask(b"\x24\x00")
    assert caught.value.code == code
    assert "climate (0x44)" in caught.value.message
