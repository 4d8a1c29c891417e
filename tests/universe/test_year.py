"""Whatever comes in a year, no disc is written twice, none is lost track of, every job ends."""

from pathlib import Path

import pytest

from simulators.clock import run_virtual
from tests.universe.year import Year

SEEDS = range(5)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_year_of_faults_and_power_cuts(tmp_path: Path, seed: int) -> None:
    async def story() -> None:
        year = Year(tmp_path, seed)
        try:
            await year.live()
            year.check()
            await year.station.kill()
            await year.station.start()
            await year.station.settled()
            year.check()
        except BaseException as error:
            error.add_note("\n".join(year.story))
            raise
        await year.station.kill()
        year.rack.cabinet.stop()

    run_virtual(story())
