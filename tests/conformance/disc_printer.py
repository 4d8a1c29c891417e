"""What every `DiscPrinter` must do: checks that run over any rig."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Protocol

import pytest

from hal.errors import HalError
from hal.interfaces.disc_printer import DiscPrinter


class PrinterRig(Protocol):
    printer: DiscPrinter
    label: Path
    """A picture to print."""

    async def lay_disc(self) -> None:
        """Somebody lays a disc without a label into the open tray."""

    def prints(self) -> int:
        """How often the disc in the tray was printed on."""

    def stop_printer(self) -> None:
        """The printer does not print any more."""

    def mend_printer(self) -> None: ...


async def code_of(call: Awaitable[object]) -> int:
    with pytest.raises(HalError) as caught:
        await call
    return caught.value.code


async def a_disc_is_printed_once_for_each_call(rig: PrinterRig) -> None:
    assert isinstance(rig.printer, DiscPrinter)
    await rig.printer.open_tray()
    await rig.lay_disc()
    await rig.printer.close_tray()
    await rig.printer.print(rig.label, "卷宗 one")
    assert rig.prints() == 1
    await rig.printer.print(rig.label, "--not an option\nnor a line")
    assert rig.prints() == 2


async def the_tray_goes_to_a_state_however_often_it_is_asked(rig: PrinterRig) -> None:
    for _ in range(2):
        await rig.printer.open_tray()
    await rig.lay_disc()
    for _ in range(2):
        await rig.printer.close_tray()
    await rig.printer.print(rig.label, "label")
    assert rig.prints() == 1


async def a_printer_without_disc_says_so(rig: PrinterRig) -> None:
    await rig.printer.close_tray()
    assert await code_of(rig.printer.print(rig.label, "label")) == 3260


async def a_printer_that_stops_says_so_and_prints_nothing_later(rig: PrinterRig) -> None:
    await rig.printer.open_tray()
    await rig.lay_disc()
    await rig.printer.close_tray()
    rig.stop_printer()
    assert await code_of(rig.printer.print(rig.label, "label")) == 3262
    rig.mend_printer()
    assert rig.prints() == 0
    await rig.printer.print(rig.label, "label")
    assert rig.prints() == 1


CHECKS: tuple[Callable[[PrinterRig], Awaitable[None]], ...] = (
    a_disc_is_printed_once_for_each_call,
    the_tray_goes_to_a_state_however_often_it_is_asked,
    a_printer_without_disc_says_so,
    a_printer_that_stops_says_so_and_prints_nothing_later,
)
