"""The slots of the library, and what each was last seen to be."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct
from sqlite_utils import Database, Migrations

from appliance.contract.states import SlotState

MIGRATIONS = Migrations("slots")


@MIGRATIONS()
def create_slots(db: Database) -> None:
    db.conn.execute(
        """CREATE TABLE slots (
            name TEXT PRIMARY KEY,
            number INTEGER NOT NULL,
            state TEXT NOT NULL,
            probed_at TEXT) STRICT"""
    )


@MIGRATIONS()
def add_units(db: Database) -> None:
    db.conn.execute("ALTER TABLE slots ADD COLUMN unit TEXT NOT NULL DEFAULT ''")


class Slot(Struct, frozen=True):
    """A slot as last seen; `probed_at` is unset until the robot has looked into it."""

    name: str
    unit: str
    """The node whose robot reaches it; empty where there is one only."""
    state: SlotState
    probed_at: datetime | None


class Slots:
    """The rows."""

    def __init__(self, db: Database, units: Mapping[str, Sequence[str]]) -> None:
        """Make a row for each slot of each unit's changer; those that are no longer there stay."""
        MIGRATIONS.apply(db)
        self._db = db
        with db.atomic():
            db.conn.executemany(
                "INSERT INTO slots (name, number, state, unit) VALUES (?, ?, ?, ?) "
                "ON CONFLICT(name) DO UPDATE SET number = excluded.number, unit = excluded.unit",
                [
                    (name, number, SlotState.UNKNOWN, unit)
                    for number, (unit, name) in enumerate(
                        (unit, name) for unit, names in units.items() for name in names
                    )
                ],
            )
        self._units = {name: unit for unit, names in units.items() for name in names}

    def all(self) -> list[Slot]:
        rows = self._db.conn.execute(
            "SELECT name, unit, state, probed_at FROM slots ORDER BY number"
        )
        return [_slot(row) for row in rows]

    def find(self, name: str) -> Slot | None:
        row = self._db.conn.execute(
            "SELECT name, unit, state, probed_at FROM slots WHERE name = ?", (name,)
        ).fetchone()
        return _slot(row) if row else None

    def unit_of(self, name: str) -> str | None:
        """The unit whose robot reaches the slot; unset for a slot that is no longer there."""
        return self._units.get(name)

    def were_surveyed(self, unit: str) -> bool:
        """Whether the unit's robot has ever looked into a slot."""
        row = self._db.conn.execute(
            "SELECT 1 FROM slots WHERE unit = ? AND probed_at IS NOT NULL LIMIT 1", (unit,)
        ).fetchone()
        return row is not None

    def is_away(self, name: str) -> bool:
        """Whether the slot's magazine has been taken out."""
        slot = self.find(name)
        return slot is not None and slot.state is SlotState.AWAY

    def unknown(self, unit: str) -> list[str]:
        """Slots of the unit of which nobody knows what is in them."""
        rows = self._db.conn.execute(
            "SELECT name FROM slots WHERE unit = ? AND state = ? ORDER BY number",
            (unit, SlotState.UNKNOWN),
        )
        return [str(row[0]) for row in rows if row[0] in self._units]

    def free(self, unit: str) -> str | None:
        """A slot of the unit, seen empty, that is no medium's home."""
        row = self._db.conn.execute(
            "SELECT name FROM slots WHERE state = ? AND unit = ? "
            "AND name NOT IN (SELECT home_slot FROM media WHERE home_slot IS NOT NULL) "
            "ORDER BY number LIMIT 1",
            (SlotState.EMPTY, unit),
        ).fetchone()
        return str(row[0]) if row else None

    def see(self, name: str, state: SlotState, at: datetime | None = None) -> None:
        """Remember what a slot was found to be; `at` is set when the robot's probe looked."""
        self._db.conn.execute(
            "UPDATE slots SET state = ?, probed_at = coalesce(?, probed_at) WHERE name = ?",
            (state, at.isoformat() if at else None, name),
        )


def _slot(row: tuple[str, str, str, str | None]) -> Slot:
    probed_at = datetime.fromisoformat(row[3]) if row[3] else None
    return Slot(row[0], row[1], SlotState(row[2]), probed_at)
