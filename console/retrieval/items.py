"""What a fetch reads: each content once, in the order in which the disc holds it."""

import sqlalchemy as sa

from appliance.contract.messages import FetchItem
from appliance.volume.names import order_of_file
from console.store import schema


def fetch_items(connection: sa.Connection, fetch_id: str) -> list[FetchItem]:
    """The items of a fetch. They stay the same from its making on, since uploads count on them."""
    files, packages, wanted = schema.files.c, schema.packages.c, schema.request_files.c
    query = (
        sa.select(packages.folder, files.path, files.size_bytes, files.sha256)
        .join_from(schema.request_files, schema.files, files.file_id == wanted.file_id)
        .join(schema.packages, packages.package_id == files.package_id)
        .where(wanted.fetch_id == fetch_id)
        .distinct()
    )
    found = [
        FetchItem(f"{row.folder}/{row.path}", row.size_bytes, row.sha256)
        for row in connection.execute(query)
    ]
    found.sort(key=lambda item: order_of_file(item.path))
    first: dict[str, FetchItem] = {}
    for item in found:
        first.setdefault(item.sha256, item)
    return list(first.values())
