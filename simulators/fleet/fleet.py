"""A fleet at work: who says what when, over few connections.

Every appliance has its own seeded chance, so that a run with the same seed loses, doubles and
reorders the same events.
"""

import asyncio
import heapq
import itertools
import logging
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

from appliance.contract.messages import EventBody
from appliance.contract.topics import ROOT
from simulators.fleet.appliance import Appliance, Said
from simulators.fleet.connection import Broker, Connection
from simulators.fleet.packets import Will
from simulators.fleet.scenario import Scenario

Deed = Callable[[Appliance], Awaitable[None]]
LOG = logging.getLogger(__name__)

STATUS_AFTER_EVENT_S = 5.0
"""The contract asks for a status within 10 seconds after an event."""
_ROUND_ROBIN = 8
"""Events of one outbox that are sent in a row before the next appliance has its turn."""


@dataclass(slots=True)
class Tally:
    """What was said and heard so far."""

    events: int = 0
    """Different ones."""
    events_sent: int = 0
    telemetry: int = 0
    statuses: int = 0
    commands: int = 0
    replies: int = 0
    replayed: int = 0
    drop_outs: int = 0
    duplicated: int = 0
    reordered: int = 0
    lost: int = 0

    def as_dict(self) -> dict[str, int]:
        return asdict(self)


