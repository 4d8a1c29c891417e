"""The job engine: takes commands, runs jobs, and goes on with them after a restart."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from sqlite_utils import Database

from appliance.contract.messages import Command, JobsTelemetry, Reply
from appliance.services.content import ContentClient
from appliance.services.events import EventSink
from appliance.services.library import Library


class Engine:
    """Every job of one appliance."""

    def __init__(
        self,
        db: Database,
        library: Library,
        content: ContentClient,
        *,
        plans: Path,
        events: EventSink,
        now: Callable[[], datetime],
        changed: Callable[[], None],
    ) -> None:
        """`plans` is the folder for the compressed plans; it is made when missing."""
        raise NotImplementedError

    async def start(self) -> None:
        """Begin: ask the hardware where everything is, then go on with unfinished jobs.

        Returns at once; commands are accepted from now on, also while the robot is not there.
        """
        raise NotImplementedError

    async def stop(self) -> None:
        """Let a move under way end, stop everything else; a disc being burned is lost."""
        raise NotImplementedError

    def submit(self, command: Command) -> Reply:
        """Answer any command but `Replay`; the promise is on the disk before this returns."""
        raise NotImplementedError

    def jobs_telemetry(self) -> JobsTelemetry:
        """Every job that is not final, and those that became so in the last minutes."""
        raise NotImplementedError
