"""What a bay needs: four lines, the programs, and how long things may take."""

from dataclasses import dataclass
from typing import Protocol

from hal.transports.interfaces import CommandLine


class BayInput(Protocol):
    """One input with its polarity already in it. It may be asked over a bus, so it is awaited."""

    async def is_active(self) -> bool:
        """Ask the line now. Raises: HalError: 10xx the expander does not answer."""
        ...


class BayOutput(Protocol):
    """One output with its polarity already in it."""

    async def is_active(self) -> bool:
        """What the output is set to, by the chip and not by memory."""
        ...

    async def set(self, active: bool) -> None: ...


@dataclass(frozen=True, slots=True)
class BayLines:
    present: BayInput
    """A disk is in the bay."""
    latched: BayInput
    """The tray is closed and held."""
    power: BayOutput
    release: BayOutput
    """The latch is drawn, so that the tray can be pulled."""


@dataclass(frozen=True, slots=True)
class DiskPrograms:
    """The programs, each with its argv prefix."""

    smartctl: CommandLine
    mount: CommandLine
    umount: CommandLine
    mkfs: CommandLine
    """With the type of file system in its name, as ``mkfs.ext4``."""
    df: CommandLine


@dataclass(frozen=True, slots=True)
class DiskBayTiming:
    """Limits in seconds of the event loop's clock."""

    spin_up_s: float = 60.0
    """From power on until the disk has told the kernel what it is; 18 TB takes about 25 [K]."""
    latch_s: float = 3.0
    poll_s: float = 0.1
    smart_s: float = 60.0
    df_s: float = 60.0
    mount_s: float = 120.0
    """With replaying the journal of a file system that lost power."""
    unmount_s: float = 300.0
    """With writing back what is still in memory."""
    make_s: float = 1800.0
