"""Strict reading: whatever the bytes are, a message or one numbered error comes out."""

from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.contract.errors import SteleError
from appliance.contract.messages import (
    Command,
    Event,
    EventBody,
    JobsTelemetry,
    LibraryTelemetry,
    Reply,
    Status,
    encode,
)
from appliance.contract.topics import Topics, check_level, parse_topic
from appliance.contract.wire import decode

KINDS = [Command, Event, Reply, Status, LibraryTelemetry, JobsTelemetry]
LIMIT = 4096

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
command_like = st.fixed_dictionaries(
    {
        "id": st.text(max_size=8) | json_values,
        "issued_at": st.sampled_from(["2026-01-01T00:00:00Z", "2026-01-01", "x"]) | json_values,
        "body": st.fixed_dictionaries(
            {"type": st.sampled_from(["burn", "fetch", "cancel", "grant", "replay", "?"])},
            optional={
                "job_id": json_values,
                "epoch": json_values,
                "from_seq": json_values,
                "content": json_values,
            },
        )
        | json_values,
    }
)


def read(payload: bytes, kind: type) -> SteleError | None:
    """The numbered error of reading `payload`; any other exception goes on."""
    try:
        assert isinstance(decode(payload, kind, limit_bytes=LIMIT, what="a message"), kind)
    except SteleError as error:
        return error
    return None


@pytest.mark.parametrize("kind", KINDS)
@given(payload=st.binary(max_size=300))
def test_any_bytes_give_a_message_or_a_numbered_error(kind: type, payload: bytes) -> None:
    error = read(payload, kind)
    assert error is None or error.code in (1112, 1113)


@given(value=json_values | command_like)
def test_any_json_gives_a_command_or_a_numbered_error(value: object) -> None:
    error = read(msgspec.json.encode(value), Command)
    assert error is None or error.code in (1111, 1112, 1113)


@given(cut=st.integers(0, 400), flip=st.integers(0, 255), at=st.integers(0, 400))
def test_a_damaged_command_gives_a_command_or_a_numbered_error(
    cut: int, flip: int, at: int
) -> None:
    whole = bytearray(
        b'{"id":"burn-1","issued_at":"2026-01-01T00:00:00Z","body":{"type":"burn","volume_id":"V1",'
        b'"copy_id":"c1","role":"use","label":"L","plan_sha256":"' + b"0" * 64 + b'",'
        b'"image_size_bytes":5,"content":{"url":"http://h/x","token":"t"}}}'
    )
    assert read(bytes(whole), Command) is None
    whole[at % len(whole)] ^= flip
    error = read(bytes(whole[: cut or None]), Command)
    assert error is None or error.code in (1112, 1113)


@pytest.mark.parametrize("depth", [10, 1000, 2000])
@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
def test_absurd_nesting_is_refused(depth: int, opening: bytes) -> None:
    payload = (b'{"more":' + opening * depth)[:LIMIT]
    error = read(payload, Command)
    assert error is not None
    assert error.code == 1112


def test_a_message_over_its_limit_is_not_even_looked_at() -> None:
    error = read(b"{" * (LIMIT + 1), Command)
    assert error is not None
    assert error.code == 1111


def test_a_reason_is_short_however_long_the_message() -> None:
    error = read(b'{"id":"' + b"x" * 3000 + b'"}', Command)
    assert error is not None
    assert len(error.message) < 500


def test_a_field_that_a_later_firmware_adds_is_ignored() -> None:
    payload = b'{"command_id":"c","at":"2026-01-01T00:00:00Z","accepted":true,"mood":"good"}'
    assert decode(payload, Reply, limit_bytes=LIMIT, what="a reply").accepted


@given(st.data())
@pytest.mark.parametrize("body", get_args(EventBody))
def test_an_event_comes_back_as_it_was_written(body: type, data: st.DataObject) -> None:
    event = Event("e", 1, data.draw(st.datetimes(timezones=st.timezones())), data.draw(_of(body)))
    payload = encode(event)
    again = decode(payload, Event, limit_bytes=1 << 20, what="an event")
    assert encode(again) == payload


def _of(body: type) -> st.SearchStrategy[object]:
    """Bodies with any text where any text may stand."""
    example = {
        "bytes_read": 1,
        "bytes_sent": 1,
        "image_size_bytes": 1,
        "burn_s": 1.5,
        "verify_s": 1.5,
        "plan_sha256": "0" * 64,
        "state": {"MediumChanged": "verified", "DoorChanged": "forced"}.get(body.__name__, "done"),
        "kind": "tape",
        "discs": 3,
        **dict.fromkeys(("right", "moved", "other", "without_label", "unreadable", "unknown"), 1),
        "stage": "burn",
        "attempt": 1,
        "files": 1,
        "code": 1101,
        "error": {"code": 1101, "message": "m"},
        "capacity_bytes": 1,
    }
    names = [field.name for field in msgspec.structs.fields(body)]
    texts = st.text(st.characters(codec="utf-8"), max_size=20)
    return st.fixed_dictionaries(
        {name: st.just(example[name]) if name in example else texts for name in names}
    ).map(lambda values: msgspec.convert(values, body))


@given(st.text(max_size=80))
def test_a_topic_that_is_taken_for_ours_is_ours(text: str) -> None:
    try:
        site, appliance, leaf = parse_topic(text)
    except ValueError:
        return
    assert f"{Topics(site, appliance).base}/{leaf}" == text


@pytest.mark.parametrize("name", ["", "A", "a/b", "a+", "#", "a" * 65, "ä", "-a", "a\n"])
def test_a_name_that_would_break_a_topic_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="may hold only"):
        check_level(name, "site")
