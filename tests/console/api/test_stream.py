"""A volume's plan and payload over HTTP, in ranges, to the appliance that burns it alone."""

import gc

import pytest
from flask.testing import FlaskClient

from appliance.volume.plan import decode_plan, plan_sha256
from console.api.tokens import Purpose, Right, Tokens, load_key
from console.store import schema
from tests.console.api.conftest import CONTENTS, Burning
from tests.console.dispatch.desk import Desk
from tests.console.dispatch.holdings import Holdings
from tests.console.dispatch.paper_appliance import PaperAppliance


def bearer(token: str, **more: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", **more}


def test_the_plan_is_the_one_whose_digest_the_command_names(
    client: FlaskClient, burning: Burning, holdings: Holdings
) -> None:
    with client.get(f"{burning.path}/plan", headers=bearer(burning.token)) as answer:
        assert answer.mimetype == "application/x-ndjson"
        plan = decode_plan([answer.data])
    assert plan_sha256(plan) == holdings.row(schema.volumes).plan_sha256


def test_the_stream_is_every_file_in_plan_order(client: FlaskClient, burning: Burning) -> None:
    answer = client.get(f"{burning.path}/stream", headers=bearer(burning.token))
    assert answer.status_code == 200
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.content_length == len(burning.payload)
    assert answer.data == burning.payload


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-", 0, None),
        ("bytes=5-9", 5, 10),
        ("bytes=1048570-1048580", 1048570, 1048581),
        ("bytes=3499999-", 3499999, None),
        ("bytes=3500000-", 3500000, None),
        ("bytes=3500001-", 3500001, None),
        ("bytes=-10", -10, None),
        ("bytes=100-99999999", 100, None),
    ],
)
def test_a_range_is_cut_exactly(
    client: FlaskClient, burning: Burning, asked: str, start: int, end: int | None
) -> None:
    answer = client.get(f"{burning.path}/stream", headers=bearer(burning.token, Range=asked))
    assert answer.status_code == 206
    assert answer.data == burning.payload[start:end]
    total = len(burning.payload)
    first = start % total
    assert (
        answer.headers["Content-Range"] == f"bytes {first}-{first + len(answer.data) - 1}/{total}"
    )


def test_head_tells_the_length_and_sends_nothing(client: FlaskClient, burning: Burning) -> None:
    answer = client.head(f"{burning.path}/stream", headers=bearer(burning.token))
    assert (answer.content_length, answer.data) == (len(burning.payload), b"")


def test_a_range_beyond_the_end_is_416(client: FlaskClient, burning: Burning) -> None:
    asked = bearer(burning.token, Range=f"bytes={len(burning.payload)}-")
    assert client.get(f"{burning.path}/stream", headers=asked).status_code == 416


def test_an_odd_range_is_ignored(client: FlaskClient, burning: Burning) -> None:
    for asked in ("bytes=0-1,4-5", "lines=1-2", "bytes=x"):
        headers = bearer(burning.token, Range=asked)
        assert client.get(f"{burning.path}/stream", headers=headers).status_code == 200


@pytest.mark.parametrize("leaf", ["plan", "stream"])
def test_who_has_no_right_gets_nothing(
    client: FlaskClient, burning: Burning, holdings: Holdings, leaf: str
) -> None:
    key = load_key(holdings.workspace.data)
    right = Right("north/rack-1", Purpose.READ, burning.volume_id)
    forged = Tokens(b"x" * 32, 900).issue(right)
    other_object = Tokens(key, 900).issue(Right("north/rack-1", Purpose.READ, "vol-other"))
    other_purpose = Tokens(key, 900).issue(
        Right("north/rack-1", Purpose.DELIVER, burning.volume_id)
    )
    other_appliance = Tokens(key, 900).issue(Right("north/rack-9", Purpose.READ, burning.volume_id))
    for token, status, code in (
        (forged, 401, 4001),
        ("nonsense", 401, 4001),
        (other_object, 403, 4002),
        (other_purpose, 403, 4002),
        (other_appliance, 404, 5464),
    ):
        answer = client.get(f"{burning.path}/{leaf}", headers=bearer(token))
        assert (answer.status_code, answer.json["code"]) == (status, code)  # type: ignore[index]
    assert client.get(f"{burning.path}/{leaf}").status_code == 401
    basic = {"Authorization": f"Basic {burning.token}"}
    assert client.get(f"{burning.path}/{leaf}", headers=basic).status_code == 401


def test_the_right_ends_with_the_burn(
    client: FlaskClient, burning: Burning, desk: Desk, rack: PaperAppliance
) -> None:
    desk.hear(*rack.burn(burning.command))
    answer = client.get(f"{burning.path}/stream", headers=bearer(burning.token))
    assert answer.status_code == 404


@pytest.mark.parametrize("name", ["..%2f..%2ftoken.key", "%2e%2e", "a%00b", "x" * 300])
def test_a_name_that_is_no_id_is_not_found(client: FlaskClient, name: str) -> None:
    for path in (f"volumes/{name}/plan", f"fetches/{name}/items"):
        answer = client.get(f"/content/1/{path}", headers=bearer("any"))
        assert answer.status_code in (401, 404)


def test_a_content_that_changed_under_the_stream_breaks_it_off_and_is_told_next_time(
    client: FlaskClient, burning: Burning, holdings: Holdings
) -> None:
    holdings.landing_path(CONTENTS["a"]).write_bytes(b"cut")
    with pytest.raises(Exception, match="no longer holds"):
        client.get(f"{burning.path}/stream", headers=bearer(burning.token)).data  # noqa: B018
    gc.collect()  # the response that broke off holds the file open
    answer = client.get(f"{burning.path}/stream", headers=bearer(burning.token))
    assert (answer.status_code, answer.json["code"]) == (404, 3402)  # type: ignore[index]
    assert holdings.row(schema.blobs, state="damaged").size_bytes == len(CONTENTS["a"])
    assert holdings.row(schema.alarms).code == 3402
