"""Smoke and water: start nothing, come to rest, power off; go on when it is over and was seen.

The alarm is latched: it ends when the cause is gone and a person has acknowledged it, and only then
work goes on. It stands on the disk, so a restart does not forget it.
"""

from collections.abc import Callable, Iterable

from appliance.contract.messages import ErrorInfo, ReadingView
from appliance.services.alarms import Alarms
from appliance.services.gate import Gate
from appliance.services.safety.sign import Sign
from hal.interfaces.contact import Contact

SMOKE = 4050
WATER = 4051
KINDS = {"smoke": SMOKE, "water": WATER}
"""What a contact tells of, by how its name begins."""


class Danger:
    """One sensor of smoke or water."""

    def __init__(
        self,
        contact: Contact,
        error: ErrorInfo,
        *,
        quantity: str,
        gates: Iterable[Gate],
        alarms: Alarms,
        changed: Callable[[], None],
    ) -> None:
        self.sign = Sign(contact, self._change)
        self._name = contact.name
        self._error = error
        self._quantity = quantity
        self._gates = tuple(gates)
        self._alarms = alarms
        self._changed = changed
        alarms.watch(self._look)

    def start(self) -> None:
        """Begin to watch; the gates are closed when this returns if there is danger."""
        stands = self._alarms.stands(self._name, self._error.code)
        if stands:
            self._close()
        self.sign.start(was_on=stands)
        if not self.sign.is_on:
            self._alarms.clear(self._name, self._error.code)

    def stop(self) -> None:
        self.sign.stop()

    def view(self) -> ReadingView:
        return self.sign.view(self._quantity)

    def _change(self, on: bool) -> None:
        if on:
            self._close()
            self._alarms.sound(self._name, self._error, latched=True)
        else:
            self._alarms.clear(self._name, self._error.code)
        self._changed()

    def _look(self) -> None:
        """An alarm has changed: go on if it was ours that ended."""
        if not self.sign.is_on and not self._alarms.stands(self._name, self._error.code):
            for gate in self._gates:
                gate.open(self._name)

    def _close(self) -> None:
        for gate in self._gates:
            gate.close(self._name)


def dangers(
    contacts: Iterable[Contact],
    *,
    gates: Iterable[Gate],
    alarms: Alarms,
    changed: Callable[[], None],
) -> list[Danger]:
    """Those contacts that tell of smoke or water, by their names."""
    closing = tuple(gates)
    found = []
    for contact in contacts:
        quantity = next((name for name in KINDS if contact.name.startswith(name)), None)
        if quantity is None:
            continue
        error = ErrorInfo(KINDS[quantity], _told(quantity, contact.name))
        found.append(
            Danger(contact, error, quantity=quantity, gates=closing, alarms=alarms, changed=changed)
        )
    return found


def _told(quantity: str, sensor: str) -> str:
    """Which sensor is named where there are several."""
    told = f"{quantity} in the cabinet"
    return told if sensor == quantity else f"{told}: sensor {sensor} tells of it"
