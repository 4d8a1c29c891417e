"""The controller as a whole: bytes and pins in, bytes and motion out.

`update` never waits and never reads a clock: it is given the time and says when it
wants to be called again. At most one block begins in a call, so that the mechanics can
foresee its contacts before the clock passes them.
"""

import math
from collections import deque
from dataclasses import dataclass

from simulators.devices.grbl import report
from simulators.devices.grbl.commands import execute
from simulators.devices.grbl.gcode import Modes
from simulators.devices.grbl.lines import RESET, RX_BUFFER_BYTES, LineReader, is_realtime
from simulators.devices.grbl.machine import Steps
from simulators.devices.grbl.motion import Motion, Vector
from simulators.devices.grbl.planner import ORIGIN, Contact, Event, Planner
from simulators.devices.grbl.realtime import act_on
from simulators.devices.grbl.report import Snapshot, StatusReporter
from simulators.devices.grbl.settings import Settings

STATUS_DELAY_S = 0.005
ALARM_DELAY_S = 0.5
"""GRBL does nothing else for this long after it has printed an alarm."""

ALARM_HARD_LIMIT = 1
ALARM_RESET_IN_MOTION = 3
ALARM_RESET_IN_HOMING = 6
CRITICAL_ALARMS = (1, 2)


@dataclass(frozen=True)
class Inputs:
    """Bytes received since the last update, and the pins as they are."""

    received: bytes = b""
    probe: bool = False
    limits: str = ""
    """Axes whose limit switch is closed, such as "Z"."""
    to_switch_mm: Vector = ORIGIN
    """Way from the machine's real place to each home switch."""
    contact: Contact | None = None


@dataclass(frozen=True)
class Outputs:
    sent: bytes
    motion: Motion | None
    flood: bool
    """The coolant output, which opens the jaws."""
    wake_s: float


