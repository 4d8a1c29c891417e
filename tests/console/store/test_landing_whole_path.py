"""From ingest to release, and back from a disc, with every content in an S3 store."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from appliance.contract.messages import Burn, Fetch
from console.api.content import register_content
from console.dispatch.damage import check_next
from console.retrieval.requests import create_request
from console.store import schema
from console.store.landing import LandingError
from console.store.landing.s3 import S3Landing
from tests.console.dispatch.desk import Desk
from tests.console.dispatch.holdings import Holdings
from tests.console.dispatch.paper_appliance import PaperAppliance
from tests.console.ingest.folders import plant, take
from tests.console.store.s3_server import BUCKET, S3Server

TREE: dict[str, str | None] = {
    "d1/large": "0123456789abcdef" * 600_000,  # more than one part of an upload
    "d1/empty": "",
    **{f"d1/page-{n:03}": f"page {n}" for n in range(60)},
}


@pytest.fixture
def holdings(
    tmp_path: Path, s3_server: S3Server, key_file: Path, prefix: str
) -> Iterator[Holdings]:
    data = tmp_path / "data"
    data.mkdir()
    (data / "console.toml").write_text(
        f"""
        [landing]
        url = "s3://{BUCKET}/{prefix}landing"
        delivered_url = "s3://{BUCKET}/{prefix}delivered"
        endpoint_url = "{s3_server.url}"
        key_file = "{key_file}"
        """
    )
    made = Holdings(data)
    yield made
    made.workspace.close()


def objects(server: S3Server, prefix: str, place: str) -> int:
    return len(server.keys(f"{prefix}{place}/"))


def test_a_file_lands_is_burned_released_and_comes_back(
    holdings: Holdings, tmp_path: Path, s3_server: S3Server, prefix: str
) -> None:
    plant(tmp_path / "in", TREE)
    report = take(holdings.workspace, tmp_path / "in")
    assert report.files_taken == len(TREE)
    assert objects(s3_server, prefix, "landing") == len(TREE)
    assert not (holdings.workspace.data / "landing").exists()

    policy_id = holdings.policy(release=True)
    with holdings.store.begin() as db:
        db.execute(sa.update(schema.packages).values(policy_id=policy_id, state="landed"))
    (package,) = holdings.rows(schema.packages)
    volume_id = holdings.volume(package.package_id, roles=("use",), image_size_bytes=64 << 20)
    desk, rack = Desk(holdings), PaperAppliance()
    desk.meet(rack)
    (command,) = desk.burns(rack)
    assert isinstance(command.body, Burn)

    app = Flask("content")
    register_content(app, holdings.workspace)
    client = app.test_client()
    path = f"/content/1/volumes/{volume_id}/stream"
    asked = {"Authorization": f"Bearer {command.body.content.token}"}
    whole = client.get(path, headers=asked).data
    assert whole == holdings.payload(volume_id)
    assert len(whole) == sum(len(text or "") for text in TREE.values())
    assert client.get(path, headers={**asked, "Range": "bytes=5000000-"}).data == whole[5000000:]

    assert desk.release() == 0
    desk.hear(*rack.burn(command), rack.library())
    assert desk.release() == len(TREE)
    assert objects(s3_server, prefix, "landing") == 0

    files = [row.file_id for row in holdings.rows(schema.files)]
    create_request(holdings.store, files, "all", from_media=True)
    (fetch,) = desk.fetches(rack)
    assert isinstance(fetch.body, Fetch)
    asked = {"Authorization": f"Bearer {fetch.body.content.token}", "Upload-Offset": "0"}
    answer = client.patch(
        f"/content/1/fetches/{fetch.body.fetch_id}/stream", headers=asked, data=whole
    )
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (204, str(len(whole)))
    assert objects(s3_server, prefix, "delivered") == len(TREE)
    delivered = holdings.workspace.delivered
    assert all(delivered.check(row.sha256) >= 0 for row in holdings.rows(schema.delivered))


def test_an_outage_marks_nothing_as_damaged(
    holdings: Holdings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    landing = holdings.workspace.landing
    assert isinstance(landing, S3Landing)
    volume_id = holdings.volume(holdings.package({"a": b"alpha"}))
    gone = landing.place
    monkeypatch.setattr(gone, "bucket", "no-such-bucket")
    with pytest.raises(LandingError) as caught:
        check_next(holdings.store, landing, volume_id, Desk(holdings).now)
    assert caught.value.code == 3445
    assert holdings.row(schema.blobs).state == "landed"
