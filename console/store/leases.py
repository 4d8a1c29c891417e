"""Leases: which of several processes, on whatever hosts, does which part of the work.

A lease is a row of the store with a holder and an end. It divides labour and is no guard: whoever
acts names in the condition of each change what the change relies on, so that two who hold one lease
for a moment do nothing twice. Therefore a clock that is wrong costs time and nothing else.

The end is reckoned by the database's clock, the same for every host. A holder does not read it: it
counts from before it asked, by its own monotonic clock, and stops `MARGIN_S` early. An end farther
away than any lease lasts comes from a clock that was set back, and is over.

The leases of a process that is seen to be gone, on this machine, are over at once.
"""

import os
import socket
from collections.abc import Callable, Collection, Iterable
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from time import monotonic
from zlib import crc32

import sqlalchemy as sa

from console.store import schema
from console.store.engine import apart, reading
from console.store.upsert import insert_into

LASTS_S = 5.0
MARGIN_S = 1.0
RENEW_S = 1.0
"""How often a holder asks anew: several may fail before the lease is over."""

_PRESENCE = "at-work "
_leases = schema.leases.c


class Leases:
    """The leases of one process. Calls go to the store, `holds` does not."""

    def __init__(
        self,
        engine: sa.Engine,
        holder: str,
        *,
        clock: Callable[[], float] = monotonic,
        wall: Callable[[sa.Connection], datetime] | None = None,
        is_gone: Callable[[str], bool] | None = None,
    ) -> None:
        self.holder = holder
        self._engine = engine
        self._clock = clock
        self._wall = wall or database_time
        self._is_gone = is_gone or is_gone_here
        self._until_s: dict[str, float] = {}

    def holds(self, name: str) -> bool:
        """Whether the lease is this process's now."""
        return self._clock() < self._until_s.get(name, float("-inf"))

    def held(self) -> set[str]:
        """All that it holds now."""
        return {name for name in list(self._until_s) if self.holds(name)}

    def take(self, name: str) -> bool:
        """Take one lease, or prolong it; False while somebody else has it."""
        began_s = self._clock()
        with apart(self._engine).begin() as connection:
            now = self._wall(connection)
            taken = self._take(connection, name, now)
            if not taken:
                taken = self._take_from_gone(connection, name, now)
        self._note(name, began_s, taken)
        return taken

    def share(self, parts: Collection[str]) -> set[str]:
        """Prolong what this process holds, and come to its fair share of `parts`; gives what it
        holds of them.

        With more than its share it gives some back, with less it takes what is free. How many
        share the work is known from a lease that each of them keeps as a sign of life.
        """
        began_s = self._clock()
        with apart(self._engine).begin() as connection:
            now = self._wall(connection)
            self._take(connection, _PRESENCE + self.holder, now)
            owners = self._owners(connection, now)
            kept = self._prolong(connection, parts, owners, now)
            workers = sum(name.startswith(_PRESENCE) for name in owners)
            most = -(-len(parts) // max(1, workers))
            # The last come go first, so that work moves as little as may be.
            surplus = sorted(kept)[most:] if len(kept) > most else []
            self._free(connection, surplus)
            kept.difference_update(surplus)
            for name in sorted(set(parts) - owners.keys()):
                if len(kept) < most and self._take_free(connection, name, now):
                    kept.add(name)
        for name in parts:
            self._note(name, began_s, name in kept)
        return kept

    def give_back(self, names: Iterable[str] | None = None) -> None:
        """Let others have these leases at once; without `names` everything, also the sign of life.

        What is prolonged by nobody ends by itself, so a failure of the store may be left alone.
        """
        chosen = list(self._until_s) if names is None else list(names)
        for name in chosen:
            self._until_s.pop(name, None)
        if names is None:
            chosen.append(_PRESENCE + self.holder)
        with apart(self._engine).begin() as connection:
            self._free(connection, chosen)

    def _take(self, connection: sa.Connection, name: str, now: datetime) -> bool:
        """Take a lease that is this process's, or over, or nobody's."""
        until = now + timedelta(seconds=LASTS_S)
        statement = insert_into(connection, schema.leases).on_conflict_do_update(
            index_elements=["name"],
            set_={"holder": self.holder, "until": until},
            where=(_leases.holder == self.holder) | is_over(now),
        )
        values = {"name": name, "holder": self.holder, "until": until}
        taken = connection.execute(statement.returning(_leases.name), values)
        return taken.first() is not None

    def _take_free(self, connection: sa.Connection, name: str, now: datetime) -> bool:
        return self._take(connection, name, now) or self._take_from_gone(connection, name, now)

    def _take_from_gone(self, connection: sa.Connection, name: str, now: datetime) -> bool:
        """Take a lease whose holder is seen to be gone, unless somebody else has taken it."""
        holder = connection.scalar(sa.select(_leases.holder).where(_leases.name == name))
        if holder is None or not self._is_gone(holder):
            return False
        taken = connection.execute(
            sa.update(schema.leases)
            .where(_leases.name == name, _leases.holder == holder)
            .values(holder=self.holder, until=now + timedelta(seconds=LASTS_S))
        )
        return taken.rowcount > 0

    def _owners(self, connection: sa.Connection, now: datetime) -> dict[str, str]:
        """Every lease that is not over, and its holder. What processes left behind is removed."""
        rows = connection.execute(sa.select(schema.leases).where(~is_over(now))).all()
        gone = {row.holder for row in rows if self._is_gone(row.holder)}
        if gone:
            left = _leases.name.startswith(_PRESENCE, autoescape=True)
            connection.execute(sa.delete(schema.leases).where(_leases.holder.in_(gone), left))
        return {row.name: row.holder for row in rows if row.holder not in gone}

    def _prolong(
        self,
        connection: sa.Connection,
        parts: Collection[str],
        owners: dict[str, str],
        now: datetime,
    ) -> set[str]:
        mine = [name for name in parts if owners.get(name) == self.holder]
        return {name for name in mine if self._take(connection, name, now)}

    def _free(self, connection: sa.Connection, names: Collection[str]) -> None:
        connection.execute(
            sa.delete(schema.leases).where(
                _leases.name.in_(list(names)), _leases.holder == self.holder
            )
        )

    def _note(self, name: str, began_s: float, is_held: bool) -> None:
        if is_held:
            self._until_s[name] = began_s + LASTS_S - MARGIN_S
        else:
            self._until_s.pop(name, None)


def is_over(now: datetime) -> sa.ColumnElement[bool]:
    """Whether the lease of the enclosing query has ended, or was never one."""
    latest = now + timedelta(seconds=2 * LASTS_S)
    return (_leases.until <= now) | (_leases.until > latest)


def at_work(engine: sa.Engine) -> list[str]:
    """The processes that share the work now, on all hosts."""
    with reading(engine).connect() as connection:
        rows = connection.execute(
            sa.select(_leases.holder).where(
                _leases.name.startswith(_PRESENCE, autoescape=True),
                ~is_over(database_time(connection)),
            )
        )
        return sorted(row.holder for row in rows if not is_gone_here(row.holder))


def database_time(connection: sa.Connection) -> datetime:
    """The database's own time: of the server, or for SQLite of the only host that there is."""
    if connection.dialect.name == "postgresql":
        at: datetime = connection.exec_driver_sql("SELECT clock_timestamp()").scalar_one()
        return at.astimezone(UTC)
    return datetime.now(UTC)


def process_name() -> str:
    """A name that no other process has or had: the machine since it was started, and the process.

    Processes of one machine that do not see each other, as in two containers, are of two machines.
    """
    return f"{_machine()}/{os.getpid()}-{_started(os.getpid())}"


def mark_of(holder: str) -> str:
    """A short word for a process."""
    return f"{crc32(holder.encode()):08x}"


def is_gone_here(holder: str) -> bool:
    """Whether a process is seen to have ended. Of another machine's that cannot be told."""
    machine, _, process = holder.rpartition("/")
    pid, _, started = process.partition("-")
    return machine == _machine() and pid.isdigit() and _started(int(pid)) != started


@cache
def _machine() -> str:
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()[:8]
        space = str(Path("/proc/self/ns/pid").readlink()).strip("pid:[]")
    except OSError:
        return f"{socket.gethostname()[:60]}/unknown"
    return f"{socket.gethostname()[:60]}/{boot}-{space}"


def _started(pid: int) -> str:
    """When a process was started, in the kernel's ticks; empty when there is none."""
    try:
        words = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if words[0] in "ZX" else words[19]
