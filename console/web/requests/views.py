"""The page of requests, live."""

from functools import partial

from flask import Blueprint, Flask, render_template

from console.web.context import speaking, store_reading
from console.web.live.hub import Hub
from console.web.requests.queries import newest_requests

blueprint = Blueprint("requests", __name__)


def register(app: Flask, live: Hub) -> None:
    app.register_blueprint(blueprint)
    live.renderers["requests"] = partial(render_fragments, app)


@blueprint.get("/requests")
def index() -> str:
    with store_reading() as connection:
        rows = newest_requests(connection)
    return render_template("requests/index.html", requests=rows, topics=("requests:",))


def render_fragments(app: Flask, _what: str, language: str) -> dict[str, str]:
    with speaking(app, language), store_reading() as connection:
        rows = newest_requests(connection)
        return {"requests": render_template("requests/list.html", requests=rows)}
