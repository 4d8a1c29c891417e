"""A fleet of one for whole stories: real processes and wires, in one temporary folder."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from simulators.demo.processes import Processes, command

SPEED = 60.0
_PATIENCE_S = 120.0


class Fleet:
    """One simulated rack library with its firmware, and the console, all in `folder`."""

    def __init__(self, folder: Path, *, discs: int = 12, speed: float = SPEED) -> None:
        self.folder = folder
        self.world = folder / "world"
        self.data = folder / "console"
        self._discs = discs
        self._speed = speed
        self.running = Processes(folder / "logs")
        self._firmware: subprocess.Popen[bytes] | None = None

    # --- processes ---

    def start(self) -> None:
        self.start_cabinet()
        self.start_console()
        self.start_firmware()
        self.wait_for(lambda: self.blanks() >= self._discs)

    def start_cabinet(self) -> None:
        self.running.start(
            "cabinet",
            *(command("stele-sim"), "cabinet", "--profile", "rack", "--world", str(self.world)),
            *("--speed", str(self._speed), "--discs", str(self._discs)),
        )

    def start_console(self) -> None:
        argv = (*self._argv("up"), "--port", "0", "--broker-port", "0")
        self.running.start("console", *argv)

    def start_firmware(self) -> None:
        config = self.folder / "appliance.toml"
        if not config.exists():
            config.write_text(
                f'[appliance]\nid = "rack-1"\nsite = "north"\nprofile = "rack"\n'
                f'state_dir = "{self.folder / "appliance"}"\n\n'
                f'[broker]\nurl = "{self.ask("status")["broker_url"]}"\n\n'
                + (self.world / "wires.toml").read_text("utf-8"),
                "utf-8",
            )
        argv = (command("stele-appliance"), "run", "--config", str(config))
        self._firmware = self.running.restart("appliance", *argv)

    def kill_firmware(self) -> None:
        """Pull its power: nothing is flushed, nothing says goodbye."""
        assert self._firmware is not None
        os.kill(self._firmware.pid, signal.SIGKILL)
        self._firmware.wait()

    # --- what a person would type ---

    def ask(self, *words: str, codes: tuple[int, ...] = (0,)) -> Any:
        """The answer of a console command as JSON; its exit code has to be one of `codes`."""
        done = subprocess.run([*self._argv(*words), "--json"], capture_output=True, check=False)
        assert done.returncode in codes, (words, done.returncode, done.stdout, done.stderr)
        return json.loads(done.stdout) if done.stdout.strip() else None

    def archive(self, source: Path, *, codes: tuple[int, ...] = (0,)) -> str:
        """Ingest, plan and approve `source`; the plan's id."""
        self.ask("ingest", str(source), "--fonds", "F1", "--series", "S1", codes=codes)
        plan_id = str(self.ask("plan")["plan_id"])
        self.ask("approve", plan_id)
        return plan_id

    def restore_from_discs(self, out: Path) -> None:
        self.ask("restore", "--all", "--from-media", "--to", str(out))

    # --- what can be seen ---

    def blanks(self) -> int:
        appliances = self.ask("status")["appliances"]
        return int(appliances[0]["blanks"]) if appliances else 0

    def jobs(self) -> list[dict[str, Any]]:
        return list(self.ask("jobs")["jobs"])

    def world_status(self) -> dict[str, Any]:
        argv = [command("stele-sim"), "status", str(self.world), "--json"]
        return dict(json.loads(subprocess.check_output(argv)))

    def fault(self, *words: str) -> None:
        subprocess.run([command("stele-sim"), "fault", str(self.world), *words], check=True)

    def wait_for(self, holds: Callable[[], bool], within_s: float = _PATIENCE_S) -> None:
        """Poll until `holds`; what runs must go on running meanwhile."""
        deadline_s = time.monotonic() + within_s
        while not holds():
            self.running.check()
            assert time.monotonic() < deadline_s, self.explain()
            time.sleep(0.1)

    def explain(self) -> str:
        """What every process said last."""
        logs = sorted((self.folder / "logs").iterdir())
        return "\n".join(f"--- {log.name}\n{self.running.tail(log.stem, 30)}" for log in logs)

    def _argv(self, *words: str) -> list[str]:
        return [command("stele-console"), "--data", str(self.data), *words]


@contextmanager
def fleet(*, discs: int = 12, speed: float = SPEED) -> Iterator[Fleet]:
    """A fleet that is gone afterwards, with everything it wrote."""
    folder = Path(tempfile.mkdtemp(prefix="stele-"))  # short: unix socket paths end at 107 bytes
    made = Fleet(folder, discs=discs, speed=speed)
    try:
        yield made
    finally:
        made.running.stop()
        shutil.rmtree(folder, ignore_errors=True)
