"""The worker process: hears the appliances, gives them work, keeps what they say.

One asyncio loop for the broker; one thread for the store, so that its transactions come one after
the other; one thread that reads landing contents before they are burned. Everything that matters
is in the store before it is acted on, so the worker may be killed at any moment.

Several workers, on one host or on many, divide the work by leases (`console.dispatch.shares`): each
has some of the appliances, and one each has what is done for the whole fleet. What a worker that is
gone had, the others have within seconds.
"""

import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import click
import sqlalchemy as sa

from appliance.contract.errors import SteleError
from appliance.contract.messages import Command, Replay, encode
from appliance.contract.topics import Topics
from console.addresses import Addresses, read_addresses
from console.api.tokens import open_tokens
from console.broker import parse_broker_url
from console.catalogue.indexing import index_next, tidy
from console.dispatch.alarms import Alarm, clear_alarm, raise_alarm
from console.dispatch.archived import release_next
from console.dispatch.burns import dispatch_copies, volumes_to_check
from console.dispatch.commands import claim, due_commands, prepare
from console.dispatch.cursor import Source
from console.dispatch.damage import check_next, heal
from console.dispatch.intake import Incoming, Intake
from console.dispatch.link import Link
from console.dispatch.moving import move_work
from console.dispatch.replacement import bring_back
from console.dispatch.replies import expire_commands, give_up
from console.dispatch.shares import (
    CHECKING,
    GIVING_OUT,
    HOUSEKEEPING,
    PARTS,
    SHARES,
    share_of,
    share_of_topic,
)
from console.processes import ready_file
from console.restore.shelves import deliver_next
from console.retrieval.expiry import drop_leftovers, expire_delivered
from console.retrieval.serving import Serving
from console.rounds import Rounds, clear_others
from console.store.ids import new_id
from console.store.leases import RENEW_S, Leases, at_work, mark_of, process_name
from console.store.workspace import Workspace, open_workspace
from console.tiers.keeping import TierKeeping

log = logging.getLogger(__name__)

TICK_S = 0.5
HOUSEKEEPING_S = 5.0
DELIVERING_S = 2.0
REPLAY_AGAIN_S = 5.0
BROKER_ALARM_ATTEMPTS = 5
DEAF_ATTEMPTS = 3
"""After so many vain attempts to reach the broker, other workers have this one's appliances."""

T = TypeVar("T")


