"""The resource /metrics itself: for tokens with the scope `read`, or open by a setting."""

from flask import Blueprint, Flask, Response, request
from prometheus_client.core import CollectorRegistry, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from appliance.contract.errors import SteleError
from console.access.admission import Admission
from console.access.scopes import Scope
from console.api.metrics.cache import FigureCache
from console.api.metrics.figures import GROUPS
from console.api.metrics.requests import RequestTimes
from console.api.rest.failures import answer_failure
from console.store.workspace import Workspace


class _All(Collector):
    """Whatever is asked for at a scrape."""

    def __init__(self, figures: FigureCache, times: RequestTimes) -> None:
        self._figures = figures
        self._times = times

    def collect(self) -> "list[Metric]":
        return [*self._figures.collect(), *self._times.collect()]

    def describe(self) -> "list[Metric]":
        return []  # else registering would read the store


def register_metrics(app: Flask, workspace: Workspace, admission: Admission) -> Blueprint:
    """Serve /metrics from `app` and time its requests; gives the blueprint."""
    blueprint = Blueprint("metrics", __name__)
    blueprint.register_error_handler(Exception, answer_failure)
    figures = FigureCache(lambda: workspace.store, GROUPS)
    registry = CollectorRegistry()
    registry.register(_All(figures, RequestTimes(app)))
    app.extensions["stele-figures"] = figures

    @blueprint.get("/metrics", provide_automatic_options=False)
    def metrics() -> Response:
        if not workspace.config.web.open_metrics:
            authorization = request.headers.get("Authorization", "")
            principal = admission.admit(authorization, request.remote_addr or "nowhere")
            principal.needs(Scope.READ)
            if principal.namespaces is not None:
                raise SteleError(4075, f"the token {principal.who!r} is limited to its namespaces")
        encoder, content_type = choose_encoder(request.headers.get("Accept", ""))
        return Response(encoder(registry), content_type=content_type)

    app.register_blueprint(blueprint)
    return blueprint
