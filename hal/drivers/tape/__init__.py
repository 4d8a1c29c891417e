"""A tape unit: the changer by mtx, the drives by mt and dd."""

from hal.drivers.tape.changer import MtxChanger
from hal.drivers.tape.drive import MtTapeDrive, TapeTiming

__all__ = ["MtTapeDrive", "MtxChanger", "TapeTiming"]
