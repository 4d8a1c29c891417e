"""What requests bring, in every form that somebody may send it in."""

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from msgspec import Struct

from console.access.local import ensure_local_token
from console.api.rest import Call, Count, Incoming, Instant, Key, Lines, PageQuery, Resource, Scope
from console.api.rest import bodies as under_test
from console.api.v1 import application
from console.store.workspace import open_workspace

things = Resource("things", "Things to try requests on.")


class Thing(Struct, frozen=True, forbid_unknown_fields=True):
    name: Key
    size: Count = 0
    at: Instant | None = None


class Heard(Struct, frozen=True):
    things: list[Thing]
    size_bytes: int = 0


class ThingQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    size: Count | None = None
    open: bool | None = None
    at: Instant | None = None
    name: tuple[Key, ...] = ()


@things.post("/things", scope=Scope.READ)
def take_thing(call: Call, body: Thing) -> Heard:
    """Take one thing."""
    return Heard([body])


@things.post("/things/many", scope=Scope.READ, max_body_bytes=None)
def take_things(call: Call, body: Lines[Thing]) -> Heard:
    """Take many things and remember the last."""
    last = None
    for number, thing in enumerate(body, 1):  # noqa: B007
        last = thing
    return Heard([last] if last else [], number if last else 0)


@things.put("/things/{name}", scope=Scope.READ, max_body_bytes=None, status=201)
def take_bytes(call: Call, name: Key, body: Incoming) -> Heard:
    """Take bytes and count them."""
    return Heard([Thing(name)], sum(map(len, body.chunks())))


@things.get("/things", scope=Scope.READ)
def find_things(call: Call, query: ThingQuery) -> dict[str, Any]:
    """Give the query back."""
    return {"size": query.size, "open": query.open, "at": query.at, "name": query.name}


Ask = Callable[..., tuple[int, Any]]


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FlaskClient]:
    monkeypatch.setattr(application, "RESOURCES", (things,))
    workspace = open_workspace(tmp_path)
    app: Flask = application.create_api(workspace)
    client = app.test_client()
    token = ensure_local_token(tmp_path)
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    yield client
    workspace.close()


@pytest.fixture
def ask(client: FlaskClient) -> Ask:
    def ask(method: str, path: str, **options: Any) -> tuple[int, Any]:
        answer = client.open("/api/v1" + path, method=method, **options)
        return answer.status_code, answer.json.get("code", answer.json)

    return ask


def sent(raw: bytes, **options: Any) -> dict[str, Any]:
    return {"data": raw, "content_type": "application/json", **options}


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b'{"name":"a"}', 200),
        (b' {"name":"a"} \n', 200),
        (b'{"name":"a\\\\u0000"}', 200),
        (b"", (400, 5421)),
        (b"null", (400, 5421)),
        (b"{", (400, 5420)),
        (b'{"name":"a"}x', (400, 5420)),
        (b'{"name":"a","name":"b"}', (400, 5420)),
        (b'{"name":"a\\u0000"}', (400, 5420)),
        (b'{"name":"a\\\\\\u0000"}', (400, 5420)),
        (b'{"name":"a\x00"}', (400, 5420)),
        (b'{"name":"\xff"}', (400, 5420)),
        (b'{"name":"\\ud800"}', (400, 5420)),
        (b'\xff\xfe{\x00"\x00', (400, 5420)),
        (b'{"name":"a","size":4.0}', 200),
        (b'{"name":"a","size":1e3}', 200),
        (b'{"name":"a","size":4.5}', (400, 5421)),
        (b'{"name":"a","size":1e300}', (400, 5421)),
        (b'{"name":"a","size":-1}', (400, 5421)),
        (b'{"name":"a","size":1e400}', (400, 5421)),
        (b'{"name":"a","size":' + b"9" * 5000 + b"}", (400, 5421)),
        (b'{"name":"a","size":NaN}', (400, 5420)),
        (b'{"name":"a","size":true}', (400, 5421)),
        (b'{"name":"a","more":1}', (400, 5421)),
        (b'{"name":' + b"[" * 100_000, (400, 5421)),
        (b'{"more":' + b"[" * 100_000 + b"]" * 100_000 + b"}", (400, 5421)),
        (b"[" * 500_000, (400, 5421)),
        (b'{"name":"' + b"a" * 129 + b'"}', (400, 5421)),
        (b'{"name":"a","at":"2026-01-01T00:00:00"}', (400, 5421)),
        (b'{"name":"' + b"a" * (1 << 20) + b'"}', (413, 5422)),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_a_body_is_json_that_fits_or_is_refused_by_number(
    ask: Ask, raw: bytes, expected: int | tuple[int, int]
) -> None:
    status, code = ask("POST", "/things", **sent(raw))
    assert (status if status == 200 else (status, code)) == expected


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "", "a/b;c"])
def test_a_body_of_another_type_is_refused(ask: Ask, kind: str) -> None:
    found = ask("POST", "/things", data=b'{"name":"a"}', content_type=kind)
    assert found == (415, 5423)


