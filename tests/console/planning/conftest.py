"""A data folder with dossiers, and a fleet that has reported."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa

from appliance.contract.messages import DriveView, LibraryTelemetry, RobotView, SlotView
from appliance.contract.states import DriveState, MediumState, RobotState, SlotState
from console.ingest.intake import ingest
from console.ingest.report import IngestOrder
from console.rules.policy_text import parse_policy
from console.rules.register import register_policy
from console.store.schema import appliances, packages
from console.store.workspace import Workspace, open_workspace

MB = 1_000_000

POLICY = """
name = "far"
version = {version}
[copies]
value = ["use", "off-site"]
source = "test"
[digests]
value = ["sha256"]
source = "test"
[release_landing]
value = true
source = "test"
[nominal_capacity_bytes]
value = 8_000_000
source = "test"
[capacity_margin_bytes]
value = 0
source = "test"
[label]
value = "{{fonds}}-{{series}}-{{number:04d}}"
source = "test"
[sites]
value = {{ off-site = ["use"] }}
source = "test"
[approval]
value = {{ by = "{by}", discs_max = {discs_max} }}
source = "test"
"""


@dataclass
class Archive:
    """What a test plans."""

    workspace: Workspace
    folder: Path

    def land(self, sizes: dict[str, int], series: str = "S1") -> None:
        """Dossiers "folder/file" of so many bytes."""
        source = self.folder / f"source-{series}"
        for name, size in sizes.items():
            path = source / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(hashlib.shake_128(name.encode()).digest(size))
        ingest(self.workspace, IngestOrder(source, "F1", series))

    def appliance(
        self,
        name: str,
        blanks: int = 20,
        *,
        size_bytes: int = 8 * MB,
        drives: int = 2,
        online: bool = True,
    ) -> None:
        """An appliance reports itself, for the first time or again."""
        now = datetime.now(UTC)
        slots = [
            SlotView(
                f"s{n:03}", SlotState.FULL, f"m{n}", MediumState.BLANK, capacity_bytes=size_bytes
            )
            for n in range(1, blanks + 1)
        ]
        views = [DriveView(f"d{n}", DriveState.EMPTY) for n in range(1, drives + 1)]
        library = LibraryTelemetry(now, slots, views, [RobotView(RobotState.IDLE)])
        site, _, short = name.partition("/")
        values = {"library": msgspec.to_builtins(library), "library_at": now, "online": online}
        with self.workspace.store.begin() as connection:
            connection.execute(appliances.delete().where(appliances.c.appliance == name))
            row = {"appliance": name, "site": site, "name": short, **values}
            connection.execute(appliances.insert(), row)

    def keep_far(self, by: str = "person", discs_max: int = 0, version: int = 1) -> None:
        """All dossiers are kept by a policy with a copy on another site."""
        text = POLICY.format(by=by, discs_max=discs_max, version=version)
        policy = parse_policy(text, "test")
        with self.workspace.store.begin() as connection:
            policy_id = register_policy(connection, policy, text, "test")
            connection.execute(packages.update().values(policy_id=policy_id))

    def rows(self, *columns: sa.ColumnElement[object]) -> list[tuple[object, ...]]:
        with self.workspace.store.connect() as connection:
            return sorted(tuple(row) for row in connection.execute(sa.select(*columns)))


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    workspace = open_workspace(tmp_path / "data")
    yield Archive(workspace, tmp_path)
    workspace.close()
