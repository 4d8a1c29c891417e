"""A disc is scratched after it was archived: its files come from the other copy."""

import subprocess
from pathlib import Path

from tests.journeys.fleet import fleet
from tests.journeys.trees import make_plain_tree


def test_files_of_a_scratched_disc_come_from_the_other_copy(tmp_path: Path) -> None:
    """Both copies are tried, whichever is read first: the scratch is on the one for use."""
    source = make_plain_tree(tmp_path / "source", dossiers=2, files=4, file_bytes=1_000_000)
    with fleet() as running:
        running.start()
        running.archive(source)
        running.ask("jobs", "--watch")
        found = running.ask("find", "0003.bin")["files"]
        slots = {copy["slot"] for copy in found[0]["copies"] if copy["role"] == "use"}
        assert len(slots) == 1
        running.fault("scratch", *slots, "--sectors", "2000")
        running.restore_from_discs(tmp_path / "out")
        subprocess.run(["diff", "-r", source, tmp_path / "out"], check=True)
        running.ask("jobs", "--watch")
        running.assert_each_copy_is_on_one_disc(copies=2, lost=1)
