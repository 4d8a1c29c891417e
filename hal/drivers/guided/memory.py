"""What a person was last asked to carry, remembered across a restart of the firmware.

A robot's gripper has a sensor; a hand has none. So before a disc may leave its place it is written
down from where and whereto. If it is then in neither place, it is in the person's hand.
"""

import contextlib
import json
import os
from pathlib import Path
from typing import NamedTuple

from hal.errors import HalError

UNWRITABLE = 2133


class Carry(NamedTuple):
    """A disc between a slot and a drive, in either direction."""

    slot: str
    drive: str


class HandMemory:
    """One file; without a path it is remembered in memory only."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._carry = self._read()

    @property
    def carry(self) -> Carry | None:
        return self._carry

    def begin(self, carry: Carry) -> None:
        """Remember.

        Raises:
            HalError: 2133 it cannot be written down, so nobody must be asked to carry.
        """
        self._write(json.dumps(carry._asdict()))
        self._carry = carry

    def end(self) -> None:
        """The disc has arrived somewhere. Raises as `begin`."""
        if self._carry is not None:
            self._write("")
            self._carry = None

    def _read(self) -> Carry | None:
        if self._path is None:
            return None
        with contextlib.suppress(OSError, ValueError, TypeError):
            raw = json.loads(self._path.read_text("utf-8"))
            return Carry(str(raw["slot"]), str(raw["drive"]))
        return None

    def _write(self, text: str) -> None:
        if self._path is None:
            return
        try:
            new = self._path.with_suffix(".new")
            with new.open("w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            new.replace(self._path)
        except OSError as error:
            raise HalError(
                UNWRITABLE, "what a person carries cannot be written down", str(error)
            ) from error
