"""Scoped tokens: made, listed, revoked, recognised.

The secret is shown once, when the token is made; the store keeps its SHA-256. It is 256 random
bits, so a fast digest is enough: there is nothing to guess from.
"""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any

import sqlalchemy as sa
from msgspec import Meta, Struct

from appliance.contract.errors import SteleError
from console.access.scopes import Principal, Scope
from console.store.engine import reading
from console.store.ids import new_id
from console.store.schema import tokens

PREFIX = "stele-"
NOTED_EVERY = timedelta(minutes=1)
"""How exactly the last use is kept: not every request may cost a write."""
RESERVED = ("anybody", "console", "local", "policy", "worker")
_LONGEST_SECRET = 256
_columns = tokens.c

Name = Annotated[str, Meta(pattern=r"^[\w][\w .@+-]{0,63}$", max_length=64)]


class NewToken(Struct, frozen=True, forbid_unknown_fields=True):
    """What a token is to be. Without `namespaces` it opens all; without `expires_at`, for ever."""

    name: Name
    scopes: Annotated[list[Scope], Meta(min_length=1, max_length=len(Scope))]
    namespaces: (
        Annotated[
            list[Annotated[str, Meta(min_length=1, max_length=128)]],
            Meta(min_length=1, max_length=1000),
        ]
        | None
    ) = None
    expires_at: Annotated[datetime, Meta(tz=True)] | None = None


class TokenRow(Struct, frozen=True):
    """A token without its secret."""

    token_id: str
    name: str
    scopes: list[Scope]
    namespaces: list[str] | None
    created_at: datetime
    created_by: str
    expires_at: datetime | None
    revoked_at: datetime | None
    used_at: datetime | None


class IssuedToken(Struct, frozen=True):
    """A token just made. `secret` is shown here and never again."""

    token: TokenRow
    secret: str


def create_token(
    connection: sa.Connection, wanted: NewToken, by: Principal, now: datetime, who: str = ""
) -> IssuedToken:
    """Make a token. Nobody gives what they do not have themselves.

    `who` is written down as its maker, the name of `by` without it.

    Raises:
        SteleError: 4076 a scope or namespace that `by` lacks; 4077 the expiry is past; 4078 the
            name is taken.
    """
    _check_grant(wanted, by)
    if wanted.expires_at is not None and wanted.expires_at <= now:
        raise SteleError(4077, "the token would have expired already")
    taken = sa.select(_columns.token_id).where(_columns.name == wanted.name)
    if wanted.name.lower() in RESERVED or connection.scalar(taken) is not None:
        raise SteleError(4078, f"there is or was a token called {wanted.name!r}")
    secret = PREFIX + secrets.token_urlsafe(32)
    row: dict[str, Any] = {
        "token_id": new_id("token"),
        "name": wanted.name,
        "scopes": sorted(set(wanted.scopes)),
        "namespaces": sorted(set(wanted.namespaces)) if wanted.namespaces is not None else None,
        "created_at": now,
        "created_by": who or by.who,
        "expires_at": wanted.expires_at,
    }
    try:
        connection.execute(sa.insert(tokens).values(**row, secret_sha256=_digest(secret)))
    except sa.exc.IntegrityError as error:
        raise SteleError(4078, f"there is or was a token called {wanted.name!r}") from error
    return IssuedToken(TokenRow(**row, revoked_at=None, used_at=None), secret)


def _check_grant(wanted: NewToken, by: Principal) -> None:
    if missing := set(wanted.scopes) - by.scopes:
        raise SteleError(4076, f"{by.who!r} does not carry {', '.join(sorted(missing))} itself")
    if by.namespaces is not None and not set(wanted.namespaces or ("*",)) <= set(by.namespaces):
        raise SteleError(4076, f"{by.who!r} opens {', '.join(by.namespaces)} only")


def revoke_token(connection: sa.Connection, token_id: str, now: datetime) -> TokenRow:
    """Let a token open nothing from now on; once revoked it stays as it is.

    Raises:
        SteleError: 4079 there is none.
    """
    connection.execute(
        sa.update(tokens)
        .where(_columns.token_id == token_id, _columns.revoked_at.is_(None))
        .values(revoked_at=now)
    )
    return read_token(connection, token_id)


def read_token(connection: sa.Connection, token_id: str) -> TokenRow:
    """One token.

    Raises:
        SteleError: 4079 there is none.
    """
    row = connection.execute(sa.select(tokens).where(_columns.token_id == token_id)).one_or_none()
    if row is None:
        raise SteleError(4079, f"there is no token {token_id!r}")
    return show_token(row)


def tokens_query() -> sa.Select[Any]:
    """All tokens, for paging through."""
    return sa.select(tokens)


def show_token(row: Any) -> TokenRow:
    """A row of the table without its secret."""
    return TokenRow(
        row.token_id,
        row.name,
        [Scope(word) for word in _known(row.scopes)],
        row.namespaces,
        row.created_at,
        row.created_by,
        row.expires_at,
        row.revoked_at,
        row.used_at,
    )


def find_principal(store: sa.Engine, secret: str, now: datetime) -> Principal:
    """Whoever a secret belongs to, and note its use.

    The store is asked by the secret's digest, so the time of the answer tells nothing about it.

    Raises:
        SteleError: 4071 no such token, or revoked; 4072 expired.
    """
    if not secret.startswith(PREFIX) or len(secret) > _LONGEST_SECRET:
        raise SteleError(4071, "the token is not one of this console")
    digest = _digest(secret)
    with reading(store).connect() as connection:
        row = connection.execute(
            sa.select(tokens).where(_columns.secret_sha256 == digest)
        ).one_or_none()
    if row is None or not hmac.compare_digest(row.secret_sha256, digest):
        raise SteleError(4071, "the token is not one of this console")
    if row.revoked_at is not None:
        raise SteleError(4071, f"the token {row.name!r} was revoked")
    if row.expires_at is not None and row.expires_at <= now:
        raise SteleError(4072, f"the token {row.name!r} has expired")
    if row.used_at is None or now - row.used_at >= NOTED_EVERY:
        _note_use(store, row.token_id, now)
    spaces = tuple(row.namespaces) if row.namespaces is not None else None
    return Principal(row.name, row.token_id, frozenset(map(Scope, _known(row.scopes))), spaces)


def _note_use(store: sa.Engine, token_id: str, now: datetime) -> None:
    due = _columns.used_at.is_(None) | (_columns.used_at <= now - NOTED_EVERY)
    with store.begin() as connection:
        connection.execute(
            sa.update(tokens).where(_columns.token_id == token_id, due).values(used_at=now)
        )


def _known(scopes: Sequence[str]) -> list[str]:
    """Scopes that this version knows: a newer one may have given others."""
    return [word for word in scopes if word in Scope.__members__.values()]


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
