"""Every model of cabinet archives a folder, and gives it back from each kind of medium it has."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from appliance.profiles.profile import profile_names
from tests.journeys.trees import make_awkward_tree

KINDS = {
    "desktop": ("disc",),
    "rack": ("disc", "disk"),
    "hybrid": ("disc", "disk", "tape"),
    "disk-library": ("disk",),
    "disc-cabinet": ("disc",),
    "pb-library": ("disc",),
}


def test_the_list_is_of_all_profiles() -> None:
    assert sorted(KINDS) == profile_names()


@pytest.mark.timeout(240)
@pytest.mark.parametrize("profile", sorted(KINDS))
def test_a_folder_comes_back_from_every_kind_of_medium(profile: str, tmp_path: Path) -> None:
    source, out = tmp_path / "source", tmp_path / "out"
    source.mkdir()
    make_awkward_tree(source)
    words = ("--smoke", "--profile", profile, "--source", str(source), "--out", str(out))
    done = subprocess.run(
        [sys.executable, "-m", "simulators.demo", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        env=os.environ | {"TMPDIR": str(tmp_path)},
    )
    said = done.stdout.decode("utf-8", "replace")
    assert done.returncode == 0, said[-4000:]
    kinds = KINDS[profile]
    for kind in kinds:
        came = out if len(kinds) == 1 else out / kind
        compared = subprocess.run(["diff", "-r", source, came], capture_output=True, check=False)
        assert compared.returncode == 0, (kind, compared.stdout[:2000])
