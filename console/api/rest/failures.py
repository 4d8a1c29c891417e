"""The one place where a failure becomes an answer of the API: always JSON, always numbered."""

import logging

import sqlalchemy as sa
from flask import Request, Response, make_response, request
from msgspec import Struct, json
from werkzeug.exceptions import HTTPException

from appliance.contract.errors import Numbered, SteleError, table

log = logging.getLogger(__name__)

STATUS = {
    3401: 410,
    3409: 422,
    3411: 422,
    3413: 422,
    3415: 422,
    3420: 400,
    3421: 400,
    3422: 413,
    3425: 404,
    3426: 403,
    3427: 422,
    3428: 422,
    4060: 404,
    4070: 401,
    4071: 401,
    4072: 401,
    4073: 429,
    4077: 422,
    4078: 409,
    4079: 404,
    5000: 500,
    5203: 422,
    5204: 404,
    5211: 422,
    5212: 404,
    5221: 404,
    5222: 422,
    5225: 404,
    5226: 422,
    5205: 404,
    5231: 422,
    5236: 422,
    5263: 404,
    5310: 422,
    5311: 422,
    5312: 422,
    5313: 500,
    5314: 500,
    5322: 404,
    5326: 404,
    5331: 422,
    5400: 503,
    5401: 503,
    5403: 503,
    5404: 503,
    5410: 503,
    5411: 503,
    5412: 404,
    5420: 400,
    5421: 400,
    5422: 413,
    5423: 415,
    5424: 404,
    5425: 405,
    5426: 404,
    5427: 416,
    5428: 408,
    5429: 422,
    5430: 400,
    5481: 409,
    5482: 421,
}
"""The HTTP status of each code whose range does not say it. Features add theirs here."""

_STATUS_OF_RANGE = {40: 403, 31: 409, 34: 409, 52: 409, 53: 409}
_CODE_OF_STATUS = {404: 5424, 405: 5425, 408: 5428, 413: 5422, 415: 5423, 416: 5427}

EVERYWHERE = (4070, 4071, 4072, 4073, 4074, 4075, 5000, 5404, 5420, 5421)
"""What any endpoint may answer with."""
OF_BODIES = (5422, 5423, 5428)
"""What any endpoint may answer with that takes a body."""


class Failure(Struct, frozen=True):
    """A numbered failure (docs/errors.md). `action` says what to do about it."""

    code: int
    message: str
    detail: str
    title: str
    action: str


def is_api(path: str) -> bool:
    """Whether a path is answered in the form of the API."""
    return path in ("/api", "/metrics") or path.startswith("/api/")


def status_of(code: int) -> int:
    """The HTTP status for a code of the error table."""
    return STATUS.get(code) or _STATUS_OF_RANGE.get(code // 100, 500)


def answer_failure(error: Exception) -> Response:
    """The answer for whatever went wrong. What nobody foresaw is logged whole and told as 5000."""
    if isinstance(error, HTTPException):
        if error.response is not None or (error.code or 500) < 400:
            return make_response(error.get_response())
        return _of_http(error)
    if isinstance(error, sa.exc.OperationalError):
        log.warning("the store failed at %s: %s", request.path, error.orig)
        return failure_response(SteleError(5404, "the store did not answer; try again"))
    if isinstance(error, Numbered):
        return failure_response(error)
    log.error("unexpected failure at %s %s", request.method, request.path, exc_info=error)
    return failure_response(SteleError(5000, "the console did not expect this"))


def _of_http(error: HTTPException) -> Response:
    """Failures that the server found before any resource was reached."""
    status = error.code or 500
    code = _CODE_OF_STATUS.get(status, 5430 if status < 500 else 5000)
    words = {
        5424: f"there is nothing at {request.path[:200]}",
        5425: f"{request.method} is not possible at {request.path[:200]}",
    }
    answer = failure_response(SteleError(code, words.get(code, error.name)))
    answer.status_code = status
    for name, value in error.get_headers(request.environ):
        if name.lower() not in ("content-type", "content-length"):
            answer.headers[name] = value
    return answer


def failure_response(error: Numbered) -> Response:
    """A defined failure with its row of the table, in the caller's language."""
    row = table().get(error.code)
    chinese = _speaks_chinese(request)
    title = (row.title_zh if chinese else row.title) if row else ""
    action = (row.action_zh if chinese else row.action) if row else ""
    body = Failure(error.code, error.message or title, error.detail, title, action)
    status = status_of(error.code)
    answer = Response(json.encode(body), status, mimetype="application/json")
    if status == 401:
        answer.headers["WWW-Authenticate"] = 'Bearer realm="stele"'
    if status in (429, 503):
        answer.headers["Retry-After"] = str(getattr(error, "retry_after_s", 5))
    return answer


def _speaks_chinese(asked: Request) -> bool:
    return asked.accept_languages.best_match(["en", "zh"], "en") == "zh"
