"""The store on a real PostgreSQL: it opens, and its migrations give the tables of the code."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from console.store.engine import open_store
from console.store.schema import metadata
from tests.console.postgres import postgres, postgres_url

__all__ = ["postgres", "postgres_url"]


def test_migrations_give_the_tables_of_the_schema(postgres_url: str) -> None:
    store = open_store(postgres_url)
    assert store.dialect.name == "postgresql"
    with store.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    store.dispose()
