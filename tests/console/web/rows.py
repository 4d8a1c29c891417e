"""A store with an archive, a rack library and work under way, filled as the worker does it."""

import hashlib
import io
import os
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import sqlalchemy as sa

from appliance.contract.messages import (
    DriveView,
    ErrorInfo,
    LibraryTelemetry,
    RobotView,
    SlotView,
)
from appliance.contract.states import DriveState, MediumState, RobotState, SlotState
from console.overview.holdings import store_holdings
from console.processes import READY_FILE
from console.rules.policy_text import default_policy
from console.store import schema as s
from console.store.keys import search_key
from console.store.workspace import Workspace

APPLIANCE = "north/rack-1"
CAPACITY_BYTES = 25_025_314_816
HOSTILE = 'a<img src=x onerror=alert(1)>\u202egnp.exe" & b\uf7e9.txt'
"""HTML, a character that turns the text round, a quote, and a raw byte E9 in name text."""
LONG = "卷" * 80 + ".tif"
LANDED_BYTES = b"0123456789" * 1000
NOW = datetime.now(UTC)
Row = dict[str, Any]


def library(**changes: SlotView) -> LibraryTelemetry:
    """A rack with every kind of slot; `changes` replaces slots by name."""
    slots = [SlotView(f"s{n:03}", SlotState.FULL, f"m{n:03}", state_of(n)) for n in range(1, 201)]
    slots[0] = _volume_slot(1, "v1", "court-1998 0001", MediumState.VERIFIED)
    slots[1] = _volume_slot(2, "v1", "court-1998 0001", MediumState.VERIFIED)
    slots[40] = _volume_slot(41, "v2", "court-1998 0002", MediumState.BURNING, SlotState.EMPTY)
    slots[41] = _volume_slot(42, "v2", "court-1998 0002", MediumState.WRITTEN, SlotState.EMPTY)
    for n in (150, 199, 200):
        slots[n - 1] = SlotView(f"s{n:03}", SlotState.EMPTY)
    slots[170] = SlotView("s171", SlotState.UNKNOWN)
    slots = [changes.get(slot.slot, slot) for slot in slots]
    return LibraryTelemetry(at=NOW, slots=slots, drives=_drives(), robots=[_robot()])


def _robot() -> RobotView:
    return RobotView(RobotState.MOVING, holding_medium_id="m043", doing="s043 → d3")


def _drives() -> list[DriveView]:
    return [
        DriveView("d1", DriveState.BURNING, "m041", "s041", "j1", 0.37, 27_000_000.0),
        DriveView("d2", DriveState.VERIFYING, "m042", "s042", "j2", 0.81, 54_000_000.0),
        DriveView("d3", DriveState.EMPTY),
        DriveView("d4", DriveState.UNAVAILABLE, error=ErrorInfo(5000, "/dev/sr3 does not answer")),
    ]


def state_of(number: int) -> MediumState:
    """The state of the disc in a slot of the fixture."""
    if number < 34:
        return MediumState.VERIFIED
    special = {
        34: MediumState.WRITTEN,
        35: MediumState.WRITTEN,
        36: MediumState.CONDEMNED,
        60: MediumState.FOREIGN,
    }
    return special.get(number, MediumState.BLANK if number < 110 else MediumState.UNSEEN)


def _volume_slot(
    number: int,
    volume_id: str,
    label: str,
    state: MediumState,
    slot_state: SlotState = SlotState.FULL,
) -> SlotView:
    name = f"{number:03}"
    return SlotView(f"s{name}", slot_state, f"m{name}", state, volume_id, label, CAPACITY_BYTES)


def add(connection: sa.Connection, table: sa.Table, *rows: Row) -> None:
    for row in rows:
        connection.execute(sa.insert(table).values(**row))


def put_library(connection: sa.Connection, telemetry: LibraryTelemetry) -> None:
    """What the worker does when telemetry comes."""
    connection.execute(
        sa.update(s.appliances)
        .where(s.appliances.c.appliance == APPLIANCE)
        .values(library=msgspec.to_builtins(telemetry), library_at=datetime.now(UTC))
    )
    store_holdings(connection, APPLIANCE, telemetry)


