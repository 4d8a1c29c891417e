"""/api/v1/tasks: what people are asked to do at the cabinets."""

from console.api.rest import Call, Key, Order, Page, PageQuery, Resource, Scope, page_of
from console.store.schema import tasks as table
from console.tasks.book import look_again, start
from console.tasks.kinds import TaskKind, TaskState
from console.tasks.listing import TaskRow, show_task, task_row, tasks_query

tasks = Resource("tasks", "Tasks: what people are asked to do at the cabinets.")


class TaskQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    state: TaskState | None = TaskState.OPEN
    kind: TaskKind | None = None
    appliance: Key | None = None


@tasks.get("/tasks", scope=(Scope.READ, Scope.OPERATE), errors=(5429,))
def list_tasks(call: Call, query: TaskQuery) -> Page[TaskRow]:
    """List tasks in one state, open ones unless said otherwise, the oldest first."""
    rows = tasks_query()
    for name in ("state", "kind", "appliance"):
        if (wanted := getattr(query, name)) is not None:
            rows = rows.where(table.c[name] == wanted)
    by = [Order(table.c.created_at), Order(table.c.task_id)]
    with call.reading() as connection:
        return page_of(connection, rows, by, query, show_task)


@tasks.get("/tasks/{task_id}", scope=(Scope.READ, Scope.OPERATE), errors=(5322,))
def show_one_task(call: Call, task_id: Key) -> TaskRow:
    """Show one task."""
    with call.reading() as connection:
        return task_row(connection, task_id)


@tasks.post("/tasks/{task_id}/start", scope=Scope.OPERATE, errors=(5322, 5323))
def start_task(call: Call, task_id: Key) -> TaskRow:
    """Take a task up: the appliance lights where the thing goes.

    A single medium is awaited by the appliance. Starting again lights again.
    """
    with call.changing() as connection:
        return show_task(start(connection, task_id, call.who, call.now))


@tasks.post("/tasks/{task_id}/look", scope=Scope.OPERATE, errors=(5322, 5323))
def look_for_task(call: Call, task_id: Key) -> TaskRow:
    """Say that it is done: the appliance looks which media are there.

    The task closes by itself when what it asks for is found.
    """
    with call.changing() as connection:
        return show_task(look_again(connection, task_id, call.who, call.now))