class Worker:
    """Everything that the worker process does, from `run` until it is cancelled."""

    def __init__(
        self,
        workspace: Workspace,
        addresses: Addresses,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        *,
        name: str = "worker",
        holder: str | None = None,
    ) -> None:
        self._workspace = workspace
        self._name = name
        self._leases = Leases(workspace.store, holder or process_name())
        self._shares: set[str] = set()
        self._content_url = addresses.content_url
        self._now = now
        self._tokens = open_tokens(workspace)
        self._tiers = TierKeeping(workspace)
        keep_hours = workspace.config.content.delivered_keep_hours
        self._serving = Serving(timedelta(hours=keep_hours))
        self._intake = Intake()
        broker = parse_broker_url(workspace.config.broker.url or addresses.broker_url)
        self._link = Link(broker, self._hand_over)
        self._store_thread = ThreadPoolExecutor(1, "store")
        self._reading_thread = ThreadPoolExecutor(1, "reading")
        self._lease_thread = ThreadPoolExecutor(1, "leases")
        self._rounds = (
            Rounds("sharing the work", RENEW_S, self._share),
            Rounds("giving out work", TICK_S, self._tick),
            Rounds("checking what is to be burned", TICK_S, self._check_contents),
            Rounds("housekeeping", HOUSEKEEPING_S, self._keep_house),
            Rounds("delivering into folders", DELIVERING_S, self._deliver),
            Rounds("asking for missed events", REPLAY_AGAIN_S, self._ask_again),
        )

    @property
    def is_connected(self) -> bool:
        """Whether the broker is there now."""
        return self._link.connected.is_set()

    async def run(self) -> None:
        """Work until cancelled; what it had to do is free for others then."""
        try:
            await self._share()
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._link.run())
                for rounds in self._rounds:
                    tasks.create_task(rounds.run())
        finally:
            for thread in (self._store_thread, self._reading_thread, self._lease_thread):
                thread.shutdown(cancel_futures=True)
            with contextlib.suppress(sa.exc.SQLAlchemyError):
                self._leases.give_back()

    # --- what this worker does, and what others do --------------------------------------------

    async def _share(self) -> None:
        """Keep what this worker has to do, and come to its share of it.

        Without the broker it hears nothing, so others have its appliances then.
        """
        away = not self.is_connected and self._link.attempts >= DEAF_ATTEMPTS
        parts = PARTS[SHARES:] if away else PARTS
        held = await self._in_leases(lambda: self._leases.share(parts))
        before, self._shares = self._shares, held & set(PARTS[:SHARES])
        if before != self._shares:
            log.info("%s has %d of %d shares", self._name, len(self._shares), SHARES)
            await self._in_store(lambda: self._intake.forget_others(self._has))
        if self._shares - before:
            await self._link.hear_status_again()

    def _has(self, source: Source) -> bool:
        return self._leases.holds(share_of(source.site, source.name))

    # --- what the appliances say --------------------------------------------------------------

    async def _hand_over(self, batch: list[Incoming]) -> None:
        told = [
            one
            for incoming in batch
            if self._leases.holds(share_of_topic(incoming.topic))
            and (one := self._intake.read(incoming)) is not None
        ]
        if not told:
            return
        before = dict(self._intake.wanted)
        try:
            await self._in_transaction(lambda db: self._intake.take(db, told, self._now()))
        except sa.exc.SQLAlchemyError:
            # Nothing of the batch is kept. Its events come again; the rest is told anew.
            log.exception("[5400] %d messages could not be kept", len(told))
        new = {s: r for s, r in self._intake.wanted.items() if before.get(s) != r}
        if new:
            await self._ask(new)

    async def _ask_again(self) -> None:
        if self.is_connected:
            await self._in_transaction(self._intake.forget_filled)
            await self._ask(dict(self._intake.wanted))

    async def _ask(self, wanted: dict[Source, Replay]) -> None:
        """Ask appliances for events that are missing. What is not answered is asked again."""
        for source, replay in wanted.items():
            command = Command(new_id("rp"), self._now(), replay)
            self._intake.remember(command.id, source, replay)
            log.info("%s: events from %d are missing", source.appliance, replay.from_seq)
            await self._publish(source.appliance, command)

    # --- what the appliances are told ---------------------------------------------------------

    async def _tick(self) -> None:
        """Store pictures, move requests and copies on, and send what is due."""
        await self._in_store(self._move_on)
        if self.is_connected:
            for appliance, command in await self._in_transaction(self._prepare_due):
                await self._publish(appliance, command)

    def _move_on(self) -> None:
        store, now = self._workspace.store, self._now()
        self._intake.store_snapshots(store)
        if self._leases.holds(GIVING_OUT):
            self._serving.run(store, self._content_url, now)
            dispatch_copies(store, self._content_url, now)

    def _prepare_due(self, connection: sa.Connection) -> list[tuple[str, Command]]:
        """Commands that this process sends now: claimed before anybody can have heard of them."""
        found: list[tuple[str, Command]] = []
        for row in due_commands(connection, self._now()):
            if not self._leases.holds(share_of(*row.appliance.split("/", 1))):
                continue
            try:
                command = prepare(connection, row, self._tokens)
            except SteleError as error:
                give_up(connection, row.appliance, row.command_id, error.info, self._now())
                continue
            if claim(connection, row, self._now()):
                found.append((row.appliance, command))
        return found

    async def _publish(self, appliance: str, command: Command) -> bool:
        site, _, name = appliance.partition("/")
        try:
            await self._link.publish(Topics(site, name).command, encode(command))
        except SteleError as error:
            log.warning("%s", error)
            return False
        return True

    # --- what has to be done now and then -----------------------------------------------------

    async def _check_contents(self) -> None:
        """Bring back and read the landing contents of volumes that are to be burned."""
        store, landing = self._workspace.store, self._workspace.landing
        delivered = self._workspace.delivered
        while self._leases.holds(CHECKING) and await self._in_reading(
            lambda: bring_back(store, landing, delivered, self._now()) > 0
        ):
            pass
        for volume_id in await self._in_store(lambda: volumes_to_check(store)):
            await self._check_volume(volume_id)

    async def _check_volume(self, volume_id: str) -> None:
        """Each volume is read by one worker, and several volumes by several."""
        store, landing, lease = self._workspace.store, self._workspace.landing, f"check {volume_id}"
        while await self._in_leases(lambda: self._leases.take(lease)) and await self._in_reading(
            lambda: check_next(store, landing, volume_id, self._now())
        ):
            pass
        await self._in_leases(lambda: self._leases.give_back([lease]))

    async def _deliver(self) -> None:
        """Put what requests brought into the folders that they name."""
        while await self._in_reading(lambda: deliver_next(self._workspace, self._now()) > 0):
            pass

    async def _keep_house(self) -> None:
        # First and by themselves, so that nothing that fails hides its own alarm.
        await self._in_transaction(self._keep_alarms)
        if not self._leases.holds(HOUSEKEEPING):
            return
        await self._in_transaction(self._keep_records)
        store, landing, now = self._workspace.store, self._workspace.landing, self._now()
        after = timedelta(minutes=self._workspace.config.dispatch.move_after_minutes)
        await self._in_store(lambda: move_work(store, now, after))
        await self._in_store(lambda: self._tiers.step(now))
        while await self._in_store(lambda: release_next(store, landing, now)):
            pass
        while await self._in_store(lambda: expire_delivered(store, self._workspace.delivered, now)):
            pass
        incoming = self._workspace.shared / "delivered" / "incoming"
        await self._in_store(lambda: drop_leftovers(store, incoming, now))
        while await self._in_store(lambda: index_next(store)):
            pass
        await self._in_store(lambda: tidy(store))

    def _keep_records(self, connection: sa.Connection) -> None:
        now = self._now()
        heal(connection, now)
        expire_commands(connection, now)

    def _keep_alarms(self, connection: sa.Connection) -> None:
        now, mark = self._now(), mark_of(self._leases.holder)
        for rounds in self._rounds:
            rounds.keep_alarm(connection, now, self._name, mark)
        if not self._leases.holds(HOUSEKEEPING):
            return
        clear_others(connection, [mark_of(each) for each in at_work(self._workspace.store)], now)
        if self.is_connected:
            clear_alarm(connection, "broker", now)
        elif self._link.attempts >= BROKER_ALARM_ATTEMPTS:
            raise_alarm(connection, Alarm("broker", "broker", 5261, "the broker is away"), now)

    async def _in_store(self, work: Callable[[], T]) -> T:
        """Run `work` in the store's thread."""
        return await asyncio.get_running_loop().run_in_executor(self._store_thread, work)

    async def _in_reading(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._reading_thread, work)

    async def _in_leases(self, work: Callable[[], T]) -> T:
        """Beside the store's thread, so that long work there costs no lease."""
        return await asyncio.get_running_loop().run_in_executor(self._lease_thread, work)

    async def _in_transaction(self, work: Callable[[sa.Connection], T]) -> T:
        def transact() -> T:
            with self._workspace.store.begin() as connection:
                return work(connection)

        return await self._in_store(transact)


async def _work(worker: Worker) -> None:
    task = asyncio.create_task(worker.run())
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task


@click.command()
@click.option("--data", type=click.Path(path_type=Path), required=True)
@click.option("--number", type=click.IntRange(1), default=1, show_default=True)
def main(data: Path, number: int) -> None:
    """Run a worker of a data folder until SIGTERM, beside others with other numbers."""
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    try:
        workspace = open_workspace(data)
        addresses = read_addresses(workspace.data)
        if addresses is None:
            raise SteleError(5457, f"no console was ever started on {workspace.data}")
        ready = ready_file(workspace.data, number)
        worker = Worker(workspace, addresses, name=ready.stem)
        ready.write_text(str(os.getpid()))
        asyncio.run(_work(worker))
        ready.unlink(missing_ok=True)
    except SteleError as error:
        log.critical("%s", error)
        sys.exit(1)


if __name__ == "__main__":
    main()