def add_appliance(connection: sa.Connection) -> None:
    row = {"appliance": APPLIANCE, "site": "north", "name": "rack-1", "profile": "rack"}
    add(connection, s.appliances, row | {"firmware": "0.1.0", "online": True, "status_at": NOW})
    put_library(connection, library())


def fill(workspace: Workspace) -> None:
    """The whole story: two volumes, four copies, jobs, a request under way."""
    landed = workspace.landing.put(io.BytesIO(LANDED_BYTES))
    (workspace.data / READY_FILE).write_text(str(os.getpid()))
    with workspace.store.begin() as connection:
        add_appliance(connection)
        _add_rules(connection)
        _add_packages(connection)
        _add_files(connection, landed.sha256)
        _add_volumes(connection)
        _add_jobs(connection)


def _add_rules(connection: sa.Connection) -> None:
    """A policy and a pool called like the appliance: whoever tries names finds all three."""
    document = msgspec.to_builtins(default_policy()) | {"name": "rack-1", "version": 1}
    policy = {"policy_id": "rack-1:1", "name": "rack-1", "version": 1, "document": document}
    add(connection, s.policies, policy | {"created_at": NOW})
    pool = {"name": "rack-1", "version": 1, "document": {"name": "rack-1"}, "created_at": NOW}
    add(connection, s.pools, pool)


def _add_packages(connection: sa.Connection) -> None:
    rules = msgspec.to_builtins(default_policy()) | {"version": 1}
    policy = {"policy_id": "p1", "name": "default", "version": 1, "document": rules}
    add(connection, s.policies, policy | {"created_at": NOW})
    base = {"restore_prefix": "", "policy_id": "p1", "sectors": 1, "created_at": NOW}
    for package_id, series, dossier, state, files in (
        ("k1", "civil-1998", "1998-0001 王某诉李某", "archived", 212),
        ("k2", "civil-1998", "1998-0002 Land register", "planned", 96),
        ("k3", "criminal-1998", "1998-0003", "landed", 41),
        ("k4", "criminal-1998", HOSTILE, "damaged", 1),
    ):
        row: Row = {"package_id": package_id, "fonds": "city-court", "series": series}
        row |= {"dossier": dossier, "folder": package_id, "state": state, "files": files}
        row |= {"search_key": search_key(f"city-court {series} {dossier}")}
        add(connection, s.packages, base | row | {"size_bytes": files * 3_400_000})


def _add_files(connection: sa.Connection, landed: str) -> None:
    mtime_ns = 894_000_000_000_000_000
    named = [
        ("f1", "k1", "扫描/第一页.tif", "archived", digest("f1"), 10),
        ("f2", "k1", "scans/page-002.tif", "archived", digest("f2"), 3_400_000),
        ("f3", "k3", "判决书.pdf", "landed", landed, len(LANDED_BYTES)),
        ("f4", "k1", HOSTILE, "archived", digest("f4"), 77),
        ("f5", "k1", LONG, "archived", digest("f5"), 5_000_000_000),
        ("f6", "k1", "index.xml", "archived", digest("f6"), 18_234),
        ("f7", "k1", "Index.xml", "archived", digest("f7"), 18_235),
    ]
    for file_id, package_id, path, state, sha256, size in named:
        row: Row = {"file_id": file_id, "package_id": package_id, "path": path, "state": state}
        row |= {"sha256": sha256, "size_bytes": size, "mtime_ns": mtime_ns}
        add(connection, s.files, row | {"search_key": search_key(path)})
    add(connection, s.folders, {"package_id": "k1", "path": "empty/deep", "mtime_ns": mtime_ns})
    blob = {"sha256": landed, "size_bytes": len(LANDED_BYTES), "state": "landed"}
    add(connection, s.blobs, blob | {"landed_at": NOW})


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _add_volumes(connection: sa.Connection) -> None:
    for plan_id, state in (("plan1", "approved"), ("plan2", "proposed")):
        row = {"plan_id": plan_id, "state": state, "created_at": NOW, "explanation": {}}
        add(connection, s.plans, row)
    base = {"fonds": "city-court", "series": "civil-1998", "capacity_bytes": CAPACITY_BYTES}
    base |= {"copies_wanted": 2, "plan_sha256": digest("plan"), "files": 212}
    for volume_id, plan_id, label, state in (
        ("v1", "plan1", "court-1998 0001", "archived"),
        ("v2", "plan1", "court-1998 0002", "approved"),
        ("v3", "plan2", "court-1998 0003", "planned"),
    ):
        row = {"volume_id": volume_id, "plan_id": plan_id, "label": label, "state": state}
        row |= {"number": int(volume_id[1:]), "payload_bytes": 23_100_000_000}
        row |= {"image_size_bytes": 23_200_000_000}
        add(connection, s.volumes, base | row)
    for volume_id, package_id in (("v1", "k1"), ("v2", "k2")):
        add(connection, s.volume_packages, {"volume_id": volume_id, "package_id": package_id})
    _add_copies(connection)


