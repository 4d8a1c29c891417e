"""What the room does to the air in the cabinet, and fans that stand still."""

from simulators.cabinet import Cabinet
from simulators.faults.registry import Fault, register, register_lasting
from simulators.world.air import Air
from simulators.world.fans import FAN_STALLED

FRESH = Air()


def _room(what: str, quantity: str, unit: str, usual: float) -> None:
    """Set one value of the room, and of the cabinet at once; lifted, the room is as usual."""

    def act(cabinet: Cabinet, fault: Fault) -> str:
        air = cabinet.world.air
        if fault.lift:
            value = float(getattr(FRESH, f"room_{quantity}"))
            air.set_room({quantity: value})
            return f"the room has {value:g} {unit} again; the cabinet follows"
        value = usual if fault.value is None else fault.value
        air.set_room({quantity: value}, at_once=fault.where == "at-once")
        follows = "at once" if fault.where == "at-once" else "in its time"
        return f"the room has {value:g} {unit}; the cabinet follows {follows}"

    help_text = f"The room's air has VALUE {unit} (usually {usual:g}). WHERE can be at-once."
    register(what, act, help_text)


_room("heat", "temperature_c", "°C", 38.0)
_room("cold", "temperature_c", "°C", 2.0)
_room("damp", "humidity_pct", "%", 85.0)
_room("dry", "humidity_pct", "%", 10.0)
_room("dust", "dust_ug_m3", "µg/m³ of dust", 400.0)
register_lasting(
    FAN_STALLED, lambda here: here.world.fans.names, "A fan does not turn. WHERE is a fan."
)
