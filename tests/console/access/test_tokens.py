"""Tokens as functions: what is given, what is kept, who is let in."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from appliance.contract.errors import SteleError
from console.access.scopes import ALL_SCOPES, Principal, Scope
from console.access.tokens import (
    NewToken,
    create_token,
    find_principal,
    read_token,
    revoke_token,
)
from console.store import schema
from console.store.workspace import Workspace, open_workspace

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
CHIEF = Principal("chief", None, ALL_SCOPES, None)


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    found = open_workspace(tmp_path)
    yield found
    found.close()


def make(workspace: Workspace, wanted: NewToken, by: Principal = CHIEF) -> str:
    with workspace.store.begin() as connection:
        return create_token(connection, wanted, by, NOW).secret


def refusal(workspace: Workspace, secret: str, now: datetime = NOW) -> int:
    with pytest.raises(SteleError) as caught:
        find_principal(workspace.store, secret, now)
    return caught.value.code


def test_a_token_opens_what_it_was_made_for(workspace: Workspace) -> None:
    wanted = NewToken("扫描站 1", [Scope.INGEST, Scope.READ], ["court"])
    found = find_principal(workspace.store, make(workspace, wanted), NOW)
    assert (found.who, found.scopes) == ("扫描站 1", {Scope.INGEST, Scope.READ})
    assert found.sees("court")
    assert not found.sees("default")
    with pytest.raises(SteleError, match="4075"):
        found.needs_namespace("default")
    with pytest.raises(SteleError, match="4074"):
        found.needs(Scope.TOKENS)


def test_the_store_never_has_the_secret(workspace: Workspace, tmp_path: Path) -> None:
    secret = make(workspace, NewToken("a", [Scope.READ]))
    find_principal(workspace.store, secret, NOW)
    workspace.close()
    kept = b"".join(file.read_bytes() for file in tmp_path.glob("console.db*"))
    assert b"stele-" not in kept.replace(b"stele_", b"")
    assert secret.removeprefix("stele-").encode() not in kept


@pytest.mark.parametrize(
    "change",
    [
        lambda secret: secret[:-1],
        lambda secret: secret[:-1] + ("A" if secret[-1] != "A" else "B"),
        lambda secret: secret + "A",
        lambda secret: secret.removeprefix("stele-"),
        lambda secret: secret.upper(),
        lambda secret: "stele-",
        lambda secret: "stele-" + "x" * 100_000,
        lambda secret: "stele-\udcff\x00",
    ],
)
def test_nothing_but_the_secret_is_the_secret(workspace: Workspace, change: object) -> None:
    secret = make(workspace, NewToken("a", [Scope.READ]))
    assert refusal(workspace, change(secret)) == 4071  # type: ignore[operator]


def test_a_token_ends_at_its_time_and_at_once_when_revoked(workspace: Workspace) -> None:
    end = NOW + timedelta(hours=1)
    secret = make(workspace, NewToken("a", [Scope.READ], expires_at=end))
    find_principal(workspace.store, secret, end - timedelta(seconds=1))
    assert refusal(workspace, secret, end) == 4072
    with workspace.store.begin() as connection:
        token_id = connection.scalar(sa.select(schema.tokens.c.token_id))
        assert token_id is not None
        first = revoke_token(connection, token_id, NOW)
        again = revoke_token(connection, token_id, NOW + timedelta(days=1))
    assert first.revoked_at == again.revoked_at == NOW
    assert refusal(workspace, secret) == 4071


def test_the_last_use_is_kept_to_the_minute_without_a_write_for_each_request(
    workspace: Workspace,
) -> None:
    secret = make(workspace, NewToken("a", [Scope.READ]))

    def used_at(now: datetime) -> datetime | None:
        find_principal(workspace.store, secret, now)
        with workspace.store.connect() as connection:
            token_id = connection.scalar(sa.select(schema.tokens.c.token_id))
            assert token_id is not None
            return read_token(connection, token_id).used_at

    assert used_at(NOW) == NOW
    assert used_at(NOW + timedelta(seconds=59)) == NOW
    assert used_at(NOW + timedelta(seconds=60)) == NOW + timedelta(seconds=60)


@pytest.mark.parametrize(
    ("by", "wanted", "code"),
    [
        (CHIEF, NewToken("taken", [Scope.READ]), 4078),
        (CHIEF, NewToken("local", [Scope.READ]), 4078),
        (CHIEF, NewToken("Console", [Scope.READ]), 4078),
        (CHIEF, NewToken("late", [Scope.READ], expires_at=NOW), 4077),
        (
            Principal("small", "t", frozenset({Scope.TOKENS, Scope.READ}), None),
            NewToken("large", [Scope.READ, Scope.RULES]),
            4076,
        ),
        (
            Principal("court's", "t", ALL_SCOPES, ("court",)),
            NewToken("all", [Scope.READ]),
            4076,
        ),
        (
            Principal("court's", "t", ALL_SCOPES, ("court",)),
            NewToken("wider", [Scope.READ], ["court", "city"]),
            4076,
        ),
    ],
)
def test_a_token_that_may_not_be_is_not_made(
    workspace: Workspace, by: Principal, wanted: NewToken, code: int
) -> None:
    make(workspace, NewToken("taken", [Scope.READ]))
    with pytest.raises(SteleError) as caught:
        make(workspace, wanted, by)
    assert caught.value.code == code
    with workspace.store.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(schema.tokens)) == 1


def test_two_who_make_a_token_of_one_name_at_once_get_one(workspace: Workspace) -> None:
    """The store itself keeps names apart, however the two of them interleave."""
    make(workspace, NewToken("a", [Scope.READ]))
    row = {"scopes": [], "created_at": NOW, "name": "a"}
    with pytest.raises(sa.exc.IntegrityError), workspace.store.begin() as connection:
        connection.execute(
            sa.insert(schema.tokens).values(token_id="t2", secret_sha256="0" * 64, **row)
        )


def test_a_scope_of_a_later_version_opens_nothing_here(workspace: Workspace) -> None:
    secret = make(workspace, NewToken("a", [Scope.READ]))
    with workspace.store.begin() as connection:
        connection.execute(sa.update(schema.tokens).values(scopes=["read", "fly"]))
    assert find_principal(workspace.store, secret, NOW).scopes == {Scope.READ}
