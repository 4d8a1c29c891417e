"""The page of jobs, and its live fragments."""

from functools import partial

from flask import Blueprint, Flask, render_template

from console.web.context import speaking, store_reading
from console.web.jobs.queries import VERBS, active_jobs, ended_jobs, steps_of, wait_reason
from console.web.live.hub import Hub

blueprint = Blueprint("jobs", __name__)


def register(app: Flask, live: Hub) -> None:
    app.register_blueprint(blueprint)
    app.jinja_env.globals |= {"steps_of": steps_of, "verb_names": VERBS, "wait_reason": wait_reason}
    live.renderers["jobs"] = partial(render_fragments, app)


@blueprint.get("/jobs")
def index() -> str:
    with store_reading() as connection:
        return render_template(
            "jobs/index.html",
            active=active_jobs(connection),
            ended=ended_jobs(connection),
            topics=("jobs:",),
        )


def render_fragments(app: Flask, _what: str, language: str) -> dict[str, str]:
    """The jobs at work, in full and in brief, and those that ended."""
    with speaking(app, language), store_reading() as connection:
        active, ended = active_jobs(connection), ended_jobs(connection)
        return {
            "jobs-active": render_template("jobs/active.html", active=active),
            "jobs-brief": render_template("jobs/brief.html", active=active),
            "jobs-ended": render_template("jobs/ended.html", ended=ended),
        }
