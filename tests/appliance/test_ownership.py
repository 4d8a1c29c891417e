"""One firmware a state folder, also after a kill -9."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from appliance.contract.errors import SteleError
from appliance.ownership import owning

HOLDER = """
import signal, sys
from pathlib import Path
from appliance.ownership import owning
with owning(Path(sys.argv[1])):
    print("held", flush=True)
    signal.pause()
"""


def test_a_second_firmware_is_refused_until_the_first_is_gone(tmp_path: Path) -> None:
    folder = tmp_path / "not" / "there" / "yet"
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, os.fspath(folder)], stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(SteleError, match=str(holder.pid)) as caught, owning(folder):
            pass
        assert caught.value.code == 5010
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    with owning(folder):
        assert (folder / "lock").read_text() == str(os.getpid())
    with owning(folder):
        pass


def test_the_folder_is_for_its_owner_alone(tmp_path: Path) -> None:
    with owning(tmp_path / "state"):
        assert (tmp_path / "state").stat().st_mode & 0o077 == 0


def test_a_folder_that_cannot_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SteleError) as caught, owning(tmp_path / "file" / "state"):
        pass
    assert caught.value.code == 5011
