"""Plans on the appliance's own disk, and the layouts made of them."""

import asyncio
import gc
import weakref
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from appliance.contract.errors import SteleError
from appliance.services.plans import Plans
from appliance.volume.image import Image
from tests.appliance.jobs.archive import Volume, files_of

VOLUME = Volume(1, files_of(1, 300, 3_000))


async def test_jobs_that_need_one_plan_at_a_time_share_its_layout(tmp_path: Path) -> None:
    plans = Plans(tmp_path)
    await plans.keep(VOLUME.plan, VOLUME.sha256)
    first, second = await asyncio.gather(plans.layout(VOLUME.sha256), plans.layout(VOLUME.sha256))
    assert first is second
    left = weakref.ref(first)
    del first, second
    await asyncio.sleep(0)  # the loop lets go of the answers
    gc.collect()
    assert left() is None, "nothing is held that no job needs"


async def test_a_damaged_plan_is_told_each_time(tmp_path: Path) -> None:
    plans = Plans(tmp_path)
    await plans.keep(VOLUME.plan, VOLUME.sha256)
    file = tmp_path / f"{VOLUME.sha256}.ndjson.gz"
    file.write_bytes(file.read_bytes()[:-9])
    for _ in range(2):
        with pytest.raises(SteleError, match="not usable"):
            await plans.layout(VOLUME.sha256)


def test_one_layout_serves_several_threads() -> None:
    image = Image(VOLUME.plan)
    ranges = [
        (offset, min(70_000, image.payload_offset - offset))
        for offset in range(0, image.payload_offset, 70_000)
    ]
    with ThreadPoolExecutor(8) as pool:
        read = list(pool.map(lambda r: image.read_metadata(*r), ranges * 8))
    alone = Image(VOLUME.plan)
    assert read == [alone.read_metadata(*r) for r in ranges] * 8
