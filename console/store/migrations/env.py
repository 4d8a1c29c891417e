"""Runs migrations on the connection that `console.store.engine` hands over."""

from typing import TYPE_CHECKING

from alembic import context

from console.store.schema import metadata

if TYPE_CHECKING:
    from sqlalchemy import Connection


def run() -> None:
    connection: Connection = context.config.attributes["connection"]
    # render_as_batch: SQLite cannot alter most things in place, so Alembic copies the table.
    context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
    context.run_migrations()


run()
