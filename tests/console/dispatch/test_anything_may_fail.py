"""Cabinets come and go, answers are lost, people give cabinets up: what holds all the same.

I1, I4, I7; a copy is counted once, is at work in one place, and what was burned once more is told.
"""

import random
from collections import Counter
from typing import Any

import pytest

from appliance.contract.errors import SteleError
from appliance.contract.messages import Burn, Cancel, Command, CopyLost, ErrorInfo, JobChanged
from appliance.contract.messages import encode as to_wire
from appliance.contract.states import JobStage, JobState
from console.dispatch.intake import Incoming
from console.dispatch.moving import declare_lost
from console.store import schema
from tests.console.dispatch.desk import Desk
from tests.console.dispatch.holdings import Holdings
from tests.console.dispatch.paper_appliance import PaperAppliance

VOLUMES = 3
STEPS = 30
OPEN = ("waiting", "sent", "accepted")


class Cabinet:
    """A paper appliance with a queue: what it has accepted, it burns one day, unless cancelled."""

    def __init__(self, number: int) -> None:
        self.paper = PaperAppliance(f"site-{number}", f"rack-{number}", drives=1, discs=40)
        self.queue: list[Command] = []
        self.online = True

    @property
    def name(self) -> str:
        return self.paper.appliance

    def hear(self, command: Command) -> list[Incoming]:
        known = command.id in self.paper.replies
        said = self.paper.hear(to_wire(command))
        if not known and isinstance(command.body, Burn):
            self.queue.append(command)
        if isinstance(command.body, Cancel):
            said += self._cancel(command.body.job_id)
        return said

    def _cancel(self, job_id: str) -> list[Incoming]:
        for command in [each for each in self.queue if each.id == job_id]:
            self.queue.remove(command)
            ended = JobChanged(job_id, "burn", JobState.CANCELLED, JobStage.FINISHED)
            return [self.paper.emit(ended)]
        return []

    def burn(self) -> list[Incoming]:
        return self.paper.burn(self.queue.pop(0)) if self.queue else []