class Controller:
    """GRBL 1.1h with homing lock: it wakes up in alarm until homed or unlocked."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.planner = Planner(settings)
        self.state = "Alarm" if settings.flag(22) else "Idle"
        self.probe_position = ORIGIN
        self.probe_succeeded = False
        self._inputs = Inputs()
        self._now_s = 0.0
        self._sent: list[str] = []
        self._boot()

    def _boot(self) -> None:
        """Start the program anew; position and alarm outlive this, all else is forgotten."""
        self.modes = Modes()
        self.planner.halt(self._now_s)
        self.parser_position = self.planner.end
        self.planner.feed_percent = self.planner.rapid_percent = 100
        self._rx: deque[int] = deque()
        self._reader = LineReader()
        self._program: Steps | None = None
        self._program_wake_s = math.inf
        self.reporter = StatusReporter()
        self.flood = False
        self._alarm = 0
        self._critical = False
        self._deaf_until_s = -math.inf
        self._reset_wanted = False
        self._status_due_s = math.inf
        self.coolant_in_door = False
        self.send(report.BANNER)
        if self.state in ("Alarm", "Sleep"):
            self.state = "Alarm"
            self.send(report.message(report.LOCKED))
        else:
            self.state = "Idle"

    # What the main program may do (commands.Machine)

    @property
    def now_s(self) -> float:
        return self._now_s

    @property
    def probe_pin(self) -> bool:
        return self._inputs.probe

    @property
    def to_switch_mm(self) -> Vector:
        return self._inputs.to_switch_mm

    def send(self, text: str) -> None:
        self._sent.append(text)

    def set_flood(self, on: bool) -> None:
        self.flood = on
        self.reporter.tell_overrides_next()

    def raise_alarm(self, code: int) -> None:
        if code in CRITICAL_ALARMS:
            self.reset()
        self._alarm = code
        self._print_alarm()

    def reset(self) -> None:
        """Stop everything at once; the program restarts at the next chance."""
        self._reset_wanted = True
        self.flood = False
        if self.planner.motion or self.state == "Home":
            homing = self.state == "Home"
            self._alarm = ALARM_RESET_IN_HOMING if homing else ALARM_RESET_IN_MOTION
            self.planner.halt(self._now_s)

    def sleep(self) -> None:
        self.state = "Sleep"
        self.flood = False
        self.send(report.message("Sleeping"))

    # The wire and the clock

    def update(self, now_s: float, inputs: Inputs) -> Outputs:
        """Take what came and carry everything on to `now_s`."""
        self._now_s = now_s
        self._inputs = inputs
        self.planner.foresee(inputs.contact)
        self._settle()
        for byte in inputs.received:
            self._take_byte(byte)
        if self._reset_wanted:
            self._settle()
        if self.state in ("Idle", "Run", "Jog", "Home"):
            self._start_motion()
        sent, self._sent = "".join(self._sent), []
        return Outputs(sent.encode("ascii"), self.planner.motion, self.flood, self._wake_s())

    def _wake_s(self) -> float:
        if self._now_s < self._deaf_until_s:
            return self._deaf_until_s
        status_s = self._status_due_s if self._answers_status else math.inf
        return min(self.planner.wake_s, status_s, self._program_wake_s)

    @property
    def _answers_status(self) -> bool:
        return not self._critical and self.state != "Home"

    def _settle(self) -> None:
        if self._now_s >= self._deaf_until_s:
            self._run_motion()
            self._answer_realtime()
            self._run_program()

    def _take_byte(self, byte: int) -> None:
        if is_realtime(byte):
            self._take_realtime(byte)
            self._settle()
        elif len(self._rx) < RX_BUFFER_BYTES:
            self._rx.append(byte)
            if byte in b"\r\n":
                self._settle()
            elif self._may_run and self._program is None:
                self._run_program()

    def _take_realtime(self, byte: int) -> None:
        if byte == RESET:
            if not self._reset_wanted:
                self.reset()
        elif byte == ord("?"):
            self._status_due_s = min(self._status_due_s, self._now_s + STATUS_DELAY_S)
        elif self._critical or self.state in ("Alarm", "Check", "Home", "Sleep"):
            return
        else:
            act_on(self, byte)

    # Motion, realtime answers, main program

    def _start_motion(self) -> None:
        if self.planner.start(self._now_s) and self.state == "Idle":
            self.state = "Run"

    def _run_motion(self) -> None:
        event = self.planner.advance(self._now_s)
        if event is Event.CRASHED:
            self.raise_alarm(ALARM_HARD_LIMIT)
        elif event is Event.DONE:
            if self.state in ("Hold:1", "Door:2"):
                self.state = self.state[:-1] + "0"
            elif self.planner.empty and self.state == "Jog":
                self.parser_position = self.planner.end
                self.state = "Idle"
            elif self.state == "Run" and (self.planner.empty or self.planner.touched_at):
                self.state = "Idle"

    def _answer_realtime(self) -> None:
        if self._alarm:
            self._print_alarm()
            return
        if self._reset_wanted:
            self._boot()
        elif self._now_s >= self._status_due_s and self._answers_status:
            self._status_due_s = math.inf
            self.send(self.reporter.format(self._snapshot(), int(self.settings.values[10])))

    def _print_alarm(self) -> None:
        code, self._alarm = self._alarm, 0
        self.state = "Alarm"
        self._deaf_until_s = self._now_s + ALARM_DELAY_S
        self.send(f"ALARM:{code}\r\n")
        if code in CRITICAL_ALARMS:
            self.send(report.message(report.CRITICAL))
            self._critical = True
            self._reset_wanted = False

    def _snapshot(self) -> Snapshot:
        return Snapshot(
            state=self.state,
            position=self.planner.position(self._now_s),
            free_blocks=self.planner.free_blocks,
            free_bytes=RX_BUFFER_BYTES - len(self._rx),
            rate_mm_min=self.planner.rate_mm_min(self._now_s),
            pins=("P" if self._inputs.probe else "") + self._inputs.limits,
            coolant=self.flood,
            overrides=(self.planner.feed_percent, self.planner.rapid_percent, 100),
        )

    @property
    def _may_run(self) -> bool:
        suspended = self.state.startswith(("Hold", "Door", "Sleep"))
        deaf = self._now_s < self._deaf_until_s
        return not (self._critical or suspended or deaf or self._alarm or self._reset_wanted)

    def _run_program(self) -> None:
        self._program_wake_s = math.inf
        while self._may_run:
            program = self._program = self._program or self._next_program()
            if program is None:
                return
            try:
                self._program_wake_s = next(program)
                return
            except StopIteration as finished:
                self._program = None
                self.send(report.status_line(finished.value))

    def _next_program(self) -> Steps | None:
        while self._rx:
            if self._reader.push(self._rx.popleft()):
                return execute(self, self._reader.take())
        return None
