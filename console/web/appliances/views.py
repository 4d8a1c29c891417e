"""Pages and live fragments of one appliance: its slots, drives, robot and discs."""

from functools import partial

from flask import Blueprint, Flask, abort, render_template, request
from sqlalchemy import Connection

from console.web.appliances.faces import draw_rings, draw_wall, kind_of
from console.web.appliances.queries import (
    ApplianceNow,
    appliance_now,
    disc_in_slot,
    list_appliances,
)
from console.web.appliances.readings import figure, limits, quantity
from console.web.appliances.stories import place, profile_name, robot_task, story
from console.web.appliances.units import robot_of, unit_of
from console.web.context import speaking, store_reading
from console.web.jobs.queries import active_jobs
from console.web.live.hub import Hub

blueprint = Blueprint("appliances", __name__)


def register(app: Flask, live: Hub) -> None:
    app.register_blueprint(blueprint)
    app.jinja_env.globals |= {
        "place": place,
        "profile_name": profile_name,
        "robot_task": robot_task,
        "story": story,
        "robot_of": robot_of,
        "figure": figure,
        "quantity": quantity,
        "limits": limits,
    }
    live.renderers["appliance"] = partial(render_fragments, app)
    live.renderers["fleet"] = partial(render_fleet, app)


@blueprint.get("/")
def home() -> str:
    """The first appliance, or how to start one."""
    with store_reading() as connection:
        fleet = list_appliances(connection)
        if not fleet:
            return render_template("appliances/none.html", topics=("fleet:",))
        return _page(connection, fleet[0]["appliance"])


@blueprint.get("/appliances/<site>/<name>")
def show(site: str, name: str) -> str:
    with store_reading() as connection:
        return _page(connection, f"{site}/{name}", unit=request.args.get("unit"))


@blueprint.get("/appliances/<site>/<name>/slots/<slot>")
def slot(site: str, name: str, slot: str) -> str:
    """The appliance with one disc chosen; the disc alone when only that part is asked for."""
    with store_reading() as connection:
        return _page(connection, f"{site}/{name}", slot, only_disc="HX-Request" in request.headers)


def _page(
    connection: Connection,
    appliance: str,
    chosen: str | None = None,
    *,
    unit: str | None = None,
    only_disc: bool = False,
) -> str:
    now = appliance_now(connection, appliance, unit_of(chosen) if chosen else unit) or abort(404)
    disc = disc_in_slot(connection, now, chosen) if chosen else None
    if chosen and disc is None:
        abort(404)
    rings = draw_rings(now.slots)
    number = next((r.number for r in rings for face in r.faces if face.slot == chosen), None)
    context = {
        "now": now,
        "disc": disc,
        "face_kind": kind_of(disc.slot) if disc else None,
        "part": f"ring-{number}" if number else "wall",
    }
    if only_disc:
        return render_template("appliances/disc.html", **context)
    return render_template(
        "appliances/show.html",
        **context,
        rings=rings,
        wall=draw_wall(now.slots),
        fleet=list_appliances(connection),
        active=active_jobs(connection),
        topics=(f"appliance:{appliance}@{now.unit}", "jobs:", "fleet:"),
    )


def render_fragments(app: Flask, what: str, language: str) -> dict[str, str]:
    """Every part of an appliance's page that changes by itself; `what` is ``site/name@unit``."""
    appliance, _, unit = what.partition("@")
    with speaking(app, language), store_reading() as connection:
        now = appliance_now(connection, appliance, unit)
        if now is None:
            return {}
        fragments = {"health": render_template("appliances/health.html", now=now)}
        if now.library:
            fragments |= _render_library(now)
    return fragments


def _render_library(now: ApplianceNow) -> dict[str, str]:
    parts = {
        "hub": render_template("appliances/hub.html", now=now),
        "legend": render_template("appliances/legend.html", now=now),
        "cabinet": render_template("appliances/cabinet.html", now=now),
        "storage": render_template("appliances/storage.html", now=now),
    }
    if wall := draw_wall(now.slots):
        parts["wall"] = render_template("appliances/wall.html", now=now, wall=wall)
    for ring in draw_rings(now.slots):
        parts[f"ring-{ring.number}"] = render_template("appliances/ring.html", now=now, ring=ring)
    for drive in now.drives:
        parts[f"drive-{drive.view.drive}"] = render_template(
            "appliances/drive.html", now=now, drive=drive
        )
    return parts


def render_fleet(app: Flask, _what: str, language: str) -> dict[str, str]:
    """The choice of appliances; nothing as long as there is none."""
    with speaking(app, language), store_reading() as connection:
        fleet = list_appliances(connection)
        return {"fleet": render_template("appliances/fleet.html", fleet=fleet)} if fleet else {}
