"""What happens to doors, and what the safety inputs sense."""

from simulators.cabinet import Cabinet
from simulators.faults.registry import Fault, FaultError, mark, register, require_place
from simulators.world.doors import STUCK_BOLT, DoorError


def _open(cabinet: Cabinet, fault: Fault) -> str:
    doors = cabinet.world.doors
    require_place(fault, doors.names)
    if fault.lift:
        doors.close(fault.where)
        return f"door {fault.where} is closed"
    try:
        doors.open(fault.where)
    except DoorError as error:
        raise FaultError(f"{error}: there is force-door") from error
    return f"door {fault.where} is open"


def _force(cabinet: Cabinet, fault: Fault) -> str:
    doors = cabinet.world.doors
    require_place(fault, doors.names)
    (doors.close if fault.lift else doors.force)(fault.where)
    return f"door {fault.where} is {'closed' if fault.lift else 'forced open'}"


def _stick(cabinet: Cabinet, fault: Fault) -> str:
    done = mark(cabinet, fault, lambda here: here.world.doors.names)
    cabinet.world.doors.settle(fault.where)
    return done


def _hazard(field: str, thing: str) -> None:
    def act(cabinet: Cabinet, fault: Fault) -> str:
        setattr(cabinet.world.state.hazards, field, not fault.lift)
        return f"{thing} is over" if fault.lift else f"{thing} begins"

    name = {"water": "wet-floor", "mains_lost": "mains-lost"}.get(field, field)
    register(name, act, f"{thing.capitalize()}, until it is lifted.")


DOOR = "WHERE is a door."
register("open-door", _open, f"A door that is not locked is opened; lifted, it is closed. {DOOR}")
register("force-door", _force, f"A locked door is opened by force; lifted, it is closed. {DOOR}")
register(STUCK_BOLT, _stick, f"A lock's bolt stays where it is. {DOOR}")
_hazard("smoke", "smoke")
_hazard("water", "water on the floor")
_hazard("mains_lost", "the loss of the mains")
