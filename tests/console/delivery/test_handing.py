"""Handing over: whole and in parts, checked, kept meanwhile, and counted."""

import io
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa

from appliance.contract.errors import SteleError
from console.catalogue.selection import Selection
from console.delivery import contents
from console.delivery.bundles import LIST_NAME, Bundle, request_bundle, selection_bundle
from console.delivery.contents import CHUNK_BYTES, Content
from console.delivery.handing import Handed, file_row, hand_file, hand_zip
from console.retrieval.expiry import expire_delivered
from console.retrieval.requests import create_request
from console.retrieval.serving import serve_requests
from console.store import schema
from tests.console.dispatch.holdings import Holdings

BIG = bytes(range(256)) * 5_000
CONTENTS = {
    "报告/1.txt": "第一".encode(),
    "REPORT.txt": b"loud",
    "report.TXT": b"quiet",
    "..\\up": b"climbs",
    "big": BIG,
    "none": b"",
}


@pytest.fixture
def holdings(tmp_path: Path) -> Iterator[Holdings]:
    made = Holdings(tmp_path / "data")
    contents._believed._until.clear()
    yield made
    made.workspace.close()


@pytest.fixture
def ids(holdings: Holdings) -> dict[str, str]:
    """File ids by path, of a package whose bytes are in the landing zone."""
    holdings.package(CONTENTS)
    return {row.path: row.file_id for row in holdings.rows(schema.files)}


def handed(holdings: Holdings, file_id: str) -> Handed:
    with holdings.store.connect() as db:
        return hand_file(holdings.workspace, file_row(db, file_id))


def all_of(found: Handed) -> bytes:
    return b"".join(found.read(0, found.size_bytes))


def asked(holdings: Holdings, ids: list[str]) -> Bundle:
    request_id = create_request(holdings.store, ids, "what I want")
    serve_requests(holdings.store, "http://x", datetime.now(UTC))
    with holdings.store.connect() as db:
        return request_bundle(db, request_id)


def let_go(holdings: Holdings, sha256: str) -> None:
    holdings.workspace.landing.release(sha256)
    with holdings.store.begin() as db:
        this = schema.blobs.c.sha256 == sha256
        db.execute(sa.update(schema.blobs).where(this).values(state="released"))


def spoil(holdings: Holdings, content: bytes, *, at: int = -1) -> None:
    path = holdings.landing_path(content)
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def test_a_file_comes_whole_and_in_parts(holdings: Holdings, ids: dict[str, str]) -> None:
    found = handed(holdings, ids["big"])
    assert all_of(found) == BIG
    assert b"".join(found.read(300_000, 700_001)) == BIG[300_000:700_001]
    assert b"".join(found.read(len(BIG) - 1, len(BIG))) == BIG[-1:]
    assert all_of(handed(holdings, ids["none"])) == b""


def test_of_a_damaged_content_no_part_comes_and_never_all_of_it(
    holdings: Holdings, ids: dict[str, str]
) -> None:
    spoil(holdings, BIG)
    found, got = handed(holdings, ids["big"]), b""

    def take() -> None:
        nonlocal got
        for chunk in found.read(0, found.size_bytes):
            got += chunk

    with pytest.raises(SteleError, match="5413"):
        take()
    assert got == BIG[: len(got)]
    assert len(got) <= len(BIG) - len(BIG) % CHUNK_BYTES
    with pytest.raises(SteleError, match="5413"):
        next(iter(found.read(10, 20)))


