"""What every detector must do: a `Contact` that is active when something is wrong."""

from collections.abc import Awaitable, Callable
from typing import Protocol

import pytest

from hal.errors import HalError
from hal.interfaces.contact import Contact
from tests.conformance.door import settled


class DetectorRig(Protocol):
    """A detector with nothing to detect."""

    detector: Contact

    def set_danger(self, *, present: bool) -> None: ...

    async def cut_wire(self, *, cut: bool) -> None: ...

    async def lose_board(self) -> None: ...


async def danger_is_told_at_once_and_its_end_too(rig: DetectorRig) -> None:
    assert isinstance(rig.detector, Contact)
    await settled()
    told: list[bool] = []
    rig.detector.watch(told.append)
    assert not rig.detector.is_active()
    for present in (True, False):
        rig.set_danger(present=present)
        await settled()
        assert rig.detector.is_active() is present
    assert told == [True, False]


async def a_cut_wire_is_danger(rig: DetectorRig) -> None:
    await settled()
    await rig.cut_wire(cut=True)
    await settled()
    assert rig.detector.is_active()
    await rig.cut_wire(cut=False)
    await settled()
    assert not rig.detector.is_active()


async def without_its_board_a_detector_has_no_state(rig: DetectorRig) -> None:
    await settled()
    await rig.lose_board()
    await settled()
    with pytest.raises(HalError) as caught:
        rig.detector.is_active()
    assert caught.value.code == 1020


DetectorCheck = Callable[[DetectorRig], Awaitable[None]]
CHECKS: tuple[DetectorCheck, ...] = (
    danger_is_told_at_once_and_its_end_too,
    a_cut_wire_is_danger,
    without_its_board_a_detector_has_no_state,
)
