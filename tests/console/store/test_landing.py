"""The landing zone: contents appear whole or not at all, under the digest that they have.

Every test here runs on a folder and on a real S3 store.
"""

import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from appliance.contract.errors import SteleError
from console.store.landing import Landing, LandingError, Piece, open_landing
from console.store.landing.folder import FolderLanding
from tests.console.store.s3_server import BUCKET, S3Server


@dataclass
class Zone:
    """A landing zone and a look behind its back."""

    landing: Landing
    names: Callable[[], set[str]]
    """What stands anywhere in it, by its last name."""
    overwrite: Callable[[str, bytes], object]


@pytest.fixture(params=["folder", "s3"])
def zone(request: pytest.FixtureRequest, tmp_path: Path) -> Zone:
    if request.param == "folder":
        root = tmp_path / "landing"
        folder = FolderLanding(root)
        return Zone(
            folder,
            lambda: {path.name for path in root.rglob("*") if path.is_file()},
            lambda sha256, content: folder._path(sha256).write_bytes(content),
        )
    server: S3Server = request.getfixturevalue("s3_server")
    s3, prefix = request.getfixturevalue("s3"), request.getfixturevalue("prefix")
    return Zone(
        s3,
        lambda: {key.rpartition("/")[2] for key in server.keys(prefix)},
        lambda sha256, content: server.client.put_object(
            Bucket=BUCKET, Key=s3.key(sha256), Body=content
        ),
    )


@pytest.fixture
def landing(zone: Zone) -> Landing:
    return zone.landing


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("content", [b"", b"x", bytes(range(256)) * 10_000])
def test_a_content_is_found_under_its_digest(landing: Landing, content: bytes) -> None:
    landed = landing.put(io.BytesIO(content), ("sha256", "sm3"))
    assert landed.sha256 == sha(content)
    assert landed.sm3 == hashlib.new("sm3", content).hexdigest()
    assert landed.size_bytes == len(content) == landing.size(landed.sha256)
    with landing.open(landed.sha256) as stream:
        assert stream.read() == content
    assert landing.check(landed.sha256) == len(content)


def test_sm3_is_not_computed_unless_wanted(landing: Landing) -> None:
    assert landing.put(io.BytesIO(b"x")).sm3 == ""


def test_equal_contents_are_kept_once(zone: Zone) -> None:
    with zone.landing.batch() as batch:
        assert batch.put([b"sa", b"me"]) == batch.put([b"same"])
        assert batch.size_bytes == 4
        batch.commit()
    zone.landing.put(io.BytesIO(b"same"))
    assert zone.names() == {sha(b"same")}


def test_a_batch_appears_only_with_its_commit(zone: Zone) -> None:
    with zone.landing.batch() as batch:
        batch.put([b"a"])
        assert zone.landing.size(sha(b"a")) is None
    assert zone.names() == set()


def test_many_contents_appear_with_one_commit(zone: Zone) -> None:
    contents = [f"content {n}".encode() for n in range(100)]
    with zone.landing.batch() as batch:
        for content in contents:
            batch.put([content])
        batch.stage()
        batch.commit()
    assert zone.names() == {sha(content) for content in contents}
    assert all(zone.landing.check(sha(content)) == len(content) for content in contents)


def test_known_contents_are_not_written_again(zone: Zone) -> None:
    zone.landing.put(io.BytesIO(b"a"))
    zone.overwrite(sha(b"a"), b"as it is")
    with zone.landing.batch() as batch:
        batch.put([b"a"])
        batch.stage(known={sha(b"a")})
        batch.commit(known={sha(b"a")})
    with zone.landing.open(sha(b"a")) as stream:
        assert stream.read() == b"as it is"
    assert zone.names() == {sha(b"a")}


def test_an_unknown_content_replaces_what_stands_there(zone: Zone) -> None:
    """A power cut may have left a torn file under the final name; only the store knows better."""
    zone.landing.put(io.BytesIO(b"a"))
    zone.overwrite(sha(b"a"), b"torn")
    zone.landing.put(io.BytesIO(b"a"))
    assert zone.landing.check(sha(b"a")) == 1


@pytest.mark.parametrize("size_bytes", [3 << 20, 20 << 20])
def test_a_reader_that_fails_leaves_nothing(zone: Zone, size_bytes: int) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell() > size_bytes // 2:
                raise OSError(5, "Input/output error")
            return super().read(size)

    with pytest.raises(OSError, match="Input/output"):
        zone.landing.put(Broken(bytes(size_bytes)))
    assert zone.names() == set()


