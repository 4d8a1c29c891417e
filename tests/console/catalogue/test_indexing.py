"""The index stays right: whatever is added, changed, cut short or done by many at once."""

import threading
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
import sqlalchemy as sa

from appliance.contract.errors import SteleError
from console.catalogue import indexing
from console.catalogue.checking import check
from console.catalogue.indexing import (
    catch_up,
    forget,
    forget_file,
    index_files,
    index_new,
    index_next,
    rebuild,
    standing,
    tidy,
)
from console.catalogue.search import search
from console.catalogue.segments import allot, forget_replaced, in_use
from console.store import schema as s
from console.store.engine import reading
from tests.console.catalogue.corpus import Dossier, Item, file_id, package_id, put


def names(store: sa.Engine, text: str, kind: str = "file") -> list[str]:
    with reading(store).connect() as connection:
        page = search(connection, f"{text} kind:{kind}", limit=1000)
    return [getattr(hit, "path", hit.dossier) for hit in page.items]


def checked(store: sa.Engine) -> tuple[int, int]:
    with reading(store).connect() as connection:
        found = check(connection)
    return found.segments, found.documents


def some(count: int, files: int = 3) -> list[Dossier]:
    return [
        Dossier(f"案卷{n}", tuple(Item(f"第{i}页{n}.tif") for i in range(files)))
        for n in range(count)
    ]


def test_nothing_is_found_before_it_is_taken_in_and_everything_after(store: sa.Engine) -> None:
    put(store, some(4))
    assert names(store, "页") == []
    with reading(store).connect() as connection:
        assert standing(connection).waiting == 16
    assert catch_up(store) == 16
    assert len(names(store, "页")) == 12
    assert catch_up(store) == 0
    assert checked(store) == (2, 16)


def test_a_transaction_that_is_undone_leaves_no_trace(store: sa.Engine) -> None:
    put(store, some(1))
    with store.connect() as connection, connection.begin() as transaction:
        index_new(connection, "dossier")
        index_new(connection, "file")
        transaction.rollback()
    assert names(store, "页") == []
    assert checked(store) == (0, 0)
    catch_up(store)
    assert len(names(store, "页")) == 3


def test_what_changes_is_found_as_it_is_now(store: sa.Engine) -> None:
    put(store, [Dossier("旧名", (Item("a.txt", title="before"), Item("b.txt")))])
    catch_up(store)
    with store.begin() as connection:
        first = s.files.c.file_id == file_id(0, 0)
        connection.execute(s.files.update().where(first).values(title="after"))
        forget_file(connection, file_id(0, 0))
    catch_up(store)
    assert (names(store, "before"), names(store, "after")) == ([], ["a.txt"])
    with store.begin() as connection:
        ours = s.packages.c.package_id == package_id(0)
        connection.execute(s.packages.update().where(ours).values(dossier="新名", year=1998))
        forget(connection, package_id(0))
    catch_up(store)
    assert names(store, "旧名", "dossier") == []
    assert names(store, "新名 year:1998", "dossier") == ["新名"]
    assert names(store, "b 新名 year:1998") == ["b.txt"]
    rebuild(store)
    assert checked(store) == (2, 3)


def test_many_small_segments_become_few_and_nothing_is_lost(
    store: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing, "SEGMENT_DOCUMENTS", 256)
    monkeypatch.setattr(indexing, "_MIDDLE", 128)
    monkeypatch.setattr(indexing, "_SMALL", 16)
    for n in range(70):
        put(store, [Dossier(f"d{n}", tuple(Item(f"page {n} {i}") for i in range(8)))], first=n)
        catch_up(store)
    with reading(store).connect() as connection:
        segments = in_use(connection, "file")
        assert len(segments) <= 20
        assert max(segment.documents for segment in segments) >= 128
        assert all(a.last < b.first for a, b in pairwise(segments))
        assert all(segment.documents <= 256 for segment in segments)
    assert len(names(store, "page")) == 560
    assert checked(store)[1] == 630
    assert rebuild(store) == 4
    assert checked(store) == (4, 630)
    assert len(names(store, "page")) == 560


def test_replaced_segments_stay_for_searches_that_began_before(store: sa.Engine) -> None:
    put(store, some(2))
    catch_up(store)
    rebuild(store)
    count = sa.select(sa.func.count()).select_from(s.search_segments)
    with store.begin() as connection:
        assert connection.scalar(count) == 4
        assert forget_replaced(connection, datetime.now(UTC) + timedelta(seconds=1)) == 2
        assert connection.scalar(count) == 2
    assert checked(store) == (2, 8)


@pytest.mark.parametrize(
    "damage",
    [
        s.search_postings.delete().where(s.search_postings.c.term == "o+页".encode()),
        s.search_postings.update()
        .where(s.search_postings.c.term == b"o=tif")
        .values(documents=b"\x00" * 8),
        s.search_segments.delete().where(s.search_segments.c.kind == "file"),
        s.search_segments.update().values(replaced_at=datetime(2026, 1, 1, tzinfo=UTC)),
    ],
)
def test_damage_is_noticed_and_mended_by_rebuilding(
    store: sa.Engine, damage: sa.Executable
) -> None:
    put(store, some(3))
    catch_up(store)
    with store.begin() as connection:
        connection.execute(damage)
    with reading(store).connect() as connection, pytest.raises(SteleError) as caught:
        check(connection)
    assert caught.value.code == 5314
    rebuild(store)
    assert checked(store) == (2, 12)
    assert len(names(store, "页 tif")) == 9


def test_writers_and_followers_at_once_take_everything_in_once(store: sa.Engine) -> None:
    """Writers that number their own files, such that leave it, and three who catch up and tidy."""
    failures: list[BaseException] = []
    writing = threading.Event()

    def attempt(work: object, *arguments: int) -> None:
        try:
            work(*arguments)  # type: ignore[operator]
        except BaseException as error:  # noqa: BLE001  (a thread's failure must reach the test)
            failures.append(error)

    def write(first: int) -> None:
        for n in range(first, first + 10):
            put(store, [Dossier(f"d{n}", (Item(f"left {n}"),))], first=n)
            with store.begin() as connection:
                (number,) = numbers = allot(connection, 1)
                row = {"file_id": f"own-{n}", "package_id": package_id(n), "path": f"own {n}"}
                row |= {"search_key": f"own {n}", "sha256": f"{n:064}", "state": "archived"}
                values = {"size_bytes": 1, "mtime_ns": 0, "number": number}
                connection.execute(s.files.insert(), row | values)
                index_files(connection, numbers)

    def follow() -> None:
        while not writing.is_set():
            index_next(store)
            tidy(store)

    writers = [threading.Thread(target=attempt, args=(write, 100 * n)) for n in range(3)]
    followers = [threading.Thread(target=attempt, args=(follow,)) for _ in range(3)]
    for thread in (*writers, *followers):
        thread.start()
    for thread in writers:
        thread.join()
    writing.set()
    for thread in followers:
        thread.join()
    assert failures == []
    catch_up(store)
    assert len(names(store, "left")) == len(names(store, "own")) == 30
    assert checked(store)[1] == 90
