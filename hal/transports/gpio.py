"""Digital lines of the computer itself, through gpiozero.

Which chip it is says the name of a gpiozero pin factory: an entry point of the group
``gpiozero_pin_factories``, called with its chip. gpiozero tells of changes in a thread of its own;
they are handed to the event loop at once, in order, not debounced: who needs calm waits for it.
"""

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from importlib.metadata import entry_points

from gpiozero import DigitalInputDevice, DigitalOutputDevice
from gpiozero.pins import Factory

FACTORIES = "gpiozero_pin_factories"


class Gpio:
    """`GpioLines` over a pin factory. Make it with `open_gpio`; closing it closes the factory."""

    def __init__(self, factory: Factory) -> None:
        self._factory = factory

    def input(self, number: int, *, active_high: bool = False) -> "GpioInput":
        with _as_os_error(f"GPIO {number}"):
            device = DigitalInputDevice(number, pull_up=True, pin_factory=self._factory)
        return GpioInput(device, number, active_high=active_high)

    def output(self, number: int, *, active_high: bool = True) -> "GpioOutput":
        with _as_os_error(f"GPIO {number}"):
            device = DigitalOutputDevice(
                number, active_high=active_high, initial_value=False, pin_factory=self._factory
            )
        return GpioOutput(device, number)

    def close(self) -> None:
        with _as_os_error("the GPIO chip"):
            self._factory.close()


class GpioInput:
    """`InputLine`. gpiozero calls the state that pulls against the pull-up, low, active."""

    def __init__(self, device: DigitalInputDevice, number: int, *, active_high: bool) -> None:
        self._device = device
        self._number = number
        self._active_high = active_high

    def is_active(self) -> bool:
        with _as_os_error(f"GPIO {self._number}"):
            return bool(self._device.is_active) != self._active_high

    async def read(self) -> bool:
        return self.is_active()

    def watch(self, changed: Callable[[bool], None]) -> None:
        loop = asyncio.get_running_loop()

        def tell(active: bool) -> None:
            with contextlib.suppress(RuntimeError):  # the loop has been closed: nobody listens
                loop.call_soon_threadsafe(changed, active)

        low, high = not self._active_high, self._active_high
        self._device.when_activated = lambda: tell(low)
        self._device.when_deactivated = lambda: tell(high)

    def close(self) -> None:
        self._device.close()


class GpioOutput:
    """`OutputLine`; off until it is set."""

    def __init__(self, device: DigitalOutputDevice, number: int) -> None:
        self._device = device
        self._number = number

    async def set(self, active: bool) -> None:
        with _as_os_error(f"GPIO {self._number}"):
            self._device.value = active

    async def is_set(self) -> bool:
        with _as_os_error(f"GPIO {self._number}"):
            return bool(self._device.value)

    def close(self) -> None:
        self._device.close()


def open_gpio(factory: str, chip: str = "") -> Gpio:
    """Load the pin factory of that name; make it with `chip`, a number or a path, if it is given.

    Raises:
        OSError: there is no such factory, or it cannot use the chip.
    """
    found = list(entry_points(group=FACTORIES, name=factory))
    if not found:
        known = ", ".join(sorted({point.name for point in entry_points(group=FACTORIES)}))
        raise OSError(f"there is no gpiozero pin factory {factory!r}; there are {known}")
    with _as_os_error(f"the pin factory {factory!r}"):
        make = found[0].load()
        if not chip:
            return Gpio(make())
        return Gpio(make(int(chip) if chip.isascii() and chip.isdigit() else chip))


@contextlib.contextmanager
def _as_os_error(what: str) -> Iterator[None]:
    try:
        yield
    except OSError:
        raise
    except Exception as error:
        # A factory is somebody's plugin: lgpio.error and others have no base but Exception.
        raise OSError(f"{what} cannot be used: {error}") from error
