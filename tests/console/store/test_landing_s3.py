"""What is true of a landing zone on S3 alone: requests, memory, and a store that fails."""

import hashlib
import io
import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from appliance.contract.errors import SteleError
from console.store.landing import LandingError, Piece, s3_copy, s3_place, s3_upload
from console.store.landing import s3 as s3_module
from console.store.landing.s3 import S3Landing
from console.store.landing.s3_place import S3Access, S3Place
from tests.console.store.s3_server import (
    BUCKET,
    READER_KEY,
    READER_SECRET,
    SECRET_KEY,
    Proxy,
    S3Server,
)

MIB = 1 << 20


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three attempts, so that a test of failure does not wait for six."""
    once = {"retries": {"mode": "standard", "total_max_attempts": 3}, "connect_timeout": 2}
    monkeypatch.setattr(s3_place, "_PATIENT", once)


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def endless(size_bytes: int) -> Iterator[memoryview]:
    block = memoryview(bytes(range(256)) * 4096)
    for _ in range(size_bytes // len(block)):
        yield block


def test_a_large_content_crosses_the_network_once_and_in_bounded_memory(
    proxied: S3Landing, proxy: Proxy
) -> None:
    size_bytes = 40 * MIB
    with proxied.batch() as batch:
        landed = batch.put(endless(size_bytes))
        batch.stage()
        staged = len(proxy.requests)
        batch.commit()
    assert [line for line in proxy.requests[staged:] if "GET" in line] == []
    parts = [line for line in proxy.asked("PUT") if "partNumber" in line]
    assert len(parts) == 5
    copies = [line for line in proxy.asked("PUT") if landed.sha256 in line]
    assert len(copies) == 1
    assert proxied.sender.window.peak_bytes <= s3_upload.WINDOW_BYTES
    assert proxied.check(landed.sha256) == size_bytes


def test_commit_asks_little_after_staging(proxied: S3Landing, proxy: Proxy) -> None:
    with proxied.batch() as batch:
        batch.put(endless(9 * MIB))
        batch.stage()
        before = len(proxy.requests)
        batch.commit()
    assert [line.split()[0] for line in proxy.requests[before:]] == ["HEAD", "DELETE"]


def test_a_release_between_staging_and_commit_takes_nothing_away(s3: S3Landing) -> None:
    with s3.batch() as batch:
        landed = batch.put(endless(9 * MIB))
        batch.stage()
        s3.release(landed.sha256)
        batch.commit()
    assert s3.check(landed.sha256) == 9 * MIB


def test_resuming_at_an_offset_is_one_request(proxied: S3Landing, proxy: Proxy) -> None:
    content = bytes(range(256)) * 20_000
    digest = proxied.put(io.BytesIO(content)).sha256
    proxy.requests.clear()
    assert b"".join(proxied.stream([Piece(digest, 3_000_000, len(content))])) == content[3_000_000:]
    assert len(proxy.requests) == 1


def test_small_contents_are_asked_for_ahead(proxied: S3Landing, proxy: Proxy) -> None:
    contents = [bytes([n]) * 100 for n in range(1, 80)]
    for content in contents:
        proxied.put(io.BytesIO(content))
    proxy.requests.clear()
    stream = proxied.stream(Piece(sha(one), 0, 100) for one in contents)
    assert next(stream) == contents[0]
    assert b"".join(stream) == b"".join(contents[1:])
    assert len(proxy.requests) == len(contents)


def test_a_connection_that_breaks_off_goes_on_where_it_stood(
    proxied: S3Landing, proxy: Proxy
) -> None:
    content = hashlib.sha512(b"seed").digest() * 50_000
    digest = proxied.put(io.BytesIO(content)).sha256
    proxy.requests.clear()
    proxy.plan = [("GET", 1_000_000), ("GET", 900_000)]
    assert proxied.check(digest) == len(content)
    assert len(proxy.asked("GET")) == 3


def test_a_stream_that_never_goes_on_has_a_number(
    proxied: S3Landing, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.store.landing.s3_stream._FIRST_PAUSE_S", 0.001)
    digest = proxied.put(io.BytesIO(bytes(100_000))).sha256
    proxy.plan = [("GET", 0)] * 50  # the head comes, the content does not
    with pytest.raises(LandingError) as caught:
        proxied.check(digest)
    assert caught.value.code == 3443


def test_a_store_that_is_away_says_nothing_of_a_content(
    proxied: S3Landing, proxy: Proxy, key_file: Path
) -> None:
    digest = proxied.put(io.BytesIO(b"x")).sha256
    away = S3Landing(S3Place(f"s3://{BUCKET}/x", S3Access("http://127.0.0.1:9", key_file=key_file)))
    for ask in (
        lambda: away.open(digest),
        lambda: away.size(digest),
        lambda: away.check(digest),
        lambda: away.put(io.BytesIO(b"x")),
        lambda: away.release(digest),
        away.sweep,
    ):
        with pytest.raises(LandingError) as caught:
            ask()
        assert caught.value.code == 3443


def test_a_store_that_is_slow_or_fails_once_is_asked_again(
    proxied: S3Landing, proxy: Proxy
) -> None:
    proxy.plan = [("PUT", (503, "SlowDown")), ("GET", (500, "InternalError")), ("PUT", -1)]
    digest = proxied.put(io.BytesIO(b"patience")).sha256
    assert proxied.check(digest) == 8


def test_a_store_that_throttles_for_long_has_a_number(proxied: S3Landing, proxy: Proxy) -> None:
    proxy.plan = [("PUT", (503, "SlowDown"))] * 10
    with pytest.raises(LandingError) as caught:
        proxied.put(io.BytesIO(b"x"))
    assert caught.value.code == 3446


def test_a_lost_bucket_does_not_look_like_a_lost_content(
    s3_server: S3Server, key_file: Path
) -> None:
    access = S3Access(s3_server.url, key_file=key_file)
    landing = S3Landing(S3Place("s3://no-such-bucket/x", access))
    for ask in (lambda: landing.size("0" * 64), lambda: landing.open("0" * 64), landing.sweep):
        with pytest.raises(LandingError) as caught:
            ask()
        assert caught.value.code == 3445


@pytest.mark.parametrize(("secret", "code"), [("not-the-word", 3444), (SECRET_KEY, 3444)])
def test_wrong_keys_have_a_number_and_stay_unsaid(
    s3_server: S3Server, tmp_path: Path, secret: str, code: int, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "keys"
    file.write_text(f'access_key = "stranger"\nsecret_key = "{secret}"\n')
    file.chmod(0o600)
    caplog.set_level(logging.DEBUG)
    landing = S3Landing(S3Place(f"s3://{BUCKET}/x", S3Access(s3_server.url, key_file=file)))
    with pytest.raises(LandingError) as caught:
        landing.put(io.BytesIO(b"x"))
    assert caught.value.code == code
    told = f"{caught.value} {caught.value.detail} {landing.place!r} {landing.place._keys!r}"
    assert secret not in told + caplog.text


def test_a_reader_may_read_and_not_write(
    s3: S3Landing, s3_server: S3Server, tmp_path: Path, prefix: str
) -> None:
    digest = s3.put(io.BytesIO(b"x")).sha256
    file = tmp_path / "keys"
    file.write_text(f'access_key = "{READER_KEY}"\nsecret_key = "{READER_SECRET}"\n')
    file.chmod(0o600)
    reader = S3Landing(S3Place(f"s3://{BUCKET}/{prefix}", S3Access(s3_server.url, key_file=file)))
    assert reader.check(digest) == 1
    with pytest.raises(LandingError) as caught:
        reader.release(digest)
    assert caught.value.code == 3444
    assert s3.check(digest) == 1


@pytest.mark.parametrize(
    ("text", "mode"),
    [
        ('access_key = "a"\nsecret_key = "very-secret"\n', 0o640),
        ('access_key = "a"\nsecret_kye = "very-secret"\n', 0o600),
        ('access_key = "a"\nsecret_key = very-secret\n', 0o600),
        ("", 0o600),
    ],
)
def test_a_bad_key_file_is_told_without_what_is_in_it(tmp_path: Path, text: str, mode: int) -> None:
    file = tmp_path / "keys"
    file.write_text(text)
    file.chmod(mode)
    with pytest.raises(LandingError) as caught:
        S3Place("s3://bucket/x", S3Access(key_file=file))
    assert caught.value.code == 3447
    assert "very-secret" not in f"{caught.value} {caught.value.detail}"
    with pytest.raises(LandingError):
        S3Place("s3://bucket/x", S3Access(key_file=tmp_path / "missing"))


def test_what_killed_ingests_left_is_swept(
    s3: S3Landing, s3_server: S3Server, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = s3.put(io.BytesIO(b"kept")).sha256
    client = s3_server.client
    client.put_object(Bucket=BUCKET, Key=f"{prefix}incoming/in-1", Body=b"torn")
    upload = {"Bucket": BUCKET, "Key": f"{prefix}incoming/in-2"}
    upload["UploadId"] = client.create_multipart_upload(**upload)["UploadId"]
    client.upload_part(**upload, PartNumber=1, Body=b"part")
    assert s3.sweep() == 0
    monkeypatch.setattr(s3_module, "_STALE", timedelta(seconds=-60))
    assert s3.sweep() == 2
    assert s3_server.keys(f"{prefix}incoming/") == set()
    left = client.list_multipart_uploads(Bucket=BUCKET, Prefix=prefix).get("Uploads", [])
    assert left == []
    assert s3.check(digest) == 4


def test_an_upload_that_breaks_leaves_no_parts(
    proxied: S3Landing, s3_server: S3Server, proxy: Proxy, prefix: str
) -> None:
    proxy.plan = [("PUT", (500, "InternalError"))] * 2 + [("PUT", (403, "AccessDenied"))] * 20
    with pytest.raises(LandingError):
        proxied.put(io.BytesIO(bytes(30 * MIB)))
    proxy.plan = []
    left = s3_server.client.list_multipart_uploads(Bucket=BUCKET, Prefix=prefix)
    assert left.get("Uploads", []) == []
    assert s3_server.keys(prefix) == set()


def test_more_than_one_copy_request_takes_is_copied_in_parts(
    s3: S3Landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3_copy, "WHOLE_MAX_BYTES", 10 * MIB)
    monkeypatch.setattr(s3_copy, "PART_BYTES", 6 * MIB)
    with s3.batch() as batch:
        landed = batch.put(endless(20 * MIB))
        batch.stage()
        batch.commit()
    assert s3.check(landed.sha256) == 20 * MIB


def test_a_file_beyond_what_s3_takes_is_refused(
    s3: S3Landing, monkeypatch: pytest.MonkeyPatch, prefix: str, s3_server: S3Server
) -> None:
    monkeypatch.setattr(s3_upload, "_PARTS_MAX", 2)
    with pytest.raises(LandingError) as caught:
        s3.batch().put(endless(40 * MIB))
    assert caught.value.code == 3448
    assert s3_server.keys(prefix) == set()


def test_a_file_that_could_not_be_sent_is_sent_by_the_next_sync(
    proxied: S3Landing, proxy: Proxy, tmp_path: Path
) -> None:
    file = tmp_path / "part"
    file.write_bytes(b"came back from a disc")
    proxy.plan = [("PUT", (403, "AccessDenied"))]
    proxied.adopt(file, sha(file.read_bytes()))
    with pytest.raises(SteleError) as caught:
        proxied.sync()
    assert caught.value.code == 3444
    assert file.exists()
    proxied.sync()
    assert proxied.check(sha(b"came back from a disc")) == 21
    assert not file.exists()


def test_while_the_store_is_away_what_holds_a_lock_fails_at_once(
    s3_server: S3Server, key_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = S3Place(f"s3://{BUCKET}/x", S3Access("http://127.0.0.1:9", key_file=key_file))
    landing = S3Landing(place)
    with pytest.raises(LandingError):
        landing.release_all(["0" * 64])

    def asked(_: bool) -> None:
        raise AssertionError("the store was asked")

    monkeypatch.setattr(place, "_client", asked)
    with pytest.raises(LandingError) as caught:
        landing.release_all(["0" * 64])
    assert caught.value.code == 3443
