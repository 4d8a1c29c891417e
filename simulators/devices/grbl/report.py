"""The texts that GRBL sends: banner, messages, status report, parameters."""

from dataclasses import dataclass

from simulators.devices.grbl.lines import RX_BUFFER_BYTES
from simulators.devices.grbl.motion import Vector

PLANNER_BLOCKS = 15
"""Blocks that can be waiting: the ring of 16 keeps one place free."""

BANNER = "\r\nGrbl 1.1h ['$' for help]\r\n"
HELP = "[HLP:$$ $# $G $I $N $x=val $Nx=line $J=line $SLP $C $X $H ~ ! ? ctrl-x]\r\n"
BUILD = f"[VER:1.1h.20190830:]\r\n[OPT:VZ,{PLANNER_BLOCKS},{RX_BUFFER_BYTES}]\r\n"
"""V: variable spindle. Z: homing sets the origin, so that a homed axis reads 0."""
STARTUP = "$N0=\r\n$N1=\r\n"

LOCKED = "'$H'|'$X' to unlock"
UNLOCKED = "Caution: Unlocked"
CRITICAL = "Reset to continue"

BUSY = ("Run", "Hold", "Jog", "Home", "Door")
WCO_BUSY, WCO_IDLE, OV_BUSY, OV_IDLE = 30, 10, 20, 10


def message(text: str) -> str:
    return f"[MSG:{text}]\r\n"


def status_line(status: int) -> str:
    return "ok\r\n" if status == 0 else f"error:{status}\r\n"


def coordinates(vector: Vector) -> str:
    # Adding 0 turns the minus zero of a stopped axis into zero, as step counts do.
    return ",".join(f"{round(value, 3) + 0.0:.3f}" for value in vector)


def probe_line(vector: Vector, succeeded: bool) -> str:
    return f"[PRB:{coordinates(vector)}:{succeeded:d}]\r\n"


def parameters(probe: Vector, succeeded: bool) -> str:
    """The answer to `$#`."""
    zero = coordinates((0.0, 0.0, 0.0))
    names = ("G54", "G55", "G56", "G57", "G58", "G59", "G28", "G30", "G92")
    lines = "".join(f"[{name}:{zero}]\r\n" for name in names)
    return f"{lines}[TLO:0.000]\r\n{probe_line(probe, succeeded)}"


@dataclass(frozen=True)
class Snapshot:
    """What a status report tells."""

    state: str
    position: Vector
    free_blocks: int
    free_bytes: int
    rate_mm_min: float
    pins: str
    coolant: bool
    overrides: tuple[int, int, int]


class StatusReporter:
    """Formats status reports and counts when the slow fields are due."""

    def __init__(self) -> None:
        self._wco_in = 0
        self._ov_in = 0

    def tell_overrides_next(self) -> None:
        """A change of overrides or coolant is told in the very next report."""
        self._ov_in = 0

    def format(self, now: Snapshot, mask: int) -> str:
        """One report. `mask` is setting `$10`: bit 0 machine position, bit 1 buffers."""
        fields = [now.state, f"{'M' if mask & 1 else 'W'}Pos:{coordinates(now.position)}"]
        if mask & 2:
            fields.append(f"Bf:{now.free_blocks},{now.free_bytes}")
        fields.append(f"FS:{now.rate_mm_min:.0f},0")
        if now.pins:
            fields.append(f"Pn:{now.pins}")
        fields += self._slow_fields(now)
        return f"<{'|'.join(fields)}>\r\n"

    def _slow_fields(self, now: Snapshot) -> list[str]:
        busy = now.state.startswith(BUSY)
        fields = []
        if self._wco_in > 0:
            self._wco_in -= 1
        else:
            self._wco_in = (WCO_BUSY if busy else WCO_IDLE) - 1
            self._ov_in = max(self._ov_in, 1)
            fields.append("WCO:0.000,0.000,0.000")
        if self._ov_in > 0:
            self._ov_in -= 1
        else:
            self._ov_in = (OV_BUSY if busy else OV_IDLE) - 1
            fields.append("Ov:{},{},{}".format(*now.overrides))
            if now.coolant:
                fields.append("A:F")
        return fields
