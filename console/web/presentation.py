"""What every template may call, and what every page shows around its own part."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path

import sqlalchemy as sa
from flask import Flask, g, url_for
from markupsafe import Markup

from appliance.contract.errors import table
from console.web import figures
from console.web.context import language, store_reading, this_page
from console.web.jobs.queries import count_active
from console.web.names import plain_name, show_name
from console.web.notices import Notices, current_notices
from console.web.words import LANGUAGES, translator

NAVIGATION = (
    ("appliances.home", "Appliances"),
    ("jobs.index", "Jobs"),
    ("archive.index", "Archive"),
    ("plans.index", "Plans"),
    ("requests.index", "Requests"),
)
FILTERS: dict[str, Callable[..., object]] = {
    "show_name": show_name,
    "plain_name": plain_name,
    "size": figures.size,
    "speed": figures.speed,
    "count": figures.count,
    "percent": figures.percent,
    "stamp": figures.stamp,
    "ago": figures.ago,
}
_STATIC = Path(__file__).parent / "static"


def prepare_templates(app: Flask) -> None:
    """Give the templates their filters, functions and the page's frame."""
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters |= FILTERS | {"mtime": show_mtime}
    app.jinja_env.globals |= {
        "asset": asset,
        "duration": figures.duration,
        "error_row": table().get,
        "this_page": this_page,
        "languages": LANGUAGES,
        "live_url": live_url,
        "navigation": NAVIGATION,
        "several": figures.several,
        "version": version("stele"),
    }
    app.context_processor(page_frame)


def page_frame() -> dict[str, object]:
    """What the layout shows on every page, and the language that templates speak."""
    if "frame" not in g:  # asked for by every template of an answer, read once
        g.frame = _read_frame()
    return {
        "_": translator(language()),
        "language": language(),
        "topics": (),
        "notices": g.frame[0],
        "jobs_count": g.frame[1],
    }


def _read_frame() -> tuple[Notices, int]:
    try:
        with store_reading() as connection:
            return current_notices(connection), count_active(connection)
    except sa.exc.SQLAlchemyError:  # the page that says so needs a frame too
        return Notices(worker=True, away=(), alarms=()), 0


def show_mtime(mtime_ns: int) -> Markup:
    """A file's own time; years that no calendar here can hold are shown as seconds."""
    try:
        return figures.stamp(datetime.fromtimestamp(mtime_ns // 10**9, UTC))
    except (OverflowError, ValueError, OSError):
        return Markup("{} s").format(mtime_ns // 10**9)


def live_url(topics: tuple[str, ...]) -> str:
    """The event stream of a page that watches `topics` (``kind:what``)."""
    return url_for("live.stream", lang=language(), on=["frame:", *topics])


def asset(name: str) -> str:
    """The address of one of our own static files, which changes when its content does."""
    return url_for("static", filename=name, v=_fingerprint(name))


@cache
def _fingerprint(name: str) -> str:
    return hashlib.sha256((_STATIC / name).read_bytes()).hexdigest()[:10]
