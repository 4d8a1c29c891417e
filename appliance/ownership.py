"""One firmware a state folder: two would each believe the robot to be theirs."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from appliance.contract.errors import SteleError

ALREADY_RUNNING = 5010
UNUSABLE_STATE_DIR = 5011


@contextmanager
def owning(state_dir: Path) -> Iterator[None]:
    """Make the folder if need be and hold it alone; a killed process lets go of it by itself.

    Raises:
        SteleError: 5010 another process holds it; 5011 it cannot be made or written.
    """
    try:
        state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(state_dir / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise SteleError(
            UNUSABLE_STATE_DIR, f"the state folder {state_dir} cannot be used", str(error)
        ) from error
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(lock, 20, 0).decode("ascii", "replace").strip()
            raise SteleError(
                ALREADY_RUNNING, f"process {holder or '?'} already runs on {state_dir}"
            ) from None
        os.ftruncate(lock, 0)
        os.pwrite(lock, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(lock)
