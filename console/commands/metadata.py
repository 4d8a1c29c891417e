"""Titles and descriptions from a file of the sender's: CSV with a heading, or JSON."""

import csv
import io
from pathlib import Path
from typing import Any

import msgspec

from appliance.contract.errors import SteleError
from console.ingest.listing import Told

FILE_BYTES_MAX = 256 << 20
SHOWN_MAX = 10
_OWN = ("dossier", "path", "title", "year", "retention")


def read_metadata(file: Path) -> list[Told]:
    """The rows of a file. Columns besides the known ones are elements of the description.

    Raises:
        SteleError: 5440 it cannot be read, or has bad rows, which are named by their numbers.
    """
    try:
        if file.stat().st_size > FILE_BYTES_MAX:
            raise SteleError(5440, f"{file} is larger than {FILE_BYTES_MAX:,} bytes")
        text = file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SteleError(5440, f"{file} cannot be read: {error}") from error
    rows = _json_rows(text, file) if file.suffix.lower() == ".json" else _csv_rows(text, file)
    told, bad = [], []
    for number, row in rows:
        try:
            told.append(_told(row))
        except (msgspec.ValidationError, ValueError) as error:
            bad.append(f"{number}: {error}")
    if bad:
        more = f" and {len(bad) - SHOWN_MAX} more" if len(bad) > SHOWN_MAX else ""
        message = f"{len(bad)} rows of {file} do not fit"
        raise SteleError(5440, f"{message}: {'; '.join(bad[:SHOWN_MAX])}{more}")
    return told


def _csv_rows(text: str, file: Path) -> list[tuple[str, dict[str, Any]]]:
    csv.field_size_limit(1 << 20)
    try:
        reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        names = reader.fieldnames or []
        if not {"dossier", "path"} & set(names) or len(set(names)) < len(names):
            raise SteleError(5440, f"{file}: its first line must name columns, dossier or path")
        return [(f"line {reader.line_num}", _of_line(row)) for row in reader]
    except csv.Error as error:
        raise SteleError(5440, f"{file} is no CSV: {error}") from error


def _of_line(row: dict[str | None, Any]) -> dict[str, Any]:
    if None in row:
        return {"too": "many"}
    return {str(name): value.strip() for name, value in row.items() if value and value.strip()}


def _json_rows(text: str, file: Path) -> list[tuple[str, dict[str, Any]]]:
    try:
        rows = msgspec.json.decode(text, type=list[dict[str, Any]])
    except msgspec.MsgspecError as error:
        raise SteleError(5440, f"{file} is no list of JSON objects: {error}") from error
    return [(f"row {number}", row) for number, row in enumerate(rows, 1)]


def _told(row: dict[str, Any]) -> Told:
    if row == {"too": "many"}:
        raise ValueError("it has more fields than the first line names")
    said = {name: row[name] for name in _OWN if row.get(name) not in (None, "")}
    rest = {name: value for name, value in row.items() if name not in (*_OWN, "description")}
    given = row.get("description")
    description = dict(given) if isinstance(given, dict) else {}
    if isinstance(given, str) and given:
        description["description"] = given
    description |= rest
    if description:
        said["description"] = description
    if isinstance(said.get("year"), str):
        if not said["year"].lstrip("-").isdigit():
            raise ValueError(f"the year {said['year'][:20]!r} is no number")
        said["year"] = int(said["year"])
    found = msgspec.convert(said, Told)
    if not found.dossier and not found.path:
        raise ValueError("it names neither a dossier nor a path")
    if found.path and found.dossier:
        # A path stands within its dossier then.
        found = msgspec.structs.replace(found, path=f"{found.dossier}/{found.path}", dossier=None)
    if found.path and (found.year is not None or found.retention):
        raise ValueError("year and retention are of dossiers, not of files")
    return found
