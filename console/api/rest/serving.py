"""Endpoints as routes: admits the caller, checks what came, calls the function, answers."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from flask import Blueprint, Response, request
from msgspec import inspect
from werkzeug.exceptions import MethodNotAllowed

from appliance.contract.errors import SteleError
from console.access.admission import Admission
from console.access.scopes import Principal
from console.api.rest.answers import NDJSON, render
from console.api.rest.bodies import Lines, expect_type, incoming, read_json
from console.api.rest.call import Call
from console.api.rest.declaration import BodyKind, Endpoint
from console.api.rest.failures import answer_failure
from console.api.rest.queries import decode_query, scalar
from console.store.workspace import Workspace

ANYBODY = Principal("anybody", None, frozenset(), ())
_LONGEST_KEY = 512
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"}

View = Callable[..., Response]


def blueprint_of(
    endpoints: Sequence[Endpoint], workspace: Workspace, admission: Admission, prefix: str
) -> Blueprint:
    """A blueprint that serves the endpoints below `prefix`."""
    blueprint = Blueprint("api", __name__, url_prefix=prefix)
    blueprint.register_error_handler(Exception, answer_failure)
    # Where both are declared, HEAD has to come before the one that every GET brings along.
    for endpoint in sorted(endpoints, key=lambda one: one.method != "HEAD"):
        blueprint.add_url_rule(
            endpoint.path.replace("{", "<").replace("}", ">"),
            endpoint.name,
            _view(endpoint, workspace, admission),
            methods=[endpoint.method],
            provide_automatic_options=False,
        )
    _refuse_other_methods(blueprint, endpoints)
    return blueprint


def _refuse_other_methods(blueprint: Blueprint, endpoints: Sequence[Endpoint]) -> None:
    """Let no path that is declared be taken for another one with a parameter in its place.

    Without this GET /plans/preview, where only POST is declared, would ask for a plan "preview".
    """
    methods: dict[str, set[str]] = defaultdict(set)
    for endpoint in endpoints:
        methods[endpoint.path] |= {endpoint.method} | (
            {"HEAD"} if endpoint.method == "GET" else set()
        )
    for number, (path, declared) in enumerate(methods.items()):
        blueprint.add_url_rule(
            path.replace("{", "<").replace("}", ">"),
            f"refuse_{number}",
            _refusal(sorted(declared)),
            methods=sorted(_METHODS - declared),
            provide_automatic_options=False,
        )


def _refusal(declared: list[str]) -> View:
    def refuse(**_path: str) -> Response:
        raise MethodNotAllowed(declared)

    return refuse


def _view(endpoint: Endpoint, workspace: Workspace, admission: Admission) -> View:
    decoder = msgspec.json.Decoder(endpoint.body_type) if endpoint.body_type else None

    def view(**path: str) -> Response:
        principal = _admit(endpoint, admission)
        call = Call(workspace, principal, request.headers)
        given = {name: _path_value(endpoint, name, text) for name, text in path.items()}
        query = decode_query(request.query_string.decode("latin-1"), endpoint.query_type)
        if endpoint.query_type is not None:
            given["query"] = query
        if endpoint.body_kind is not BodyKind.NONE:
            given["body"] = _body(endpoint, decoder)
        result = endpoint.function(call, **given)
        answer = render(result, request, endpoint.answer_media, call.status or endpoint.status)
        answer.headers.update(call.answer_headers)
        return answer

    return view


def _admit(endpoint: Endpoint, admission: Admission) -> Principal:
    if not endpoint.scopes:
        return ANYBODY
    principal = admission.admit(
        request.headers.get("Authorization", ""), request.remote_addr or "nowhere"
    )
    principal.needs(*endpoint.scopes)
    if principal.namespaces is not None and not endpoint.namespaced:
        raise SteleError(4075, f"the token {principal.who!r} is limited to its namespaces")
    return principal


def _path_value(endpoint: Endpoint, name: str, text: str) -> Any:
    """A part of the path as its declared type; what cannot be one names nothing that exists."""
    kind = endpoint.path_types[name]
    if len(text) > _LONGEST_KEY or "\0" in text or "\ufffd" in text:
        raise SteleError(5426, f"there is no such {name}")
    try:
        return msgspec.convert(scalar(text, inspect.type_info(kind)), kind)
    except msgspec.ValidationError as error:
        raise SteleError(5426, f"there is no {name} {text[:100]!r}") from error


def _body(endpoint: Endpoint, decoder: Any) -> Any:
    if endpoint.body_kind is BodyKind.JSON:
        return read_json(request, decoder, endpoint.max_body_bytes or 0)
    expect_type(request, endpoint.body_media, *endpoint.also_media)
    body = incoming(request, endpoint.max_body_bytes)
    if endpoint.body_media == NDJSON and endpoint.body_type is not None:
        return Lines(body, endpoint.body_type)
    return body
