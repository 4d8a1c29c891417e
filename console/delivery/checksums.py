"""CRC-32 of contents, which a ZIP needs: computed when a content is compared, and kept."""

import zlib
from collections.abc import Collection

import sqlalchemy as sa

from console.store import schema
from console.store.engine import reading
from console.store.upsert import insert_into

_AT_ONCE = 1_000
_checksums = schema.checksums.c


def known_checksums(engine: sa.Engine, digests: Collection[str]) -> dict[str, int]:
    """Of these contents, the checksums that are known."""
    names = sorted(set(digests))
    found: dict[str, int] = {}
    with reading(engine).connect() as connection:
        for start in range(0, len(names), _AT_ONCE):
            query = sa.select(_checksums.sha256, _checksums.crc32).where(
                _checksums.sha256.in_(names[start : start + _AT_ONCE])
            )
            found.update((row.sha256, row.crc32) for row in connection.execute(query))
    return found


def keep_checksums(engine: sa.Engine, found: dict[str, int]) -> None:
    if not found:
        return
    with engine.begin() as connection:
        connection.execute(
            insert_into(connection, schema.checksums).on_conflict_do_nothing(),
            [{"sha256": sha256, "crc32": crc32} for sha256, crc32 in found.items()],
        )


def crc32_of(data: bytes) -> int:
    return zlib.crc32(data)
