"""Faults of a simulated cabinet: what can go wrong, where, and how it is brought about.

`where` names a drive ("d1"), a slot ("s001"), the gripper, or a disc by its serial. Each
fault lasts until it is lifted with `lift = true`, or for good where that is its nature.
"""

import logging
from collections.abc import Callable

import msgspec

from simulators.cabinet import Cabinet
from simulators.devices.drive.drive import GONE
from simulators.devices.drive.surface import DIRTY_LENS, WEAK_LASER, spoil_sectors
from simulators.devices.turntable.mechanics import JAM
from simulators.links.serial import SILENCE
from simulators.world.disc import Disc, DiscState, Scratch
from simulators.world.world import OUTSIDE

LOG = logging.getLogger(__name__)


class FaultError(Exception):
    """A fault that makes no sense here."""


class Fault(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One fault. `sector` and `sectors` say where on a disc, for those that are on one."""

    what: str
    where: str = ""
    sector: int | None = None
    sectors: int = 16
    lift: bool = False


def parse_fault(message: object) -> Fault:
    """Understand a fault that came from outside.

    Raises:
        FaultError: unknown or missing fields.
    """
    try:
        return msgspec.convert(message, Fault)
    except msgspec.ValidationError as error:
        raise FaultError(f"not a fault: {error}") from error


def inject(cabinet: Cabinet, fault: Fault) -> str:
    """Bring the fault about; return one line that says what was done.

    Raises:
        FaultError: unknown fault, or a place where it cannot be.
    """
    act = FAULTS.get(fault.what)
    if act is None:
        raise FaultError(f"no fault {fault.what!r}; there are: {', '.join(sorted(FAULTS))}")
    done = act(cabinet, fault)
    cabinet.world.save()
    cabinet.refresh()
    LOG.warning("fault: %s", done)
    return done


def _find_disc(cabinet: Cabinet, fault: Fault) -> Disc:
    world = cabinet.world
    disc = world.state.discs.get(fault.where) or world.disc_at(fault.where)
    if disc is None:
        raise FaultError(f"there is no disc {fault.where!r} and none in such a place")
    return disc


def _mark(cabinet: Cabinet, name: str, fault: Fault) -> str:
    """Let a lasting fault begin or end."""
    if fault.lift:
        cabinet.world.state.faults.pop(name, None)
        return f"{name} is lifted"
    cabinet.world.state.faults[name] = {}
    return f"{name} begins"


def _mark_drive(name: str) -> Callable[[Cabinet, Fault], str]:
    def act(cabinet: Cabinet, fault: Fault) -> str:
        if fault.where not in cabinet.drives:
            raise FaultError(f"{fault.what} is about a drive: {', '.join(cabinet.drives)}")
        return _mark(cabinet, f"{name}:{fault.where}", fault)

    return act


def _mark_robot(name: str) -> Callable[[Cabinet, Fault], str]:
    return lambda cabinet, fault: _mark(cabinet, name, fault)


def _weaken_burn(cabinet: Cabinet, fault: Fault) -> str:
    """All burns of a drive, or the burn of one disc, leave wrong bytes."""
    if fault.where in cabinet.drives:
        return _mark_drive(WEAK_LASER)(cabinet, fault)
    disc = _find_disc(cabinet, fault)
    _require_blank(disc, fault)
    disc.weak_burn = not fault.lift
    return f"the burn of {disc.serial} will be {'good' if fault.lift else 'weak'}"


def _scratch(cabinet: Cabinet, fault: Fault) -> str:
    disc = _find_disc(cabinet, fault)
    sector = disc.written_sectors // 2 if fault.sector is None else fault.sector
    disc.scratches = [*disc.scratches, Scratch(sector, fault.sectors)]
    if disc.state is not DiscState.BLANK:
        spoil_sectors(cabinet.world.image_path(disc), range(sector, sector + fault.sectors))
    return f"{disc.serial} is scratched at sector {sector}, {fault.sectors} sectors long"


def _fail_write(cabinet: Cabinet, fault: Fault) -> str:
    disc = _find_disc(cabinet, fault)
    _require_blank(disc, fault)
    disc.write_error_sector = None if fault.lift else fault.sector or 0
    return f"writing {disc.serial} fails at sector {disc.write_error_sector}"


def _fail_calibration(cabinet: Cabinet, fault: Fault) -> str:
    disc = _find_disc(cabinet, fault)
    disc.calibration_fails = not fault.lift
    return f"power calibration on {disc.serial} {'works' if fault.lift else 'fails'}"


def _steal(cabinet: Cabinet, fault: Fault) -> str:
    disc = _find_disc(cabinet, fault)
    place = disc.place
    cabinet.world.move(disc, OUTSIDE)
    return f"{disc.serial} was taken out of {place}"


def _restart_robot(cabinet: Cabinet, fault: Fault) -> str:
    """What a person does after a crash, and what a bad power supply does at any time."""
    del fault
    cabinet.robot.restart()
    return "the robot was turned off and on"


def _require_blank(disc: Disc, fault: Fault) -> None:
    if disc.state is not DiscState.BLANK:
        raise FaultError(f"{fault.what} comes too late: {disc.serial} is {disc.state}")


FAULTS: dict[str, Callable[[Cabinet, Fault], str]] = {
    "weak-burn": _weaken_burn,
    "dirty-lens": _mark_drive(DIRTY_LENS),
    "drive-gone": _mark_drive(GONE),
    "scratch": _scratch,
    "write-error": _fail_write,
    "calibration": _fail_calibration,
    "steal": _steal,
    "jam": _mark_robot(JAM),
    "serial-silence": _mark_robot(SILENCE),
    "robot-restart": _restart_robot,
}
"""All faults by name."""
