"""The catalogue and the plans beside it."""

import asyncio
import gzip
from pathlib import Path

import pytest

from appliance.agent.outbox import Outbox
from appliance.contract.errors import SteleError
from appliance.services.catalogue import Catalogue
from appliance.services.media import Media
from appliance.services.plans import Plans
from appliance.services.slots import Slots
from appliance.services.state import open_state
from appliance.volume.image import Image
from appliance.volume.plan import PlanFile, VolumePlan, make_plan, plan_sha256
from tests.appliance.jobs.archive import Volume, files_of
from tests.appliance.jobs.station import BEGAN

SMALL = Volume(1, files_of(1, 3, 100))
MANY = 100_000


def catalogue(folder: Path) -> Catalogue:
    db = open_state(folder / "state.db")
    Media(db, Slots(db, {}), Outbox(db, lambda: BEGAN))
    return Catalogue(db, lambda: BEGAN)


def large_plan() -> VolumePlan:
    files = [
        PlanFile(f"d{n // 500:03}/f{n % 500:03}", 10, 0, n.to_bytes(32, "big")) for n in range(MANY)
    ]
    return make_plan(SMALL.plan.identity, files)


async def test_a_volume_of_100_000_files_is_entered_quickly_and_the_loop_stays_live(
    tmp_path: Path,
) -> None:
    table = catalogue(tmp_path)
    image = Image(large_plan())
    loop = asyncio.get_running_loop()
    began = last = loop.time()
    longest_s = 0.0
    entering = asyncio.ensure_future(table.enter_volume(image, "0" * 64))
    while not entering.done():
        await asyncio.sleep(0)
        longest_s, last = max(longest_s, loop.time() - last), loop.time()
    await entering
    assert last - began < 10
    assert longest_s < 2
    file = table.file("v1", "d199/f499")
    assert file is not None
    assert file.offset_bytes == image.extent(len(image.plan.files) - 1)[0]


async def test_a_half_entered_volume_is_entered_anew(tmp_path: Path) -> None:
    table = catalogue(tmp_path)
    image = Image(large_plan())
    entering = asyncio.ensure_future(table.enter_volume(image, "0" * 64))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    entering.cancel()
    with pytest.raises(asyncio.CancelledError):
        await entering
    half = table.volume("v1")
    assert half is not None
    assert not half.complete
    await table.enter_volume(image, "0" * 64)
    whole = table.volume("v1")
    assert whole is not None
    assert whole.complete
    assert table.file("v1", "d000/f000") is not None


async def test_two_jobs_may_enter_one_volume_at_once(tmp_path: Path) -> None:
    table = catalogue(tmp_path)
    await asyncio.gather(*(table.enter_volume(SMALL.image, SMALL.sha256) for _ in range(3)))
    volume = table.volume("v1")
    assert volume is not None
    assert volume.complete


async def test_a_plan_comes_back_as_it_was_kept(tmp_path: Path) -> None:
    plans = Plans(tmp_path / "plans")
    assert not plans.has(SMALL.sha256)
    await asyncio.gather(*(plans.keep(SMALL.plan, SMALL.sha256) for _ in range(3)))
    assert plans.has(SMALL.sha256)
    assert plan_sha256(await plans.load(SMALL.sha256)) == SMALL.sha256


async def test_a_plan_with_another_digest_is_not_kept(tmp_path: Path) -> None:
    plans = Plans(tmp_path / "plans")
    with pytest.raises(SteleError, match="3303"):
        await plans.keep(SMALL.plan, "0" * 64)
    assert list((tmp_path / "plans").iterdir()) == []


@pytest.mark.parametrize("harm", ["missing", "cut", "not gzip", "another plan"])
async def test_a_damaged_plan_is_refused_with_a_number(tmp_path: Path, harm: str) -> None:
    plans = Plans(tmp_path / "plans")
    await plans.keep(SMALL.plan, SMALL.sha256)
    (path,) = (tmp_path / "plans").iterdir()
    whole = path.read_bytes()
    if harm == "missing":
        path.unlink()
    elif harm == "cut":
        path.write_bytes(whole[:-9])
    elif harm == "not gzip":
        path.write_bytes(b"not at all")
    else:
        path.write_bytes(gzip.compress(gzip.decompress(whole).replace(b"Volume 1", b"Volume 2")))
    with pytest.raises(SteleError, match="5106"):
        await plans.load(SMALL.sha256)


def test_what_a_power_cut_left_half_written_is_swept_away(tmp_path: Path) -> None:
    folder = tmp_path / "plans"
    folder.mkdir()
    (folder / "x.partial").write_bytes(b"half")
    Plans(folder)
    assert list(folder.iterdir()) == []
