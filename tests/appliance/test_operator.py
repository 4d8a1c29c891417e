"""What `stele-appliance` says and does when its surroundings are not as they should be."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(sys.executable).parent / "stele-appliance"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Of an appliance that has neither robot nor drive nor broker."""
    file = tmp_path / "appliance.toml"
    file.write_text(
        '[appliance]\nid = "rack-1"\nsite = "north"\nstate_dir = "state"\n'
        '[broker]\nurl = "mqtt://127.0.0.1:1"\n[changer]\nport = "/dev/ttyNONE"\n'
        '[[drives]]\nname = "d1"\ndevice = "/dev/srNONE"\nburner = ["/nonexistent/burner"]\n',
        "utf-8",
    )
    return file


def test_a_full_disk_is_a_numbered_error(config: Path) -> None:
    limited = f'ulimit -f 16; exec "{PROGRAM}" run --config "{config}"'
    argv = ["sh", "-c", limited]
    done = subprocess.run(argv, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert done.stderr.startswith("error 5104: ")
    assert "Traceback" not in done.stderr


def test_without_hardware_or_broker_it_runs_and_says_what_is_missing(config: Path) -> None:
    argv = [PROGRAM, "run", "--config", config]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as runs:
        assert runs.stdout is not None
        assert runs.stderr is not None
        assert runs.stdout.readline() == "ready\n"
        said = ""
        while not ("1001" in said and "[1101]" in said):
            said += runs.stderr.readline()
        second = subprocess.run(argv, check=False, capture_output=True, text=True, timeout=60)
        assert second.returncode == 1
        assert second.stderr.startswith(f"error 5010: process {runs.pid} already runs")
        runs.send_signal(signal.SIGTERM)
        runs.send_signal(signal.SIGTERM)
        runs.send_signal(signal.SIGINT)
        said += runs.stderr.read()
        assert runs.wait(30) == 0
    assert "Traceback" not in said
