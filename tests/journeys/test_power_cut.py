"""The firmware loses its power in the middle of a burn (I2, I7, I8)."""

import subprocess
from pathlib import Path

from tests.journeys.fleet import Fleet, fleet
from tests.journeys.trees import make_plain_tree


def _burning(running: Fleet) -> bool:
    return any(job["stage"] == "burn" and job["state"] == "running" for job in running.jobs())


def test_firmware_killed_while_burning_finishes_after_restart(tmp_path: Path) -> None:
    source = make_plain_tree(tmp_path / "source", dossiers=4, files=20, file_bytes=1_000_000)
    with fleet(speed=8.0) as running:
        running.start()
        running.archive(source)
        running.wait_for(lambda: _burning(running))
        running.kill_firmware()
        running.start_firmware()
        running.ask("jobs", "--watch")
        running.restore_from_discs(tmp_path / "out")
        subprocess.run(["diff", "-r", source, tmp_path / "out"], check=True)
