"""PINs: who is whose, what is refused with which number, and what guessing costs."""

import asyncio
import hashlib
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appliance.contract.errors import SteleError
from appliance.services.access import keypad as keypads
from appliance.services.access.keypad import FORGOTTEN_AFTER_S, LONGEST_CLOSURE_S, Keypad
from appliance.services.access.people import CodeKind, Holder, People, Person

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
PIN, WRONG = "739150", "739151"


class Desk:
    """People and keypad over one file, with a clock turned by hand."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "people.db"
        self.now = BEGAN
        self.open()

    def open(self) -> None:
        self.people = People(self.file, lambda: self.now)
        self.keypad = Keypad(self.people, lambda: self.now)

    def restart(self) -> None:
        self.people.close()
        self.open()

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    async def refused(self, pin: str) -> int:
        with pytest.raises(SteleError) as refusal:
            await self.keypad.identify(pin)
        return refusal.value.code


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path)
    desk.people.add("王伟", PIN)
    return desk


async def test_a_pin_tells_who_it_is_and_which_code(desk: Desk) -> None:
    desk.people.set_pin("王伟", "739159", CodeKind.DURESS)
    desk.people.add("vendor", "84620517", CodeKind.SERVICE)
    assert await desk.keypad.identify(PIN) == Holder("王伟", CodeKind.OWN)
    assert await desk.keypad.identify("739159") == Holder("王伟", CodeKind.DURESS)
    assert await desk.keypad.identify("84620517") == Holder("vendor", CodeKind.SERVICE)
    assert desk.people.all() == [
        Person("vendor", (CodeKind.SERVICE,)),
        Person("王伟", (CodeKind.DURESS, CodeKind.OWN)),
    ]


async def test_the_keypad_closes_for_longer_with_every_failure(desk: Desk) -> None:
    assert [await desk.refused(WRONG) for _ in range(3)] == [4012] * 3
    closures = []
    for _ in range(9):
        assert await desk.refused(PIN) == 4014, "the right PIN does not open a closed keypad"
        closures.append(desk.keypad.closed_for_s)
        desk.wait(desk.keypad.closed_for_s)
        assert await desk.refused(WRONG) == 4012
    assert closures == [30.0 * 2**n for n in range(7)] + [LONGEST_CLOSURE_S] * 2
    desk.wait(LONGEST_CLOSURE_S)
    await desk.keypad.identify(PIN)
    assert desk.keypad.closure() is None


async def test_failures_are_forgotten_by_time_alone(desk: Desk) -> None:
    assert [await desk.refused(WRONG) for _ in range(2)] == [4012] * 2
    await desk.keypad.identify(PIN)
    assert await desk.refused(WRONG) == 4012
    assert desk.keypad.closed_for_s == 30.0, "the right PIN between them forgave nothing"
    desk.wait(3 * FORGOTTEN_AFTER_S)
    assert [await desk.refused(WRONG) for _ in range(2)] == [4012] * 2
    assert desk.keypad.closure() is None
    desk.restart()
    desk.wait(-86_400)
    assert await desk.refused(WRONG) == 4012
    assert desk.keypad.closure() is not None, "a clock that was set back forgives nothing either"


async def test_who_has_a_pin_guesses_no_faster_than_who_has_none(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two wrong ones and the own right one, again and again for a day; against waiting alone."""
    monkeypatch.setattr(People, "digest", lambda _, pin: _digest(pin))
    desk.people.set_pin("王伟", PIN)

    async def guesses_in_a_day(*, own: str | None) -> int:
        guesses, until = 0, desk.now + timedelta(days=1)
        while desk.now < until:
            if desk.keypad.closure() is None:
                guesses += await desk.refused(WRONG) == 4012
                if own and desk.keypad.closure() is None:
                    await desk.keypad.identify(own)
            desk.wait(5.0)
        return guesses

    outsider = await guesses_in_a_day(own=None)
    desk.wait(7 * 86_400)
    insider = await guesses_in_a_day(own=PIN)
    assert insider <= outsider < 40


def _digest(pin: str) -> bytes:
    return hashlib.sha256(pin.encode()).digest()


async def test_a_restart_opens_no_closed_keypad(desk: Desk) -> None:
    for _ in range(3):
        await desk.refused(WRONG)
    desk.wait(29)
    desk.restart()
    assert await desk.refused(PIN) == 4014


