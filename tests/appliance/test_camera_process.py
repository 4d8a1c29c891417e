"""An inventory by camera between real processes: cabinet, firmware, label child, and the command.

The first inventory of two hundred slots alone takes some ten seconds: nothing else has a printer
with a camera and a robot.
"""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from appliance.contract.messages import JobView, PrintLabel
from appliance.contract.messages.values import Label
from appliance.contract.states import JobState
from appliance.local.client import LocalClient, connected

BIN = Path(sys.executable).parent
SPEED = "200"


@pytest.fixture
def config(tmp_path: Path) -> Iterator[Path]:
    """A hybrid cabinet with two discs and its firmware, both running; no broker answers."""
    world, file = tmp_path / "world", tmp_path / "appliance.toml"
    words = ("--profile", "hybrid", "--world", world, "--speed", SPEED, "--discs", "2")
    with subprocess.Popen(
        [BIN / "stele-sim", "cabinet", *words], stdout=subprocess.PIPE
    ) as cabinet:
        assert cabinet.stdout is not None
        assert cabinet.stdout.readline() == b"ready\n"
        file.write_text(
            '[appliance]\nid = "a3"\nsite = "north"\nprofile = "hybrid"\nstate_dir = "state"\n'
            '[broker]\nurl = "mqtt://127.0.0.1:1"\n' + (world / "wires.toml").read_text("utf-8"),
            "utf-8",
        )
        argv = [BIN / "stele-appliance", "run", "--config", file]
        log = os.open(tmp_path / "firmware.log", os.O_CREAT | os.O_WRONLY)
        with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=log) as firmware:
            os.close(log)
            assert firmware.stdout is not None
            assert firmware.stdout.readline() == b"ready\n"
            yield file
            firmware.send_signal(signal.SIGTERM)
        cabinet.terminate()


def ended(client: LocalClient, job_id: str) -> JobView:
    for answer in client.watch("jobs"):
        for job in answer.jobs.jobs if answer.jobs else []:
            if job.job_id == job_id and job.state.is_final:
                return job
    raise AssertionError("the firmware went away")


def test_a_printed_and_a_bare_disc_are_told_apart(config: Path, tmp_path: Path) -> None:
    with connected(tmp_path / "state" / "local.sock") as client:
        first = next(
            view.medium_id
            for answer in client.watch("library")
            for view in (answer.library.slots if answer.library else [])
            if view.slot == "s001" and view.medium_id
        )
    with connected(tmp_path / "state" / "local.sock") as client:
        reply = client.order(PrintLabel(first, Label(title="Letters")), datetime.now(UTC))
        assert ended(client, reply.job_id or "").state is JobState.DONE
    words = ("inventory", "s001", "s002", "--by", "camera", "--wait", "--json")
    done = subprocess.run(
        [BIN / "stele-appliance", *words, "--config", config], capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    assert json.loads(done.stdout)["state"] == "done"
    with sqlite3.connect(tmp_path / "state" / "state.db") as db:
        bodies = [json.loads(row[0])["body"] for row in db.execute("SELECT payload FROM outbox")]
    db.close()
    (told,) = [body for body in bodies if body["type"] == "labels_compared"]
    assert (told["discs"], told["right"], told["without_label"]) == (2, 1, 1)
