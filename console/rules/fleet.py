"""A picture of the fleet as rules look at it: who could write what where. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from appliance.contract.states import MediumKind
from console.rules.policy import Policy


@dataclass(frozen=True, slots=True)
class ApplianceStock:
    """What one appliance has. `appliance` is "site/name".

    `room_bytes` has an entry for each usable medium: of a blank disc its capacity, 0 when no drive
    has reported it; of a disk or tape the room that is free. `air` has the last good readings by
    quantity; a quantity that is not there is unknown.
    """

    appliance: str
    online: bool = True
    drives: Mapping[MediumKind, int] = field(default_factory=dict)
    room_bytes: Mapping[MediumKind, tuple[int, ...]] = field(default_factory=dict)
    prints: bool = False
    air: Mapping[str, tuple[float, ...]] = field(default_factory=dict)

    @property
    def site(self) -> str:
        return self.appliance.partition("/")[0]

    def may_write(self, policy: Policy) -> bool:
        """Whether the policy lets copies be written in the air that it has.

        A quantity that it does not measure holds nothing up: its own limits see to that.
        """
        return all(
            rule.value.holds(value)
            for quantity, rule in policy.environment.items()
            for value in self.air.get(quantity, ())
        )


@dataclass(frozen=True, slots=True)
class FleetPicture:
    """Every appliance that the console knows."""

    appliances: tuple[ApplianceStock, ...] = ()

    @property
    def sites(self) -> list[str]:
        return sorted({appliance.site for appliance in self.appliances})


@dataclass(frozen=True, slots=True)
class Demand:
    """The volumes that are to be written, each with a copy for every role of its policy."""

    image_size_bytes: tuple[int, ...] = ()
