"""/api/v1/openapi.json: what the API offers, for programs."""

from functools import cache
from importlib.metadata import version
from typing import Any

from console.api.rest import Call, Resource
from console.api.rest.openapi import describe

PREFIX = "/api/v1"
_ABOUT = """Everything that the console does, for programs.

Every request but this document's carries `Authorization: Bearer <token>`. Failures are JSON with
a number (docs/errors.md), whatever went wrong. Lists come in pages: `next` of one page is `after`
of the following one. Sizes are bytes, times are ISO 8601 in UTC, names of files are name text.
Keys may be added to answers later; none changes its meaning."""

description = Resource("description", "This document.")


@description.get("/openapi.json", scope=())
def show_description(call: Call) -> dict[str, Any]:  # noqa: ARG001  (every endpoint is given one)
    """This document."""
    return document()


@cache
def document() -> dict[str, Any]:
    """The OpenAPI document of everything that is served."""
    from console.api.v1.resources import RESOURCES  # noqa: PLC0415  (they name this module)

    return describe(
        RESOURCES, title="Stele console", version=version("stele"), prefix=PREFIX, about=_ABOUT
    )
