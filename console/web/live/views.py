"""The one stream of server-sent events that every page opens."""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial

from flask import Blueprint, Flask, Response, abort, current_app, render_template, request

from console.web.context import speaking
from console.web.live.hub import Full, Hub, Topic, Viewer

blueprint = Blueprint("live", __name__)

HEARTBEAT_S = 5.0
MAX_TOPICS = 8


def register(app: Flask, live: Hub) -> None:
    """Serve the stream, and what the frame around every page shows."""
    app.register_blueprint(blueprint)
    live.renderers["frame"] = partial(_render_frame, app)


def _render_frame(app: Flask, _what: str, language: str) -> dict[str, str]:
    with speaking(app, language):
        return {
            "notices": render_template("parts/notices.html"),
            "jobs-count": render_template("jobs/count.html"),
        }


def hub() -> Hub:
    """This process's hub."""
    found: Hub = current_app.extensions["live"]
    return found


@blueprint.get("/live")
def stream() -> Response:
    """Fragments of the topics named by ``?on=kind:what`` (several), in ``?lang=``."""
    language = request.args.get("lang", "en")
    topics = [parse_topic(name, language) for name in request.args.getlist("on")[:MAX_TOPICS]]
    try:
        viewer = hub().join(topics)
    except Full:
        return Response("too many viewers", 503, {"Retry-After": "30"})
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    response = Response(_events(viewer), mimetype="text/event-stream", headers=headers)
    # Not in the generator: one that never began would not run its end.
    response.call_on_close(partial(hub().leave, viewer))
    return response


def parse_topic(name: str, language: str) -> Topic:
    """``kind:what`` as a topic; an unknown kind is a 404."""
    kind, _, what = name.partition(":")
    if kind not in hub().renderers:
        abort(404)
    return Topic(kind, what, "zh" if language == "zh" else "en")


def encode_event(name: str, data: str) -> str:
    """One event in the text/event-stream format."""
    lines = "".join(f"data: {line}\n" for line in data.splitlines() or [""])
    return f"event: {name}\n{lines}\n"


def _events(viewer: Viewer) -> Iterator[str]:
    yield encode_event("pulse", _now())
    while True:
        fragments = viewer.take(HEARTBEAT_S)
        for name, html in fragments.items():
            yield encode_event(name, html)
        if not fragments:
            yield encode_event("pulse", _now())


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
