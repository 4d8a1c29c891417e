"""What all tables share: their metadata, and the types of ids, states and digests."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy import String

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

ID = String(128)
STATE = String(16)
DIGEST = String(64)


def only_where(condition: str) -> dict[str, Any]:
    """Options of an Index that holds only the rows for which an SQL condition is true."""
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}
