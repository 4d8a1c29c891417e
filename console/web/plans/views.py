"""The page of plans, and their approval."""

from flask import Blueprint, Flask, redirect, render_template, url_for
from werkzeug import Response

from console.planning import decision
from console.web.context import store_reading, workspace
from console.web.live.hub import Hub
from console.web.plans.queries import newest_plans

blueprint = Blueprint("plans", __name__, url_prefix="/plans")

SHOWN_VOLUMES = 20


def register(app: Flask, _live: Hub) -> None:
    app.register_blueprint(blueprint)


@blueprint.get("/")
def index() -> str:
    with store_reading() as connection:
        return render_template(
            "plans/index.html", plans=newest_plans(connection), shown_volumes=SHOWN_VOLUMES
        )


@blueprint.post("/<plan_id>/approve")
def approve(plan_id: str) -> Response:
    """Approve a proposed plan; the worker sees it and begins."""
    decision.approve(workspace(), plan_id, "web")
    return redirect(url_for("plans.index"))


@blueprint.post("/<plan_id>/reject")
def reject(plan_id: str) -> Response:
    """Give a plan up; its dossiers wait for another."""
    decision.reject(workspace(), plan_id, "web")
    return redirect(url_for("plans.index"))
