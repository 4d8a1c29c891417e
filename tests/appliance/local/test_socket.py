"""The local socket of a running firmware: for its owner alone, and proof against what is sent."""

import asyncio
import contextlib
import json
import stat
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appliance.agent.telemetry import TelemetryGroup
from appliance.contract.errors import SteleError
from appliance.contract.messages import (
    AcknowledgeAlarm,
    Command,
    CommandBody,
    ErrorInfo,
    Reply,
    UnlockDoor,
)
from appliance.contract.messages.local import (
    HistoryAnswer,
    HistoryPoint,
    HistoryQuery,
    LocalAnswer,
    LocalRequest,
)
from appliance.contract.states import DoorState
from appliance.contract.wire import MAX_COMMAND_BYTES
from appliance.local.client import connected
from appliance.local.desk import LocalDesk
from appliance.local.server import BAD_LINES_MAX, CLIENTS_MAX, LocalServer
from tests.appliance.services.access.entrance import BEGAN, DURESS, PIN, Entrance

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


class PaperEngine:
    """Takes every command and remembers its answers."""

    def __init__(self) -> None:
        self.answers: dict[str, Reply] = {}
        self.acts: Any = None

    def submit(self, command: Command) -> Reply:
        try:
            self.acts(command.body)
            return Reply(command.id, NOON, accepted=True)
        except SteleError as error:
            return Reply(command.id, NOON, accepted=False, error=error.info)

    def answer(self, command_id: str) -> Reply | None:
        return self.answers.get(command_id)

    def keep_answer(self, reply: Reply) -> None:
        self.answers[reply.command_id] = reply


class Cabinet:
    """A socket over doors and alarms of plain objects."""

    def __init__(self, folder: Path) -> None:
        self.entrance = Entrance(folder)
        self.engine = PaperEngine()
        self.engine.acts = self._act
        self.path = folder / "local.sock"
        self.alarms = self.entrance.alarms
        self.doors = self._group("access", self.entrance.access.telemetry)
        self.alarm_group = self._group("alarms", self.alarms.telemetry)
        self.alarms.watch(self.alarm_group.changed)
        self.server = LocalServer(
            self.path,
            desk=LocalDesk(
                self.engine,
                self.entrance.access,
                self.alarms,
                self._history,
                now=lambda: NOON,
            ),
            pictures={"access": self.doors, "alarms": self.alarm_group},
            alarms=lambda: self.alarms.telemetry(at_cabinet=True),
            now=lambda: NOON,
        )

    def _group(self, name: str, picture: Any) -> TelemetryGroup:
        return TelemetryGroup(name, picture, shortest_s=0.1, longest_s=1.0)

    def _act(self, body: CommandBody) -> None:
        assert isinstance(body, AcknowledgeAlarm)
        self.alarms.acknowledge(body.alarm_id, body.person)

    def _history(self, query: HistoryQuery) -> HistoryAnswer:
        if query.sensor != "climate":
            raise SteleError(4034, "there is no such series")
        points = [HistoryPoint(BEGAN + timedelta(minutes=n), 20.0, 19.0, 21.0) for n in range(3)]
        return HistoryAnswer(query.sensor, query.quantity, "°C", query.span, points)

    @contextlib.asynccontextmanager
    async def client(self) -> AsyncIterator["Client"]:
        reader, writer = await asyncio.open_unix_connection(str(self.path), limit=1 << 20)
        try:
            yield Client(reader, writer)
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


class Client:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def send(self, line: bytes) -> None:
        self.writer.write(line + b"\n")
        await self.writer.drain()

    async def hear(self) -> LocalAnswer:
        async with asyncio.timeout(10):
            return msgspec.json.decode(await self.reader.readline(), type=LocalAnswer)

    async def ask(self, request: LocalRequest) -> LocalAnswer:
        await self.send(msgspec.json.encode(request))
        return await self.hear()

    async def order(self, body: CommandBody, command_id: str = "c1") -> Reply:
        reply = (await self.ask(LocalRequest(command=Command(command_id, NOON, body)))).reply
        assert reply is not None
        return reply

    async def refused(self, line: bytes) -> int:
        await self.send(line)
        error = (await self.hear()).error
        assert error is not None
        return error.code


@pytest.fixture
async def cabinet(tmp_path: Path) -> AsyncIterator[Cabinet]:
    cabinet = Cabinet(tmp_path)
    cabinet.entrance.access.start()
    await asyncio.sleep(0.8)
    await cabinet.server.start()
    yield cabinet
    await cabinet.server.stop()
    await cabinet.entrance.stop()


