"""`stele-console plan`, `plans`, `approve`, `reject`: what goes on which disc, and yes or no."""

import click
from msgspec import Struct
from rich.filesize import decimal
from rich.table import Table

from console.client.client import key
from console.commands.frame import Exit, Frame, console_command, shown
from console.commands.plan_detail import asked_change, show_one_plan
from console.planning.explanation import Explanation
from console.planning.listing import PlanRow
from console.planning.proposal import ProposedPlan


class Decided(Struct):
    plan_id: str


@click.command()
@click.argument("word", type=click.Choice(["preview", "show", "change", "again"]), required=False)
@click.argument("plan_id", required=False, metavar="[PLAN]")
@click.option("--move", multiple=True, metavar="VOLUME:ROLE=APPLIANCE", help="Send a copy there.")
@click.option("--leave-out", multiple=True, metavar="DOSSIER", help="Without this package.")
@click.option("--take-in", multiple=True, metavar="DOSSIER", help="With this package.")
@click.option("--capacity", type=int, metavar="BYTES", help="For discs of this capacity.")
@console_command
def plan(
    frame: Frame,
    *,
    word: str | None,
    plan_id: str | None,
    move: tuple[str, ...],
    leave_out: tuple[str, ...],
    take_in: tuple[str, ...],
    capacity: int | None,
) -> Exit:
    """Propose which dossiers go on which disc. Nothing is burned before `approve`.

    `preview` shows what would be proposed; `show` PLAN what a plan holds and where each copy goes;
    `change` PLAN makes it anew with what is asked for; `again` PLAN for the fleet as it is now.
    """
    if word == "show":
        return show_one_plan(frame, plan_id or "latest")
    if word in ("change", "again"):
        path = f"/plans/{key(plan_id or 'latest')}/{word}"
        change = asked_change(move, leave_out, take_in, capacity) if word == "change" else None
        return _answer_proposal(frame, frame.client.ask("POST", path, ProposedPlan, body=change))
    if move or take_in or plan_id:
        raise click.UsageError("--move and --take-in go with: plan change PLAN")
    proposal = {"leave_out": list(leave_out), "capacity_bytes": capacity}
    path = "/plan-previews" if word == "preview" else "/plans"
    proposed = frame.client.ask("POST", path, ProposedPlan, body=proposal)
    return _answer_proposal(frame, proposed)


def _answer_proposal(frame: Frame, proposed: ProposedPlan) -> Exit:
    if frame.as_json:
        frame.answer(proposed)
    else:
        _show(frame, proposed)
    return Exit.PARTLY if proposed.explanation.too_large else Exit.GOOD


@click.command()
@console_command
def plans(frame: Frame) -> None:
    """List the plans, the newest first."""
    rows = list(frame.client.pages("/plans", PlanRow))
    if frame.as_json:
        frame.answer({"plans": rows})
        return
    lines = _table("plan", "state", "made", "discs", "archived", "decided by")
    for row in rows:
        done = f"{row.volumes_archived} of {row.volumes}"
        made = f"{row.created_at.astimezone():%Y-%m-%d %H:%M}"
        by = shown(row.decided_by or "")
        lines.add_row(row.plan_id, row.state, made, str(row.discs), done, by)
    frame.out.print(lines if rows else "no plans yet")


@click.command()
@click.argument("plan_id", metavar="PLAN")
@click.option("--by", help="Who decides; by default the account that runs this.")
@console_command
def approve(frame: Frame, plan_id: str, by: str | None) -> None:  # noqa: ARG001 - in the frame
    """Let the discs of PLAN be burned. PLAN is its id, its number, or `latest`."""
    decided = _decide(frame, plan_id, "approve")
    _answer(frame, decided, "approved", "; follow the discs with: stele-console jobs --watch")


@click.command()
@click.argument("plan_id", metavar="PLAN")
@click.option("--by", help="Who decides; by default the account that runs this.")
@console_command
def reject(frame: Frame, plan_id: str, by: str | None) -> None:  # noqa: ARG001 - in the frame
    """Give PLAN up: its dossiers wait for another plan."""
    decided = _decide(frame, plan_id, "reject")
    _answer(frame, decided, "rejected", "")


def _decide(frame: Frame, plan_id: str, what: str) -> str:
    body: dict[str, bool] | None = {} if what == "approve" else None
    path = f"/plans/{key(plan_id)}/{what}"
    return frame.client.ask("POST", path, Decided, body=body, repeatable=True).plan_id


def _answer(frame: Frame, plan_id: str, state: str, hint: str) -> None:
    if frame.as_json:
        frame.answer({"plan_id": plan_id, "state": state})
    else:
        frame.say(f"{plan_id} is {state}{hint}")


def _show(frame: Frame, proposed: ProposedPlan) -> None:
    explanation = proposed.explanation
    lines = _table("volume", "dossiers", "files", "payload", "full", "copies")
    for volume in explanation.volumes:
        lines.add_row(
            shown(volume.label),
            f"{volume.dossiers:,}",
            f"{volume.files:,}",
            decimal(volume.payload_bytes),
            f"{volume.fill:.1%}",
            str(volume.copies),
        )
    volumes = len(explanation.volumes)
    what = f"{volumes:,} volume{'s' if volumes != 1 else ''} on {explanation.discs:,} discs"
    frame.say(f"{proposed.plan_id or 'preview'}: {what}")
    frame.out.print(lines)
    _show_notes(frame, explanation)
    if proposed.plan_id:
        frame.say(f"to burn them: stele-console approve {proposed.plan_id}")


def _show_notes(frame: Frame, explanation: Explanation) -> None:
    for note in explanation.capacity:
        frame.say(f"  {note}")
    if explanation.too_large:
        frame.say(f"{len(explanation.too_large)} dossiers fit on no disc and stay where they are:")
        for dossier in explanation.too_large:
            frame.say(f"  {dossier.code}  {dossier.advice}")
    for warning in explanation.warnings:
        frame.say(f"note: {warning}")


def _table(*headings: str) -> Table:
    lines = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for heading in headings:
        numeric = heading in ("dossiers", "files", "payload", "full", "copies", "discs")
        lines.add_column(heading, justify="right" if numeric else "left")
    return lines
