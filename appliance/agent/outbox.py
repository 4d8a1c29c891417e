"""The events that the console has yet to hear, and those it may ask for again, on the disk.

An event is encoded once, when it happens, inside the transaction that makes it true; what is sent
and sent again is always those bytes. Numbers count from 1 without gaps within an epoch. The epoch
is drawn when the tables are made, so it changes only when they were lost.

Unconfirmed events are kept without limit, because nothing may be lost while the broker is away
(about 400 bytes each). Of the confirmed ones the newest `retention_events` stay for replay.
"""

import asyncio
import logging
import secrets
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import NamedTuple

import msgspec
from sqlite_utils import Database

from appliance.contract.messages import Event, EventBody, encode

RETENTION_EVENTS = 20_000
_PAGE_EVENTS = 256

logger = logging.getLogger(__name__)

_TABLES = """
CREATE TABLE IF NOT EXISTS outbox (seq INTEGER PRIMARY KEY, payload BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS outbox_state (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    epoch TEXT NOT NULL,
    last_seq INTEGER NOT NULL,
    confirmed_seq INTEGER NOT NULL
);
"""


class Sealed(NamedTuple):
    """One event as it goes over the wire, every time the same bytes."""

    seq: int
    payload: bytes


class Outbox:
    """Numbered events in `state.db`. Used from the event loop's thread only."""

    def __init__(
        self,
        db: Database,
        now: Callable[[], datetime],
        retention_events: int = RETENTION_EVENTS,
    ) -> None:
        self._db = db
        self._now = now
        self._retention_events = retention_events
        self.wake = asyncio.Event()
        """Set by `append`; the sender clears it before it looks."""
        with db.atomic():
            for statement in _TABLES.split(";"):
                db.conn.execute(statement)
            db.conn.execute(
                "INSERT INTO outbox_state VALUES (1, ?, 0, 0) ON CONFLICT DO NOTHING",
                (secrets.token_hex(8),),
            )
        self.epoch: str = self._state("epoch")

    def append(self, body: EventBody) -> int:
        """Number and keep one event; return its number.

        Joins the caller's open transaction: when that is rolled back, the event never happened and
        its number is given to the next one.
        """
        with self._db.atomic():
            (seq,) = self._db.conn.execute(
                "UPDATE outbox_state SET last_seq = last_seq + 1 RETURNING last_seq"
            ).fetchone()
            event = Event(epoch=self.epoch, seq=seq, at=self._now(), body=body)
            self._db.conn.execute("INSERT INTO outbox VALUES (?, ?)", (seq, encode(event)))
        logger.info("event %s: %s", seq, msgspec.json.encode(body).decode())
        self.wake.set()
        return int(seq)

    @property
    def last_seq(self) -> int:
        """Number of the newest event; 0 before the first."""
        return int(self._state("last_seq"))

    @property
    def confirmed_seq(self) -> int:
        """The broker has taken every event up to this one."""
        return int(self._state("confirmed_seq"))

    @property
    def oldest_seq(self) -> int:
        """Number of the oldest event that is still held; `last_seq + 1` when none is."""
        (oldest,) = self._db.conn.execute("SELECT min(seq) FROM outbox").fetchone()
        return self.last_seq + 1 if oldest is None else int(oldest)

    def sealed(self, after_seq: int, limit: int) -> list[Sealed]:
        """At most `limit` held events with numbers above `after_seq`, in order."""
        rows = self._db.conn.execute(
            "SELECT seq, payload FROM outbox WHERE seq > ? ORDER BY seq LIMIT ?", (after_seq, limit)
        )
        return [Sealed(int(seq), bytes(payload)) for seq, payload in rows]

    def since(self, seq: int) -> Iterator[Event]:
        """Every held event with a number above `seq`, in order, decoded."""
        while page := self.sealed(seq, _PAGE_EVENTS):
            for item in page:
                yield msgspec.json.decode(item.payload, type=Event)
            seq = page[-1].seq

    def confirmed(self, seq: int) -> None:
        """The broker has taken every event up to `seq`; old ones beyond the retention go."""
        with self._db.atomic():
            self._db.conn.execute(
                "UPDATE outbox_state SET confirmed_seq = max(confirmed_seq, min(?, last_seq))",
                (seq,),
            )
            self._db.conn.execute(
                "DELETE FROM outbox WHERE seq <= (SELECT confirmed_seq FROM outbox_state) - ?",
                (self._retention_events,),
            )

    def _state(self, column: str) -> str:
        """One column of the single state row; `column` is a literal of this module."""
        row = self._db.conn.execute(f"SELECT {column} FROM outbox_state").fetchone()  # noqa: S608 - no input
        return str(row[0])
