"""The landing zone: contents appear whole or not at all, under the digest that they have."""

import hashlib
import io
import os
from pathlib import Path

import pytest

from appliance.contract.errors import SteleError
from console.store.landing import Landing


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    return Landing(str(tmp_path / "landing"))


def files_in(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*") if path.is_file()}


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


def test_equal_contents_are_kept_once(landing: Landing, tmp_path: Path) -> None:
    with landing.batch() as batch:
        assert batch.put([b"sa", b"me"]) == batch.put([b"same"])
        batch.commit()
    landing.put(io.BytesIO(b"same"))
    assert files_in(tmp_path) == {sha(b"same")}


def test_a_batch_appears_only_with_its_commit(landing: Landing, tmp_path: Path) -> None:
    with landing.batch() as batch:
        batch.put([b"a"])
        assert landing.size(sha(b"a")) is None
    assert files_in(tmp_path) == set()


def test_known_contents_are_not_written_again(landing: Landing) -> None:
    landing.put(io.BytesIO(b"a"))
    before = Path(landing._path(sha(b"a"))).stat().st_ino
    with landing.batch() as batch:
        batch.put([b"a"])
        batch.commit(known={sha(b"a")})
    assert Path(landing._path(sha(b"a"))).stat().st_ino == before


def test_an_unknown_content_replaces_what_stands_there(landing: Landing) -> None:
    """A power cut may have left a torn file under the final name; only the store knows better."""
    landing.put(io.BytesIO(b"a"))
    Path(landing._path(sha(b"a"))).write_bytes(b"torn")
    landing.put(io.BytesIO(b"a"))
    assert landing.check(sha(b"a")) == 1


def test_a_reader_that_fails_leaves_nothing(landing: Landing, tmp_path: Path) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell() > 0:
                raise OSError(5, "Input/output error")
            return super().read(size)

    with pytest.raises(OSError, match="Input/output"):
        landing.put(Broken(bytes(3 << 20)))
    assert files_in(tmp_path) == set()


def test_a_changed_content_is_noticed(landing: Landing) -> None:
    landing.put(io.BytesIO(b"a"))
    Path(landing._path(sha(b"a"))).write_bytes(b"b")
    with pytest.raises(SteleError) as caught:
        landing.check(sha(b"a"))
    assert caught.value.code == 3402


def test_a_missing_content_is_an_error_with_a_number(landing: Landing) -> None:
    with pytest.raises(SteleError) as caught:
        landing.open("0" * 64)
    assert caught.value.code == 3401
    assert landing.size("0" * 64) is None


def test_releasing_twice_is_harmless(landing: Landing) -> None:
    landed = landing.put(io.BytesIO(b"a"))
    assert landing.release(landed.sha256) is True
    assert landing.release(landed.sha256) is False
    assert landing.size(landed.sha256) is None


def test_only_old_temporary_files_are_swept(landing: Landing, tmp_path: Path) -> None:
    old, young = (tmp_path / "landing" / "incoming" / name for name in ("old", "young"))
    for path in (old, young):
        path.touch()
    os.utime(old, (1, 1))
    assert landing.sweep() == 1
    assert files_in(tmp_path) == {"young"}


def test_another_file_system_serves_as_well() -> None:
    landing = Landing("memory://landing-test")
    landed = landing.put(io.BytesIO(b"abc"))
    assert landing.check(landed.sha256) == 3
    assert landing.release(landed.sha256)
