"""What a resource's function is given besides its parameters."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

import sqlalchemy as sa
from werkzeug.datastructures import Headers

from console.access.scopes import LOCAL, Principal
from console.store.engine import reading
from console.store.workspace import Workspace

PERSON_HEADER = "Stele-Person"
"""A name in percent-encoded UTF-8."""
_LONGEST_NAME = 64


@dataclass
class Call:
    """One request of an admitted caller. `status` and `answer_headers` change its answer."""

    workspace: Workspace
    principal: Principal
    headers: Headers
    status: int | None = None
    answer_headers: dict[str, str] = field(default_factory=dict)
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def who(self) -> str:
        """Whoever asks, as an audit trail writes it down: the token's name.

        Whoever holds the data folder's own token may do everything anyway, and is believed a name.
        """
        claimed = unquote(self.headers.get(PERSON_HEADER, "")).strip()
        if self.principal.who == LOCAL and claimed.isprintable() and claimed:
            return claimed[:_LONGEST_NAME]
        return self.principal.who

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A connection that only reads and takes no lock."""
        with reading(self.workspace.store).connect() as connection:
            yield connection

    @contextmanager
    def changing(self) -> Iterator[sa.Connection]:
        """One transaction that may write; it is undone when an error leaves it."""
        with self.workspace.store.begin() as connection:
            yield connection

    def own(self, column: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
        """The condition that a row's namespace is open to the caller."""
        if self.principal.namespaces is None:
            return sa.true()
        return column.in_(self.principal.namespaces)
