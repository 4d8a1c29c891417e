"""The people who may open doors, and their codes.

A PIN is entered alone, without a name, so it has to tell who it is: every code is unique. What is
kept of it is its Argon2id digest with one random salt of this cabinet, so that one attempt costs
one digest however many people there are, and the answer takes the same time for everybody. The file
is the firmware's own, apart from the journal, so that a command may change it while the firmware
runs.
"""

import hmac
import re
import secrets
import sqlite3
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from argon2.low_level import Type, hash_secret_raw
from msgspec import Struct
from sqlite_utils import Database, Migrations

from appliance.contract.errors import SteleError
from appliance.services.state import open_state

NO_SUCH_PERSON = 4024
PERSON_EXISTS = 4025
PIN_UNSUITABLE = 4026
BAD_NAME = 4028
UNUSABLE = 4029
MALFORMED = 4013

PIN = re.compile(r"[0-9]{6,12}")
_NAME_CHARS = 64
_RISING = "01234567890123"
_COST = {"time_cost": 2, "memory_cost": 19_456, "parallelism": 1, "hash_len": 32}
"""OWASP's second choice for Argon2id: 19 MiB, about 20 ms on the development machine."""

MIGRATIONS = Migrations("people")


@MIGRATIONS()
def create_people(db: Database) -> None:
    for statement in (
        "CREATE TABLE salt (value BLOB NOT NULL) STRICT",
        """CREATE TABLE codes (
            person TEXT NOT NULL,
            kind TEXT NOT NULL,
            digest BLOB NOT NULL,
            set_at TEXT NOT NULL,
            PRIMARY KEY (person, kind)) STRICT, WITHOUT ROWID""",
        """CREATE TABLE failures (
            one INTEGER PRIMARY KEY CHECK (one = 1),
            count INTEGER NOT NULL,
            closed_until TEXT NOT NULL) STRICT""",
    ):
        db.conn.execute(statement)


@MIGRATIONS()
def add_last_failure(db: Database) -> None:
    db.conn.execute(
        "ALTER TABLE failures ADD COLUMN last_at TEXT NOT NULL DEFAULT '1970-01-01T00:00:00+00:00'"
    )


class CodeKind(StrEnum):
    """What a code means beside opening the door."""

    OWN = "own"
    DURESS = "duress"
    """Opens like the own one, and tells the console that the person is being forced."""
    SERVICE = "service"
    """For work on the machine: the door may stay open for long."""


class Person(Struct, frozen=True):
    name: str
    kinds: tuple[CodeKind, ...]


class Holder(Struct, frozen=True):
    """Whose code was entered, and which."""

    person: str
    kind: CodeKind


class People:
    """The file of people. Made when missing, for its owner's eyes only."""

    def __init__(self, file: Path, now: Callable[[], datetime]) -> None:
        """Raises: SteleError: 4029 the file cannot be used."""
        try:
            self.db = open_state(file)
            MIGRATIONS.apply(self.db)
            with self.db.atomic():
                if not self.db.conn.execute("SELECT 1 FROM salt").fetchone():
                    self.db.conn.execute("INSERT INTO salt VALUES (?)", (secrets.token_bytes(16),))
            self._salt = bytes(self.db.conn.execute("SELECT value FROM salt").fetchone()[0])
        except (SteleError, sqlite3.DatabaseError) as error:
            raise SteleError(
                UNUSABLE, f"the people in {file} cannot be read", str(error)
            ) from error
        self._now = now

    def close(self) -> None:
        self.db.close()

    def all(self) -> list[Person]:
        """Everybody, by name."""
        people: dict[str, list[CodeKind]] = {}
        for person, kind in self.db.conn.execute("SELECT person, kind FROM codes ORDER BY 1, 2"):
            people.setdefault(person, []).append(CodeKind(kind))
        return [Person(name, tuple(kinds)) for name, kinds in people.items()]

    def add(self, name: str, pin: str, kind: CodeKind = CodeKind.OWN) -> None:
        """A new person.

        Raises:
            SteleError: 4025 exists already; 4028 not a name; 4013 and 4026 as `set_pin`.
        """
        if not name.isprintable() or not name.strip() or len(name) > _NAME_CHARS or "/" in name:
            raise SteleError(BAD_NAME, f"{name[:80]!r} is not a person's name")
        if any(person.name == name for person in self.all()):
            raise SteleError(PERSON_EXISTS, f"there is a person {name!r} already")
        self._keep(name, pin, kind)

    def set_pin(self, name: str, pin: str, kind: CodeKind = CodeKind.OWN) -> None:
        """Give a person a code, or another one.

        Raises:
            SteleError: 4024 no such person; 4013 not 6 to 12 digits; 4026 too simple or taken.
        """
        self._require(name)
        self._keep(name, pin, kind)

    def remove(self, name: str) -> None:
        """Raises: SteleError: 4024 no such person."""
        self._require(name)
        with self.db.atomic():
            self.db.conn.execute("DELETE FROM codes WHERE person = ?", (name,))

    def digest(self, pin: str) -> bytes:
        """The digest of what was entered. Slow on purpose; may run in any thread."""
        return hash_secret_raw(pin.encode(), self._salt, type=Type.ID, **_COST)

    def holder(self, digest: bytes) -> Holder | None:
        """Whose code has this digest. Looks at every one, so that time tells nothing."""
        found = None
        for person, kind, known in self.db.conn.execute("SELECT person, kind, digest FROM codes"):
            if hmac.compare_digest(known, digest):
                found = Holder(person, CodeKind(kind))
        return found

    def _keep(self, name: str, pin: str, kind: CodeKind) -> None:
        check_form(pin)
        if len(set(pin)) == 1 or pin in _RISING or pin in _RISING[::-1]:
            raise SteleError(PIN_UNSUITABLE, "this PIN is too simple")
        digest = self.digest(pin)
        with self.db.atomic():
            holder = self.holder(digest)
            if holder is not None and holder != Holder(name, kind):
                raise SteleError(PIN_UNSUITABLE, "this PIN is in use")
            self.db.conn.execute(
                "INSERT INTO codes VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE "
                "SET digest = excluded.digest, set_at = excluded.set_at",
                (name, kind, digest, self._now().isoformat()),
            )

    def _require(self, name: str) -> None:
        if not any(person.name == name for person in self.all()):
            raise SteleError(NO_SUCH_PERSON, f"there is no person {name[:80]!r}")


def check_form(pin: str) -> None:
    """Raises: SteleError: 4013 it is not 6 to 12 digits. What was entered is not repeated."""
    if not PIN.fullmatch(pin):
        raise SteleError(MALFORMED, f"what was entered is not a PIN: {len(pin)} characters")
