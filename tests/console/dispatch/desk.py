"""The dispatch without broker, processes and time: a desk that paper appliances write to."""

from datetime import datetime, timedelta

from appliance.contract.messages import Burn, Command, Fetch, Replay, encode
from console.api.tokens import open_tokens
from console.dispatch.archived import release_next
from console.dispatch.burns import dispatch_copies, volumes_to_check
from console.dispatch.commands import claim, due_commands, prepare
from console.dispatch.damage import check_next, heal
from console.dispatch.intake import Incoming, Intake
from console.dispatch.moving import move_work
from console.dispatch.replacement import bring_back
from console.dispatch.replies import expire_commands
from console.retrieval.serving import serve_requests
from tests.console.dispatch.holdings import NOW, Holdings
from tests.console.dispatch.paper_appliance import PaperAppliance

CONTENT_URL = "http://console.example/content/1"


class Desk:
    """Does what the worker does, one step at a time, under a clock that the test sets."""

    def __init__(self, holdings: Holdings) -> None:
        self.holdings = holdings
        self.store = holdings.store
        self.intake = Intake()
        self.tokens = open_tokens(holdings.workspace)
        self.now: datetime = NOW

    def hear(self, *messages: Incoming) -> None:
        """Take messages in, in one transaction."""
        told = [one for each in messages if (one := self.intake.read(each)) is not None]
        with self.store.begin() as db:
            self.intake.take(db, told, self.now)

    def meet(self, *appliances: PaperAppliance) -> None:
        for each in appliances:
            self.hear(each.status(), each.library())

    def work(self) -> None:
        """One round: check contents, serve requests, dispatch, keep house."""
        self.intake.store_snapshots(self.store)
        workspace = self.holdings.workspace
        while bring_back(self.store, workspace.landing, workspace.delivered, self.now):
            pass
        for volume_id in volumes_to_check(self.store):
            while check_next(self.store, self.holdings.workspace.landing, volume_id, self.now):
                pass
        with self.store.begin() as db:
            heal(db, self.now)
            expire_commands(db, self.now)
        serve_requests(self.store, CONTENT_URL, self.now)
        move_work(self.store, self.now)
        dispatch_copies(self.store, CONTENT_URL, self.now)

    def send(self) -> dict[str, list[Command]]:
        """The commands that are due, by appliance; they count as sent."""
        found: dict[str, list[Command]] = {}
        with self.store.begin() as db:
            for row in due_commands(db, self.now):
                command = prepare(db, row, self.tokens)
                assert claim(db, row, self.now)
                found.setdefault(row.appliance, []).append(command)
        return found

    def deliver(self, appliance: PaperAppliance) -> list[Command]:
        """Send what is due to one appliance and take its replies; gives what it was sent."""
        commands = self.send().get(appliance.appliance, [])
        for command in commands:
            self.hear(*appliance.hear(encode(command)))
        return commands

    def ask_replays(self, appliance: PaperAppliance) -> int:
        """Ask for what is missing until nothing is; gives how often."""
        asked = 0
        while self.intake.wanted:
            asked += 1
            assert asked < 100
            for source, replay in list(self.intake.wanted.items()):
                command = Command(f"rp-{asked}", self.now, Replay(replay.epoch, replay.from_seq))
                self.intake.remember(command.id, source, replay)
                self.hear(*appliance.hear(encode(command)))
            with self.store.begin() as db:
                self.intake.forget_filled(db)
        return asked

    def burns(self, appliance: PaperAppliance) -> list[Command]:
        self.work()
        return [c for c in self.deliver(appliance) if isinstance(c.body, Burn)]

    def fetches(self, appliance: PaperAppliance) -> list[Command]:
        self.work()
        return [c for c in self.deliver(appliance) if isinstance(c.body, Fetch)]

    def archive(self, appliance: PaperAppliance) -> None:
        """Let everything that is planned be burned."""
        while commands := self.burns(appliance):
            for command in commands:
                self.hear(*appliance.burn(command), appliance.library())

    def release(self) -> int:
        return release_next(self.store, self.holdings.workspace.landing, self.now)

    def later(self, **passed: float) -> None:
        self.now += timedelta(**passed)
