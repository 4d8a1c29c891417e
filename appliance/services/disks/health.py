"""Which disks may still be written, by what they say of themselves (SMART): a pure judgement."""

from hal.interfaces.disk_bay import DiskHealth

REALLOCATED_MAX = 50
"""So many sectors a disk may have replaced; a healthy one replaces a few in its life."""


def objection(health: DiskHealth) -> str:
    """Why nothing more should be written to the disk; empty when nothing is wrong."""
    if not health.passed:
        return "it says itself that it is failing"
    if health.pending:
        return f"{health.pending} sectors wait to be replaced"
    if health.uncorrectable:
        return f"{health.uncorrectable} sectors cannot be read"
    if (health.reallocated or 0) > REALLOCATED_MAX:
        return f"{health.reallocated} sectors have been replaced"
    return ""
