"""The one place where a failure becomes an answer: a page, a part of a page, or JSON."""

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

from flask import Flask, Response, jsonify, make_response, render_template, request
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from appliance.contract.errors import SteleError, table
from console.api.rest.failures import answer_failure, is_api
from console.web.context import language
from console.web.words import translate

E = TypeVar("E", bound=Exception)

_STATUS = {5403: 503, 5480: 400, 5481: 409, 3401: 410, 5400: 503, 5401: 503}
_STATUS_OF_RANGE = {40: 403, 34: 409, 52: 409, 53: 409}
TITLES = {
    400: "The request cannot be read",
    404: "There is no such page",
    405: "That cannot be done here",
    416: "The file has no such part",
}


def status_of(code: int) -> int:
    """The HTTP status for a code of the error table."""
    return _STATUS.get(code) or _STATUS_OF_RANGE.get(code // 100, 500)


def explain_failures(app: Flask) -> None:
    """Answer every failure in the reader's language and form."""

    def for_people(explain: Callable[[E], Response]) -> Callable[[E], Response]:
        """Programs are told in the form of the API, whatever happened."""

        @wraps(explain)
        def choose(error: E) -> Response:
            return answer_failure(error) if is_api(request.path) else explain(error)

        return choose

    @app.errorhandler(SteleError)
    @for_people
    def on_stele_error(error: SteleError) -> Response:
        return answer(error, status_of(error.code))

    @app.errorhandler(CSRFError)
    @for_people
    def on_csrf_error(error: CSRFError) -> Response:
        return answer(SteleError(5480, "", str(error.description)), 400)

    @app.errorhandler(HTTPException)
    @for_people
    def on_http_error(error: HTTPException) -> Response:
        status = error.code or 500
        if status < 400:
            return make_response(error.get_response())
        response = _render(str(status), TITLES.get(status, error.name), "", "", status)
        for name, value in error.get_headers(request.environ):
            if name.lower() not in ("content-type", "content-length"):
                response.headers[name] = value
        return response

    @app.errorhandler(Exception)
    @for_people
    def on_surprise(error: Exception) -> Response:
        # The boundary of the request: it is logged whole and told without its inside.
        app.logger.error("unexpected failure at %s", request.path, exc_info=error)
        return answer(SteleError(5000, ""), 500)


def answer(error: SteleError, status: int) -> Response:
    """A defined failure with its row of the table, in the reader's language."""
    row = table()[error.code]
    chinese = language() == "zh"
    title, action = (row.title_zh, row.action_zh) if chinese else (row.title, row.action)
    return _render(str(error.code), title, error.message, action, status)


def _render(code: str, title: str, message: str, action: str, status: int) -> Response:
    parts = {
        "code": code,
        "title": translate(language(), title),
        "message": message,
        "action": action,
    }
    if request.path.startswith("/content/"):
        response = jsonify(code=int(code), message=message or title)
    elif (
        request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json"
    ):
        response = jsonify(parts)
    elif "HX-Request" in request.headers:
        response = make_response(render_template("parts/flash.html", **parts))
        response.headers["HX-Retarget"], response.headers["HX-Reswap"] = "#flash", "innerHTML"
    else:
        response = make_response(render_template("failure.html", **parts))
    response.status_code = status
    return response
