"""Staying with a job that needs a person: what to do next, what goes wrong, and how it ended."""

import functools
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import click
import msgspec

from appliance.contract.errors import SteleError
from appliance.contract.messages import AlarmView, CommandBody, DoorView, JobView
from appliance.contract.states import DoorState, JobState
from appliance.local.client import LocalClient, connected
from appliance.local.place import now, places, socket_of

PERSON = "person"
"""What a job waits for begins with this when it is somebody's turn."""
_GROUPS = ("access", "alarms", "jobs")
_WAITS = {
    "robot": "the robot",
    "drive": "a free drive",
    "discs": "its discs to come home",
    PERSON: "a person at the cabinet",
    "operator": "a person who sees to the alarm: stele-appliance alarms",
}
_TENTHS = 10

Wish = tuple[CommandBody, str]
"""What is ordered, and a word on it for a person who does not wait."""


def job_word(act: Callable[..., Wish]) -> Callable[..., None]:
    """A word that starts a job: stays with it on a terminal, else returns once it is accepted."""

    @places
    @click.option("--json", "as_json", is_flag=True, help="Print what the firmware said, as JSON.")
    @click.option(
        "--wait/--no-wait",
        default=None,
        help="Stay until the job has ended and say what to do meanwhile; on a terminal, without "
        "--json, this is so anyway.",
    )
    @functools.wraps(act)
    def word(config: Any, socket: Any, *, as_json: bool, wait: bool | None, **more: Any) -> None:
        stays = wait if wait is not None else sys.stdout.isatty() and not as_json
        with connected(socket_of(config, socket)) as client:
            body, done = act(client, **more)
            reply = client.order(body, now())
            told: Any = reply
            if stays and reply.job_id:
                told = _see_through(client, reply.job_id, to_stderr=as_json)
            elif not as_json:
                click.echo(f"{done} (job {reply.job_id})")
        if as_json:
            click.echo(msgspec.json.format(msgspec.json.encode(told)).decode())
        if stays:
            _judge(told)

    return word


def _see_through(client: LocalClient, job_id: str, *, to_stderr: bool) -> JobView:
    """Say everything that happens to a job; how it was when it ended."""
    story = Story(job_id)
    try:
        for answer in client.watch(*_GROUPS):
            if answer.access is not None:
                story.doors = answer.access.doors
            if answer.alarms is not None:
                lines: Iterable[str] = story.of_alarms(answer.alarms.alarms)
            else:
                lines = story.of_jobs(answer.jobs.jobs) if answer.jobs is not None else ()
            for line in lines:
                click.echo(line, err=to_stderr)
            if story.ended is not None:
                return story.ended
    except KeyboardInterrupt:
        click.echo(f"\njob {job_id} goes on; to end it: stele-appliance cancel {job_id}", err=True)
        raise click.exceptions.Exit(130) from None
    raise SteleError(5122, "the firmware says nothing more")


def _judge(view: JobView) -> None:
    """A job that did not end well is a failure of the word."""
    if view.state is JobState.DONE:
        return
    if view.error is not None:
        raise SteleError(view.error.code, view.error.message, view.error.detail)
    raise click.exceptions.Exit(1)


class Story:
    """Turns pictures into lines: each thing is said once, when it changes. Pure."""

    def __init__(self, job_id: str) -> None:
        self.doors: list[DoorView] = []
        self.ended: JobView | None = None
        self._job_id = job_id
        self._waits = ""
        self._tenths = 0
        self._hinted = False
        self._alarms: dict[str, AlarmView] | None = None

    def of_jobs(self, views: Iterable[JobView]) -> Iterator[str]:
        """What is new of the job; at its end `ended` is set."""
        view = next((view for view in views if view.job_id == self._job_id), None)
        if view is None:
            return
        if view.state.is_final:
            self.ended = view
            yield "done" if view.state is JobState.DONE else f"{view.state}"
            return
        if view.waiting_for and view.waiting_for != self._waits:
            yield from self._wait_lines(view.waiting_for)
        self._waits = view.waiting_for or self._waits
        tenths = int((view.fraction or 0.0) * _TENTHS)
        if self._tenths < tenths < _TENTHS:
            yield f"{tenths * 100 // _TENTHS} % done"
        self._tenths = max(self._tenths, tenths)

    def of_alarms(self, views: Iterable[AlarmView]) -> Iterator[str]:
        """Alarms that came or ended since the first picture of them."""
        standing = {view.alarm_id: view for view in views}
        before = standing if self._alarms is None else self._alarms
        for alarm_id in standing.keys() - before.keys():
            error = standing[alarm_id].error
            yield f"alarm {alarm_id}: {error.message}"
        for alarm_id in before.keys() - standing.keys():
            yield f"alarm ended: {before[alarm_id].error.message}"
        self._alarms = standing

    def _wait_lines(self, what: str) -> Iterator[str]:
        who, _, deed = what.partition(": ")
        if who != PERSON or not deed:
            yield f"waits for {_WAITS.get(what, what)}"
            return
        yield f"now {deed}"
        locked = bool(self.doors) and all(d.state is DoorState.LOCKED for d in self.doors)
        if locked and not self._hinted:
            self._hinted = True
            near = [d.door for d in self.doors if f" {d.door}." in deed]
            names = near or [door.door for door in self.doors]
            yield (
                f"  it is behind door {' or '.join(names)}: turn its key, then type "
                f"stele-appliance unlock {names[0]}"
            )
