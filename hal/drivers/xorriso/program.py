"""The program xorriso, as the drive asks it: report, eject, start a burn. Failures get numbers."""

from dataclasses import dataclass

from hal.drivers.xorriso import codec
from hal.drivers.xorriso.run import run_to_end
from hal.errors import HalError
from hal.interfaces.optical_drive import Disc
from hal.transports.interfaces import CommandLine, CommandProcess


@dataclass(frozen=True, slots=True)
class DriveTiming:
    """Limits in seconds of the event loop's clock."""

    report_s: float = 180.0
    """For a report, with loading the tray and spinning the disc up."""
    eject_s: float = 60.0
    closing_s: float = 1800.0
    """From the last byte handed over to the end of the run: buffers, track and session."""
    abandon_s: float = 180.0
    """For a burn that is broken off to end by itself, before it is told to, before it is killed."""
    busy_poll_s: float = 5.0


class BurnerProgram:
    """xorriso for one drive: `name` is the drive's for people, `device` for the program."""

    def __init__(self, name: str, device: str, commands: CommandLine, timing: DriveTiming) -> None:
        self._name = name
        self._device = device
        self._commands = commands
        self._timing = timing

    async def report(self) -> Disc:
        """Load the tray and ask what disc is in it.

        Raises:
            HalError: 3201 the drive cannot be used; 3202 busy; 3212 no such program.
        """
        lines = await self._run(codec.toc_argv(self._device), self._timing.report_s)
        disc = codec.parse_toc(lines)
        if disc is None:
            raise self._error(lines, codec.Fault(3201, "it cannot be used"))
        return disc

    async def eject(self) -> None:
        """Open the tray.

        Raises:
            HalError: as `report`, and 3211 the tray does not open.
        """
        lines = await self._run(codec.eject_argv(self._device), self._timing.eject_s)
        if codec.complaints(lines):
            raise self._error(lines, codec.Fault(3211, "its tray does not open"))

    async def start_burn(self, size_bytes: int, speed: float | None) -> CommandProcess:
        """Raises: HalError: 3212 no such program."""
        try:
            return await self._commands.start(*codec.burn_argv(self._device, size_bytes, speed))
        except OSError as error:
            raise self._missing(error) from error

    async def _run(self, argv: tuple[str, ...], limit_s: float) -> list[str]:
        try:
            return (await run_to_end(self._commands, argv, limit_s)).lines
        except TimeoutError:
            raise HalError(
                3201, f"drive {self._name} has not answered in {limit_s} s", " ".join(argv)
            ) from None
        except OSError as error:
            raise self._missing(error) from error

    def _missing(self, error: OSError) -> HalError:
        return HalError(3212, f"the burning program of drive {self._name} is missing", str(error))

    def _error(self, lines: list[str], otherwise: codec.Fault) -> HalError:
        fault = codec.classify(lines, otherwise)
        return HalError(fault.code, f"drive {self._name}: {fault.reason}", codec.complaints(lines))
