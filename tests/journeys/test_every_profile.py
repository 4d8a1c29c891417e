"""`make smoke PROFILE=…`: each profile keeps a folder on every kind of medium that it has.

Over 5 s each: broker, console, firmware and cabinet are processes, and every copy is read back.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from simulators.demo.cast import CASTS


@pytest.mark.timeout(400)
@pytest.mark.parametrize("profile", CASTS)
def test_a_folder_comes_back_identical(profile: str, tmp_path: Path) -> None:
    source, out = tmp_path / "source", tmp_path / "out"
    for number in range(12):
        file = source / f"dossier-{number % 3}" / f"{number:02d} 页.bin"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(os.urandom(1000 * number))
    words = ("--smoke", "--profile", profile, "--source", source, "--out", out)
    done = subprocess.run(
        [sys.executable, "-m", "simulators.demo", *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    kinds = CASTS[profile].kinds
    assert done.stdout.count("identical") == len(kinds)
    for kind in kinds:
        back = out / kind if len(kinds) > 1 else out
        assert sum(path.is_file() for path in back.rglob("*")) == 12
