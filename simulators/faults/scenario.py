"""Scenario files: what goes wrong when, the same each time it is played.

seed = 7                        # for the faults that draw lots

[[fault]]
at_s = 120.0                    # simulated seconds after the start
what = "write-error"
where = "s001"
sector = 5000

[[fault]]
at_s = 600.0
spread_s = 300.0                # at a time drawn from the 300 s after at_s
what = "serial-silence"
for_s = 45.0                    # lifted again after that
"""

import asyncio
import logging
import random
from dataclasses import dataclass
from pathlib import Path

import msgspec

from simulators.cabinet import Cabinet
from simulators.faults.fault import Fault, FaultError, inject
from simulators.faults.registry import find

LOG = logging.getLogger(__name__)


class TimedFault(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A fault and its time, in simulated seconds after the scenario's start."""

    at_s: float
    what: str
    where: str = ""
    sector: int | None = None
    sectors: int = 16
    spread_s: float = 0.0
    for_s: float | None = None
    value: float | None = None


class Scenario(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    fault: tuple[TimedFault, ...]
    seed: int = 0


@dataclass(frozen=True)
class Act:
    """A fault at its drawn time."""

    at_s: float
    fault: Fault


def load_scenario(path: Path) -> Scenario:
    """Read a scenario file.

    Raises:
        FaultError: it cannot be understood.
    """
    try:
        scenario = msgspec.toml.decode(path.read_bytes(), type=Scenario)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise FaultError(f"{path}: {error}") from error
    for timed in scenario.fault:
        try:
            find(timed.what)
        except FaultError as error:
            raise FaultError(f"{path}: {error}") from error
    return scenario


def plan_acts(scenario: Scenario) -> list[Act]:
    """Draw the times; the same scenario gives the same acts, in order of time."""
    chance = random.Random(scenario.seed)  # noqa: S311  # a scenario is to be repeatable
    acts = []
    for timed in scenario.fault:
        at_s = timed.at_s + chance.random() * timed.spread_s
        fault = Fault(timed.what, timed.where, timed.sector, timed.sectors, value=timed.value)
        acts.append(Act(at_s, fault))
        if timed.for_s is not None:
            acts.append(Act(at_s + timed.for_s, msgspec.structs.replace(fault, lift=True)))
    return sorted(acts, key=lambda act: act.at_s)


async def play(cabinet: Cabinet, scenario: Scenario) -> None:
    """Bring the scenario's faults about, each at its time. One that cannot be is logged."""
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    for act in plan_acts(scenario):
        await asyncio.sleep(began_s + act.at_s - loop.time())
        try:
            inject(cabinet, act.fault)
        except FaultError as error:
            LOG.warning("at %.1f s: %s", act.at_s, error)