def test_a_packed_body_is_refused_before_it_swells(ask: Ask) -> None:
    packed = sent(b"\x1f\x8b", headers={"Content-Encoding": "gzip"})
    assert ask("POST", "/things", **packed) == (415, 5423)


class Endless(io.RawIOBase):
    """A body that never ends, and knows how much of it was read."""

    def __init__(self) -> None:
        self.given = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        buffer[:] = b" " * len(buffer)
        self.given += len(buffer)
        return len(buffer)


def endless(stream: Endless) -> dict[str, Any]:
    """How a server hands over a body that comes in chunks."""
    return {
        "wsgi.input": stream,
        "wsgi.input_terminated": True,
        "CONTENT_LENGTH": "",
        "HTTP_TRANSFER_ENCODING": "chunked",
    }


def test_a_body_that_says_that_it_is_large_is_not_read_at_all(ask: Ask) -> None:
    stream = Endless()
    large = {"wsgi.input": stream, "CONTENT_LENGTH": str(2 << 30)}
    assert ask("POST", "/things", **sent(b"", environ_overrides=large)) == (413, 5422)
    assert stream.given == 0


def test_a_body_without_length_is_read_up_to_its_limit(ask: Ask) -> None:
    stream = Endless()
    found = ask("POST", "/things", **sent(b"", environ_overrides=endless(stream)))
    assert found == (413, 5422)
    assert stream.given < 3 << 20


def test_a_body_that_ends_too_soon_is_not_taken_for_whole(ask: Ask) -> None:
    short = {"wsgi.input": io.BytesIO(b'{"name":"a"}'), "CONTENT_LENGTH": "100"}
    found = ask("POST", "/things", **sent(b"", environ_overrides=short))
    assert found == (408, 5428)


def test_a_body_that_dribbles_in_is_given_up(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter(range(0, 10_000, 20))  # each look at the clock finds it 20 s later
    monkeypatch.setattr(under_test, "monotonic", lambda: float(next(now)))
    monkeypatch.setattr(under_test, "_CHUNK_BYTES", 1)
    assert ask("POST", "/things", **sent(b'{"name":"abcdefgh"}')) == (408, 5428)


def test_many_lines_are_taken_one_by_one(ask: Ask) -> None:
    lines = b"".join(b'{"name":"n%d"}\n' % n for n in range(100_000))
    status, found = ask("POST", "/things/many", data=lines, content_type="application/x-ndjson")
    assert (status, found) == (
        200,
        {"things": [{"name": "n99999", "size": 0, "at": None}], "size_bytes": 100_000},
    )


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        (b'{"name":"a"}\n{"name":1}\n', 5421),
        (b'{"name":"a"}\n{"name":\n', 5420),
        (b'{"name":"a","name":"b"}\n', 5420),
        (b'{"name":"' + b"a" * 100_000, 5422),
    ],
)
def test_a_line_that_does_not_fit_is_named(client: FlaskClient, lines: bytes, code: int) -> None:
    answer = client.post(
        "/api/v1/things/many", data=lines, content_type="application/x-ndjson"
    ).json
    assert answer["code"] == code
    assert "line" in answer["message"]


def test_a_line_without_end_costs_no_memory(ask: Ask) -> None:
    stream = Endless()
    options = {"content_type": "application/x-ndjson", "environ_overrides": endless(stream)}
    found = ask("POST", "/things/many", **options)
    assert found == (413, 5422)
    assert stream.given < 1 << 20


def test_bytes_may_be_as_many_as_the_function_takes(ask: Ask) -> None:
    body = b"x" * (3 << 20)
    status, found = ask("PUT", "/things/a", data=body, content_type="application/octet-stream")
    assert (status, found["size_bytes"]) == (201, 3 << 20)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("size=5&open=true&name=a&name=%E5%8D%B7", {"size": 5, "open": True, "name": ["a", "卷"]}),
        ("at=2026-01-01T00:00:00Z", {"at": "2026-01-01T00:00:00Z"}),
        ("name=null&name=1", {"name": ["null", "1"]}),
        ("size=-1", 5421),
        ("size=1.5", 5421),
        ("size=%D9%A3", 5421),
        ("size=9999999999999999999999", 5421),
        ("size=1&size=2", 5421),
        ("size=null", 5421),
        ("size=", 5421),
        ("open=1", 5421),
        ("at=123", 5421),
        ("at=2026-01-01T00:00:00", 5421),
        ("more=1", 5421),
        ("name=%00", 5420),
        ("name=%FF", 5420),
        ("name=" + "a" * 129, 5421),
        ("&".join(f"name={n}" for n in range(3000)), 5420),
    ],
)
def test_a_query_fits_or_is_refused(ask: Ask, query: str, expected: Any) -> None:
    status, found = ask("GET", "/things?" + query)
    if isinstance(expected, int):
        assert (status, found) == (400, expected)
    else:
        assert expected.items() <= found.items()


@pytest.mark.parametrize("name", ["%00", "%FF", "a" * 600, "a" * 129])
def test_a_path_that_can_name_nothing_names_nothing(ask: Ask, name: str) -> None:
    found = ask("PUT", f"/things/{name}", data=b"x", content_type="application/octet-stream")
    assert found == (404, 5426)
