"""Labels for the firmware: drawn and checked in a child process that ends with the work."""

import asyncio
import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import msgspec

from appliance.contract.errors import SteleError
from appliance.labels.fields import LabelFields, clean
from appliance.labels.orders import Answer, CheckOrder, DrawOrder, LabelFinding, Order, ReadOrder
from appliance.labels.template import load_template

WORKER = (sys.executable, "-P", "-m", "appliance.labels.worker")


class LabelDesk:
    """Draws labels by one template, and checks what was printed. One at a time.

    Example::

        desk = LabelDesk("archive")
        await desk.draw(LabelFields(code=volume_id, title="卷宗"), folder / "label.png")
        await printer.print(folder / "label.png", "卷宗")
        await camera.take_frame(folder / "frame.png")
        await desk.check(folder / "frame.png", folder / "label.png", volume_id)
    """

    def __init__(
        self,
        template: str = "archive",
        font: str = "",
        *,
        program: Sequence[str] = WORKER,
        limit_s: float = 60.0,
    ) -> None:
        """`template`: a name, or the path of a TOML file; `font`: a file, or "" for Debian's own.

        `limit_s` is of the machine's clock: it bounds the child process.

        Raises:
            SteleError: 3267 the template cannot be used.
        """
        self._template = load_template(template)
        self._font = font
        self._program = tuple(program)
        self._limit_s = limit_s
        self._one_call = asyncio.Lock()

    async def draw(self, fields: LabelFields, to: Path) -> None:
        """Draw the label into the PNG file `to`, which is there whole or not at all.

        Raises:
            SteleError: 3266 a text is too long; 3268 no font; 3269 it lacks a character;
                3277 the QR code cannot be made; 3279 the process failed.
        """
        fields = clean(fields)
        async with self._one_call:
            await asyncio.to_thread(self._draw, fields, to)

    async def check(self, frame: Path, label: Path, code: str) -> LabelFinding:
        """Look at the camera's picture of a disc that should carry the label drawn in `label`.

        Raises:
            SteleError: 3270 no label; 3271 its code cannot be read; 3272 another disc's; 3273
                smeared; 3274 upside down or turned; 3275 black; 3276 no disc; 3278 the picture
                cannot be used; 3279 the process failed.
        """
        order = CheckOrder(frame=str(frame), label=str(label), code=code)
        async with self._one_call:
            answer = await asyncio.to_thread(self._ask, order)
        if answer.finding is None:
            raise SteleError(3279, "the label process gave no finding")
        return answer.finding

    async def read(self, frame: Path, label: Path, code: str) -> str:
        """What the code on the disc in the camera's picture says, whichever disc it is.

        `label` and `code` are what was printed on the disc that should be there; the file need
        not exist. It only helps to say what is wrong with a label whose code cannot be read.

        Raises:
            SteleError: 3270 no label; 3271 its code cannot be read; 3273 nor is it sharp; 3274 nor
                upright; 3275 black; 3276 no disc; 3278 the picture cannot be used; 3279 the process
                failed.
        """
        order = ReadOrder(str(frame), str(label), code)
        async with self._one_call:
            answer = await asyncio.to_thread(self._ask, order)
        if answer.code is None:
            raise SteleError(3279, "the label process gave no code")
        return answer.code

    def _draw(self, fields: LabelFields, to: Path) -> None:
        try:
            handle, name = tempfile.mkstemp(suffix=".png", dir=to.parent)
        except OSError as error:
            raise SteleError(3279, f"no label can be kept in {to.parent}", str(error)) from error
        os.close(handle)
        fresh = Path(name)
        try:
            self._ask(DrawOrder(self._template, fields, self._font, str(fresh)))
            fresh.replace(to)
        finally:
            with contextlib.suppress(FileNotFoundError):
                fresh.unlink()

    def _ask(self, order: Order) -> Answer:
        try:
            done = subprocess.run(
                self._program,
                input=msgspec.json.encode(order),
                capture_output=True,
                timeout=self._limit_s,
                check=False,
            )
            answer = msgspec.json.decode(done.stdout, type=Answer)
        except subprocess.TimeoutExpired:
            raise SteleError(
                3279, f"the label process has not ended in {self._limit_s:g} s"
            ) from None
        except OSError as error:
            raise SteleError(3279, "the label process cannot be started", str(error)) from error
        except msgspec.MsgspecError as error:
            said = done.stderr.decode("utf-8", "replace").strip()[-300:]
            raise SteleError(
                3279, f"the label process broke off ({done.returncode})", said
            ) from error
        if answer.error is not None:
            raise SteleError(answer.error.code, answer.error.message, answer.error.detail)
        return answer
