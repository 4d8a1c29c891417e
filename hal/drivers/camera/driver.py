"""A camera that OpenCV can open: a device such as ``/dev/video0``, or whatever is read like one."""

import asyncio
import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from hal.drivers.camera.codec import failure
from hal.errors import HalError

CAPTURE = (sys.executable, "-P", "-m", "hal.drivers.camera.capture")


class ProcessCamera:
    """`Camera`. Each picture is taken by a child process, which ends with it.

    Example::

        camera = ProcessCamera("camera", "/dev/video0")
        await camera.take_frame(Path("/run/stele/frame.png"))
    """

    verified = "simulator"

    def __init__(
        self,
        name: str,
        device: str,
        *,
        program: Sequence[str] = CAPTURE,
        limit_s: float = 30.0,
    ) -> None:
        """`limit_s` is of the machine's clock: it bounds the child process."""
        self._name = name
        self._device = device
        self._program = tuple(program)
        self._limit_s = limit_s
        self._one_call = asyncio.Lock()

    @property
    def name(self) -> str:
        return self._name

    async def take_frame(self, to: Path) -> None:
        """Take a fresh picture; `to` is replaced at once, or not at all.

        Raises:
            HalError: 1050 the camera cannot be opened; 1051 it gives no picture; 1052 the picture
                cannot be written, or the taking broke off or took too long.
        """
        async with self._one_call:
            await asyncio.to_thread(self._take, to)

    def _take(self, to: Path) -> None:
        try:
            handle, name = tempfile.mkstemp(suffix=".png", dir=to.parent)
        except OSError as error:
            raise HalError(1052, f"no picture can be kept in {to.parent}", str(error)) from error
        os.close(handle)
        fresh = Path(name)
        try:
            done = subprocess.run(
                [*self._program, self._device, str(fresh)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=self._limit_s,
                check=False,
            )
            problem = failure(self._name, done.returncode, done.stdout.decode("utf-8", "replace"))
            if problem is not None:
                raise problem
            fresh.replace(to)
        except subprocess.TimeoutExpired:
            raise HalError(
                1052, f"camera {self._name} has given no picture in {self._limit_s:g} s"
            ) from None
        except OSError as error:
            raise HalError(1052, f"camera {self._name} cannot be asked", str(error)) from error
        finally:
            with contextlib.suppress(FileNotFoundError):
                fresh.unlink()
