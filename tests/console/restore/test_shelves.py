"""Delivery into a folder on the console's side: only there, checked, once, and by one process."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from appliance.contract.errors import SteleError
from console.restore import shelves
from console.restore.shelves import check_folder_name, deliver_again, deliver_next
from console.retrieval.requests import Terms, create_request
from console.retrieval.serving import serve_requests
from console.store import schema
from console.store.workspace import open_workspace
from tests.console.dispatch.holdings import MTIME_NS, Holdings

CONTENTS = {"a/1": b"one", "a/2": b"two", "loud": b"!" * 100_000, "none": b""}


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    folder = tmp_path / "deliveries"
    folder.mkdir()
    return folder


@pytest.fixture
def holdings(tmp_path: Path, shelf: Path) -> Iterator[Holdings]:
    (tmp_path / "data").mkdir()
    text = f'[delivery]\nfolder = "{shelf}"\n'
    (tmp_path / "data" / "console.toml").write_text(text)
    made = Holdings(tmp_path / "data")
    made.package(CONTENTS)
    yield made
    made.workspace.close()


def ask(holdings: Holdings, folder: str = "for Li Na") -> str:
    ids = [row.file_id for row in holdings.rows(schema.files)]
    terms = Terms(deliver_to=folder)
    request_id = create_request(holdings.store, ids, "all", terms=terms)
    serve_requests(holdings.store, "http://x", datetime.now(UTC))
    return request_id


def deliver(holdings: Holdings) -> int:
    total = 0
    while count := deliver_next(holdings.workspace, datetime.now(UTC)):
        total += count
    return total


def tree(root: Path) -> dict[str, bytes]:
    return {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file()}


def test_files_are_put_below_the_folder_with_their_times_and_counted_once(
    holdings: Holdings, shelf: Path
) -> None:
    ask(holdings)
    assert deliver(holdings) == 4
    package = holdings.row(schema.packages)
    assert tree(shelf / "for Li Na" / package.folder) == CONTENTS
    assert (shelf / "for Li Na" / package.folder / "loud").stat().st_mtime_ns == MTIME_NS
    assert package.uses == 1
    assert deliver(holdings) == 0
    assert holdings.rows(schema.leases) == []


def test_what_is_there_is_left_alone_and_another_file_is_never_replaced(
    holdings: Holdings, shelf: Path
) -> None:
    package = holdings.row(schema.packages).folder
    there = shelf / "for Li Na" / package
    (there / "a").mkdir(parents=True)
    (there / "a" / "1").write_bytes(b"one")
    before = (there / "a" / "1").stat().st_mtime_ns
    (there / "loud").write_bytes(b"mine")
    request_id = ask(holdings)
    assert deliver(holdings) == 4
    assert (there / "loud").read_bytes() == b"mine"
    assert (there / "a" / "1").stat().st_mtime_ns == before
    (failed,) = holdings.rows(schema.request_files, error_code=5332)
    assert holdings.row(schema.files, file_id=failed.file_id).path == "loud"
    (there / "loud").unlink()
    assert deliver(holdings) == 0
    with holdings.store.begin() as db:
        deliver_again(db, request_id, None, datetime.now(UTC))
    assert deliver(holdings) == 1
    assert tree(there) == CONTENTS


def test_a_damaged_content_is_not_put_there(holdings: Holdings, shelf: Path) -> None:
    holdings.landing_path(b"two").write_bytes(b"tvo")
    ask(holdings)
    deliver(holdings)
    package = holdings.row(schema.packages).folder
    assert sorted(tree(shelf / "for Li Na" / package)) == ["a/1", "loud", "none"]


def test_no_link_leads_out_of_the_folder(holdings: Holdings, shelf: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (shelf / "for Li Na").symlink_to(tmp_path / "elsewhere")
    ask(holdings)
    deliver(holdings)
    assert list((tmp_path / "elsewhere").iterdir()) == []
    assert {row.error_code for row in holdings.rows(schema.request_files)} == {5332}


@pytest.mark.parametrize(
    "name", ["..", "a/../b", "/etc", "", "a//b", "C:\\x", "c:x", "a\\b", "x" * 300, "nul\0"]
)
def test_a_name_that_leads_elsewhere_is_refused(holdings: Holdings, name: str) -> None:
    with pytest.raises(SteleError, match="5331"):
        check_folder_name(holdings.workspace, name)
    assert check_folder_name(holdings.workspace, "李娜/2026") == "李娜/2026"


def test_without_the_setting_nothing_is_delivered(tmp_path: Path) -> None:
    workspace = open_workspace(tmp_path / "plain")
    with pytest.raises(SteleError, match="5330"):
        check_folder_name(workspace, "x")
    assert deliver_next(workspace, datetime.now(UTC)) == 0
    workspace.close()


def test_two_processes_never_write_for_one_request_at_once(
    holdings: Holdings, shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    request_id = ask(holdings)
    now = datetime.now(UTC)
    with holdings.store.begin() as db:
        assert shelves._take_lease(db, request_id, now)
    monkeypatch.setattr(shelves, "_HOLDER", "another")
    assert deliver_next(holdings.workspace, now) == 0
    # The first one died: its lease runs out.
    assert deliver_next(holdings.workspace, now + shelves.LEASE + timedelta(seconds=1)) == 4
    with holdings.store.connect() as db:
        assert db.scalar(sa.select(sa.func.count()).select_from(schema.leases)) == 0
    names = {hashlib.sha256(data).hexdigest() for data in tree(shelf).values()}
    assert len(names) == 4
