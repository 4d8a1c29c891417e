"""A seeded year of a small rack: burns, fetches and verifications among faults and power cuts.

The console beside it does what consoles do: it sends every command again after each restart. In
the end all faults are lifted, an inventory is taken, and what must never be untrue is checked.
"""

import asyncio
import random
from collections import Counter
from pathlib import Path

import msgspec

from appliance.contract.messages import (
    Burn,
    CommandBody,
    ContentRef,
    CopyVerified,
    Event,
    Fetch,
    FilesDelivered,
    TakeInventory,
    Verify,
)
from appliance.contract.states import JobState
from appliance.jobs.records import JobRecord
from simulators.faults.fault import FaultError
from tests.appliance.jobs.archive import Archive, Delivery, Volume, files_of
from tests.appliance.jobs.station import Station
from tests.universe.rack import SLOTS, Rack, hold

VOLUMES = [Volume(number, files_of(number, 3, 60_000)) for number in range(1, 7)]
DEEDS = 40
DRIVES = ("d1", "d2", "d3")


class Year:
    """One rack's."""

    def __init__(self, folder: Path, seed: int) -> None:
        self._chance = random.Random(seed)
        self.rack = Rack(folder / "world", discs=SLOTS - 1, drives=DRIVES)
        self.archive = Archive(*VOLUMES)
        self.station = Station(folder, self.rack, self.archive)
        self.deliveries: dict[str, tuple[Delivery, bytes]] = {}
        self.story: list[str] = []
        self._told: dict[str, CommandBody] = {}
        self._lasting: list[tuple[str, str]] = []

    async def live(self) -> None:
        await self.station.start()
        for _ in range(DEEDS):
            self._chance.choice(
                [self._burn, self._burn, self._verify, self._fetch, self._fetch]
                + [self._disturb] * 4
                + [self._break_line, self._plan_power_cut]
            )()
            await asyncio.sleep(self._chance.choice((0.3, 7, 40, 150, 600)) * self._chance.random())
            if self.station.cut.is_set() or self._chance.random() < 0.15:
                await self._restart()
        await self._come_to_rest()

    async def _come_to_rest(self) -> None:
        self.station.cut_at = None
        if self.station.cut.is_set():
            await self._restart()
        while self._lasting:
            self._lift()
        self.rack.press_reset()
        self._tell(TakeInventory())
        await self.station.settled()
        self._tell(TakeInventory())
        await self.station.settled()

    # --- what is ordered ---

    def _tell(self, body: CommandBody) -> None:
        command_id = f"c{len(self._told)}"
        self._told[command_id] = body
        self._note(f"{command_id} {type(body).__name__}")
        self.station.order(body, command_id)

    def _burn(self) -> None:
        volume = self._chance.choice(VOLUMES)
        self._tell(volume.order(copy=self._chance.choice("ab"), max_media=2))

    def _verify(self) -> None:
        if copy := self._some_copy():
            self._tell(Verify(copy.copy_id, copy.volume_id, copy.medium_id))

    def _fetch(self) -> None:
        if copy := self._some_copy():
            volume = self.archive.volumes[copy.volume_id]
            paths = self._chance.sample(sorted(volume.files), self._chance.randint(1, 4))
            name = f"f{len(self.deliveries)}"
            wanted = b"".join(volume.files[path] for path in paths)
            self.deliveries[name] = (self.archive.want(name, volume, paths), wanted)
            content = ContentRef(f"mem://fetches/{name}", "good")
            self._tell(Fetch(name, copy.volume_id, copy.copy_id, copy.medium_id, content))

    def _some_copy(self) -> CopyVerified | None:
        copies = self.station.events(CopyVerified)
        return self._chance.choice(copies) if copies else None

    # --- what goes wrong ---

    def _disturb(self) -> None:
        slot, drive = f"s{self._chance.randint(1, SLOTS):03}", self._chance.choice(DRIVES)
        what, where, lasts = self._chance.choice(
            [
                ("dirty-lens", drive, True),
                ("drive-gone", drive, True),
                ("weak-burn", drive, True),
                ("weak-burn", slot, False),
                ("calibration", slot, False),
                ("write-error", slot, False),
                ("scratch", slot, False),
                ("scratch", drive, False),
                ("steal", slot, False),
                ("serial-silence", "", True),
                ("jam", "", True),
                ("robot-restart", "", False),
                ("lift", "", False),
                ("lift", "", False),
                ("lift", "", False),
            ]
        )
        if what == "lift":
            self._lift()
            return
        try:
            more = {"sector": self._chance.randint(0, 200)} if what == "write-error" else {}
            self.rack.befall(what, where, **more)
        except FaultError:
            return
        self._note(f"{what} {where}")
        if lasts:
            self._lasting.append((what, where))

    def _lift(self) -> None:
        if self._lasting:
            what, where = self._lasting.pop(0)
            self.rack.befall(what, where, lift=True)
            self._note(f"no more {what} {where}")
            if what == "jam":
                self.rack.press_reset()

    def _break_line(self) -> None:
        self.archive.break_after.append(self._chance.randint(1, 200_000))

    def _plan_power_cut(self) -> None:
        self.station.cut_at = self.station.commits + self._chance.randint(1, 12)
        self.station.cut_before = self._chance.random() < 0.5

    async def _restart(self) -> None:
        self._note("power cut")
        await self.station.kill()
        self.station.cut_at = None
        await self.station.start()
        for command_id, body in self._told.items():
            self.station.order(body, command_id)

    def _note(self, text: str) -> None:
        self.story.append(f"{asyncio.get_running_loop().time():9.1f} {text}")

    # --- what must hold ---

    def check(self) -> None:
        hold(self.station, self.rack)
        jobs = self.station.jobs()
        assert all(job.state.is_final for job in jobs)
        assert all(medium.is_home or medium.place == "outside" for medium in self.station.media())
        surprises = [job for job in jobs if job.error and job.error.code == 5000]
        assert surprises == []
        verified = Counter(copy.job_id for copy in self.station.events(CopyVerified))
        delivered = Counter(told.job_id for told in self.station.events(FilesDelivered))
        for job in jobs:
            done = job.state is JobState.DONE
            if isinstance(job.body, Burn | Verify):
                assert verified[job.id] == done, job
            elif isinstance(job.body, Fetch):
                assert delivered[job.id] == done, job
                self._check_delivery(job.body.fetch_id, done=done)
        self._check_copies(jobs)
        self._check_numbers()

    def _check_delivery(self, fetch_id: str, *, done: bool) -> None:
        delivery, wanted = self.deliveries[fetch_id]
        assert wanted.startswith(bytes(delivery.received))
        assert not done or bytes(delivery.received) == wanted

    def _check_copies(self, jobs: list[JobRecord]) -> None:
        """A copy that stands is on a disc where the firmware says it is, bit for bit, once."""
        burned = {job.body.copy_id for job in jobs if isinstance(job.body, Burn)}
        for copy_id in burned:
            copy = self.station.library.catalogue.copy(copy_id)
            if copy is None or copy.lost:
                continue
            medium = self.station.library.media.get(copy.medium_id)
            disc = self.rack.disc_in(medium.home_slot or "")
            assert disc is not None
            volume = self.archive.volumes[copy.volume_id]
            if not disc.scratches:
                assert self.rack.content(disc, volume.image.size_bytes) == volume.image_bytes

    def _check_numbers(self) -> None:
        rows = self.station.db.conn.execute("SELECT seq, payload FROM outbox ORDER BY seq")
        seqs = []
        for seq, payload in rows.fetchall():
            assert msgspec.json.decode(payload, type=Event).seq == seq
            seqs.append(seq)
        assert seqs == list(range(seqs[0], seqs[0] + len(seqs)))
