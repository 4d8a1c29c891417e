"""`stele-console requests` and `tasks`: what is wanted back, and what people are asked to do."""

import click

from console.client.client import key
from console.commands.frame import Frame, console_command
from console.commands.tables import show_table
from console.retrieval.listing import RequestRow
from console.tasks.listing import TaskRow


@click.command()
@click.argument("request_id", required=False, metavar="[REQUEST]")
@click.option("--all", "everything", is_flag=True, help="Also those that are over.")
@click.option("--withdraw", is_flag=True, help="REQUEST is not wanted any more.")
@console_command
def requests(frame: Frame, *, request_id: str | None, everything: bool, withdraw: bool) -> None:
    """List what is wanted back, and when it is expected to be there."""
    if withdraw:
        if request_id is None:
            raise click.UsageError("name the request")
        frame.client.ask("DELETE", f"/requests/{key(request_id)}", type(None))
    if request_id is not None:
        rows = [frame.client.ask("GET", f"/requests/{key(request_id)}", RequestRow)]
    else:
        query = None if everything else {"open": "true"}
        rows = list(frame.client.pages("/requests", RequestRow, query))
    if frame.as_json:
        frame.answer({"requests": rows})
        return
    lines = [
        (
            one.request_id,
            one.state,
            f"{one.files_ready:,} of {one.files:,}",
            one.priority,
            one.due_at,
            one.expected_at,
            one.tasks,
            one.text,
        )
        for one in rows
    ]
    headings = ("request", "state", "there", "priority", "due", "expected", "tasks", "of")
    show_table(frame, headings, lines, "nothing is wanted back")


@click.command()
@click.argument("task_id", required=False, metavar="[TASK]")
@click.option("--start", is_flag=True, help="Take TASK up: the appliance lights the place.")
@click.option("--look", is_flag=True, help="TASK is done: the appliance looks for it.")
@click.option("--all", "everything", is_flag=True, help="Also those that are over.")
@console_command
def tasks(frame: Frame, *, task_id: str | None, start: bool, look: bool, everything: bool) -> None:
    """List what people are asked to do at the cabinets."""
    if (start or look) and (task_id is None or (start and look)):
        raise click.UsageError("name one task, and either --start or --look")
    if task_id is not None:
        method, what = ("POST", "/start" if start else "/look") if start or look else ("GET", "")
        path = f"/tasks/{key(task_id)}{what}"
        rows = [frame.client.ask(method, path, TaskRow, repeatable=True)]
    else:
        rows = list(frame.client.pages("/tasks", TaskRow))
        if everything:
            for state in ("done", "needless"):
                rows += frame.client.pages("/tasks", TaskRow, {"state": state})
    if frame.as_json:
        frame.answer({"tasks": rows})
        return
    lines = [(one.task_id, one.state, one.priority, one.due_at, one.text) for one in rows]
    show_table(frame, ("task", "state", "priority", "due", "what"), lines, "nothing is to be done")