async def test_only_the_owner_may_open_the_socket(cabinet: Cabinet) -> None:
    assert stat.S_IMODE(cabinet.path.stat().st_mode) == 0o600


async def test_a_door_is_unlocked_and_watched(cabinet: Cabinet) -> None:
    cabinet.entrance.keys["front"].set(True)
    async with cabinet.client() as client, cabinet.client() as other:
        await other.send(b'{"watch":["access"]}')
        reply = await client.order(UnlockDoor("front", PIN))
        assert reply.accepted
        while (answer := await other.hear()).access is not None:
            cabinet.doors.changed()
            if answer.access.doors[0].state is DoorState.UNLOCKED:
                break
        assert cabinet.entrance.view().unlocked_by == "wang"


async def test_a_replayed_unlocking_gets_its_first_answer_and_opens_nothing(
    cabinet: Cabinet,
) -> None:
    entrance = cabinet.entrance
    async with cabinet.client() as client:
        entrance.keys["front"].set(True)
        assert (await client.order(UnlockDoor("front", PIN))).accepted
        while entrance.view().state is not DoorState.UNLOCKED:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        entrance.access.door("front").withdraw()
        while entrance.view().state is not DoorState.LOCKED:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        again = await client.order(UnlockDoor("front", PIN))
        assert again.duplicate
        await asyncio.sleep(0.5)
        assert entrance.view().state is DoorState.LOCKED


async def test_an_expired_unlocking_opens_nothing(cabinet: Cabinet) -> None:
    cabinet.entrance.keys["front"].set(True)
    command = Command("c1", BEGAN, UnlockDoor("front", PIN), expires_at=BEGAN)
    async with cabinet.client() as client:
        reply = (await client.ask(LocalRequest(command=command))).reply
        assert reply is not None
        assert reply.error is not None
        assert reply.error.code == 5101


async def test_a_pin_of_a_thousand_digits_and_wrong_encodings_are_refused_by_number(
    cabinet: Cabinet,
) -> None:
    cabinet.entrance.keys["front"].set(True)

    def unlocking(pin: bytes) -> bytes:
        return (
            b'{"command":{"id":"c9","issued_at":"2026-01-01T00:00:00Z",'
            b'"body":{"type":"unlock_door","door":"front","pin":"' + pin + b'"}}}'
        )

    async with cabinet.client() as client:
        await client.send(unlocking(b"7" * 1000))
        reply = (await client.hear()).reply
        assert reply is not None
        assert reply.error is not None
        assert reply.error.code == 4013
        assert "777" not in reply.error.message
        assert await client.refused(unlocking(b"\xff\xfe7391")) == 1112
        for entered in ("7" * 500_000, "٧٣٩١٥٠"):
            reply = await client.order(UnlockDoor("front", entered))
            assert reply.error is not None
            assert reply.error.code == 4013
    assert cabinet.entrance.view().state is DoorState.LOCKED
    assert cabinet.entrance.keypad.closure() is None


async def test_duress_is_not_to_be_seen_at_the_cabinet(cabinet: Cabinet) -> None:
    cabinet.entrance.keys["front"].set(True)
    async with cabinet.client() as client:
        assert (await client.order(UnlockDoor("front", DURESS))).accepted
        answer = await client.ask(LocalRequest(watch=["alarms"]))
        assert answer.alarms is not None
        assert answer.alarms.alarms == []
    async with cabinet.client() as client:
        answer = await client.ask(
            LocalRequest(
                command=Command("c2", NOON, AcknowledgeAlarm("access:front:4027", "stranger"))
            )
        )
        assert answer.error is not None
        assert answer.error.code == 4060
    assert cabinet.alarms.stands("access:front", 4027)


async def test_alarms_are_shown_acknowledged_and_remembered(cabinet: Cabinet) -> None:
    cabinet.alarms.sound("changer", ErrorInfo(2104, "jammed"))
    async with cabinet.client() as client:
        assert (await client.order(AcknowledgeAlarm("changer:2104", "wang"))).accepted
        cabinet.alarms.clear("changer")
        answer = await client.ask(LocalRequest(past_alarms=10))
        assert answer.past_alarms is not None
        assert answer.past_alarms[0].acknowledged_by == "wang"


