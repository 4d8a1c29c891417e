"""The content resource over HTTP: what appliances burn from, and deliver to.

    GET   /content/1/volumes/<id>/plan      the encoded plan
    GET   /content/1/volumes/<id>/stream    the payload; one range may be asked for
    GET   /content/1/fetches/<id>/items     what to read, in the order of the disc
    HEAD  /content/1/fetches/<id>/stream    Upload-Offset
    PATCH /content/1/fetches/<id>/stream    bytes from Upload-Offset on

Every request carries a token. Errors are JSON: `code` and `message` of the error table.
"""

from collections.abc import Iterator

import msgspec
from flask import Blueprint, Flask, Response, current_app, jsonify, request
from werkzeug.exceptions import RequestedRangeNotSatisfiable
from werkzeug.wsgi import FileWrapper

from appliance.contract.errors import SteleError
from appliance.contract.messages import Id
from console.api.payload import CHUNK_BYTES, ContentChangedError, Payload
from console.api.service import ContentService
from console.api.uploads import DigestError, OffsetError
from console.store.workspace import Workspace

blueprint = Blueprint("content", __name__, url_prefix="/content/1")

_EXTENSION = "stele-content"
_NDJSON = "application/x-ndjson"
_STALLED_S = 300
"""A connection on which nothing moved for this long is closed; the appliance comes again."""

# Flask takes None for "the app's limit", which is meant for forms.
_NO_LIMIT_BYTES = 2**63 - 1
_STATUS = {
    4000: 401,
    4001: 401,
    4002: 403,
    3402: 404,
    5260: 404,
    5461: 409,
    5462: 422,
    5463: 413,
    5464: 404,
}


def register_content(app: Flask, workspace: Workspace) -> None:
    """Serve the content resource from `app`."""
    app.extensions[_EXTENSION] = ContentService(workspace)
    app.register_blueprint(blueprint)


def _service() -> ContentService:
    service: ContentService = current_app.extensions[_EXTENSION]
    return service


@blueprint.before_request
def _limit_stalling() -> None:
    connection = request.environ.get("gunicorn.socket")
    if connection is not None:
        connection.settimeout(_STALLED_S)


@blueprint.errorhandler(SteleError)
def _explain(error: SteleError) -> Response:
    answer = jsonify(code=error.code, message=error.message)
    answer.status_code = _STATUS.get(error.code, 503)
    if isinstance(error, OffsetError | DigestError):
        answer.headers["Upload-Offset"] = str(error.offset)
    if answer.status_code == 401:
        answer.headers["WWW-Authenticate"] = "Bearer"
    if request.method == "PATCH":
        answer.headers["Connection"] = "close"  # the rest of the body is not read
    return answer


@blueprint.get("/")
def welcome() -> Response:
    """Whether the resource is served at all; needs no token and gives nothing away."""
    return jsonify(service="stele content", version=1)


@blueprint.get("/volumes/<volume_id>/plan")
def volume_plan(volume_id: str) -> Response:
    service = _service()
    service.admit_to_volume(_token(), _id(volume_id))
    file = service.payloads.open_plan(volume_id)
    return Response(FileWrapper(file, CHUNK_BYTES), mimetype=_NDJSON, direct_passthrough=True)


@blueprint.get("/volumes/<volume_id>/stream")
def volume_stream(volume_id: str) -> Response:
    service = _service()
    service.admit_to_volume(_token(), _id(volume_id))
    payload = service.payload(volume_id)
    asked = request.range
    answer = Response(mimetype="application/octet-stream", headers={"Accept-Ranges": "bytes"})
    start, end = 0, payload.size_bytes
    if asked is not None and asked.units == "bytes" and len(asked.ranges) == 1:
        found = asked.range_for_length(payload.size_bytes)
        if found is None:
            raise RequestedRangeNotSatisfiable(payload.size_bytes)
        start, end = found
        answer.status_code = 206
        answer.content_range.set(start, end, payload.size_bytes)
    answer.content_length = end - start
    if request.method == "GET":
        answer.response = _checked(service, payload, start, end)
    return answer


def _checked(service: ContentService, payload: Payload, start: int, end: int) -> Iterator[bytes]:
    try:
        yield from payload.read(service.landing, start, end)
    except ContentChangedError as change:
        # The connection breaks off short of its length; the next request is told why.
        service.report_change(change)
        raise


@blueprint.get("/fetches/<fetch_id>/items")
def fetch_wants(fetch_id: str) -> Response:
    service = _service()
    service.admit_to_fetch(_token(), _id(fetch_id))
    lines = msgspec.json.Encoder().encode_lines(service.items(fetch_id))
    return Response(lines, mimetype=_NDJSON)


@blueprint.route("/fetches/<fetch_id>/stream", methods=["HEAD"])
def fetch_offset(fetch_id: str) -> Response:
    service = _service()
    service.admit_to_fetch(_token(), _id(fetch_id))
    offset = service.upload(fetch_id).offset
    return Response(headers={"Upload-Offset": str(offset), "Cache-Control": "no-store"})


@blueprint.patch("/fetches/<fetch_id>/stream")
def fetch_deliver(fetch_id: str) -> Response:
    service = _service()
    service.admit_to_fetch(_token(), _id(fetch_id))
    upload = service.upload(fetch_id)
    stated = request.headers.get("Upload-Offset", "")
    if not (stated.isascii() and stated.isdigit() and len(stated) < 20):
        raise OffsetError("an upload has to name its Upload-Offset", upload.offset)
    request.max_content_length = _NO_LIMIT_BYTES  # bounded by what the fetch asked for
    offset = upload.receive(int(stated), request.stream)
    return Response(status=204, headers={"Upload-Offset": str(offset)})


def _token() -> str:
    """The request's token.

    Raises:
        SteleError: 4001 there is none.
    """
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise SteleError(4001, "the request carries no content token")
    return token.strip()


def _id(text: str) -> str:
    """An id from the URL, checked before it becomes part of a path.

    Raises:
        SteleError: 5464 it cannot be an id.
    """
    try:
        return msgspec.convert(text, Id)
    except msgspec.ValidationError as error:
        raise SteleError(5464, "there is no such content") from error
