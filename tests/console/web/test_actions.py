"""What a person can set going from a page, and what stops others from doing it."""

import io
import re
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from appliance.contract.errors import SteleError
from console.store import schema as s
from console.store.workspace import Workspace
from console.web.archive.downloads import content_disposition
from tests.console.web import rows


def token_of(client: FlaskClient) -> str:
    found = re.search(r'"X-CSRFToken": "([^"]+)"', client.get("/plans/").text)
    assert found is not None
    return found[1]


def plan_state(workspace: Workspace, plan_id: str) -> str | None:
    with workspace.store.connect() as connection:
        return connection.scalar(sa.select(s.plans.c.state).where(s.plans.c.plan_id == plan_id))


def test_a_plan_is_approved_from_its_page(client: FlaskClient, workspace: Workspace) -> None:
    answer = client.post("/plans/plan2/approve", data={"csrf_token": token_of(client)})
    assert answer.status_code == 302
    assert plan_state(workspace, "plan2") == "approved"


def test_an_approval_without_the_page_s_token_is_refused(
    client: FlaskClient, workspace: Workspace
) -> None:
    for data in ({}, {"csrf_token": "guessed"}):
        answer = client.post("/plans/plan2/approve", data=data)
        assert answer.status_code == 400
        assert "5480" in answer.text
    assert plan_state(workspace, "plan2") == "proposed"


def test_a_landed_file_downloads_under_its_own_name(client: FlaskClient) -> None:
    answer = client.get("/archive/files/f3/download")
    assert answer.status_code == 200
    assert answer.data == rows.LANDED_BYTES
    assert answer.headers["Content-Type"] == "application/octet-stream"
    disposition = answer.headers["Content-Disposition"]
    assert disposition.startswith("attachment; ")
    assert "filename*=UTF-8''%E5%88%A4%E5%86%B3%E4%B9%A6.pdf" in disposition
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Accept-Ranges"] == "bytes"


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [("bytes=10-19", 10, 20), ("bytes=9990-", 9990, 10_000), ("bytes=-7", 9993, 10_000)],
)
def test_a_part_of_a_file_can_be_asked_for(
    client: FlaskClient, asked: str, start: int, end: int
) -> None:
    answer = client.get("/archive/files/f3/download", headers={"Range": asked})
    assert answer.status_code == 206
    assert answer.data == rows.LANDED_BYTES[start:end]
    assert answer.headers["Content-Range"] == f"bytes {start}-{end - 1}/10000"


def test_a_part_beyond_the_end_is_refused(client: FlaskClient) -> None:
    answer = client.get("/archive/files/f3/download", headers={"Range": "bytes=10000-"})
    assert answer.status_code == 416
    assert answer.headers["Content-Range"] == "bytes */10000"


def test_bytes_that_disagree_with_their_digest_are_not_handed_out_whole(
    client: FlaskClient, workspace: Workspace
) -> None:
    (landed,) = [f for f in workspace.data.glob("landing/**/*") if len(f.name) == 64]
    landed.write_bytes(b"X" + rows.LANDED_BYTES[1:])
    with pytest.raises(SteleError, match="5413"):
        client.get("/archive/files/f3/download")
    with pytest.raises(SteleError, match="5413"):  # nor in parts
        client.get("/archive/files/f3/download", headers={"Range": "bytes=10-19"})


def test_a_file_that_is_only_on_discs_is_asked_back_then_downloads(
    client: FlaskClient, workspace: Workspace
) -> None:
    assert "Get it back" in client.get("/archive/files/f1").text
    token = {"X-CSRFToken": token_of(client), "HX-Request": "true"}
    answer = client.post("/archive/files/f1/get-back", headers=token)
    assert "On its way back" in answer.text
    client.post("/archive/files/f1/get-back", headers=token)
    with workspace.store.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(s.requests)) == 1
    _deliver(workspace, "f1", b"0123456789")
    assert "/archive/files/f1/download" in client.get("/archive/files/f1").text
    assert client.get("/archive/files/f1/download").data == b"0123456789"


def _deliver(workspace: Workspace, file_id: str, content: bytes) -> None:
    landed = workspace.delivered.put(io.BytesIO(content))
    now = datetime.now(UTC)
    row = {"sha256": landed.sha256, "size_bytes": landed.size_bytes, "delivered_at": now}
    with workspace.store.begin() as connection:
        rows.add(connection, s.delivered, row | {"expires_at": now + timedelta(hours=1)})
        of_file = s.files.c.file_id == file_id
        connection.execute(sa.update(s.files).where(of_file).values(sha256=landed.sha256))