class Fleet:
    """All appliances of a scenario."""

    def __init__(
        self,
        scenario: Scenario,
        broker: Broker,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.scenario = scenario
        self.tally = Tally()
        self._broker = broker
        self._now = now
        self._chance = random.Random(scenario.seed)  # noqa: S311 not for secrets
        # The seed does not name the epoch: a second run is another run of numbers.
        run = f"{int(now().timestamp() * 1000):x}"
        self.appliances = [
            Appliance(number, scenario, f"{run}{number:05x}")
            for number in range(scenario.appliances)
        ]
        self._by_command = {one.command_topic: one for one in self.appliances}
        self._connections: dict[str, Connection] = {}
        self._agenda: list[tuple[float, int, Deed, Appliance]] = []
        self._shared: list[Connection] = []
        self._numbers = itertools.count()
        self._heard: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue()

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[None]:
        """Everybody there, and heard by the broker. Raises OSError, ProtocolError."""
        try:
            await self._connect()
            yield
        finally:
            for connection in {id(one): one for one in self._connections.values()}.values():
                await connection.close()

    async def arrive(self) -> None:
        """Everybody says that it is there."""
        for one in self.appliances:
            await self._go_online(one)

    async def empty_outboxes(self) -> None:
        """Everything that waits since an hour ago arrives at once; returns when it was taken."""
        start = self._now() - timedelta(hours=1)
        for one in self.appliances:
            for n in range(self.scenario.outbox):
                one.outbox.add(start + timedelta(hours=1) * n / self.scenario.outbox)
        for first in range(1, self.scenario.outbox + 1, _ROUND_ROBIN):
            last = min(first + _ROUND_ROBIN, self.scenario.outbox + 1)
            for one in self.appliances:
                await self._send(one, self._spoil(range(first, last)))
        await self.settle()

    async def settle(self) -> None:
        """Return when the broker has all that was said with QoS 1."""
        for connection in {id(one): one for one in self._connections.values()}.values():
            await connection.settle()

    async def run(self, seconds: float | None = None) -> None:
        """Live for some seconds, or until cancelled."""
        self._plan_day()
        ears = asyncio.create_task(self._answer_commands())
        try:
            async with asyncio.timeout(seconds):
                await self._follow_agenda()
        except TimeoutError:
            await self.settle()
        finally:
            ears.cancel()
            await asyncio.gather(ears, return_exceptions=True)

    # --- connections ------------------------------------------------------------------------------

    async def _connect(self) -> None:
        scenario = self.scenario
        run = f"{self._now():%H%M%S%f}"
        shared = [
            Connection(self._broker, f"fleet-{run}-{n}", self._hear)
            for n in range(scenario.connections)
        ]
        for connection in shared:
            await connection.open()
        for number, one in enumerate(self.appliances):
            if number < scenario.alone:
                will = one.will(self._now())
                own = Connection(
                    self._broker,
                    f"stele-{one.site}-{one.name}",
                    self._hear,
                    Will(will.topic.decode(), will.payload),
                )
                await own.open()
                self._connections[one.name] = own
            else:
                self._connections[one.name] = shared[number % len(shared)]
        # One subscription for all: ten thousand would be as many consumers in the broker.
        await shared[0].subscribe(f"{ROOT}/+/+/command")
        self._shared = shared

    def _hear(self, topic: str, payload: bytes) -> None:
        self._heard.put_nowait((topic, payload))

    async def _say(self, one: Appliance, said: Said) -> None:
        connection = self._connections[one.name]
        if said.qos:
            await connection.publish(said.topic, said.payload, retain=said.retain)
        else:
            await connection.publish_once(said.topic, said.payload)

    # --- events -----------------------------------------------------------------------------------

    async def _send(self, one: Appliance, numbers: Iterable[int]) -> None:
        for seq in numbers:
            await self._say(one, one.event(seq))
            self.tally.events_sent += 1

    def _spoil(self, numbers: range) -> Iterator[int]:
        """The numbers as they are sent: some twice, some late, some not at all."""
        self.tally.events += len(numbers)
        held: int | None = None
        for seq in numbers:
            chance = self._chance.random
            if chance() < self.scenario.losses:
                self.tally.lost += 1
                continue
            if held is None and seq != numbers[-1] and chance() < self.scenario.reordering:
                self.tally.reordered += 1
                held = seq
                continue
            yield seq
            if chance() < self.scenario.duplicates:
                self.tally.duplicated += 1
                yield seq
            if held is not None:
                yield held
                held = None
        if held is not None:
            yield held

    async def _happen(self, one: Appliance, bodies: Sequence[EventBody | None]) -> None:
        first = one.outbox.last_seq + 1
        for body in bodies:
            one.outbox.add(self._now(), body)
        if one.online:
            await self._send(one, self._spoil(range(first, one.outbox.last_seq + 1)))
        else:
            self.tally.events += len(bodies)

    # --- a day ------------------------------------------------------------------------------------

    def _plan_day(self) -> None:
        scenario = self.scenario
        for one in self.appliances:
            for what, every_s in (
                (self._tell_status, scenario.status_every_s),
                (self._show, scenario.telemetry_every_s),
                (self._live, _pause(scenario.events_per_hour)),
                (self._drop_out, _pause(scenario.drop_outs_per_hour)),
            ):
                if every_s:
                    self._plan(self._chance.random() * every_s, what, one)

    def _plan(self, after_s: float, what: Deed, one: Appliance) -> None:
        at = asyncio.get_running_loop().time() + after_s
        heapq.heappush(self._agenda, (at, next(self._numbers), what, one))

    async def _follow_agenda(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            if not self._agenda:
                await asyncio.sleep(0.05)
                continue
            wait_s = self._agenda[0][0] - loop.time()
            if wait_s > 0:
                await asyncio.sleep(min(wait_s, 0.05))
                continue
            _, _, what, one = heapq.heappop(self._agenda)
            await what(one)

    async def _tell_status(self, one: Appliance) -> None:
        if one.online:
            await self._say(one, one.status(self._now()))
            self.tally.statuses += 1
        self._plan(self.scenario.status_every_s, self._tell_status, one)

    async def _show(self, one: Appliance) -> None:
        if one.online:
            for said in one.telemetry(self._now()):
                await self._say(one, said)
                self.tally.telemetry += 1
        self._plan(self.scenario.telemetry_every_s, self._show, one)

    async def _live(self, one: Appliance) -> None:
        await self._happen(one, [None])
        pause_s = _pause(self.scenario.events_per_hour)
        self._plan(self._chance.expovariate(1 / pause_s), self._live, one)

    async def _drop_out(self, one: Appliance) -> None:
        pause_s = _pause(self.scenario.drop_outs_per_hour)
        self._plan(self._chance.expovariate(1 / pause_s), self._drop_out, one)
        if one.online:
            one.online = False
            self.tally.drop_outs += 1
            own = self._connections[one.name]
            if own in self._shared:
                await self._say(one, one.will(self._now()))
            else:
                await own.close(politely=False)  # the broker says it
            self._plan(self.scenario.away_s, self._come_back, one)

    async def _come_back(self, one: Appliance) -> None:
        own = self._connections[one.name]
        if own not in self._shared:
            await own.open()
        await self._go_online(one)

    async def _go_online(self, one: Appliance) -> None:
        """Where an appliance was away, its newest number tells the console what it missed."""
        one.online = True
        await self._say(one, one.status(self._now()))
        self.tally.statuses += 1

    # --- commands ---------------------------------------------------------------------------------

    async def _answer_commands(self) -> None:
        while True:
            topic, payload = await self._heard.get()
            one = self._by_command.get(topic)
            if one is None or not one.online:
                continue  # the console sends it again
            self.tally.commands += 1
            heard = one.hear(payload, self._now())
            for n, said in enumerate(heard.now):
                await self._say(one, said)
                self.tally.replies += n == 0
                self.tally.replayed += n > 0
            if heard.job is not None:
                for n, body in enumerate(events := heard.job()):
                    self._plan(
                        self.scenario.job_s * n / max(1, len(events) - 1), _Later(self, body), one
                    )


class _Later:
    """An event of a job, when its time has come."""

    def __init__(self, fleet: Fleet, body: EventBody) -> None:
        self._fleet = fleet
        self._body = body

    async def __call__(self, one: Appliance) -> None:
        await self._fleet._happen(one, [self._body])


def _pause(per_hour: float) -> float:
    return 3_600 / per_hour if per_hour else 0.0
