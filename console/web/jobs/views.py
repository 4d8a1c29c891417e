"""The page of jobs, and its live fragments."""

from datetime import UTC, datetime
from functools import partial

from flask import Blueprint, Flask, render_template

from console.dispatch.copies import retry
from console.web.context import speaking, store_reading, workspace
from console.web.jobs.queries import (
    VERBS,
    active_jobs,
    ended_jobs,
    given_up_copies,
    steps_of,
    wait_reason,
)
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
            given_up=given_up_copies(connection),
            active=active_jobs(connection),
            ended=ended_jobs(connection),
            topics=("jobs:",),
        )


@blueprint.post("/copies/<copy_id>/retry")
def try_again(copy_id: str) -> str:
    """Have a copy that was given up burned again; the answer is what is left of such copies."""
    with workspace().store.begin() as connection:
        retry(connection, copy_id, datetime.now(UTC))
        return render_template("jobs/given_up.html", given_up=given_up_copies(connection))


def render_fragments(app: Flask, _what: str, language: str) -> dict[str, str]:
    """The jobs at work, in full and in brief, and those that ended."""
    with speaking(app, language), store_reading() as connection:
        active, ended = active_jobs(connection), ended_jobs(connection)
        given_up = given_up_copies(connection)
        return {
            "jobs-given-up": render_template("jobs/given_up.html", given_up=given_up),
            "jobs-active": render_template("jobs/active.html", active=active),
            "jobs-brief": render_template("jobs/brief.html", active=active),
            "jobs-ended": render_template("jobs/ended.html", ended=ended),
        }