def test_asking_back_without_the_page_s_token_is_refused(client: FlaskClient) -> None:
    answer = client.post("/archive/files/f1/get-back", headers={"HX-Request": "true"})
    assert answer.status_code == 400
    assert answer.headers["HX-Retarget"] == "#flash"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.txt", "attachment; filename=\"a.txt\"; filename*=UTF-8''a.txt"),
        ('q".txt', "attachment; filename=\"q_.txt\"; filename*=UTF-8''q_.txt"),
        (
            "a\r\nX: y",
            "attachment; filename=\"aU+000DU+000AX_ y\"; filename*=UTF-8''aU%2B000DU%2B000AX_%20y",
        ),
        ("..", "attachment; filename=\"file\"; filename*=UTF-8''file"),
    ],
)
def test_a_name_cannot_break_out_of_its_header(name: str, expected: str) -> None:
    assert content_disposition(name) == expected


def test_a_long_name_keeps_its_extension_within_what_file_systems_take() -> None:
    given = content_disposition("卷" * 120 + ".tif")
    name = given.partition("filename*=UTF-8''")[2]
    assert name.endswith(".tif")
    assert len(name.replace("%", "")) <= 2 * 255


def test_a_plan_says_what_goes_on_which_disc_and_what_is_missing(
    client: FlaskClient, workspace: Workspace
) -> None:
    too_large = {"fonds": "J012", "series": "3", "dossier": "<b>huge</b>", "code": 5201}
    explanation = {
        "blanks": 1,
        "too_large": [too_large | {"needs_bytes": 50_000_000_000, "room_bytes": 25_000_000_000}],
    }
    with workspace.store.begin() as connection:
        of_plan = s.plans.c.plan_id == "plan2"
        connection.execute(sa.update(s.plans).where(of_plan).values(explanation=explanation))
        connection.execute(
            sa.insert(s.volume_packages).values(volume_id="v3", package_id=_a_package(connection))
        )
    page = client.get("/plans/").text
    assert "What is on it" in page
    assert "the appliances reported 1" in page
    assert "&lt;b&gt;huge&lt;/b&gt;" in page
    assert "5201" in page
    assert "It needs 50.0 GB; the largest disc has room for 25.0 GB." in page


def _a_package(connection: sa.Connection) -> str:
    found: str | None = connection.scalar(sa.select(s.packages.c.package_id).limit(1))
    assert found is not None
    return found


def test_a_plan_is_rejected_from_its_page(client: FlaskClient, workspace: Workspace) -> None:
    assert client.post("/plans/plan2/reject").status_code == 400
    answer = client.post("/plans/plan2/reject", data={"csrf_token": token_of(client)})
    assert answer.status_code == 302
    assert plan_state(workspace, "plan2") == "rejected"
    page = client.get("/plans/").text
    assert "Its dossiers wait for another plan." in page
    assert "/plans/plan2/approve" not in page


def test_a_copy_that_was_given_up_says_what_to_do_and_is_tried_again(
    client: FlaskClient, workspace: Workspace
) -> None:
    with workspace.store.begin() as connection:
        copy_id = connection.scalar(sa.select(s.copies.c.copy_id).limit(1))
        values = {"state": "failed", "error_code": 3206, "error_message": "drive <i>d2</i>"}
        of_copy = s.copies.c.copy_id == copy_id
        connection.execute(sa.update(s.copies).where(of_copy).values(**values))
    page = client.get("/jobs").text
    assert "Given up: these need you" in page
    assert "3206" in page
    assert "drive &lt;i&gt;d2&lt;/i&gt;" in page
    path = f"/copies/{copy_id}/retry"
    assert client.post(path, headers={"HX-Request": "true"}).status_code == 400
    headers = {"X-CSRFToken": token_of(client), "HX-Request": "true"}
    assert "3206" not in client.post(path, headers=headers).text
    assert client.post(path, headers=headers).status_code == 409
    with workspace.store.connect() as connection:
        assert connection.scalar(sa.select(s.copies.c.state).where(of_copy)) == "planned"


def test_a_dossier_is_asked_back_whole_and_once(client: FlaskClient, workspace: Workspace) -> None:
    with workspace.store.connect() as connection:
        query = sa.select(s.files.c.package_id).where(s.files.c.file_id == "f1")
        package_id = connection.scalar(query)
    path = f"/archive/dossiers/{package_id}"
    assert "Get the dossier back" in client.get(path).text
    form = {"csrf_token": token_of(client)}
    assert client.post(f"{path}/get-back").status_code == 400
    for _ in range(2):
        answer = client.post(f"{path}/get-back", data=form)
        assert (answer.status_code, answer.headers["Location"]) == (302, "/requests")
    with workspace.store.connect() as connection:
        asked = set(connection.scalars(sa.select(s.request_files.c.file_id)))
        landed = sa.select(s.blobs.c.sha256).where(s.blobs.c.state == "landed")
        on_discs = sa.select(s.files.c.file_id).where(
            s.files.c.package_id == package_id, s.files.c.sha256.not_in(landed)
        )
        assert asked >= set(connection.scalars(on_discs))
        assert connection.scalar(sa.select(sa.func.count()).select_from(s.requests)) == 1
    assert "On its way back" in client.get(path).text
    assert path in client.get("/requests").text or len(asked) == 1
