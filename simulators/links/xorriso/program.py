"""One run of the burner command, whoever the host is: a process over a socket, or a test."""

import asyncio
import os
from pathlib import Path

from simulators.devices.drive.drive import Order
from simulators.links.drive import BusyError, DriveWire
from simulators.links.program import Host
from simulators.links.xorriso import report
from simulators.links.xorriso.burn import BurnError, burn
from simulators.links.xorriso.shutdown import FAREWELL
from simulators.links.xorriso.words import Request, Verb, WordError, parse_words

GOOD, USAGE, ABORTED = 0, 2, 5
INQUIRY_S = 0.5
"""A drive that is ready needs this long to answer all questions about its disc."""


class Xorriso:
    """The program, for the drives of one cabinet."""

    farewell: str | None = FAREWELL

    def __init__(self, drives: dict[str, DriveWire]) -> None:
        self._drives = drives
        self._running: set[asyncio.Task[object]] = set()
        self._powered = True

    def stop(self) -> None:
        """Cut the drives' power: every run under way loses its drive."""
        self._powered = False
        for task in self._running:
            task.cancel()

    async def run(self, argv: tuple[str, ...], host: Host, folder: Path | None = None) -> int:
        """Do what the words say and return the exit code.

        `folder` is where relative device addresses start. Cancelling the call is the
        death of the program: a disc that is being written stays as it is then.
        """
        task = asyncio.current_task()
        if task:
            self._running.add(task)
        try:
            return await self._obey(argv, host, folder)
        except asyncio.CancelledError:
            if self._powered:
                raise
            host.say("libburn : FATAL : Lost connection to drive\n")
            return _abort(host, cdrecord=True, severity="FATAL")
        finally:
            self._running.discard(task)

    async def _obey(self, argv: tuple[str, ...], host: Host, folder: Path | None) -> int:
        host.say(report.BANNER)
        if not argv:
            host.say("usage : xorriso [commands]\n        More is told by command -help\n")
            return USAGE
        try:
            request = parse_words(argv)
        except WordError as error:
            host.say(f"xorriso : FAILURE : {error}\n")
            return _abort(host, "-as cdrecord" in str(error))
        if not request.device:
            host.say("xorriso : FAILURE : No output drive acquired\n")
            return _abort(host, request.cdrecord)
        drive = self._find(request.device, folder)
        if drive is None or drive.gone:
            host.say(_not_found(request.device))
            return _abort(host, request.cdrecord)
        try:
            with drive.acquired():
                return await self._work(request, drive, host)
        except BusyError:
            host.say(
                f"libburn : SORRY : Cannot open busy device '{request.device}'\n"
                f"xorriso : FAILURE : Cannot acquire drive '{request.device}'\n"
            )
            return _abort(host, request.cdrecord)

    def _find(self, device: str, folder: Path | None) -> DriveWire | None:
        path = os.path.abspath((folder or Path()) / device)  # noqa: PTH100  # links are not followed
        by_path = {str(drive.link): drive for drive in self._drives.values()}
        return by_path.get(path)

    async def _work(self, request: Request, drive: DriveWire, host: Host) -> int:
        await drive.order(Order.LOAD)
        await asyncio.sleep(INQUIRY_S)
        host.say(report.short_report(request.device, drive.disc))
        for verb in request.verbs:
            if verb is Verb.TOC:
                model = drive.world.description.drives
                host.answer(report.full_report(request.device, model, drive.disc))
            elif verb is Verb.EJECT:
                await drive.order(Order.EJECT)
            else:
                try:
                    await burn(request, drive, host)
                except BurnError as failure:
                    host.say(failure.text())
                    return _abort(host, cdrecord=True, severity=failure.severity)
        return GOOD


def _abort(host: Host, cdrecord: bool, severity: str = "FAILURE") -> int:
    if cdrecord:
        host.say("xorriso : FAILURE : -as cdrecord: Job could not be performed properly.\n")
    host.say(f"xorriso : aborting : -abort_on 'FAILURE' encountered '{severity}'\n")
    return ABORTED


def _not_found(device: str) -> str:
    return (
        f"libburn : FAILURE : File object '{device}' not found\n"
        f"libburn : FAILURE : Cannot access '{device}' as SG_IO CDROM drive\n"
        f"xorriso : FAILURE : Cannot acquire drive '{device}'\n"
    )
