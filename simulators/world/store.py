"""How a world is kept: a snapshot and a journal of what has changed since.

`world.json` is the whole state and the number of its journal, `changes-<number>.jsonl`. Each
line of the journal is one save, with only the entries that the save has changed, and is
written with one call: a process may be killed at any point and leaves the world as it was
before or after a save. A last line that is not whole does not count. When the journal grows
long, a new snapshot with a new journal takes the place of both, by renaming. (Nothing is
synced: a power cut of the host itself is not modelled.)
"""

import os
import weakref
from pathlib import Path
from typing import Any

import msgspec

from simulators.world.state import State

SNAPSHOT = "world.json"
LONGEST_JOURNAL_BYTES = 4 * 1024 * 1024
_READ_TRIES = 10

_FIELDS = tuple(State.__struct_fields__)
_encode = msgspec.json.Encoder(order="sorted").encode


class _Snapshot(msgspec.Struct):
    journal: int
    state: State


class _Change(msgspec.Struct, omit_defaults=True):
    """One line of the journal."""

    put: dict[str, dict[str, msgspec.Raw]] = {}
    """Entries of dict fields that are new or changed."""
    drop: dict[str, list[str]] = {}
    """Entries that are no more."""
    set: dict[str, msgspec.Raw] = {}
    """Other fields, whole."""


_decode_change = msgspec.json.Decoder(_Change).decode


class Store:
    """The files of one world, whose state only this process changes."""

    def __init__(self, folder: Path, state: State) -> None:
        self._folder = folder
        self._state = state
        self._number = _next_number(folder)
        self._written_bytes = 0
        self._kept: dict[str, dict[str, bytes] | bytes] = {}
        self._begin()

    def save(self, *fields: str) -> frozenset[str]:
        """Put what has changed in these fields, or in any, on disk; the fields that have."""
        change = _Change()
        for field in fields or _FIELDS:
            value = getattr(self._state, field)
            if isinstance(value, dict):
                self._compare(field, value, change)
            else:
                self._compare_whole(field, value, change)
        return self._write(change)

    def save_entry(self, field: str, key: str) -> frozenset[str]:
        """The same for one entry of a field that is a dict."""
        change = _Change()
        self._compare_entry(field, key, getattr(self._state, field)[key], change)
        return self._write(change)

    def close(self) -> None:
        """End the journal; nothing is saved any more."""
        self._end()

    def _compare(self, field: str, value: dict[str, Any], change: _Change) -> None:
        kept = self._kept[field]
        assert isinstance(kept, dict)  # noqa: S101  # fields never change their kind
        for key, entry in value.items():
            self._compare_entry(field, key, entry, change)
        if len(kept) > len(value):
            change.drop[field] = [key for key in kept if key not in value]
            for key in change.drop[field]:
                del kept[key]

    def _compare_entry(self, field: str, key: str, entry: object, change: _Change) -> None:
        kept = self._kept[field]
        assert isinstance(kept, dict)  # noqa: S101
        encoded = _encode(entry)
        if kept.get(key) != encoded:
            kept[key] = encoded
            change.put.setdefault(field, {})[key] = msgspec.Raw(encoded)

    def _compare_whole(self, field: str, value: object, change: _Change) -> None:
        encoded = _encode(value)
        if self._kept[field] != encoded:
            self._kept[field] = encoded
            change.set[field] = msgspec.Raw(encoded)

    def _write(self, change: _Change) -> frozenset[str]:
        changed = frozenset((*change.put, *change.drop, *change.set))
        if changed:
            line = _encode(change) + b"\n"
            os.write(self._journal, line)
            self._written_bytes += len(line)
            if self._written_bytes > LONGEST_JOURNAL_BYTES:
                self.close()
                self._number += 1
                self._begin()
        return changed

    def _begin(self) -> None:
        """Write a snapshot and begin its journal."""
        for field in _FIELDS:
            value = getattr(self._state, field)
            whole = not isinstance(value, dict)
            self._kept[field] = (
                _encode(value) if whole else {k: _encode(v) for k, v in value.items()}
            )
        self._journal = os.open(
            _journal_path(self._folder, self._number),
            os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND,
        )
        self._end = weakref.finalize(self, os.close, self._journal)
        self._written_bytes = 0
        beside = self._folder / f"{SNAPSHOT}.new"
        beside.write_bytes(_encode(_Snapshot(self._number, self._state)))
        beside.replace(self._folder / SNAPSHOT)
        for path in self._folder.glob("changes-*.jsonl"):
            if path != _journal_path(self._folder, self._number):
                path.unlink()


def read_state(folder: Path) -> State:
    """Look at a world without opening it, also while another process has it.

    Raises:
        FileNotFoundError: there is none in the folder.
    """
    for _ in range(_READ_TRIES):
        raw = msgspec.json.decode((folder / SNAPSHOT).read_bytes())
        if "journal" not in raw:
            return msgspec.convert(_modernise(raw), State, str_keys=True)
        try:
            lines = _journal_path(folder, raw["journal"]).read_bytes().split(b"\n")[:-1]
        except FileNotFoundError:  # a new snapshot has just taken its place
            continue
        state: dict[str, Any] = raw["state"]
        for line in lines:
            _apply(state, _decode_change(line))
        return msgspec.convert(state, State, str_keys=True)
    raise FileNotFoundError(f"the journal of the world in {os.fspath(folder)} is missing")


def _apply(state: dict[str, Any], change: _Change) -> None:
    for field, entries in change.put.items():
        target = state.setdefault(field, {})
        for key, entry in entries.items():
            target[key] = msgspec.json.decode(entry)
    for field, keys in change.drop.items():
        for key in keys:
            state[field].pop(key, None)
    for field, value in change.set.items():
        state[field] = msgspec.json.decode(value)


def _modernise(raw: dict[str, Any]) -> dict[str, Any]:
    """A world of a cabinet with one robot and nothing but discs, as it once was kept."""
    raw["arms"] = {"": raw.pop("arm", {})}
    eeprom = raw.pop("eeprom", {})
    raw["eeproms"] = {"": eeprom} if eeprom else {}
    return raw


def _next_number(folder: Path) -> int:
    try:
        raw = msgspec.json.decode((folder / SNAPSHOT).read_bytes())
    except FileNotFoundError:
        return 0
    return int(raw.get("journal", -1)) + 1


def _journal_path(folder: Path, number: int) -> Path:
    return folder / f"changes-{number}.jsonl"
