"""One folder goes onto media and comes back: the commands a person would type, in order."""

import json
import shlex
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

from simulators.demo import person
from simulators.demo.cast import POLICY, Cast
from simulators.demo.comparison import Comparison, compare
from simulators.demo.processes import DemoError, Processes, command, ends_with_us
from simulators.demo.source import measure

SPEED = 60.0
"""Simulated seconds a second when somebody looks on."""
FAST = 120.0
_READY_S = 180.0


def printable(text: object) -> str:
    """Text that does nothing to a terminal, whatever a file is called."""
    return escape("".join(c if c.isprintable() or c == "\n" else ascii(c)[1:-1] for c in str(text)))


@dataclass(frozen=True, slots=True)
class Stage:
    """Where the demo plays: its folders and the page's port; and whether it stays for a look."""

    work: Path
    port: int
    cast: Cast
    source: Path
    out: Path
    stays: bool

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    @property
    def data(self) -> Path:
        return self.work / "console"


class Story:
    """The acts of the demo. Each prints what it does before it does it."""

    def __init__(self, stage: Stage, running: Processes, screen: Console) -> None:
        self.stage = stage
        self._running = running
        self._screen = screen
        self.times_s: dict[str, float] = {}

    def raise_curtain(self) -> None:
        """Start cabinet, console and firmware, and wait until they know each other."""
        world, cast = self.stage.work / "world", self.stage.cast
        self._say(f"{cast.title}, simulated at its wires")
        self._running.start(
            "cabinet",
            *(command("stele-sim"), "cabinet", "--profile", cast.profile, "--world", str(world)),
            *("--speed", str(FAST), *cast.options),
        )
        self._say("Broker, console and worker")
        self._running.start(
            "console",
            *(command("stele-console"), "--data", str(self.stage.data), "up"),
            *("--port", str(self.stage.port), "--broker-port", "0"),
        )
        self._say("The firmware of the appliance")
        config = self._config(world)
        if cast.has_person:
            subprocess.run(
                (command("stele-appliance"), "people", "add", person.NAME, "--config", str(config)),
                check=True,
                input=person.PIN,
                text=True,
                stdout=subprocess.DEVNULL,
            )
        self._running.start("appliance", command("stele-appliance"), "run", "--config", str(config))
        self._screen.print(f"\n  [bold green]The page:[/] [link]{self.stage.url}[/]\n")
        if cast.has_person:
            self._say("A person who follows the lights of the cabinet")
            self._running.start(
                "person",
                sys.executable,
                "-P",
                "-m",
                "simulators.demo.person",
                str(world),
                str(config),
            )
        self._wait_for("the library's inventory", self._knows_media)
        if self.stage.stays:
            words = (command("stele-sim"), "speed", str(world), str(SPEED))
            subprocess.run(words, check=True, stdout=subprocess.DEVNULL)

    def archive(self) -> None:
        """Ingest, plan, approve, and watch the discs burn and verify."""
        files, size_bytes = measure(self.stage.source)
        self._say(f"Archiving {self.stage.source}: {files:,} files, {size_bytes / 1e6:,.1f} MB")
        policies = self.stage.data / "policies"
        policies.mkdir(exist_ok=True)
        (policies / f"{POLICY}.toml").write_text(self.stage.cast.policy, "utf-8")
        self._console(
            *("ingest", str(self.stage.source), "--fonds", "DEMO", "--series", "S1"),
            *("--policy", POLICY),
            ok=(0, 3),
        )
        self._console("plan")
        self._console("approve", "latest")
        self._console("jobs", "--watch")

    def get_back(self, kind: str, out: Path) -> Comparison:
        """Restore everything from one kind of medium and compare each file's digest."""
        words = ("restore", "--all", "--from-media", "--medium", kind, "--to", str(out))
        self._console(*words)
        _, size_bytes = measure(self.stage.source)
        with Progress(
            TextColumn("  compare "), BarColumn(), DownloadColumn(), console=self._screen
        ) as bars:
            task = bars.add_task("compare", total=size_bytes)
            return compare(self.stage.source, out, lambda size: bars.advance(task, size))

    def stay(self) -> None:
        """Leave everything running until Ctrl-C, or until something ends that should not."""
        while True:
            time.sleep(0.5)
            self._running.check()

    def _config(self, world: Path) -> Path:
        broker = self._ask("status")["broker_url"]
        path = self.stage.work / "appliance.toml"
        path.write_text(
            "[appliance]\n"
            f'id = "{self.stage.cast.profile}-1"\nsite = "north"\n'
            f'profile = "{self.stage.cast.profile}"\n'
            f'state_dir = "{self.stage.work / "appliance"}"\n\n'
            f'[broker]\nurl = "{broker}"\n\n' + (world / "wires.toml").read_text("utf-8"),
            "utf-8",
        )
        return path

    def _knows_media(self) -> bool:
        """Whether the console has heard of enough media of each kind to plan for them."""
        appliances = self._ask("status")["appliances"]
        if not appliances:
            return False
        kinds, known = list(self.stage.cast.copies.values()), appliances[0]
        return bool(known["blanks"] >= self.stage.cast.blanks) and all(
            (known[f"{kind}s"] or 0) >= kinds.count(kind) for kind in kinds
        )

    def _wait_for(self, what: str, holds: Callable[[], bool]) -> None:
        deadline_s = time.monotonic() + _READY_S
        with self._screen.status(f"waiting for {what}"):
            while not holds():
                self._running.check()
                if time.monotonic() > deadline_s:
                    raise DemoError(f"{what} did not come within {_READY_S:.0f} s")
                time.sleep(0.3)

    def _say(self, text: str) -> None:
        self._screen.print(f"[bold]{printable(text)}[/]")

    def _console(self, *words: str, ok: tuple[int, ...] = (0,)) -> None:
        self._screen.print(f"\n[dim]$ stele-console {printable(shlex.join(words))}[/]")
        started_s = time.monotonic()
        done = subprocess.run(
            self._argv(*words),
            check=False,
            preexec_fn=ends_with_us(),
        )
        self.times_s[words[0]] = time.monotonic() - started_s
        self._running.check()
        if done.returncode not in ok:
            raise DemoError(f"stele-console {words[0]} ended with {done.returncode}")

    def _ask(self, *words: str) -> Any:
        done = subprocess.run(
            self._argv(*words, "--json"),
            check=False,
            stdout=subprocess.PIPE,
            preexec_fn=ends_with_us(),
        )
        if done.returncode:
            raise DemoError(f"stele-console {words[0]} ended with {done.returncode}")
        return json.loads(done.stdout)

    def _argv(self, *words: str) -> list[str]:
        return [command("stele-console"), "--data", str(self.stage.data), *words]


def answers(url: str) -> bool:
    """Whether the page is served."""
    try:
        with urllib.request.urlopen(url, timeout=5) as reply:  # noqa: S310 - our own address
            return bool(reply.status == 200)
    except OSError:
        return False
