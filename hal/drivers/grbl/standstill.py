"""Waiting until a controller's machine stands still, by asking."""

import asyncio
from collections.abc import Callable

from hal.drivers.grbl.codec import Status
from hal.drivers.grbl.session import HELD_STATES, Session
from hal.errors import HalError

POLL_S = 0.1
MOVING_STATES = frozenset({"Run", "Jog", "Home"})


def is_at_rest(status: Status) -> bool:
    """Nothing moves. In `Hold:1` the machine still slows down; `Door:0` is at rest, too."""
    if status.state in HELD_STATES:
        return status.substate in (0, None)
    return status.state not in MOVING_STATES


async def until(
    session: Session, name: str, wanted: Callable[[Status], bool], limit_s: float
) -> None:
    """Ask for the status until it is as wanted.

    Raises:
        HalError: 2023 it is not within the limit; other 10xx, 20xx.
    """
    loop = asyncio.get_running_loop()
    end_s = loop.time() + limit_s
    while not wanted(status := await session.status()):
        if loop.time() > end_s:
            raise HalError(2023, f"{name} stays in state {status.state}")
        await asyncio.sleep(POLL_S)


async def let_finish(session: Session, name: str, patience_s: float, limit_s: float) -> None:
    """Wait for motion that an earlier process ordered: a reset would lose the position.

    A controller that has just been powered, or waits for its reset, may not answer: it is asked
    twice and then taken to stand still.
    """
    for _ in range(2):
        try:
            async with asyncio.timeout(patience_s):
                await session.status()
        except TimeoutError:
            continue
        await until(session, name, is_at_rest, limit_s)
        return
