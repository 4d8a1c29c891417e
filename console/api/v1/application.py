"""The API as a part of the web application, and as one of its own for commands without a server."""

from datetime import UTC, datetime

from flask import Blueprint, Flask

from console.access.admission import Admission
from console.access.local import ensure_local_token, is_local_token
from console.access.scopes import ALL_SCOPES, LOCAL, Principal
from console.access.tokens import find_principal
from console.api.metrics.views import register_metrics
from console.api.rest.failures import answer_failure
from console.api.rest.serving import blueprint_of
from console.api.v1.description import PREFIX
from console.api.v1.resources import RESOURCES
from console.store.workspace import Workspace

EVERYTHING = Principal(LOCAL, None, ALL_SCOPES, None)


def register_api(app: Flask, workspace: Workspace) -> Blueprint:
    """Serve the API and /metrics from `app`, make the data folder's own token; gives the blueprint.

    Raises:
        SteleError: 4080 the token's file.
    """
    ensure_local_token(workspace.data)

    def find(secret: str) -> Principal:
        if is_local_token(workspace.data, secret):
            return EVERYTHING
        return find_principal(workspace.store, secret, datetime.now(UTC))

    admission = Admission(find)
    endpoints = [endpoint for resource in RESOURCES for endpoint in resource.endpoints]
    blueprint = blueprint_of(endpoints, workspace, admission, PREFIX)
    app.register_blueprint(blueprint)
    register_metrics(app, workspace, admission)
    return blueprint


def create_api(workspace: Workspace) -> Flask:
    """The API alone, without pages; for SteleError see `register_api`."""
    app = Flask("stele-api", static_folder=None)
    app.register_error_handler(Exception, answer_failure)
    register_api(app, workspace)
    return app
