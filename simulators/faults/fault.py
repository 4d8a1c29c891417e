"""Faults of a simulated cabinet: the way in for scenarios, tests and the control socket."""

import importlib
import logging
import pkgutil

import msgspec

import simulators.devices
import simulators.links
from simulators.cabinet import Cabinet
from simulators.faults import air, discs, doors, media, robots
from simulators.faults.registry import FAULTS, Fault, FaultError, find

__all__ = ["FAULTS", "Fault", "FaultError", "inject", "parse_fault"]

LOG = logging.getLogger(__name__)

OWN = (air, discs, doors, media, robots)
"""They make themselves known; named here so that it is seen where they come from."""


def parse_fault(message: object) -> Fault:
    """Understand a fault that came from outside.

    Raises:
        FaultError: unknown or missing fields.
    """
    try:
        return msgspec.convert(message, Fault)
    except msgspec.ValidationError as error:
        raise FaultError(f"not a fault: {error}") from error


def inject(cabinet: Cabinet, fault: Fault) -> str:
    """Bring the fault about; return one line that says what was done.

    Raises:
        FaultError: unknown fault, or a place where it cannot be.
    """
    done = find(fault.what).act(cabinet, fault)
    cabinet.world.save()
    cabinet.refresh()
    LOG.warning("fault: %s", done)
    return done


def _find_devices_faults() -> None:
    """Import every module called `faults` beside a device or a link."""
    for package in (simulators.devices, simulators.links):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if module.name.endswith(".faults"):
                importlib.import_module(module.name)


_find_devices_faults()
