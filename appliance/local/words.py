"""The words of `stele-appliance` that ask or order a running firmware over its local socket."""

import getpass
from collections.abc import Iterator
from typing import Any

import click

from appliance.contract.errors import SteleError
from appliance.contract.messages import (
    AcknowledgeAlarm,
    CommandBody,
    DoorView,
    LockDoor,
    ReadingView,
    UnlockDoor,
)
from appliance.contract.messages.local import HistoryQuery, HistorySpan, LocalRequest
from appliance.contract.states import DoorState, ReadingState
from appliance.local.client import NOT_THERE, LocalClient
from appliance.local.hand_words import HAND_WORDS
from appliance.local.machine_lines import job_line, machine_lines
from appliance.local.people_words import people_words
from appliance.local.place import ask_pin, at_cabinet, now, picture
from appliance.local.rest_word import make_safe
from appliance.services.access.people import check_form

Told = tuple[Any, list[str]]
"""What the firmware said, and the same in words."""


@click.command()
@at_cabinet
def status(client: LocalClient) -> Told:
    """Show robots, drives, bays, air, doors, alarms and jobs as they are now."""
    groups = ("library", "environment", "access", "alarms", "jobs")
    told = {group: picture(client, group) for group in groups}
    air = told["environment"]
    lines = machine_lines(told["library"])
    lines += [_reading_line(view) for view in air.readings]
    lines += [_door_line(view) for view in told["access"].doors]
    lines += [f"alarm {view.alarm_id}: {view.error.message}" for view in told["alarms"].alarms]
    lines += [job_line(view) for view in told["jobs"].jobs]
    if air.burning_paused_by:
        lines.append(f"no burn begins: {', '.join(air.burning_paused_by)}")
    if air.work_paused_by:
        lines.append(f"nothing moves: {', '.join(air.work_paused_by)}")
    return told, lines


@click.command()
@at_cabinet
def doors(client: LocalClient) -> Told:
    """List the doors, and why one may not be opened now."""
    told = picture(client, "access")
    return told, [_door_line(view) for view in told.doors]


@click.command()
@click.argument("door")
@at_cabinet
def unlock(client: LocalClient, door: str) -> Told:
    """Unlock DOOR: turn its key first; asks for the PIN, or reads it from standard input.

    Returns when the door is unlocked, which waits until nothing moves.
    """
    pin = ask_pin()
    check_form(pin)
    reply = client.order(UnlockDoor(door, pin), now())
    told = False
    for view in _views_of(client, door):
        if view.state is not DoorState.LOCKED:
            return reply, [_door_line(view)]
        if view.why_not is None:
            continue
        if view.why_not.code != _WAITS:
            raise SteleError(view.why_not.code, view.why_not.message, view.why_not.detail)
        if not told:
            click.echo(f"door {door} unlocks as soon as nothing moves", err=True)
        told = True
    raise SteleError(NOT_THERE, f"the firmware says nothing of door {door}")


def _views_of(client: LocalClient, door: str) -> Iterator[DoorView]:
    for answer in client.watch("access"):
        if answer.access is not None:
            yield from (view for view in answer.access.doors if view.door == door)


_WAITS = 4016


@click.command()
@click.argument("door")
@at_cabinet
def lock(client: LocalClient, door: str) -> Told:
    """Lock DOOR, which must be closed, at once."""
    return _ordered(client, LockDoor(door), f"door {door} locks")


@click.command()
@click.option("--past", is_flag=True, help="Those that have ended, newest first.")
@at_cabinet
def alarms(client: LocalClient, *, past: bool) -> Told:
    """List the standing alarms."""
    if past:
        ended = client.ask(LocalRequest(past_alarms=100)).past_alarms or []
        return ended, [
            f"{view.raised_at:%Y-%m-%d %H:%M} to {view.cleared_at:%Y-%m-%d %H:%M}  "
            f"{view.alarm_id}  {view.error.message}{_seen(view.acknowledged_by)}"
            for view in ended
        ] or ["no alarm has ended"]
    told = picture(client, "alarms")
    return told, [
        f"{view.raised_at:%Y-%m-%d %H:%M}  {view.alarm_id}  {view.error.message}"
        f"{_seen(view.acknowledged_by)}"
        for view in told.alarms
    ] or ["no alarm stands"]


@click.command()
@click.argument("alarm_id")
@click.option("--person", default=getpass.getuser, help="Who has seen it; you if not given.")
@at_cabinet
def ack(client: LocalClient, alarm_id: str, person: str) -> Told:
    """Acknowledge the alarm ALARM_ID, as `alarms` shows it."""
    return _ordered(client, AcknowledgeAlarm(alarm_id, person), f"{alarm_id} seen by {person}")


@click.command()
@click.argument("sensor")
@click.argument("quantity")
@click.option(
    "--span",
    type=click.Choice([span.value for span in HistorySpan]),
    default=HistorySpan.DAY.value,
    show_default=True,
    help="How far back.",
)
@at_cabinet
def history(client: LocalClient, sensor: str, quantity: str, span: str) -> Told:
    """Show what QUANTITY of SENSOR was: time, mean, least, largest."""
    query = HistoryQuery(sensor, quantity, HistorySpan(span))
    told = client.ask(LocalRequest(history=query)).history
    points = told.points if told else []
    return told, [
        f"{point.at:%Y-%m-%d %H:%M}  {point.mean:8.2f}  {point.low:8.2f}  {point.high:8.2f}"
        for point in points
    ]


WORDS: tuple[click.Command, ...] = (
    status,
    doors,
    unlock,
    lock,
    alarms,
    ack,
    history,
    *HAND_WORDS,
    people_words,
    make_safe,
)


def _ordered(client: LocalClient, body: CommandBody, done: str) -> Told:
    reply = client.order(body, now())
    return reply, [f"{done} (job {reply.job_id})" if reply.job_id else done]


def _reading_line(view: ReadingView) -> str:
    """What has no unit is a sign, such as smoke: its state says it all."""
    parts = [] if view.value is None or not view.unit else [f"{view.value:.1f} {view.unit}"]
    if view.state is not ReadingState.UNKNOWN or not parts:  # without limits a value stands alone
        parts.append(view.state)
    name = f"{view.sensor} {view.quantity}" if view.unit else view.sensor
    return f"{name}: {', '.join(parts)}{f'  {view.error.message}' if view.error else ''}"


def _door_line(view: DoorView) -> str:
    parts: Iterator[str] = filter(
        None,
        (
            f"door {view.door}: {view.state}",
            f"by {view.unlocked_by}" if view.unlocked_by else "",
            f"locks in {view.locks_in_s:.0f} s" if view.locks_in_s is not None else "",
            "key turned" if view.key_turned else "",
            f"not now: {view.why_not.message}" if view.why_not else "",
        ),
    )
    return ", ".join(parts)


def _seen(person: str) -> str:
    return f"  (seen by {person})" if person else ""
