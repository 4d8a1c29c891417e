"""/api/v1/work: what is going on in the fleet, in one look."""

from msgspec import Struct

from console.api.rest import Call, Resource, Scope
from console.overview.jobs import Work
from console.overview.jobs import work as look

work = Resource("work", "Work: what is going on in the fleet, in one look.")


class WorkQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    everything: bool = False
    """Also jobs that ended long ago."""


@work.get("/work", scope=Scope.READ)
def show_work(call: Call, query: WorkQuery) -> Work:
    """Show open jobs and those that ended in the last ten minutes, and copies not yet verified."""
    with call.reading() as connection:
        return look(connection, everything=query.everything)
