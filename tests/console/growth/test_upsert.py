"""INSERT … ON CONFLICT tells on both databases whether it wrote a row."""

import sqlalchemy as sa

from console.store import schema
from console.store.engine import open_store
from console.store.upsert import insert_into


def test_the_count_tells_whether_a_row_was_written(store_url: str) -> None:
    store = open_store(store_url)
    checksums = schema.checksums
    row = {"sha256": "a" * 64, "crc32": 1}
    with store.begin() as db:
        kept = insert_into(db, checksums).on_conflict_do_nothing()
        assert [db.execute(kept, row).rowcount for _ in range(2)] == [1, 0]
        only = checksums.c.crc32 == 1
        changed = insert_into(db, checksums).on_conflict_do_update(
            index_elements=["sha256"], set_={"crc32": 2}, where=only
        )
        assert [db.execute(changed, row).rowcount for _ in range(2)] == [1, 0]
        assert db.scalar(sa.select(checksums.c.crc32)) == 2
    store.dispose()
