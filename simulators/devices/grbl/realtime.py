"""The realtime bytes that hold, resume and override. Source: `protocol.c`, `serial.c`."""

from typing import Protocol

from simulators.devices.grbl.planner import Planner
from simulators.devices.grbl.report import StatusReporter

SAFETY_DOOR, JOG_CANCEL, FEED_RESET = 0x84, 0x85, 0x90
FEED_STEPS = {0x91: 10, 0x92: -10, 0x93: 1, 0x94: -1}
RAPID_PERCENTS = {0x95: 100, 0x96: 50, 0x97: 25}


class Suspendable(Protocol):
    """What these bytes may do to the controller, which neither homes nor is in alarm."""

    state: str
    planner: Planner
    reporter: StatusReporter
    flood: bool
    coolant_in_door: bool

    @property
    def now_s(self) -> float: ...
    def set_flood(self, on: bool) -> None: ...


def act_on(controller: Suspendable, byte: int) -> None:
    """Do what the byte means; an unknown one means nothing."""
    if byte == ord("!"):
        _hold(controller)
    elif byte == ord("~"):
        _resume(controller)
    elif byte == SAFETY_DOOR:
        _open_door(controller)
    elif byte == JOG_CANCEL:
        _cancel_jog(controller)
    else:
        _override(controller, byte)


def _hold(controller: Suspendable) -> None:
    if controller.state == "Jog":
        _cancel_jog(controller)
    elif controller.state == "Run":
        controller.planner.brake(controller.now_s)
        controller.state = "Hold:1"
    elif controller.state == "Idle":
        controller.state = "Hold:0"


def _resume(controller: Suspendable) -> None:
    if controller.state == "Door:0" and controller.coolant_in_door:
        controller.set_flood(True)
    if controller.state in ("Hold:0", "Door:0"):
        controller.state = "Idle"


def _open_door(controller: Suspendable) -> None:
    if controller.state.startswith("Door"):
        return
    _hold(controller)
    controller.coolant_in_door = controller.flood
    controller.set_flood(False)
    controller.state = "Door:2" if controller.planner.motion else "Door:0"


def _cancel_jog(controller: Suspendable) -> None:
    if controller.state == "Jog":
        controller.planner.brake(controller.now_s)
        controller.planner.flush()


def _override(controller: Suspendable, byte: int) -> None:
    planner = controller.planner
    before = (planner.feed_percent, planner.rapid_percent)
    if byte == FEED_RESET:
        planner.feed_percent = 100
    elif byte in FEED_STEPS:
        planner.feed_percent = min(200, max(10, planner.feed_percent + FEED_STEPS[byte]))
    elif byte in RAPID_PERCENTS:
        planner.rapid_percent = RAPID_PERCENTS[byte]
    if before != (planner.feed_percent, planner.rapid_percent):
        controller.reporter.tell_overrides_next()
