"""What is written down when a copy has been read back and agrees with its plan."""

from msgspec import Struct

from appliance.contract.messages import Burn, CopyVerified, Verify
from appliance.contract.states import MediumState
from appliance.jobs.run import JobRun
from appliance.jobs.verification import Reading
from appliance.volume.image import Image


class Copy(Struct, frozen=True):
    """Which volume, by which plan, is on the disc."""

    copy_id: str
    volume_id: str
    plan_sha256: str
    image_size_bytes: int


def copy_of(params: Burn | Verify, plan_sha256: str, image: Image) -> Copy:
    return Copy(params.copy_id, params.volume_id, plan_sha256, image.size_bytes)


def record_copy(run: JobRun, copy: Copy, reading: Reading) -> None:
    """Let the copy count: inventory, catalogue and event. Runs in the transaction of the step.

    Drives that could not read this disc were wrong.
    """
    library, facts = run.use.library, run.record.facts
    medium, seat = run.own_medium, run.own_seat
    library.media.mark(medium.id, MediumState.VERIFIED)
    library.catalogue.record_copy(copy.copy_id, copy.volume_id, medium.id)
    run.use.events.append(
        CopyVerified(
            job_id=run.id,
            copy_id=copy.copy_id,
            volume_id=copy.volume_id,
            plan_sha256=copy.plan_sha256,
            medium_id=medium.id,
            slot=medium.home_slot or "",
            burn_drive=facts.burn_drive,
            verify_drive=seat.name,
            image_size_bytes=copy.image_size_bytes,
            bytes_read=reading.bytes_read,
            burn_s=facts.burn_s,
            verify_s=reading.seconds,
        )
    )
    library.drives.praise(seat)
    disproved = {*facts.failed_drives} - {seat.name} | {*facts.failed_burners} - {facts.burn_drive}
    for name in sorted(disproved):
        reason = f"medium {medium.id} was burned and read without drive {name}"
        library.drives.blame(library.drives.seat(name), reason)
