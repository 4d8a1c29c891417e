"""What every `TagReader` must do."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

import pytest

from hal.errors import HalError
from hal.interfaces.tag_reader import TagReader


class ReaderRig(Protocol):
    """A reader with one magazine before it."""

    reader: TagReader

    def tag(self) -> str | None:
        """What the tag before the reader says, in capital hex digits."""
        ...

    def take_magazine(self) -> None: ...

    def put_magazine(self) -> None: ...

    def garble(self, *, garbled: bool) -> None: ...

    def add_stray_tag(self, *, there: bool) -> None: ...

    def silence(self, *, silent: bool) -> None: ...


async def later() -> None:
    """Until what was before is forgotten."""
    await asyncio.sleep(0.3)


async def the_tag_is_told_however_often_it_is_read(rig: ReaderRig) -> None:
    assert isinstance(rig.reader, TagReader)
    assert rig.tag()
    for _ in range(4):
        assert await rig.reader.read() == rig.tag()
        await asyncio.sleep(0.1)


async def a_magazine_that_is_taken_away_is_gone_and_comes_back(rig: ReaderRig) -> None:
    tag = await rig.reader.read()
    rig.take_magazine()
    await later()
    assert await rig.reader.read() is None
    rig.put_magazine()
    await later()
    assert await rig.reader.read() == tag == rig.tag()


async def two_tags_are_an_error_and_no_choice(rig: ReaderRig) -> None:
    rig.add_stray_tag(there=True)
    await _raises(rig, {1031, 1032})
    rig.add_stray_tag(there=False)
    await later()
    assert await rig.reader.read() == rig.tag()


async def damage_is_an_error_and_no_other_tag(rig: ReaderRig) -> None:
    rig.garble(garbled=True)
    await _raises(rig, {1031})
    rig.garble(garbled=False)
    await later()
    assert await rig.reader.read() == rig.tag()


async def a_silent_reader_tells_no_earlier_tag(rig: ReaderRig) -> None:
    assert await rig.reader.read() == rig.tag()
    rig.silence(silent=True)
    await later()
    if rig.reader.is_asked:
        await _raises(rig, {1030})
    else:
        assert await rig.reader.read() is None
    rig.silence(silent=False)
    await later()
    assert await rig.reader.read() == rig.tag()


async def a_closed_reader_can_be_read_again(rig: ReaderRig) -> None:
    for _ in range(2):
        assert await rig.reader.read() == rig.tag()
        await rig.reader.aclose()


async def _raises(rig: ReaderRig, codes: set[int]) -> None:
    await later()
    for _ in range(2):
        with pytest.raises(HalError) as caught:
            await rig.reader.read()
        assert caught.value.code in codes


ReaderCheck = Callable[[ReaderRig], Awaitable[None]]
QUICK_CHECKS: tuple[ReaderCheck, ...] = (
    a_magazine_that_is_taken_away_is_gone_and_comes_back,
    a_closed_reader_can_be_read_again,
)
CHECKS: tuple[ReaderCheck, ...] = (
    *QUICK_CHECKS,
    the_tag_is_told_however_often_it_is_read,
    two_tags_are_an_error_and_no_choice,
    damage_is_an_error_and_no_other_tag,
    a_silent_reader_tells_no_earlier_tag,
)
