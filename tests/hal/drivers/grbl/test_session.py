"""The conversation with a controller, over a scripted link."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from hal.drivers.grbl.session import Session
from hal.drivers.grbl.timing import GrblTiming
from hal.errors import HalError
from simulators.clock import run_virtual

IDLE = b"<Idle|MPos:0.000,0.000,0.000|Bf:15,128|FS:0,0>\r\n"


class ScriptedLink:
    """A controller's end of the line, played by the test."""

    def __init__(self) -> None:
        self.written = b""
        self.queries = 0
        self.answers_status: bytes | None = IDLE
        self._received: asyncio.Queue[bytes | None] = asyncio.Queue()

    async def write(self, data: bytes) -> None:
        if data == b"?":
            self.queries += 1
            if self.answers_status is not None:
                self.say(self.answers_status)
            return
        self.written += data

    async def read(self) -> bytes:
        data = await self._received.get()
        if data is None:
            raise ConnectionError("the cable is out")
        return data

    def say(self, data: bytes) -> None:
        self._received.put_nowait(data)

    def pull(self) -> None:
        self._received.put_nowait(None)

    async def aclose(self) -> None:
        self.pull()


def play(story: Callable[[ScriptedLink, Session], Awaitable[None]]) -> None:
    async def whole() -> None:
        link = ScriptedLink()
        session = Session(link, "robot", GrblTiming())
        session.start()
        try:
            await story(link, session)
        finally:
            await session.aclose()

    run_virtual(whole())


async def error_of(call: Awaitable[object]) -> HalError:
    with pytest.raises(HalError) as caught:
        await call
    return caught.value


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


def test_never_more_than_127_unanswered_bytes() -> None:
    async def story(link: ScriptedLink, session: Session) -> None:
        lines = [f"G1 X{number} F1000" for number in range(40)]
        streaming = asyncio.ensure_future(session.stream(lines, 60))
        answered = 0
        while answered < len(lines):
            await settle()
            sent = link.written.split(b"\n")[:-1]
            unanswered = sum(len(line) + 1 for line in sent[answered:])
            assert 0 < unanswered <= 127
            if len(sent) < len(lines):
                assert unanswered + len(lines[len(sent)]) + 1 > 127
            link.say(b"ok\r\n")
            answered += 1
        await streaming
        assert link.written == "".join(line + "\n" for line in lines).encode()

    play(story)


def test_a_refusal_names_its_line_and_later_lines_are_still_counted() -> None:
    async def story(link: ScriptedLink, session: Session) -> None:
        streaming = asyncio.ensure_future(session.stream(["G0 X1", "G99", "G0 X2"]))
        await settle()
        link.say(b"ok\r\nerror:20\r\nok\r\n")
        error = await error_of(streaming)
        assert (error.code, error.detail) == (2021, "error:20")
        assert "G99" in error.message

    play(story)


def test_homing_switched_off_has_its_own_number() -> None:
    async def story(link: ScriptedLink, session: Session) -> None:
        homing = asyncio.ensure_future(session.send("$H", 120, quiet=True))
        await settle()
        link.say(b"error:5\r\n")
        assert (await error_of(homing)).code == 2024

    play(story)


def test_a_setting_is_sent_alone() -> None:
    async def story(link: ScriptedLink, session: Session) -> None:
        moving = asyncio.ensure_future(session.send("G0 X1", 60))
        await settle()
        writing = asyncio.ensure_future(session.send("$10=3"))
        await settle()
        after = asyncio.ensure_future(session.send("G0 X2", 60))
        await settle()
        assert link.written == b"G0 X1\n"
        link.say(b"ok\r\n")
        await settle()
        assert link.written == b"G0 X1\n$10=3\n"
        link.say(b"ok\r\n")
        await settle()
        assert link.written == b"G0 X1\n$10=3\nG0 X2\n"
        link.say(b"ok\r\n")
        await asyncio.gather(moving, writing, after)

    play(story)


def test_a_line_without_an_answer_ends_in_its_time_limit() -> None:
    async def story(link: ScriptedLink, session: Session) -> None:
        loop = asyncio.get_running_loop()
        error = await error_of(session.send("G0 X1", 30))
        assert error.code == 2023
        assert 29 <= loop.time() <= 31

    play(story)


def test_time_in_hold_does_not_count() -> None:
    async def story(link: ScriptedLink, session: Session) -> None:
        link.answers_status = IDLE.replace(b"Idle", b"Hold:0")
        moving = asyncio.ensure_future(session.send("G0 X1", 30))
        await asyncio.sleep(10_000)
        assert not moving.done()
        link.answers_status = IDLE
        link.say(b"ok\r\n")
        await moving

    play(story)


