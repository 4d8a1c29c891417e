"""One simulated cabinet and its firmware, as processes, and a person who types at it.

There is no console: a cabinet works without one. Words are typed as a person would; what has to
come about is waited for on the firmware's local socket.
"""

import json
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from appliance.local.client import connected
from simulators.demo.processes import Processes, command

PERSON, PIN = "Li Na", "739150"
_PATIENCE_S = 40.0


class Cabinet:
    """A cabinet of `profile`, in `folder`; `settings` are more lines of its configuration."""

    def __init__(self, folder: Path, profile: str, *options: str, settings: str = "") -> None:
        self.folder = folder
        self.world = folder / "world"
        self.config = folder / "appliance.toml"
        self._running = Processes(folder / "logs")
        self._profile = profile
        self._options = options
        self._settings = settings

    def start(self) -> None:
        """Return when the firmware takes commands and has looked into every slot."""
        words = ("cabinet", "--profile", self._profile, "--world", str(self.world))
        self._running.start("cabinet", command("stele-sim"), *words, *self._options)
        self.config.write_text(
            f'[appliance]\nid = "box-1"\nsite = "north"\nprofile = "{self._profile}"\n'
            f'state_dir = "{self.folder / "state"}"\n\n[broker]\nurl = "mqtt://127.0.0.1:1"\n\n'
            f"{self._settings}\n" + (self.world / "wires.toml").read_text("utf-8"),
            "utf-8",
        )
        argv = (command("stele-appliance"), "run", "--config", str(self.config))
        self._running.start("appliance", *argv)
        self.type("people", "add", PERSON, pin=PIN)

    def stop(self) -> None:
        self._running.stop()

    # --- a person's fingers and hands ---

    def type(self, *words: str, pin: str = "", code: int = 0) -> str:
        """Type a word of `stele-appliance`; what it says. It has to end with `code`."""
        done = subprocess.run(
            self._argv(*words), input=f"{pin}\n", capture_output=True, text=True, check=False
        )
        said = done.stdout + done.stderr
        assert done.returncode == code, (words, said, self.explain())
        assert "Traceback" not in said
        return said

    def ask(self, *words: str) -> Any:
        """What a word answers, as JSON."""
        return json.loads(self.type(*words, "--json"))

    def unlock(self, door: str) -> None:
        """Turn the key and enter the PIN."""
        self.hand("turn-key", door)
        said = self.type("unlock", door, pin=PIN)
        assert f"door {door}: unlocked, by {PERSON}" in said

    def enter(self, door: str) -> None:
        self.unlock(door)
        self.hand("open", door)

    def leave(self, door: str) -> None:
        self.hand("close", door)
        self.hand("turn-key-back", door)

    def hand(self, *words: str, code: int = 0) -> str:
        return self._at_world("hand", *words, code=code)

    def fault(self, *words: str, code: int = 0) -> str:
        return self._at_world("fault", *words, code=code)

    def _at_world(self, word: str, *words: str, code: int) -> str:
        argv = [command("stele-sim"), word, str(self.world), *words]
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        assert done.returncode == code, (words, done.stdout, done.stderr)
        return done.stdout + done.stderr

    @contextmanager
    def following(self, *words: str, code: int = 0) -> Iterator["Terminal"]:
        """Another terminal, in which a word stays with its job until the block has ended."""
        argv = self._argv(*words, "--wait")
        process = subprocess.Popen(
            argv,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        terminal = Terminal(process)
        try:
            yield terminal
            terminal.until_end()
            assert process.returncode == code, (words, terminal.said, self.explain())
        finally:
            process.kill()
            process.wait()
            terminal.close()

    # --- what can be seen ---

    def arm(self) -> str:
        """Where the robot's arm truly is."""
        lines = self._at_world("status", code=0).splitlines()
        return next(line for line in lines if line.startswith("arm "))

    def lights(self) -> list[str]:
        """The slots that are lit."""
        return sorted(self.world_state()["lights"])

    def world_state(self) -> dict[str, Any]:
        """The simulated world as it truly is."""
        argv = [command("stele-sim"), "status", str(self.world), "--json"]
        return dict(json.loads(subprocess.check_output(argv)))

    def wait_for(self, group: str, holds: Callable[[Any], bool]) -> Any:
        """The first picture of `group` of which it holds."""
        with connected(self.folder / "state" / "local.sock") as client:
            until_s = time.monotonic() + _PATIENCE_S
            for answer in client.watch(group):
                picture = getattr(answer, group)
                if picture is not None and holds(picture):
                    return picture
                self._running.check()
                assert time.monotonic() < until_s, (str(answer)[:4000], self.explain())
        raise AssertionError("the firmware says nothing more")

    def wait_for_alarm(self, alarm_id: str, *, stands: bool = True) -> None:
        self.wait_for(
            "alarms", lambda told: (alarm_id in {a.alarm_id for a in told.alarms}) is stands
        )

    def wait_until_idle(self) -> None:
        """Every job has ended, the inventory too that a new cabinet takes of itself."""
        self.wait_for(
            "jobs", lambda told: told.jobs != [] and all(job.state.is_final for job in told.jobs)
        )

    def discs(self) -> dict[str, str]:
        """Which medium the firmware has in which slot."""
        return {
            view["slot"]: view["medium_id"]
            for view in self.ask("slots")
            if view["state"] == "full" and "medium_id" in view
        }

    def explain(self) -> str:
        """What firmware and cabinet said last."""
        return "\n".join(self._running.tail(name, 30) for name in ("cabinet", "appliance"))

    def _argv(self, *words: str) -> list[str]:
        return [command("stele-appliance"), *words, "--config", str(self.config)]


class Terminal:
    """The lines that a word prints while it stays with its job."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.said: list[str] = []
        self._patience = threading.Timer(_PATIENCE_S, process.kill)
        self._patience.start()

    def until(self, text: str) -> None:
        """Wait for a line that has `text` in it."""
        assert self._process.stdout
        for line in self._process.stdout:
            self.said.append(line.rstrip("\n"))
            if text in line:
                return
        raise AssertionError((text, self.said))

    def until_end(self) -> None:
        assert self._process.stdout
        self.said += [line.rstrip("\n") for line in self._process.stdout]
        self._process.wait(_PATIENCE_S)

    def close(self) -> None:
        self._patience.cancel()
        self._patience.join()
        if self._process.stdout:
            self._process.stdout.close()


@contextmanager
def cabinet(profile: str, *options: str, settings: str = "") -> Iterator[Cabinet]:
    """A cabinet that is gone afterwards, with everything it wrote."""
    folder = Path(tempfile.mkdtemp(prefix="stele-"))
    made = Cabinet(folder, profile, *options, settings=settings)
    try:
        made.start()
        yield made
    finally:
        made.stop()
        shutil.rmtree(folder, ignore_errors=True)
