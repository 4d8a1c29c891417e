"""Time in the simulators' event loops: scaled, or jumping from timer to timer."""

import asyncio
import itertools
import socket
import threading
import time

import pytest

from simulators.clock import (
    DAY_S,
    DeadlockError,
    ScaledEventLoop,
    TimeLimitError,
    VirtualEventLoop,
    run_virtual,
    virtual_runner,
)


def test_a_virtual_year_takes_no_real_time() -> None:
    async def story() -> float:
        for _ in range(365):
            await asyncio.sleep(DAY_S)
        return asyncio.get_running_loop().time()

    began = time.monotonic()
    assert run_virtual(story(), limit_s=400 * DAY_S) == 365 * DAY_S
    assert time.monotonic() - began < 5


def test_virtual_timers_fire_in_order_of_time() -> None:
    seen: list[tuple[float, str]] = []

    async def wait(name: str, delay_s: float) -> None:
        await asyncio.sleep(delay_s)
        seen.append((asyncio.get_running_loop().time(), name))

    async def story() -> None:
        await asyncio.gather(wait("late", 2), wait("b", 1), wait("c", 1.5), wait("soon", 0.5))

    run_virtual(story())
    assert seen == [(0.5, "soon"), (1.0, "b"), (1.5, "c"), (2.0, "late")]


def test_a_virtual_timeout_fires_at_its_time() -> None:
    async def story() -> float:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(3):
                await asyncio.sleep(10)
        return asyncio.get_running_loop().time()

    assert run_virtual(story()) == 3


def test_waiting_for_what_can_never_come_is_a_clear_error() -> None:
    async def story() -> None:
        await asyncio.get_running_loop().create_future()

    with pytest.raises(DeadlockError, match="story"):
        run_virtual(story())


def test_a_periodic_timer_cannot_keep_a_stuck_story_alive() -> None:
    async def story() -> None:
        for _ in itertools.count():
            await asyncio.sleep(60)

    with pytest.raises(TimeLimitError, match="story"):
        run_virtual(story(), limit_s=3600)


def test_executor_work_runs_inline_and_hands_over_result_and_error() -> None:
    async def story() -> None:
        assert await asyncio.to_thread(threading.get_ident) == threading.get_ident()
        with pytest.raises(ZeroDivisionError):
            await asyncio.get_running_loop().run_in_executor(None, lambda: 1 // 0)

    run_virtual(story())


def test_a_real_thread_wakes_an_idle_virtual_loop() -> None:
    async def story() -> str:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[str] = loop.create_future()
        thread = threading.Thread(
            target=lambda: loop.call_soon_threadsafe(future.set_result, "called")
        )
        thread.start()
        try:
            return await future
        finally:
            thread.join()

    assert run_virtual(story()) == "called"


def test_a_real_socket_is_served_by_a_virtual_loop() -> None:
    async def story() -> bytes:
        left, right = socket.socketpair()
        reader, writer = await asyncio.open_connection(sock=left)
        right.sendall(b"over a wire")
        data = await reader.readexactly(11)
        writer.close()
        await writer.wait_closed()
        right.close()
        return data

    assert run_virtual(story()) == b"over a wire"


def test_a_runner_keeps_its_time_between_parts() -> None:
    with virtual_runner() as runner:
        runner.run(asyncio.sleep(5))
        runner.run(asyncio.sleep(7))
        assert runner.get_loop().time() == 12
        assert isinstance(runner.get_loop(), VirtualEventLoop)


def test_scaled_time_runs_faster_than_the_wall() -> None:
    async def story() -> float:
        loop = asyncio.get_running_loop()
        began = loop.time()
        await asyncio.sleep(100)
        return loop.time() - began

    began = time.monotonic()
    with asyncio.Runner(loop_factory=lambda: ScaledEventLoop(1000)) as runner:
        elapsed_s = runner.run(story())
    assert elapsed_s >= 100
    assert time.monotonic() - began < 5


def test_another_speed_neither_jumps_nor_goes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    wall_s = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: wall_s)
    loop = ScaledEventLoop(60)
    try:
        wall_s += 2
        loop.set_speed(0.5)
        assert loop.time() == 120
        wall_s += 4
        assert loop.time() == 122
        loop.set_speed(10)
        wall_s += 1
        assert loop.time() == 132
    finally:
        loop.close()


def test_a_timer_that_waits_already_keeps_its_simulated_time() -> None:
    async def story() -> float:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, ScaledEventLoop)
        began = loop.time()
        sleeper = asyncio.create_task(asyncio.sleep(1000))
        await asyncio.sleep(0.01)
        loop.set_speed(100_000)  # at the old speed it would wait a quarter of an hour
        await sleeper
        return loop.time() - began

    began = time.monotonic()
    with asyncio.Runner(loop_factory=lambda: ScaledEventLoop(1)) as runner:
        elapsed_s = runner.run(story())
    assert elapsed_s >= 1000
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("speed", [0, -1, float("nan"), float("inf")])
def test_a_speed_that_no_clock_can_have_is_refused(speed: float) -> None:
    with pytest.raises(ValueError, match="above 0"):
        ScaledEventLoop(speed)
    loop = ScaledEventLoop(3)
    with pytest.raises(ValueError, match="above 0"):
        loop.set_speed(speed)
    assert loop.speed == 3
    loop.close()
