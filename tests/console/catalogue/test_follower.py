"""The worker takes into the index what other writers have left, broker or not."""

import asyncio
import contextlib
from pathlib import Path

from console.addresses import Addresses
from console.catalogue.indexing import standing
from console.store.engine import reading
from console.store.workspace import open_workspace
from console.worker import Worker
from tests.console.catalogue.corpus import Dossier, Item, put


async def test_the_worker_takes_in_what_has_no_number(tmp_path: Path) -> None:
    workspace = open_workspace(tmp_path)
    put(workspace.store, [Dossier(f"d{n}", (Item("page"),)) for n in range(3)])
    worker = Worker(workspace, Addresses("", "http://127.0.0.1:9", "mqtt://127.0.0.1:9"))
    task = asyncio.create_task(worker.run())
    try:
        async with asyncio.timeout(60):
            while True:
                with reading(workspace.store).connect() as connection:
                    found = standing(connection)
                if found.waiting == 0:
                    break
                await asyncio.sleep(0.05)
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        workspace.close()
    assert (found.dossiers, found.files) == (3, 3)