def test_silence_ends_the_session() -> None:
    async def story(link: ScriptedLink, session: Session) -> None:
        link.answers_status = None
        assert (await error_of(session.send("G0 X1", 60))).code == 1003
        assert session.failure is not None
        assert (await error_of(session.send("G0 X2", 60))).code == 1003
        assert link.written == b"G0 X1\n"

    play(story)


def test_silence_is_normal_while_homing() -> None:
    async def story(link: ScriptedLink, session: Session) -> None:
        link.answers_status = None
        homing = asyncio.ensure_future(session.send("$H", 120, quiet=True))
        await asyncio.sleep(100)
        assert session.failure is None
        link.say(b"ok\r\n")
        await homing

    play(story)


def test_the_heartbeat_of_an_idle_session_notices_silence() -> None:
    async def story(link: ScriptedLink, session: Session) -> None:
        await asyncio.sleep(100)
        assert link.queries == 9
        link.answers_status = None
        await asyncio.sleep(20)
        assert session.failure is not None
        assert session.failure.code == 1003

    play(story)


def test_a_pulled_cable_fails_every_waiting_call() -> None:
    async def story(link: ScriptedLink, session: Session) -> None:
        link.answers_status = None
        calls = [
            asyncio.ensure_future(session.send("G0 X1", 60)),
            asyncio.ensure_future(session.status()),
        ]
        await settle()
        link.pull()
        for call in calls:
            assert (await error_of(call)).code == 1002

    play(story)


def test_an_alarm_fails_what_was_sent_and_stays_until_a_reset() -> None:
    async def story(link: ScriptedLink, session: Session) -> None:
        moving = asyncio.ensure_future(session.stream(["G0 X1", "G0 X2"], 60))
        await settle()
        link.say(b"ok\r\nALARM:2\r\n[MSG:Reset to continue]\r\n")
        assert (await error_of(moving)).code == 2002
        assert session.alarm == 2
        resetting = asyncio.ensure_future(session.reset())
        await settle()
        assert link.written.endswith(b"\x18")
        link.say(b"ok\r\n\r\nGrbl 1.1h ['$' for help]\r\n[MSG:'$H'|'$X' to unlock]\r\n")
        await resetting
        assert session.alarm is None
        assert session.restarts == 0

    play(story)


@pytest.mark.parametrize(("number", "code"), [(1, 2001), (9, 2009), (10, 2010), (14, 2020)])
def test_alarms_have_numbers(number: int, code: int) -> None:
    async def story(link: ScriptedLink, session: Session) -> None:
        moving = asyncio.ensure_future(session.send("G0 X1", 60))
        await settle()
        link.say(f"ALARM:{number}\r\n".encode())
        assert (await error_of(moving)).code == code

    play(story)


def test_a_welcome_that_nobody_asked_for_fails_what_was_sent() -> None:
    async def story(link: ScriptedLink, session: Session) -> None:
        moving = asyncio.ensure_future(session.send("G0 X1", 60))
        await settle()
        link.say(b"\r\nGrbl 1.1h ['$' for help]\r\n")
        assert (await error_of(moving)).code == 2022
        assert session.restarts == 1
        assert session.failure is None

    play(story)


def test_a_reset_without_a_welcome_ends_the_session() -> None:
    async def story(link: ScriptedLink, session: Session) -> None:
        assert (await error_of(session.reset())).code == 1003
        assert session.failure is not None

    play(story)


def test_garbage_and_answers_to_nothing_do_no_harm() -> None:
    async def story(link: ScriptedLink, session: Session) -> None:
        link.say(b"ok\r\n\xff\xfe\x00<Idle|MP\r\nerror:3\r\n[PRB:x]\r\n")
        await settle()
        sending = asyncio.ensure_future(session.send("G0 X1", 60))
        await settle()
        link.say(b"\x80\x81\r\nok\r\n")
        await sending

    play(story)


def test_a_cancelled_wait_does_not_shift_the_answers() -> None:
    async def story(link: ScriptedLink, session: Session) -> None:
        first = asyncio.ensure_future(session.send("G0 X1", 60))
        await settle()
        first.cancel()
        second = asyncio.ensure_future(session.send("G99", 60))
        await settle()
        link.say(b"ok\r\nerror:20\r\n")
        assert (await error_of(second)).code == 2021
        assert first.cancelled()

    play(story)
