"""/api/v1/jobs: what the appliances do."""

from appliance.contract.errors import SteleError
from appliance.contract.states import JobState
from console.api.rest import Call, Key, Order, Page, PageQuery, Resource, Scope, page_of
from console.overview.jobs import FINAL_STATES, JobRow, jobs_query, show_job
from console.store.schema import jobs as table

jobs = Resource("jobs", "Jobs: what the appliances do and did.")


class JobQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    open: bool | None = None
    """True for jobs that are not over, false for those that are."""
    state: JobState | None = None
    verb: Key | None = None
    appliance: Key | None = None
    volume_id: Key | None = None
    copy_id: Key | None = None


@jobs.get("/jobs", scope=Scope.READ, errors=(5429,))
def list_jobs(call: Call, query: JobQuery) -> Page[JobRow]:
    """List jobs, the one that was told of last first."""
    rows = jobs_query()
    if query.open is not None:
        wanted = [state for state in JobState if (state not in FINAL_STATES) == query.open]
        rows = rows.where(table.c.state.in_(wanted))
    for name in ("state", "verb", "appliance", "volume_id", "copy_id"):
        if (value := getattr(query, name)) is not None:
            rows = rows.where(table.c[name] == value)
    by = [Order(table.c.updated_at, descending=True), Order(table.c.job_id, descending=True)]
    with call.reading() as connection:
        return page_of(connection, rows, by, query, show_job)


@jobs.get("/jobs/{job_id}", scope=Scope.READ)
def show_one_job(call: Call, job_id: Key) -> JobRow:
    """Show one job."""
    with call.reading() as connection:
        row = connection.execute(jobs_query().where(table.c.job_id == job_id)).first()
    if row is None:
        raise SteleError(5426, f"no appliance has told of a job {job_id!r}")
    return show_job(row)
