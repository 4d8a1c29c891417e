"""Content tokens are short-lived, bound to what they open, and signed with a guarded key."""

import os
import stat
from pathlib import Path

import pytest

from appliance.contract.errors import SteleError
from console.api.tokens import KEY_FILE, Purpose, Right, Tokens, load_key

RIGHT = Right("north/rack-1", Purpose.READ, "vol-1")


def test_a_token_opens_what_it_was_made_for() -> None:
    tokens = Tokens(b"k" * 32, 900)
    assert tokens.check(tokens.issue(RIGHT), Purpose.READ, "vol-1") == RIGHT


@pytest.mark.parametrize(
    ("purpose", "object_id"), [(Purpose.READ, "vol-2"), (Purpose.DELIVER, "vol-1")]
)
def test_it_opens_nothing_else(purpose: Purpose, object_id: str) -> None:
    tokens = Tokens(b"k" * 32, 900)
    with pytest.raises(SteleError) as raised:
        tokens.check(tokens.issue(RIGHT), purpose, object_id)
    assert raised.value.code == 4002


def test_it_expires(monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = Tokens(b"k" * 32, 900)
    token = tokens.issue(RIGHT)
    import time

    now = time.time()
    monkeypatch.setattr("itsdangerous.timed.time.time", lambda: now + 899)
    tokens.check(token, Purpose.READ, "vol-1")
    monkeypatch.setattr("itsdangerous.timed.time.time", lambda: now + 902)
    with pytest.raises(SteleError) as raised:
        tokens.check(token, Purpose.READ, "vol-1")
    assert raised.value.code == 4000


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "..", "é", "x" * 5000])
def test_what_this_console_did_not_make_is_refused(token: str) -> None:
    for made in (token, Tokens(b"other" * 8, 900).issue(RIGHT)):
        with pytest.raises(SteleError) as raised:
            Tokens(b"k" * 32, 900).check(made, Purpose.READ, "vol-1")
        assert raised.value.code == 4001


def test_the_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        key = load_key(tmp_path)
    finally:
        os.umask(old)
    assert len(key) == 32
    assert load_key(tmp_path) == key
    assert stat.S_IMODE((tmp_path / KEY_FILE).stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [KEY_FILE]


def test_a_key_that_was_cut_short_is_refused(tmp_path: Path) -> None:
    (tmp_path / KEY_FILE).write_bytes(b"short")
    with pytest.raises(SteleError) as raised:
        load_key(tmp_path)
    assert raised.value.code == 4003
