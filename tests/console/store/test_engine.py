"""The store opens at the newest revision; its migrations give exactly the tables of the code."""

import sqlite3
import threading
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from appliance.contract.errors import SteleError
from console.store import engine as engine_module
from console.store.engine import HEAD, open_store, reading
from console.store.schema import alarms, ingests, metadata, packages


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/deep/console.db"


def test_migrations_give_the_tables_of_the_schema(url: str) -> None:
    store = open_store(url)
    with store.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    store.dispose()


def test_migrations_keep_the_keys_of_the_schema(url: str) -> None:
    """Autogenerate compares neither primary keys nor foreign key targets on SQLite's own terms."""
    store = open_store(url)
    found = sa.inspect(store)
    for table in metadata.sorted_tables:
        keys = found.get_pk_constraint(table.name)["constrained_columns"]
        assert keys == [column.name for column in table.primary_key], table.name
        nullable = {column["name"]: column["nullable"] for column in found.get_columns(table.name)}
        assert nullable == {column.name: column.nullable for column in table.columns}, table.name
    store.dispose()


def test_head_is_the_newest_revision() -> None:
    config = Config()
    config.set_main_option("script_location", "console.store:migrations")
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


def test_opening_twice_keeps_what_was_written(url: str) -> None:
    at = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=timezone(timedelta(hours=8)))
    row = {"appliance": "a/b", "alarm_id": "1", "where_": "d1", "code": 1, "message": "档案"}
    with open_store(url).begin() as connection:
        connection.execute(alarms.insert(), {**row, "raised_at": at})
    with reading(open_store(url)).connect() as connection:
        found = connection.execute(sa.select(alarms)).one()
    assert found.raised_at == at
    assert found.raised_at.tzinfo is UTC
    assert found.message == "档案"


def test_a_time_without_a_zone_is_refused(url: str) -> None:
    row = {"appliance": "a/b", "alarm_id": "1", "where_": "d1", "code": 1, "message": ""}
    with open_store(url).begin() as connection, pytest.raises(sa.exc.StatementError):
        connection.execute(alarms.insert(), {**row, "raised_at": datetime(2026, 1, 1)})  # noqa: DTZ001


def test_foreign_keys_hold(url: str) -> None:
    row = {"fonds": "F", "series": "S", "dossier": "D", "folder": "D", "restore_prefix": "D"}
    row |= {"policy_id": "nobody", "state": "open", "search_key": "", "package_id": "p"}
    with open_store(url).begin() as connection, pytest.raises(sa.exc.IntegrityError):
        connection.execute(packages.insert(), {**row, "created_at": datetime.now(UTC)})


def test_a_reader_sees_the_last_commit_while_a_writer_is_at_work(url: str) -> None:
    store = open_store(url)
    row = {"ingest_id": "1", "source": "", "fonds": "", "series": "", "state": "running"}
    with store.begin() as writer:
        writer.execute(ingests.insert(), {**row, "started_at": datetime.now(UTC)})
        with reading(store).connect() as reader:
            assert reader.scalar(sa.select(sa.func.count()).select_from(ingests)) == 0
    with reading(store).connect() as reader:
        assert reader.scalar(sa.select(sa.func.count()).select_from(ingests)) == 1


def test_many_openers_of_a_new_store_all_succeed(url: str) -> None:
    failures: list[BaseException] = []

    def open_it() -> None:
        try:
            open_store(url).dispose()
        except BaseException as error:  # noqa: BLE001  (a thread's failure must reach the test)
            failures.append(error)

    threads = [threading.Thread(target=open_it) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_an_opener_waits_for_one_that_writes_before_the_file_is_in_wal_mode(tmp_path: Path) -> None:
    """SQLite then refuses to change the mode at once, whatever its busy timeout."""
    first = sqlite3.connect(tmp_path / "c.db", isolation_level=None, check_same_thread=False)
    first.execute("CREATE TABLE t (a)")
    first.execute("BEGIN IMMEDIATE")
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        sqlite3.connect(tmp_path / "c.db", timeout=30).execute("PRAGMA journal_mode=WAL")
    done = threading.Timer(0.3, lambda: first.execute("COMMIT"))
    done.start()
    open_store(f"sqlite:///{tmp_path}/c.db").dispose()
    done.join()
    first.close()


@pytest.mark.parametrize("url", ["", "no url", "mysql://h/d", "oracle://u:secret@h/d", "x+y://z"])
def test_a_url_that_is_no_store_is_refused_and_not_told(url: str) -> None:
    with pytest.raises(SteleError) as caught:
        open_store(url)
    assert caught.value.code == 5405
    assert "secret" not in str(caught.value) + caught.value.detail


def test_a_server_that_is_not_there_is_told_without_its_password() -> None:
    with pytest.raises(SteleError) as caught:
        open_store("postgresql+psycopg://u:secret@/d?host=/nowhere")
    assert caught.value.code == 5400
    assert "secret" not in str(caught.value) + caught.value.detail


def test_a_newer_store_is_refused(url: str) -> None:
    with open_store(url).begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(SteleError) as caught:
        open_store(url)
    assert caught.value.code == 5401


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "console.db").write_bytes(b"not a database" * 1000)
    with pytest.raises(SteleError) as caught:
        open_store(f"sqlite:///{tmp_path}/console.db")
    assert caught.value.code == 5400


def test_the_revision_is_read_without_alembic(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    open_store(url).dispose()
    monkeypatch.setattr(engine_module, "_migrate", None)
    open_store(url).dispose()
