"""A console with PostgreSQL and several processes: a folder goes onto discs and comes back."""

import os
import signal
import subprocess
from pathlib import Path

from tests.console.growth.conftest import settle
from tests.console.postgres import postgres, postgres_url
from tests.journeys.fleet import fleet
from tests.journeys.trees import make_awkward_tree

__all__ = ["postgres", "postgres_url"]


def test_a_folder_comes_back_bit_for_bit_while_workers_and_web_processes_are_killed(
    tmp_path: Path, postgres_url: str
) -> None:
    source = make_awkward_tree(tmp_path / "source")
    with fleet() as running:
        settle(running.data, postgres_url, "[web]\nprocesses = 2\n[worker]\nprocesses = 2\n")
        running.start()
        assert not (running.data / "console.db").exists()
        first, second = (running.data / f"{name}.ready" for name in ("worker", "worker-2"))
        running.archive(source)
        os.kill(int(first.read_text()), signal.SIGKILL)
        running.ask("jobs", "--watch")
        os.kill(int(second.read_text()), signal.SIGKILL)
        out = tmp_path / "out"
        running.restore_from_discs(out)
        subprocess.run(["diff", "-r", source, out], check=True)
        running.assert_each_copy_is_on_one_disc(copies=2)
