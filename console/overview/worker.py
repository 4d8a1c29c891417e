"""Whether the console's worker is at work on this data folder."""

from pathlib import Path

from console.processes import workers_here


def worker_is_running(data: Path) -> bool:
    """Whether a process whose id a worker left is alive. Same machine only."""
    return workers_here(data) > 0