def test_parts_of_one_content_are_compared_once_and_again_after_a_while(
    holdings: Holdings, ids: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    compare = Content.compare
    monkeypatch.setattr(Content, "compare", lambda self: read.append(self.sha256) or compare(self))
    found = handed(holdings, ids["big"])
    for start in range(0, 100, 10):
        assert len(b"".join(found.read(start + 1, start + 10))) == 9
    assert len(read) == 1
    now = contents.time.monotonic()
    monkeypatch.setattr(contents.time, "monotonic", lambda: now + contents.BELIEVED_S + 1)
    list(found.read(1, 2))
    assert len(read) == 2


def test_what_is_only_on_discs_is_not_handed_over(holdings: Holdings, ids: dict[str, str]) -> None:
    let_go(holdings, holdings.row(schema.files, path="big").sha256)
    with pytest.raises(SteleError, match="5481"):
        handed(holdings, ids["big"])
    with holdings.store.connect() as db, pytest.raises(SteleError, match="5327") as caught:
        hand_zip(holdings.workspace, selection_bundle(db, Selection()))
    assert "1 of 6" in caught.value.message


def test_a_zip_has_every_file_under_a_safe_name_and_tells_the_original_one(
    holdings: Holdings, ids: dict[str, str]
) -> None:
    data = all_of(hand_zip(holdings.workspace, asked(holdings, list(ids.values()))))
    package = holdings.row(schema.packages).package_id
    with zipfile.ZipFile(io.BytesIO(data)) as found:
        assert found.testzip() is None
        told = msgspec.json.decode(found.read(LIST_NAME))["files"]
        by_original = {row["original"].removeprefix(f"{package}/"): row["name"] for row in told}
        assert by_original.keys() == CONTENTS.keys()
        assert {path: found.read(name) for path, name in by_original.items()} == CONTENTS
        names = [name.casefold() for name in found.namelist()]
        assert len(set(names)) == len(names)
        assert by_original["..\\up"] == f"{package}/.._up"
        for line in found.read("manifest-sha256.txt").decode().splitlines():
            digest, _, name = line.partition("  ")
            assert {row["sha256"] for row in told if row["name"] == name} == {digest}


def test_a_zip_that_broke_off_goes_on_where_it_was_also_in_another_process(
    holdings: Holdings, ids: dict[str, str]
) -> None:
    bundle = asked(holdings, list(ids.values()))
    first = hand_zip(holdings.workspace, bundle)
    data = all_of(first)
    with holdings.store.begin() as db:
        assert db.scalar(sa.select(sa.func.count()).select_from(schema.checksums)) == 5
        db.execute(sa.delete(schema.checksums))  # as if the process had died before it kept them
    contents._believed._until.clear()
    for start in (1, 500, len(data) // 2, len(data) - 30):
        again = hand_zip(holdings.workspace, bundle)
        assert (again.etag, again.size_bytes) == (first.etag, len(data))
        assert b"".join(again.read(start, len(data))) == data[start:]


def test_a_zip_of_a_damaged_file_breaks_off(holdings: Holdings, ids: dict[str, str]) -> None:
    bundle = asked(holdings, list(ids.values()))
    spoil(holdings, b"loud")
    found = hand_zip(holdings.workspace, bundle)
    with pytest.raises(SteleError, match="5413"):
        all_of(found)


def test_the_tag_of_a_zip_changes_with_what_is_in_it(
    holdings: Holdings, ids: dict[str, str]
) -> None:
    some = asked(holdings, list(ids.values())[:3])
    assert some.etag == asked(holdings, list(ids.values())[:3]).etag
    assert some.etag != asked(holdings, list(ids.values())[:4]).etag


def test_a_request_that_is_not_done_gives_what_is_there_only_when_asked_to(
    holdings: Holdings, ids: dict[str, str]
) -> None:
    request_id = create_request(holdings.store, list(ids.values()), "later", from_media=True)
    with holdings.store.begin() as db:
        with pytest.raises(SteleError, match="5327"):
            request_bundle(db, request_id)
        wanted = schema.request_files
        db.execute(sa.update(wanted).where(wanted.c.file_id == ids["big"]).values(state="ready"))
        assert len(request_bundle(db, request_id, partial=True).files) == 1
        with pytest.raises(SteleError, match="5326"):
            request_bundle(db, "rq-none")


def test_handing_over_counts_as_one_use_and_a_part_does_not(
    holdings: Holdings, ids: dict[str, str]
) -> None:
    found = handed(holdings, ids["big"])
    list(found.read(10, 20))
    assert holdings.row(schema.packages).uses == 0
    all_of(found)
    all_of(handed(holdings, ids["none"]))  # a moment later: somebody takes file after file
    assert holdings.row(schema.packages).uses == 1
    with holdings.store.begin() as db:
        long_ago = datetime.now(UTC) - timedelta(hours=1)
        db.execute(sa.update(schema.packages).values(used_at=long_ago))
    all_of(hand_zip(holdings.workspace, asked(holdings, list(ids.values()))))
    row = holdings.row(schema.packages)
    assert row.uses == 2
    assert datetime.now(UTC) - row.used_at < timedelta(minutes=1)


def test_what_came_back_stays_while_it_is_taken_away(
    holdings: Holdings, ids: dict[str, str]
) -> None:
    sha256 = holdings.row(schema.files, path="big").sha256
    with holdings.workspace.landing.open(sha256) as stream:
        holdings.workspace.delivered.put(stream)
    holdings.workspace.landing.release(sha256)
    now = datetime.now(UTC)
    with holdings.store.begin() as db:
        db.execute(
            sa.insert(schema.delivered).values(
                sha256=sha256,
                size_bytes=len(BIG),
                delivered_at=now - timedelta(hours=5),
                expires_at=now - timedelta(seconds=1),
            )
        )
    chunks = iter(handed(holdings, ids["big"]).read(0, len(BIG)))
    got = next(chunks)
    assert expire_delivered(holdings.store, holdings.workspace.delivered, now) == 0
    assert got + b"".join(chunks) == BIG
    later = now + timedelta(hours=2)
    assert expire_delivered(holdings.store, holdings.workspace.delivered, later) == 1
