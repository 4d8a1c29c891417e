"""What a store has besides the story of the pages, so that every list has something in it."""

from datetime import UTC, datetime

from console.dispatch.alarms import Alarm, raise_alarm
from console.retrieval.requests import create_request
from console.rules.namespaces import put_namespace
from console.rules.pools import put_pool
from console.store import schema
from console.store.workspace import Workspace
from tests.console.web.rows import add

NOW = datetime.now(UTC)
KNOWN = {
    "site": "north",
    "name": "rack-1",
    "medium_id": "m001",
    "copy_id": "c1",
    "job_id": "j1",
    "volume_id": "v1",
    "plan": "plan2",
    "package_id": "k1",
    "file_id": "f3",
}
"""Ids that exist, by the names of parameters."""


def fill_more(workspace: Workspace) -> dict[str, dict[str, str]]:
    """Fill the store; gives ids that are there, by resource and parameter."""
    put_pool(workspace, 'name = "discs"\nkinds = ["disc"]', "test")
    put_pool(workspace, 'name = "discs"\nkinds = ["disc", "disk"]', "test")
    put_namespace(workspace, "court", title="Court", policy="default", by="test")
    request_id = create_request(workspace.store, ["f1", "f3"], "two files")
    with workspace.store.begin() as connection:
        raise_alarm(connection, Alarm("a1", "here", 5258, "wrong"), NOW)
        task = {"task_id": "task1", "kind": "take_magazine", "subject": "mag1", "body": {}}
        add(connection, schema.tasks, task | {"state": "open", "created_at": NOW})
        ingest = {"ingest_id": "i1", "source": "/x", "fonds": "f", "series": "s", "state": "partly"}
        add(connection, schema.ingests, ingest | {"started_at": NOW})
        going_on = ingest | {"ingest_id": "i2", "state": "running"}
        add(connection, schema.ingests, going_on | {"started_at": NOW})
        upload = {"upload_id": "u1", "ingest_id": "i2", "path": "d/large.tif", "state": "waiting"}
        upload |= {"size_bytes": 10, "mtime_ns": 0, "created_at": NOW, "updated_at": NOW}
        add(connection, schema.uploads, upload)
        refusal = {"refusal_id": "x1", "ingest_id": "i1", "path": "a", "code": 3405}
        add(connection, schema.refusals, refusal | {"message": "a link"})
    return {
        "ingests": {"ingest_id": "i2", "upload_id": "u1"},
        "namespaces": {"name": "court"},
        "policies": {"name": "default"},
        "pools": {"name": "discs"},
        "requests": {"request_id": request_id},
        "tasks": {"task_id": "task1"},
    }
