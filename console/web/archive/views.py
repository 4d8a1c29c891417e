"""Pages of the archive: the tree, search, one file with its copies, download, getting it back."""

from functools import partial
from typing import NamedTuple

import sqlalchemy as sa
from flask import (
    Blueprint,
    Flask,
    Response,
    abort,
    redirect,
    render_template,
    request,
    url_for,
)
from werkzeug import Response as BaseResponse

from appliance.contract.errors import SteleError
from console.catalogue.search import Found, find
from console.delivery.handing import file_row, hand_file
from console.retrieval.requests import create_request
from console.store.states import CopyState
from console.web.archive import queries
from console.web.archive.access import access_to
from console.web.archive.downloads import send_parts
from console.web.archive.folders import PAGE_ROWS, folder_page
from console.web.context import speaking, store_reading, workspace
from console.web.live.hub import Hub
from console.web.requests.queries import is_asked_back

blueprint = Blueprint("archive", __name__, url_prefix="/archive")

MAX_QUERY_CHARACTERS = 200
FOUND_ROWS = 100
QUERY_ERRORS = (5310, 5311)


class Pager(NamedTuple):
    """Offsets of the pages before and after; None where there is none."""

    before: int | None
    after: int | None


def register(app: Flask, live: Hub) -> None:
    app.register_blueprint(blueprint)
    live.renderers["file"] = partial(render_fragments, app)


@blueprint.get("/")
def index() -> str:
    with store_reading() as connection:
        return render_template(
            "archive/index.html",
            branches=queries.branches(connection),
            totals=queries.totals(connection),
        )


@blueprint.get("/series")
def series() -> str:
    """One series, named by ``?fonds=&series=``: names may hold any character."""
    fonds, name = request.args.get("fonds", ""), request.args.get("series", "")
    offset = _offset()
    with store_reading() as connection:
        rows = queries.dossiers(connection, fonds, name, offset)
    if not rows:
        abort(404)
    return render_template(
        "archive/series.html",
        series=name,
        dossiers=rows[:PAGE_ROWS],
        steps=[(fonds, None), (name, None)],
        pager=_pager(offset, offset + len(rows)),
    )


@blueprint.get("/dossiers/<package_id>")
def dossier(package_id: str) -> str:
    """One folder of a dossier: ``?folder=``, by default its first."""
    folder, offset = request.args.get("folder", ""), _offset()
    with store_reading() as connection:
        package = queries.package(connection, package_id) or abort(404)
        page = folder_page(connection, package_id, folder, offset)
        copies = queries.copies(connection, package_id)
        fetching = is_asked_back(connection, package_id)
        to_fetch = len(queries.files_to_fetch(connection, package_id))
    if folder and not (page.folders or page.files or page.is_kept):
        abort(404)
    return render_template(
        "archive/dossier.html",
        package=package,
        page=page,
        copies=copies,
        fetching=fetching,
        to_fetch=to_fetch if any(row["state"] == CopyState.VERIFIED for row in copies) else 0,
        steps=_steps(package, package_id, folder),
        pager=_pager(offset, page.total),
    )


@blueprint.post("/dossiers/<package_id>/get-back")
def get_dossier_back(package_id: str) -> BaseResponse:
    """Ask for every file of a dossier that is only on discs: each disc is loaded once."""
    with store_reading() as connection:
        package = queries.package(connection, package_id) or abort(404)
        wanted = queries.files_to_fetch(connection, package_id)
        fetching = is_asked_back(connection, package_id)
    if wanted and not fetching:
        create_request(workspace().store, wanted, package["dossier"])
    return redirect(url_for("requests.index"))


@blueprint.get("/search")
def search() -> str:
    """Files by words: ``?q=``; only the list when a page asks for that part."""
    query = request.args.get("q", "")[:MAX_QUERY_CHARACTERS].replace("\0", " ")
    with store_reading() as connection:
        context = {"query": query, **_found(connection, query)}
    if "HX-Request" in request.headers:
        return render_template("archive/found.html", **context)
    return render_template("archive/search.html", **context)


def _found(connection: sa.Connection, query: str) -> dict[str, object]:
    """What a page shows of a search; a query that says nothing sensible is answered with why."""
    try:
        return {"found": find(connection, query, FOUND_ROWS)}
    except SteleError as error:
        if error.code not in QUERY_ERRORS:
            raise
        return {"found": Found([], [], more=False), "complaint": error.message}


@blueprint.get("/files/<file_id>")
def file(file_id: str) -> str:
    with store_reading() as connection:
        row = queries.file(connection, file_id) or abort(404)
        folder = row["path"].rpartition("/")[0]
        return render_template(
            "archive/file.html",
            file=row,
            copies=queries.copies(connection, row["package_id"]),
            access=access_to(connection, row),
            steps=_steps(row, row["package_id"], folder, row["path"].rpartition("/")[2]),
            topics=(f"file:{file_id}",),
        )


@blueprint.get("/files/<file_id>/download")
def download(file_id: str) -> Response:
    """The bytes, from the landing zone or from what came back from a disc."""
    with store_reading() as connection:
        row = queries.file(connection, file_id) or abort(404)
        found = file_row(connection, row["file_id"])
    return send_parts(hand_file(workspace(), found))


@blueprint.post("/files/<file_id>/get-back")
def get_back(file_id: str) -> str:
    """Ask for a file that is only on discs; the answer is how it stands."""
    with store_reading() as connection:
        row = queries.file(connection, file_id) or abort(404)
        access = access_to(connection, row)
    if access.can_fetch:
        create_request(workspace().store, [file_id], row["path"].rpartition("/")[2])
    with store_reading() as connection:
        access = access_to(connection, row)
    return render_template("archive/access.html", file=row, access=access)


def render_fragments(app: Flask, file_id: str, language: str) -> dict[str, str]:
    """How a file's bytes can be had: it changes while they are on their way."""
    with speaking(app, language), store_reading() as connection:
        row = queries.file(connection, file_id)
        if row is None:
            return {}
        access = access_to(connection, row)
        return {"access": render_template("archive/access.html", file=row, access=access)}


def _offset() -> int:
    return min(max(request.args.get("from", 0, type=int), 0), 2**31)


def _pager(offset: int, total: int) -> Pager:
    before, after = offset - PAGE_ROWS, offset + PAGE_ROWS
    return Pager(max(0, before) if offset else None, after if after < total else None)


def _steps(
    package: sa.RowMapping, package_id: str, folder: str, last: str | None = None
) -> list[tuple[str, str | None]]:
    """The path from the fonds down, each with its address; the last one is where we are."""
    at = url_for("archive.series", fonds=package["fonds"], series=package["series"])
    steps: list[tuple[str, str | None]] = [(package["fonds"], None), (package["series"], at)]
    steps.append((package["dossier"], url_for("archive.dossier", package_id=package_id)))
    names = folder.split("/") if folder else []
    for depth, name in enumerate(names, 1):
        below = "/".join(names[:depth])
        steps.append((name, url_for("archive.dossier", package_id=package_id, folder=below)))
    if last is None:
        steps[-1] = (steps[-1][0], None)
    else:
        steps.append((last, None))
    return steps
