"""/api/v1/status: how the whole stands."""

from msgspec import Struct

from console.addresses import read_addresses
from console.api.rest import Call, Resource, Scope
from console.overview.fleet import FleetFigures, fleet_figures
from console.overview.status import Archive, archive_figures
from console.overview.worker import worker_is_running

status = Resource("status", "How the whole stands: the console's parts, the archive, the fleet.")


class StatusAnswer(Struct, frozen=True):
    """The picture of this moment. Appliances and alarms have lists of their own."""

    data: str
    page_url: str | None
    broker_url: str | None
    worker_running: bool
    archive: Archive
    fleet: FleetFigures


@status.get("/status", scope=Scope.READ)
def show_status(call: Call) -> StatusAnswer:
    """Show how the whole stands."""
    data = call.workspace.data
    addresses = read_addresses(data)
    with call.reading() as connection:
        return StatusAnswer(
            data=str(data),
            page_url=addresses.page_url if addresses else None,
            broker_url=addresses.broker_url if addresses else None,
            worker_running=worker_is_running(data),
            archive=archive_figures(connection),
            fleet=fleet_figures(connection),
        )
