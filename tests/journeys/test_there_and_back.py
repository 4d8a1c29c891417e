"""A folder goes onto discs and comes back, exactly."""

import os
import subprocess
from pathlib import Path

from simulators.demo.comparison import compare
from tests.journeys.fleet import fleet
from tests.journeys.trees import make_awkward_tree


def test_an_awkward_folder_comes_back_from_discs_bit_for_bit(tmp_path: Path) -> None:
    source = make_awkward_tree(tmp_path / "source")
    (source / "case" / "link").symlink_to("/etc/passwd")
    os.mkfifo(source / "case" / "pipe")
    with fleet() as running:
        running.start()
        running.archive(source, codes=(0, 3))
        running.ask("jobs", "--watch")
        (source / "case" / "link").unlink()
        (source / "case" / "pipe").unlink()
        out = tmp_path / "out"
        running.restore_from_discs(out)
        subprocess.run(["diff", "-r", source, out], check=True)
        running.assert_each_copy_is_on_one_disc(copies=2)
        result = compare(source, out, lambda _: None)
        assert not result.differences
        found = running.ask("find", "会议记录 第一次")["files"]
        assert [file["path"] for file in found] == ["一九五三年/第一次.txt"]
        assert len(found[0]["copies"]) == 2
