"""The tape unit as the console sees it: its slots and drives."""

from collections.abc import Iterator, Mapping, Sequence

from msgspec.structs import replace

from appliance.contract.messages import DriveView, LibraryTelemetry, SlotView
from appliance.contract.states import MediumKind, SlotState
from appliance.services.carriers import TAKING, Carrier, Carriers
from appliance.services.media import drive_place, slot_place
from appliance.services.tapes.seats import TapeSeats


def with_tapes(
    picture: LibraryTelemetry,
    carriers: Carriers,
    slots: Sequence[str],
    seats: TapeSeats,
    *,
    ready: bool,
) -> LibraryTelemetry:
    """The picture with the tape unit in it; `ready` says that its slots are known."""
    tapes = [tape for tape in carriers.all(MediumKind.TAPE) if tape.is_here]
    here = {tape.place: tape for tape in tapes}
    return replace(
        picture,
        slots=[*picture.slots, *_slot_views(slots, here, tapes, ready=ready)],
        drives=[*picture.drives, *_drive_views(seats, here)],
    )


def _slot_views(
    slots: Sequence[str], here: Mapping[str, Carrier], tapes: Sequence[Carrier], *, ready: bool
) -> Iterator[SlotView]:
    homes = {tape.home: tape for tape in tapes if tape.home}
    for slot in slots:
        state = SlotState.FULL if slot_place(slot) in here else SlotState.EMPTY
        view = SlotView(slot, state if ready else SlotState.UNKNOWN, kind=MediumKind.TAPE)
        tape = homes.get(slot)
        if tape is not None:
            view = replace(
                view,
                medium_id=tape.id,
                medium_state=tape.state,
                label=tape.mark,
                capacity_bytes=tape.capacity_bytes,
                free_bytes=tape.free_bytes if tape.state in TAKING else None,
            )
        yield view


def _drive_views(seats: TapeSeats, here: Mapping[str, Carrier]) -> Iterator[DriveView]:
    for seat in seats:
        tape = here.get(drive_place(seat.name))
        yield DriveView(
            drive=seat.name,
            state=seat.state,
            medium_id=tape.id if tape else None,
            home_slot=tape.home if tape else None,
            job_id=seat.job_id,
            error=seat.fault,
            kind=MediumKind.TAPE,
        )