def _add_copies(connection: sa.Connection) -> None:
    for number, volume_id, role, state in (
        (1, "v1", "use", "verified"),
        (2, "v1", "sealed", "verified"),
        (41, "v2", "use", "burning"),
        (42, "v2", "sealed", "dispatched"),
    ):
        name, medium = f"c{number}", f"m{number:03}"
        verified = {"verified_at": NOW, "bytes_read": 23_200_000_000} if number < 40 else {}
        row = {"copy_id": name, "volume_id": volume_id, "role": role, "state": state}
        row |= {"appliance": APPLIANCE, "medium_id": medium, "slot": f"s{number:03}"}
        add(connection, s.copies, row | verified)
        place = f"slot:s{number:03}" if number < 40 else f"drive:d{number - 40}"
        at: Row = {"medium_id": medium, "appliance": APPLIANCE, "place": place, "state": "verified"}
        at |= {"home_slot": f"s{number:03}", "volume_id": volume_id}
        add(connection, s.media, at | {"capacity_bytes": CAPACITY_BYTES})
    body = {"medium_id": "m001", "place": "slot:s001", "state": "verified"}
    event: Row = {
        "appliance": APPLIANCE,
        "epoch": "e1",
        "seq": 1,
        "at": NOW,
        "kind": "medium_changed",
    }
    add(connection, s.events, event | {"body": body})
    body = {"medium_id": "m001", "verify_drive": "d2", "bytes_read": 23_200_000_000}
    event |= {"seq": 2, "kind": "copy_verified", "body": body}
    add(connection, s.events, event)


def _add_jobs(connection: sa.Connection) -> None:
    total = 23_200_000_000
    base = {"appliance": APPLIANCE, "updated_at": NOW, "created_at": NOW - timedelta(minutes=9)}
    running = {"state": "running", "volume_id": "v2", "bytes_total": total}
    add(
        connection,
        s.jobs,
        base
        | running
        | {"job_id": "j1", "verb": "burn", "stage": "burn", "fraction": 0.37, "drive": "d1"}
        | {"bytes_done": int(total * 0.37), "speed_bytes_per_s": 27e6, "seconds_left": 541.0}
        | {"copy_id": "c41", "medium_id": "m041"},
        base
        | running
        | {"job_id": "j2", "verb": "burn", "stage": "verify", "fraction": 0.81, "drive": "d2"}
        | {"bytes_done": int(total * 0.81), "speed_bytes_per_s": 54e6, "seconds_left": 82.0}
        | {"copy_id": "c42", "medium_id": "m042", "attempt": 2},
        base
        | {"job_id": "j3", "verb": "fetch", "state": "waiting", "stage": "queued"}
        | {"volume_id": "v1", "waiting_for": "drive"},
        base
        | {"job_id": "j4", "verb": "burn", "state": "failed", "stage": "finished"}
        | {"volume_id": "v1", "error_code": 5000, "error_message": "unexpected TimeoutError"},
        base
        | {"job_id": "j5", "verb": "burn", "state": "done", "stage": "finished"}
        | {"volume_id": "v1", "medium_id": "m001"},
    )
