"""The library as the console sees it: slots, drives and robot in one telemetry message."""

from collections.abc import Iterable
from datetime import datetime

from appliance.contract.messages import DriveView, LibraryTelemetry, RobotView, SlotView
from appliance.contract.states import RobotState
from appliance.services.alarms import Alarms
from appliance.services.drives import Drives, Seat
from appliance.services.media import Media, Medium, robot_place
from appliance.services.slots import Slot, Slots
from appliance.services.units import LibraryUnit


def library_view(
    at: datetime,
    *,
    slots: Slots,
    media: Media,
    drives: Drives,
    units: Iterable[LibraryUnit],
    alarms: Alarms,
) -> LibraryTelemetry:
    """Everything as it stands in memory and database."""
    known = list(media.all())
    by_home = {medium.home_slot: medium for medium in known if medium.home_slot}
    by_place = {medium.place: medium for medium in known}
    return LibraryTelemetry(
        at=at,
        slots=[_slot_view(slot, by_home.get(slot.name)) for slot in slots.all()],
        drives=[_drive_view(seat, by_place.get(f"drive:{seat.name}")) for seat in drives],
        robots=[_robot_view(unit, by_place.get(robot_place(unit.name)), alarms) for unit in units],
    )


def _robot_view(unit: LibraryUnit, held: Medium | None, alarms: Alarms) -> RobotView:
    return RobotView(
        state=RobotState(unit.changer.state.value),
        holding_medium_id=held.id if held else None,
        doing=unit.doing,
        error=next(iter(alarms.standing(unit.mover.alarm_place)), None),
        unit=unit.name,
    )


def _slot_view(slot: Slot, medium: Medium | None) -> SlotView:
    if medium is None:
        return SlotView(slot.name, slot.state)
    return SlotView(
        slot=slot.name,
        state=slot.state,
        medium_id=medium.id,
        medium_state=medium.state,
        volume_id=medium.volume_id,
        label=medium.label,
        capacity_bytes=medium.capacity_bytes,
    )


def _drive_view(seat: Seat, medium: Medium | None) -> DriveView:
    return DriveView(
        drive=seat.name,
        state=seat.state,
        medium_id=medium.id if medium else None,
        home_slot=medium.home_slot if medium else None,
        job_id=seat.job_id,
        fraction=seat.fraction,
        speed_bytes_per_s=seat.speed_bytes_per_s,
        error=seat.fault,
    )
