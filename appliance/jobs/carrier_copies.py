"""What is written down when a volume on a disk or tape has been read back and agrees."""

from appliance.contract.messages import Burn, CopyVerified, Verify
from appliance.jobs.carrier_handling import carriers_of, holdings_of
from appliance.jobs.run import JobRun
from appliance.services.holdings import Holding, HoldingState
from appliance.services.shelf import ShelfVolume
from appliance.volume.plan import plan_sha256


def record_carrier_copy(
    run: JobRun, holding: Holding, volume: ShelfVolume, bytes_read: int, seconds: float
) -> None:
    """Let the copy count: holdings, catalogue and event. Runs in the transaction of the step."""
    body, facts = run.record.body, run.record.facts
    if not isinstance(body, Burn | Verify):
        raise TypeError(f"{type(body).__name__} makes no copy")
    carrier = carriers_of(run).get(holding.medium_id)
    digest = body.plan_sha256 if isinstance(body, Burn) else plan_sha256(volume.plan)
    holdings_of(run).mark(holding.number, HoldingState.VERIFIED)
    run.use.library.catalogue.record_copy(body.copy_id, body.volume_id, carrier.id)
    run.use.events.append(
        CopyVerified(
            job_id=run.id,
            copy_id=body.copy_id,
            volume_id=body.volume_id,
            plan_sha256=digest,
            medium_id=carrier.id,
            slot=carrier.home or carrier.place.partition(":")[2],
            burn_drive=facts.burn_drive,
            verify_drive=run.record.drive or "",
            image_size_bytes=volume.size_bytes,
            bytes_read=bytes_read,
            burn_s=facts.burn_s,
            verify_s=seconds,
        )
    )
