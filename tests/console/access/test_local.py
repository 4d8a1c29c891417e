"""The data folder's own token: for whoever may read the folder, and nobody else."""

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from appliance.contract.errors import SteleError
from console.access.local import FILE_NAME, ensure_local_token, is_local_token


def test_the_file_is_for_its_owner_alone_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        ensure_local_token(tmp_path)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / FILE_NAME).stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]


def test_all_who_start_at_once_find_the_same_token(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: ensure_local_token(tmp_path), range(32)))
    assert len(found) == 1
    assert len(found.pop()) > 40


def test_a_token_that_others_could_read_is_replaced_at_the_next_start(tmp_path: Path) -> None:
    leaked = ensure_local_token(tmp_path)
    (tmp_path / FILE_NAME).chmod(0o644)
    fresh = ensure_local_token(tmp_path)
    assert not is_local_token(tmp_path, leaked)
    assert is_local_token(tmp_path, fresh)


@pytest.mark.parametrize("kept", ["", "stele-local-", "stele-local-short", None])
def test_a_file_that_is_damaged_or_gone_opens_nothing(tmp_path: Path, kept: str | None) -> None:
    secret = ensure_local_token(tmp_path)
    (tmp_path / FILE_NAME).unlink()
    if kept is not None:
        (tmp_path / FILE_NAME).write_text(kept)
    assert not is_local_token(tmp_path, secret)
    assert not is_local_token(tmp_path, "stele-local-")
    assert not is_local_token(tmp_path, "")


def test_a_file_that_cannot_be_read_has_a_number(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).mkdir(mode=0o700)
    with pytest.raises(SteleError, match="4080"):
        ensure_local_token(tmp_path)
