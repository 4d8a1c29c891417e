"""A data folder with packages, volumes and copies in it, made without ingest or planner."""

import hashlib
import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from appliance.volume.plan import (
    DossierRef,
    Identity,
    PlanFile,
    encode_plan,
    make_plan,
    plan_sha256,
)
from console.store import schema
from console.store.ids import new_id
from console.store.workspace import Workspace, open_workspace

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
MTIME_NS = 1_600_000_000_000_000_000
IMAGE_BYTES = 4 << 20


class Holdings:
    """What the archive holds. Ids are given back by what makes them."""

    def __init__(self, data: Path) -> None:
        self.workspace: Workspace = open_workspace(data)
        self.store: sa.Engine = self.workspace.store
        with self.store.begin() as db:
            db.execute(
                sa.insert(schema.plans).values(
                    plan_id="plan-1", state="approved", created_at=NOW, explanation={}
                )
            )

    def policy(self, release: bool = True) -> str:
        policy_id = f"policy-{'release' if release else 'keep'}:1"
        with self.store.begin() as db:
            if db.scalar(
                sa.select(schema.policies.c.policy_id).where(
                    schema.policies.c.policy_id == policy_id
                )
            ):
                return policy_id
            db.execute(
                sa.insert(schema.policies).values(
                    policy_id=policy_id,
                    name=policy_id,
                    version=1,
                    document={"release_landing": {"value": release, "source": "test"}},
                    created_at=NOW,
                )
            )
        return policy_id

    def land(self, content: bytes) -> str:
        """Put a content into the landing zone, as an ingest does; gives its digest."""
        landed = self.workspace.landing.put(io.BytesIO(content))
        with self.store.begin() as db:
            blobs = schema.blobs.c
            known = db.scalar(sa.select(blobs.sha256).where(blobs.sha256 == landed.sha256))
            values = {"state": "landed", "landed_at": NOW, "released_at": None}
            if known:
                db.execute(sa.update(schema.blobs).where(blobs.sha256 == known).values(**values))
            else:
                db.execute(
                    sa.insert(schema.blobs).values(
                        sha256=landed.sha256, size_bytes=landed.size_bytes, **values
                    )
                )
        return landed.sha256

    def package(self, contents: dict[str, bytes], *, release: bool = True) -> str:
        """A landed package; gives its id, which is its folder too."""
        package_id = new_id("pk")
        policy_id = self.policy(release)
        digests = {path: self.land(content) for path, content in contents.items()}
        with self.store.begin() as db:
            db.execute(
                sa.insert(schema.packages).values(
                    package_id=package_id,
                    fonds="F",
                    series="S",
                    dossier=package_id,
                    folder=package_id,
                    restore_prefix=package_id,
                    policy_id=policy_id,
                    state="landed",
                    files=len(contents),
                    size_bytes=sum(map(len, contents.values())),
                    sectors=1,
                    search_key="",
                    created_at=NOW,
                )
            )
            rows = [
                {
                    "file_id": new_id("f"),
                    "package_id": package_id,
                    "path": path,
                    "size_bytes": len(content),
                    "mtime_ns": MTIME_NS,
                    "sha256": digests[path],
                    "state": "landed",
                    "search_key": path,
                }
                for path, content in contents.items()
            ]
            if rows:
                db.execute(sa.insert(schema.files), rows)
        return package_id

    def volume(
        self,
        *packages: str,
        roles: tuple[str, ...] = ("use", "sealed"),
        image_size_bytes: int = IMAGE_BYTES,
    ) -> str:
        """An approved volume of these packages with copies to be burned; gives its id."""
        volume_id = new_id("vol")
        with self.store.begin() as db:
            files = db.execute(
                sa.select(schema.files).where(schema.files.c.package_id.in_(packages))
            ).all()
            plan = make_plan(
                Identity(
                    volume_id,
                    volume_id,
                    "F",
                    "S",
                    tuple(DossierRef(each, each, each) for each in packages),
                    NOW,
                ),
                [
                    PlanFile(
                        f"{row.package_id}/{row.path}",
                        row.size_bytes,
                        row.mtime_ns,
                        bytes.fromhex(row.sha256),
                    )
                    for row in files
                ],
            )
            path = self.workspace.plan_file(volume_id)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"".join(encode_plan(plan)))
            db.execute(
                sa.insert(schema.volumes).values(
                    volume_id=volume_id,
                    plan_id="plan-1",
                    fonds="F",
                    series="S",
                    number=db.scalar(sa.select(sa.func.count()).select_from(schema.volumes)) or 0,
                    label=volume_id,
                    state="approved",
                    copies_wanted=len(roles),
                    image_size_bytes=image_size_bytes,
                    payload_bytes=sum(row.size_bytes for row in files),
                    capacity_bytes=image_size_bytes,
                    files=len(files),
                    plan_sha256=plan_sha256(plan),
                )
            )
            for package_id in packages:
                db.execute(
                    sa.insert(schema.volume_packages).values(
                        volume_id=volume_id, package_id=package_id
                    )
                )
                db.execute(
                    sa.update(schema.packages)
                    .where(schema.packages.c.package_id == package_id)
                    .values(state="planned")
                )
            for role in roles:
                db.execute(
                    sa.insert(schema.copies).values(
                        copy_id=new_id("cp"), volume_id=volume_id, role=role, state="planned"
                    )
                )
        return volume_id

    def rows(self, table: sa.Table, **values: Any) -> list[Any]:
        """The rows of a table whose columns have these values."""
        query = sa.select(table).filter_by(**values)
        with self.store.connect() as db:
            return list(db.execute(query.order_by(*table.primary_key.columns)).all())

    def row(self, table: sa.Table, **values: Any) -> Any:
        (row,) = self.rows(table, **values)
        return row

    def payload(self, volume_id: str) -> bytes:
        """The volume's payload, read from the landing zone file by file."""
        from appliance.volume.plan import decode_plan

        plan = decode_plan([self.workspace.plan_file(volume_id).read_bytes()])
        return b"".join(self.content(file.sha256.hex()) for file in plan.files)

    def content(self, sha256: str) -> bytes:
        with self.workspace.landing.open(sha256) as stream:
            return stream.read()

    def landing_path(self, content: bytes) -> Path:
        digest = hashlib.sha256(content).hexdigest()
        return next((self.workspace.data / "landing").rglob(digest), Path("/nowhere"))
