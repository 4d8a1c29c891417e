"""The real worker, which kills itself (SIGKILL) at the n-th of something.

    python -m tests.console.dispatch.dying_worker DATA WHERE N

WHERE: ``commit`` (before a transaction commits), ``committed`` (after one has), ``publish`` (before
a message goes to the broker), ``published`` (after the broker has it).
"""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import sqlalchemy as sa

from console import worker
from console.dispatch.link import Link


def _after(n: int) -> Callable[..., None]:
    left = n

    def count(*_: object, **__: object) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    return count


def _die_at_publish(n: int, *, before: bool) -> None:
    count, publish = _after(n), Link.publish

    async def dying(self: Link, topic: str, payload: bytes) -> None:
        if before:
            count()
        await publish(self, topic, payload)
        if not before:
            count()

    Link.publish = dying  # type: ignore[method-assign]


def main(data: str, where: str, n: int) -> None:
    match where:
        case "commit":
            sa.event.listen(sa.Engine, "commit", _after(n))
        case "committed":
            sa.event.listen(sa.pool.Pool, "checkin", _after(n))
        case _:
            _die_at_publish(n, before=where == "publish")
    worker.main(["--data", str(Path(data))], standalone_mode=False)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
