"""What goes wrong with discs and in drives."""

from simulators.cabinet import Cabinet
from simulators.devices.drive.drive import GONE
from simulators.devices.drive.surface import DIRTY_LENS, WEAK_LASER, spoil_sectors
from simulators.faults.registry import Fault, FaultError, mark, nearest, register
from simulators.world.disc import Disc, DiscState, Scratch
from simulators.world.places import OUTSIDE


def _find_disc(cabinet: Cabinet, fault: Fault) -> Disc:
    world = cabinet.world
    disc = world.state.discs.get(fault.where) or world.disc_at(fault.where)
    if disc is None and fault.where in world.layout.places:
        raise FaultError(f"there is no disc in {fault.where}")
    if disc is None:
        hint = nearest(fault.where, world.layout.places)
        raise FaultError(f"there is no disc {fault.where!r} and none in such a place; {hint}")
    return disc


def _mark_drive(cabinet: Cabinet, fault: Fault) -> str:
    if fault.where not in cabinet.drives:
        raise FaultError(f"{fault.what} is about a drive: {', '.join(cabinet.drives)}")
    return mark(cabinet, fault, lambda here: here.drives)


def _weaken_burn(cabinet: Cabinet, fault: Fault) -> str:
    """All burns of a drive, or the burn of one disc, leave wrong bytes."""
    if fault.where in cabinet.drives:
        return _mark_drive(cabinet, fault)
    disc = _find_disc(cabinet, fault)
    _require_blank(disc, fault)
    disc.weak_burn = not fault.lift
    return f"the burn of {disc.serial} will be {'good' if fault.lift else 'weak'}"


def _scratch(cabinet: Cabinet, fault: Fault) -> str:
    disc = _find_disc(cabinet, fault)
    if fault.lift:
        raise FaultError("a scratch stays")
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


def _require_blank(disc: Disc, fault: Fault) -> None:
    if disc.state is not DiscState.BLANK:
        raise FaultError(f"{fault.what} comes too late: {disc.serial} is {disc.state}")


DISC = "WHERE is a disc's serial or the place that it is in."
register(WEAK_LASER, _weaken_burn, f"A burn leaves wrong bytes. {DISC[:-1]}, or a drive.")
register(DIRTY_LENS, _mark_drive, "A drive reads wrong bytes. WHERE is a drive.")
register(GONE, _mark_drive, "A drive is cut off its cable. WHERE is a drive.")
register("scratch", _scratch, f"Sectors that no drive reads (--sector, --sectors). {DISC}")
register("write-error", _fail_write, f"The next burn fails at --sector. {DISC}")
register("calibration", _fail_calibration, f"A drive finds no laser power. {DISC}")
register("steal", _steal, f"A disc vanishes from its place, whatever locks there are. {DISC}")