def test_a_changed_content_is_noticed(zone: Zone) -> None:
    zone.landing.put(io.BytesIO(b"a"))
    zone.overwrite(sha(b"a"), b"b")
    with pytest.raises(SteleError) as caught:
        zone.landing.check(sha(b"a"))
    assert caught.value.code == 3402


def test_a_missing_content_is_an_error_with_a_number(landing: Landing) -> None:
    with pytest.raises(SteleError) as caught:
        landing.open("0" * 64)
    assert caught.value.code == 3401
    assert not isinstance(caught.value, LandingError)
    assert landing.size("0" * 64) is None


def test_releasing_twice_is_harmless(landing: Landing) -> None:
    landed = landing.put(io.BytesIO(b"a"))
    assert landing.release(landed.sha256) is True
    assert landing.release(landed.sha256) is False
    assert landing.size(landed.sha256) is None


def test_many_are_released_at_once(zone: Zone) -> None:
    for content in (b"a", b"b", b"c"):
        zone.landing.put(io.BytesIO(content))
    zone.landing.release_all([sha(b"a"), sha(b"b"), "0" * 64])
    assert zone.names() == {sha(b"c")}
    zone.landing.release_all([])


def test_a_stream_can_be_read_from_anywhere(landing: Landing) -> None:
    content = bytes(range(256)) * 1000
    digest = landing.put(io.BytesIO(content)).sha256
    with landing.open(digest, 1000) as stream:
        assert stream.tell() == 1000
        assert stream.read(10) == content[1000:1010]
        stream.seek(-5, io.SEEK_END)
        assert stream.read() == content[-5:]
        assert stream.read(1) == b""
        assert stream.seek(3) == 3
        assert stream.read(2) == content[3:5]
    with landing.open(digest, len(content) + 7) as stream:
        assert stream.read(1) == b""


def test_pieces_of_many_contents_are_one_stream(landing: Landing) -> None:
    contents = [bytes([n % 256]) * (n * 997 % 3000) for n in range(1, 120)]
    contents.insert(50, bytes(range(256)) * 12_000)  # too large to be read ahead
    for content in contents:
        landing.put(io.BytesIO(content))
    pieces = [Piece(sha(one), 0, len(one)) for one in contents if one]
    whole = b"".join(contents)
    assert b"".join(landing.stream(pieces)) == whole
    first = pieces[0]._replace(start=5)
    assert b"".join(landing.stream([first, *pieces[1:]])) == whole[5:]
    chunks = list(landing.stream(pieces))
    assert max(map(len, chunks)) <= 1 << 20


def test_a_stream_says_which_content_is_missing(landing: Landing) -> None:
    landing.put(io.BytesIO(b"there"))
    stream = landing.stream([Piece(sha(b"there"), 0, 5), Piece("0" * 64, 0, 5)])
    assert next(stream) == b"there"
    with pytest.raises(SteleError) as caught:
        next(stream)
    assert (caught.value.code, caught.value.sha256) == (3401, "0" * 64)  # type: ignore[attr-defined]


def test_a_content_that_is_too_short_is_told(landing: Landing) -> None:
    landing.put(io.BytesIO(b"short"))
    with pytest.raises(SteleError, match="ends after 5 bytes"):
        list(landing.stream([Piece(sha(b"short"), 0, 9)]))


@pytest.mark.parametrize("size_bytes", [0, 1000, 9 << 20])
def test_a_local_file_is_taken_over(zone: Zone, tmp_path: Path, size_bytes: int) -> None:
    file = tmp_path / "part"
    content = bytes(size_bytes)
    file.write_bytes(content)
    zone.landing.adopt(file, sha(content))
    zone.landing.sync()
    assert not file.exists()
    assert zone.landing.check(sha(content)) == size_bytes


def test_nothing_is_swept_that_is_young(zone: Zone) -> None:
    with zone.landing.batch() as batch:
        batch.put([b"on its way"])
        assert zone.landing.sweep() == 0
        batch.commit()
    assert zone.landing.check(sha(b"on its way")) == 10


@pytest.mark.parametrize("url", ["memory://x", "http://host/x", "s3:///x", "s3://key:word@bucket"])
def test_a_url_of_no_landing_zone_is_refused(url: str) -> None:
    with pytest.raises(LandingError) as caught:
        open_landing(url)
    assert caught.value.code == 3447
    assert "word" not in str(caught.value)


def test_a_file_url_is_a_folder(tmp_path: Path) -> None:
    open_landing(f"file://{tmp_path}/a%20b").put(io.BytesIO(b"x"))
    assert (tmp_path / "a b").is_dir()
