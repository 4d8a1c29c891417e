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

from console.overview.jobs import Work, work
from console.overview.status import Status, status
from console.store.engine import reading
from console.store.workspace import Workspace, open_workspace
from simulators.demo.processes import Processes, command

FAST = 200.0
SLOW = 0.25
_PATIENCE_S = 120.0
_POLL_S = 0.05


class Fleet:
    """One simulated rack library with its firmware, and the console, all in `folder`."""

    def __init__(self, folder: Path, discs: int) -> None:
        self.folder = folder
        self.world = folder / "world"
        self.data = folder / "console"
        self.running = Processes(folder / "logs")
        self._discs = discs
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._workspace: Workspace | None = None

    # --- processes ---

    def start(self) -> None:
        self.start_cabinet()
        self.start_console()
        self.start_firmware()
        self.wait_for(lambda: self.blanks() >= self._discs)

    def start_cabinet(self) -> None:
        self._start(
            "cabinet",
            *(command("stele-sim"), "cabinet", "--profile", "rack", "--world", str(self.world)),
            *("--speed", str(FAST), "--discs", str(self._discs)),
        )

    def start_console(self) -> None:
        self._start("console", *self._argv("up"), "--port", "0", "--broker-port", "0")

    def start_firmware(self) -> None:
        config = self.folder / "appliance.toml"
        if not config.exists():
            config.write_text(
                f'[appliance]\nid = "rack-1"\nsite = "north"\nprofile = "rack"\n'
                f'state_dir = "{self.folder / "appliance"}"\n\n'
                f'[broker]\nurl = "{self.status().broker_url}"\n\n'
                + (self.world / "wires.toml").read_text("utf-8"),
                "utf-8",
            )
        self._start("appliance", command("stele-appliance"), "run", "--config", str(config))

    def kill(self, name: str) -> None:
        """Pull its power: nothing is flushed, nothing says goodbye."""
        self._processes[name].kill()
        self._processes[name].wait()

    def kill_broker(self) -> None:
        """Kill the broker alone, which the console's supervisor has to notice."""
        os.kill(self._broker_pid(), signal.SIGKILL)

    def _broker_pid(self) -> int:
        config = os.fsencode(self.data)
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit() and _parent(folder) == self._processes["console"].pid:
                words = (folder / "cmdline").read_bytes().split(b"\0")
                if b"-c" in words and any(word.startswith(config) for word in words):
                    return int(folder.name)
        raise AssertionError("the console runs no broker")

    def stop(self) -> None:
        if self._workspace:
            self._workspace.close()
        self.running.stop()

    def _start(self, name: str, *argv: str) -> None:
        self._processes[name] = self.running.restart(name, *argv)

    # --- the cabinet's clock ---

    @contextmanager
    def halted_at_a_burn(self) -> Iterator[None]:
        """Run the block, which gives discs to burn, and end while one is being written, slowly."""
        slowing = subprocess.Popen([*self._speed(SLOW), "--when-writing"])
        try:
            yield
            assert slowing.wait(_PATIENCE_S) == 0, self.explain()
        finally:
            slowing.kill()
            slowing.wait()

    def hurry(self) -> None:
        """Let the cabinet's clock run fast again."""
        self.run_at(FAST)

    def run_at(self, factor: float) -> None:
        """Let so many simulated seconds pass in a second."""
        subprocess.run(self._speed(factor), check=True)

    def _speed(self, factor: float) -> list[str]:
        return [command("stele-sim"), "speed", str(self.world), str(factor)]

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

    def status(self) -> Status:
        return status(self._open())

    def work(self) -> Work:
        with reading(self._open().store).connect() as connection:
            return work(connection)

    def blanks(self) -> int:
        return sum(appliance.blanks for appliance in self.status().appliances)

    def discs(self) -> list[dict[str, Any]]:
        """Every disc of the simulated world, as it truly is."""
        argv = [command("stele-sim"), "status", str(self.world), "--json"]
        return list(json.loads(subprocess.check_output(argv))["discs"].values())

    def assert_each_copy_is_on_one_disc(
        self, copies: int, *, spoiled: int = 0, lost: int = 0
    ) -> None:
        """I7, and no work twice: `copies` verified, on as many discs; none was burned again.

        `spoiled` discs were cut off in a burn, `lost` ones were good once.
        """
        assert self.status().archive.copies == {"verified": copies}
        discs = self.discs()
        assert [disc for disc in discs if disc["burns"] > 1] == []
        written = sorted(disc["state"] for disc in discs if disc["burns"])
        assert written == ["appendable"] * spoiled + ["closed"] * (copies + lost)

    def fault(self, *words: str) -> None:
        subprocess.run([command("stele-sim"), "fault", str(self.world), *words], check=True)

    def _open(self) -> Workspace:
        if self._workspace is None:
            self._workspace = open_workspace(self.data)
        return self._workspace

    def wait_for(self, holds: Callable[[], bool], within_s: float = _PATIENCE_S) -> None:
        """Poll until `holds`; what runs must go on running meanwhile."""
        deadline_s = time.monotonic() + within_s
        while not holds():
            self.running.check()
            assert time.monotonic() < deadline_s, self.explain()
            time.sleep(_POLL_S)

    def explain(self) -> str:
        """What every process said last."""
        logs = sorted((self.folder / "logs").iterdir())
        return "\n".join(f"--- {log.name}\n{self.running.tail(log.stem, 30)}" for log in logs)

    def _argv(self, *words: str) -> list[str]:
        return [command("stele-console"), "--data", str(self.data), *words]


def _parent(process: Path) -> int:
    """The parent of a process, by its folder in /proc; 0 when it has ended."""
    try:
        return int((process / "stat").read_text().rpartition(")")[2].split()[1])
    except FileNotFoundError:
        return 0


@contextmanager
def fleet(*, discs: int = 8) -> Iterator[Fleet]:
    """A fleet that is gone afterwards, with everything it wrote."""
    folder = Path(tempfile.mkdtemp(prefix="stele-"))  # short: unix socket paths end at 107 bytes
    made = Fleet(folder, discs)
    try:
        yield made
    finally:
        made.stop()
        shutil.rmtree(folder, ignore_errors=True)