async def test_power_cut_during_the_check_does_not_save_the_attempt(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    class PowerCutError(Exception): ...

    def cut(_: People, __: str) -> bytes:
        raise PowerCutError

    monkeypatch.setattr(People, "digest", cut)
    for _ in range(3):
        with pytest.raises(PowerCutError):
            await desk.keypad.identify(WRONG)
        desk.restart()
    assert desk.keypad.closed_for_s == 30.0


async def test_a_clock_that_was_set_back_closes_the_keypad_for_an_hour_at_most(desk: Desk) -> None:
    for _ in range(3):
        await desk.refused(WRONG)
    desk.wait(-10 * 365 * 86_400)
    assert desk.keypad.closed_for_s <= LONGEST_CLOSURE_S


@pytest.mark.parametrize(
    "pin",
    ["", "1", "12345", "1" * 13, "7" * 1000, "73915O", " 739150", "739150\n", "٧٣٩١٥٠", "-739150"],
)
async def test_what_is_no_pin_is_refused_and_is_no_attempt(desk: Desk, pin: str) -> None:
    assert await desk.refused(pin) == 4013
    assert await desk.refused(WRONG) == 4012
    assert await desk.refused(WRONG) == 4012
    assert desk.keypad.closure() is None


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(pin=st.text().filter(lambda text: text != PIN))
def test_no_text_at_all_opens_or_breaks_it(desk: Desk, pin: str) -> None:
    desk.wait(LONGEST_CLOSURE_S)
    assert asyncio.run(desk.refused(pin)) in (4012, 4013)


async def test_only_a_few_may_wait_at_once(desk: Desk) -> None:
    results = await asyncio.gather(
        *(desk.refused(WRONG) for _ in range(keypads.WAITING_MAX + 3)), return_exceptions=True
    )
    assert results.count(4015) == 3
    assert results.count(4012) == 3, "then the keypad is closed"
    assert results.count(4014) == 1


@pytest.mark.parametrize("pin", ["111111", "123456", "987654", "0123456789"])
def test_simple_pins_are_not_taken(desk: Desk, pin: str) -> None:
    with pytest.raises(SteleError, match="4026"):
        desk.people.add("li", pin)


def test_two_codes_are_never_the_same(desk: Desk) -> None:
    with pytest.raises(SteleError, match="4026"):
        desk.people.add("li", PIN)
    with pytest.raises(SteleError, match="4026"):
        desk.people.set_pin("王伟", PIN, CodeKind.DURESS)
    assert [person.name for person in desk.people.all()] == ["王伟"]


@pytest.mark.parametrize(
    ("act", "code"),
    [
        (lambda people: people.add("王伟", "602915"), 4025),
        (lambda people: people.set_pin("li", "602915"), 4024),
        (lambda people: people.remove("li"), 4024),
        (lambda people: people.add("", "602915"), 4028),
        (lambda people: people.add("a/b", "602915"), 4028),
        (lambda people: people.add("x" * 65, "602915"), 4028),
        (lambda people: people.add("a\x1b[2J", "602915"), 4028),
    ],
)
def test_names_are_checked(desk: Desk, act: Callable[[People], None], code: int) -> None:
    with pytest.raises(SteleError) as refusal:
        act(desk.people)
    assert refusal.value.code == code


async def test_a_person_who_was_removed_opens_nothing(desk: Desk) -> None:
    desk.people.remove("王伟")
    assert await desk.refused(PIN) == 4012


def test_the_file_holds_no_pin_and_is_its_owners_alone(desk: Desk) -> None:
    desk.people.close()
    with sqlite3.connect(desk.file) as db:
        (digest,) = db.execute("SELECT digest FROM codes").fetchone()
    assert len(digest) == 32
    files = list(desk.file.parent.glob("people.db*"))
    assert PIN.encode() not in b"".join(file.read_bytes() for file in files)
    assert desk.file.stat().st_mode & 0o077 == 0


def test_a_damaged_file_is_a_numbered_error(tmp_path: Path) -> None:
    (tmp_path / "people.db").write_bytes(b"x" * 5000)
    with pytest.raises(SteleError, match="4029"):
        People(tmp_path / "people.db", lambda: BEGAN)
