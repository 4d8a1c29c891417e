"""Something loses its power in the middle of a burn; nothing is lost and nothing made twice."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.journeys.fleet import Fleet, fleet
from tests.journeys.trees import make_plain_tree


def _kill_firmware(running: Fleet) -> None:
    running.kill("appliance")
    running.start_firmware()


def _kill_console(running: Fleet) -> None:
    running.kill("console")
    running.start_console()


@pytest.mark.parametrize(
    ("kill", "spoiled"),
    [
        pytest.param(_kill_firmware, 1, id="firmware"),
        pytest.param(_kill_console, 0, id="console"),
        pytest.param(Fleet.kill_broker, 0, id="broker"),
    ],
)
def test_whatever_is_killed_during_a_burn_every_copy_is_made_once(
    tmp_path: Path, kill: Callable[[Fleet], None], spoiled: int
) -> None:
    """I1, I2, I5, I7, I8. A disc whose burn the firmware cannot go on with is never used again."""
    source = make_plain_tree(tmp_path / "source", dossiers=4, files=10, file_bytes=1_000_000)
    with fleet() as running:
        running.start()
        with running.halted_at_a_burn():
            running.archive(source)
        kill(running)
        running.hurry()
        running.ask("jobs", "--watch")
        running.assert_each_copy_is_on_one_disc(copies=2, spoiled=spoiled)
        running.restore_from_discs(tmp_path / "out")
        subprocess.run(["diff", "-r", source, tmp_path / "out"], check=True)
