"""A plan in full: every volume, where each copy goes and is; and what is asked to be different."""

from collections.abc import Sequence

import click
from msgspec import Struct
from rich.filesize import decimal

from console.client.client import key
from console.commands.frame import Exit, Frame
from console.commands.tables import show_table
from console.planning.changes import Move, PlanChange
from console.planning.showing import PlanDetail, PlannedVolume


class Shown(Struct):
    plan: PlanDetail
    volumes: list[PlannedVolume]


def asked_change(
    move: Sequence[str], leave_out: Sequence[str], take_in: Sequence[str], capacity: int | None
) -> PlanChange:
    """The change that options ask for; raises UsageError."""
    moves = []
    for one in move:
        copy, sign, appliance = one.rpartition("=")
        volume, colon, role = copy.rpartition(":")
        if not (sign and colon and volume and role and appliance):
            raise click.UsageError(f"--move takes VOLUME:ROLE=APPLIANCE, not {one!r}")
        moves.append(Move(volume, role, appliance))
    return PlanChange(
        move=moves, leave_out=list(leave_out), take_in=list(take_in), capacity_bytes=capacity
    )


def show_one_plan(frame: Frame, plan_id: str) -> Exit:
    path = f"/plans/{key(plan_id)}"
    plan = frame.client.ask("GET", path, PlanDetail)
    volumes = list(frame.client.pages(f"/plans/{key(plan.plan_id)}/volumes", PlannedVolume))
    if frame.as_json:
        frame.answer(Shown(plan, volumes))
        return Exit.GOOD
    frame.say(f"{plan.plan_id}, revision {plan.revision}: {plan.state}")
    cost = plan.cost
    hours = f"{cost.hours:.1f} hours" if cost.hours else "time not known"
    what = f"{plan.volumes:,} volumes of {plan.dossiers:,} dossiers on {plan.discs:,} discs"
    frame.say(f"{what}, {decimal(plan.payload_bytes)}, {hours}")
    rows = []
    for volume in volumes:
        planned = volume.planned
        rows.append((planned.label, f"{planned.fill:.1%}", "", volume.state, planned.reason))
        for place in planned.places:
            where = place.appliance or "nowhere"
            rows.append(("", "", place.role, where, place.reason or place.advice))
    show_table(frame, ("volume", "full", "copy", "where", "why"), rows, "no volumes")
    for problem in plan.problems:
        frame.say(f"problem: {problem.message}")
    for warning in plan.warnings:
        frame.say(f"note: {warning}")
    return Exit.GOOD