class Story:
    """One archive, three cabinets on three sites, and whatever happens to them."""

    def __init__(self, holdings: Holdings, dice: random.Random) -> None:
        self.holdings = holdings
        self.dice = dice
        self.desk = Desk(holdings)
        self.cabinets = [Cabinet(number) for number in range(3)]
        self.burned: Counter[str] = Counter()
        self.lost: Counter[str] = Counter()
        for number in range(VOLUMES):
            package = holdings.package({"a": b"alpha %d" % number})
            holdings.volume(package, roles=("use", "sealed"))
        for cabinet in self.cabinets:
            self.desk.meet(cabinet.paper)

    def go_on(self) -> None:
        """One thing happens, and what must hold is looked at."""
        cabinet = self.dice.choice(self.cabinets)
        likely = {
            self.time_passes: 3,
            self.commands_go_out: 5,
            lambda: self.a_disc_is_burned(cabinet): 5,
            lambda: self.a_cabinet_goes_away(cabinet): 2,
            lambda: self.a_cabinet_comes_back(cabinet): 2,
            lambda: self.a_cabinet_is_given_up(cabinet): 2,
            lambda: self.a_copy_is_lost(cabinet): 1,
        }
        self.dice.choices(list(likely), list(likely.values()))[0]()
        self.a_disc_counts_once()
        self.a_copy_is_at_work_in_one_place()
        self.what_is_archived_is_there()

    # --- what may happen ----------------------------------------------------------------------

    def time_passes(self) -> None:
        self.desk.later(seconds=self.dice.choice((1, 10, 400, 1000)))
        self.desk.work()
        self.desk.release()

    def commands_go_out(self) -> None:
        answers = self.dice.random() < 0.7
        self.desk.work()
        sent = self.desk.send()
        for cabinet in self.cabinets:
            if cabinet.online:
                for command in sent.get(cabinet.name, []):
                    said = cabinet.hear(command)
                    if answers:
                        self.desk.hear(*said)

    def a_disc_is_burned(self, cabinet: Cabinet) -> None:
        if cabinet.queue:
            self.burned[cabinet.queue[0].body.copy_id] += 1  # type: ignore[union-attr]
        events = cabinet.burn()
        if cabinet.online and self.dice.random() < 0.7:
            self.desk.hear(*events)
            self.fill_gaps(cabinet)

    def a_cabinet_goes_away(self, cabinet: Cabinet) -> None:
        cabinet.online = False
        self.desk.hear(cabinet.paper.status(online=False))

    def a_cabinet_comes_back(self, cabinet: Cabinet) -> None:
        cabinet.online = True
        self.desk.meet(cabinet.paper)
        self.fill_gaps(cabinet)

    def a_cabinet_is_given_up(self, cabinet: Cabinet) -> None:
        with self.desk.store.begin() as db:
            if cabinet.online:
                with pytest.raises(SteleError, match="5266"):
                    declare_lost(db, cabinet.name, "Ada", self.desk.now)
            else:
                declare_lost(db, cabinet.name, "Ada", self.desk.now)

    def a_copy_is_lost(self, cabinet: Cabinet) -> None:
        here = self.rows(schema.copies, appliance=cabinet.name, state="verified")
        if cabinet.online and here:
            copy = here[0]
            gone = CopyLost(
                copy.copy_id, copy.volume_id, copy.medium_id, ErrorInfo(3301, "unreadable")
            )
            self.lost[copy.copy_id] += 1
            self.desk.hear(cabinet.paper.emit(gone))
            self.fill_gaps(cabinet)

    def fill_gaps(self, cabinet: Cabinet) -> None:
        """Ask a cabinet that is there for the events that were missed of it."""
        wanted = self.desk.intake.wanted
        for source in [each for each in wanted if each.appliance == cabinet.name]:
            replay = wanted.pop(source)
            command = Command(f"rp-{replay.from_seq}", self.desk.now, replay)
            self.desk.hear(*cabinet.paper.hear(to_wire(command)))

    # --- what always holds --------------------------------------------------------------------

    def rows(self, table: Any, **values: Any) -> list[Any]:
        return self.holdings.rows(table, **values)

    def a_disc_counts_once(self) -> None:
        verified = self.rows(schema.copies, state="verified")
        spares = self.rows(schema.spares)
        media = [row.medium_id for row in verified]
        named = [(row.appliance, row.medium_id) for row in verified]
        named += [(row.appliance, row.medium_id) for row in spares]
        assert len(set(named)) == len(named), (media, spares)

    def a_copy_is_at_work_in_one_place(self) -> None:
        at_work: Counter[str] = Counter()
        ended = {row.job_id for row in self.rows(schema.jobs) if JobState(row.state).is_final}
        for row in self.rows(schema.commands):
            if row.body["type"] == "burn" and row.state in OPEN and row.command_id not in ended:
                at_work[row.body["copy_id"]] += 1
        assert max(at_work.values(), default=0) <= 1

    def what_is_archived_is_there(self) -> None:
        for volume in self.rows(schema.volumes, state="archived"):
            copies = self.rows(schema.copies, volume_id=volume.volume_id)
            assert [copy.state for copy in copies] == ["verified"] * volume.copies_wanted
        released = {row.sha256 for row in self.rows(schema.blobs, state="released")}
        on_discs = {row.volume_id for row in self.rows(schema.copies, state="verified")}
        for file in self.rows(schema.files):
            (inside,) = self.rows(schema.volume_packages, package_id=file.package_id)
            assert file.sha256 not in released or inside.volume_id in on_discs or self.lost

    def end(self) -> None:
        """Everything is heard at last: every disc that was burned is counted or told."""
        for cabinet in self.cabinets:
            self.a_cabinet_comes_back(cabinet)
        told = Counter(
            row.copy_id
            for row in [*self.rows(schema.copies, state="verified"), *self.rows(schema.spares)]
        )
        for copy_id, count in self.burned.items():
            assert told[copy_id] + self.lost[copy_id] == count

    def finish(self) -> None:
        """Left alone, the archive comes to its end."""
        for _ in range(20):
            self.desk.later(minutes=10)
            self.commands_go_out()
            for cabinet in self.cabinets:
                while cabinet.queue:
                    self.burned[cabinet.queue[0].body.copy_id] += 1  # type: ignore[union-attr]
                    self.desk.hear(*cabinet.burn())
                    self.fill_gaps(cabinet)
                self.desk.meet(cabinet.paper)
        for volume in self.rows(schema.volumes):
            lacks = {row.error_code for row in self.rows(schema.copies, volume_id=volume.volume_id)}
            # What was released and then lost is read back first, which nobody does here.
            assert volume.state == "archived" or 5260 in lacks


@pytest.mark.parametrize("seed", range(6))
def test_whatever_fails_no_copy_is_counted_twice_nor_made_in_two_places(
    holdings: Holdings, seed: int
) -> None:
    story = Story(holdings, random.Random(seed))
    for _ in range(STEPS):
        story.go_on()
    story.end()
    story.finish()
    story.end()