async def test_a_chart_is_answered_and_an_unknown_one_refused(cabinet: Cabinet) -> None:
    async with cabinet.client() as client:
        answer = await client.ask(LocalRequest(history=HistoryQuery("climate", "temperature")))
        assert answer.history is not None
        assert len(answer.history.points) == 3
        assert await client.refused(b'{"history":{"sensor":"x","quantity":"y"}}') == 4034


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"", 1112),
        (b"hello", 1112),
        (b"\x00\xff", 1112),
        (b"[" * 100_000, 1113),
        (b"{}", 5123),
        (b'{"watch":[],"past_alarms":1}', 5123),
        (b'{"watch":["nothing"]}', 5123),
        (b'{"watch":["' + b'access","' * 20 + b'access"]}', 1113),
        (b'{"past_alarms":1000000}', 1113),
        (b'{"command":{"id":"c1"}}', 1113),
        (b'{"history":{"sensor":"a","quantity":"b","span":"century"}}', 1113),
    ],
)
async def test_what_is_no_request_is_refused_by_number(
    cabinet: Cabinet, line: bytes, code: int
) -> None:
    async with cabinet.client() as client:
        assert await client.refused(line) == code
        assert (await client.ask(LocalRequest(past_alarms=1))).past_alarms == []


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    line=st.binary(max_size=200)
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    ).map(lambda value: json.dumps(value).encode())
)
async def test_no_line_at_all_ends_more_than_its_own_connection(
    cabinet: Cabinet, line: bytes
) -> None:
    async with cabinet.client() as client:
        await client.send(line)
    async with cabinet.client() as client:
        assert (await client.ask(LocalRequest(past_alarms=1))).past_alarms == []


async def test_an_endless_line_is_refused_and_ended(cabinet: Cabinet) -> None:
    async with cabinet.client() as client:
        with contextlib.suppress(ConnectionError):
            for _ in range(MAX_COMMAND_BYTES // 65_536 + 4):
                client.writer.write(b"x" * 65_536)
                await client.writer.drain()
        with contextlib.suppress(ConnectionError):
            error = (await client.hear()).error
            assert error is not None
            assert error.code == 1111


async def test_a_client_that_only_errs_is_dropped(cabinet: Cabinet) -> None:
    async with cabinet.client() as client:
        for _ in range(BAD_LINES_MAX):
            await client.refused(b"?")
        assert await client.reader.read() == b""


async def test_too_many_connections_are_refused_by_number(cabinet: Cabinet) -> None:
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(CLIENTS_MAX):
            client = await stack.enter_async_context(cabinet.client())
            await client.ask(LocalRequest(past_alarms=1))
        extra = await stack.enter_async_context(cabinet.client())
        error = (await extra.hear()).error
        assert error is not None
        assert error.code == 5124
    await asyncio.sleep(0.1)
    async with cabinet.client() as client:
        assert (await client.ask(LocalRequest(past_alarms=1))).error is None


async def test_a_path_that_cannot_be_is_a_numbered_error(cabinet: Cabinet, tmp_path: Path) -> None:
    server = LocalServer(
        tmp_path / ("x" * 200),
        desk=LocalDesk(
            cabinet.engine, cabinet.entrance.access, cabinet.alarms, cabinet._history,
            now=lambda: NOON,
        ),
        pictures={},
        alarms=cabinet.alarms.telemetry,
        now=lambda: NOON,
    )  # fmt: skip
    with pytest.raises(SteleError, match="5121"):
        await server.start()


async def test_the_folder_of_the_socket_may_be_deep(cabinet: Cabinet, tmp_path: Path) -> None:
    folder = tmp_path / ("a" * 100) / ("b" * 100)
    folder.mkdir(parents=True)
    server = LocalServer(
        folder / "local.sock",
        desk=LocalDesk(
            cabinet.engine, cabinet.entrance.access, cabinet.alarms, cabinet._history,
            now=lambda: NOON,
        ),
        pictures={},
        alarms=cabinet.alarms.telemetry,
        now=lambda: NOON,
    )  # fmt: skip
    await server.start()
    try:
        assert (folder / "local.sock").stat().st_mode & 0o777 == 0o600

        def ask() -> LocalAnswer:
            with connected(folder / "local.sock") as client:
                return client.ask(LocalRequest(past_alarms=1))

        assert (await asyncio.to_thread(ask)).error is None
    finally:
        await server.stop()
