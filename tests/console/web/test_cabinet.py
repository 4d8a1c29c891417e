"""A cabinet that is more than a turntable: nodes, modules, bays, tapes, air and doors."""

from datetime import UTC, datetime

import msgspec
import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from appliance.contract.messages import (
    AccessTelemetry,
    BayView,
    DoorView,
    DriveView,
    EnvironmentTelemetry,
    ErrorInfo,
    LibraryTelemetry,
    MagazineView,
    ReadingView,
    RobotView,
    SlotView,
)
from appliance.contract.states import (
    BayState,
    DoorState,
    DriveState,
    MediumKind,
    MediumState,
    ReadingState,
    RobotState,
    SlotState,
)
from console.store import schema as s
from console.store.workspace import Workspace
from console.web.appliances.faces import draw_rings, draw_wall
from console.web.appliances.views import render_fragments
from tests.console.web import rows

NOW = datetime.now(UTC)


def slots(unit: str, count: int) -> list[SlotView]:
    return [
        SlotView(f"{unit}.s{n:03}", SlotState.FULL, f"{unit}-m{n}", MediumState.BLANK)
        for n in range(1, count + 1)
    ]


def put(workspace: Workspace, library: LibraryTelemetry, **pictures: msgspec.Struct) -> None:
    groups = {name: msgspec.to_builtins(picture) for name, picture in pictures.items()}
    with workspace.store.begin() as connection:
        rows.put_library(connection, library)
        if groups:
            connection.execute(sa.update(s.appliances).values(groups))


@pytest.fixture
def nodes(workspace: Workspace) -> LibraryTelemetry:
    robots = [
        RobotView(RobotState.IDLE, unit="n00"),
        RobotView(RobotState.UNAVAILABLE, error=ErrorInfo(1002, "line gone"), unit="n01"),
    ]
    drives = [DriveView(f"{u}.d{n}", DriveState.EMPTY) for u in ("n00", "n01") for n in (1, 2)]
    away = SlotView("n01.s400", SlotState.AWAY, magazine_id="4F00A1B2C3")
    library = LibraryTelemetry(
        NOW,
        [*slots("n00", 400), *slots("n01", 399), away],
        drives,
        robots,
        magazines=[MagazineView("n01.g1", "4F00A1B2C3", 200), MagazineView("n01.g2")],
    )
    put(workspace, library)
    return library


def test_one_node_is_shown_at_a_time(client: FlaskClient, nodes: LibraryTelemetry) -> None:
    first = client.get("/appliances/north/rack-1").text
    assert "n00.s001" in first
    assert "n01.s001" not in first
    assert "n00.d1" in first
    assert "n01.d1" not in first
    second = client.get("/appliances/north/rack-1?unit=n01").text
    assert "n01.s001" in second
    assert "line gone" in second
    assert "4F00A1B2C3" in second
    assert client.get("/appliances/north/rack-1?unit=n99").status_code == 200
    disc = client.get("/appliances/north/rack-1/slots/n01.s007").text
    assert 'data-slot="n01.s007"' in disc


def test_news_of_a_node_go_to_whoever_watches_it(app: Flask, nodes: LibraryTelemetry) -> None:
    parts = render_fragments(app, "north/rack-1@n01", "en")
    assert "drive-n01.d1" in parts
    assert "drive-n00.d1" not in parts
    assert "n01.s001" in parts["ring-1"]


def test_eight_tiers_leave_room_for_the_robot(nodes: LibraryTelemetry) -> None:
    rings = draw_rings(nodes.slots[:400])
    assert len(rings) == 8
    assert all(ring.radius > 120 for ring in rings)
    assert draw_wall(nodes.slots[:400]) == []


def test_a_module_is_a_wall_of_slots(client: FlaskClient, workspace: Workspace) -> None:
    module = slots("m1", 720)
    lit = msgspec.structs.replace(module[16], lit=True)
    put(workspace, LibraryTelemetry(NOW, [*module[:16], lit, *module[17:]], [], []))
    page = client.get("/appliances/north/rack-1").text
    assert page.count('id="slot-m1.s') == 720
    assert page.count("is-lit") == 1
    assert "Turntable" not in page


def test_bays_tapes_air_and_doors_are_shown(client: FlaskClient, workspace: Workspace) -> None:
    bays = [
        BayView("b01", BayState.ON, "k-1", 18 * 10**12, 17 * 10**12),
        BayView("b02", BayState.UNAVAILABLE, error=ErrorInfo(3241, "bay b02 does not come up")),
    ]
    tape = SlotView("t01", SlotState.FULL, "ABC001L8", kind=MediumKind.TAPE, free_bytes=10**12)
    readings = [
        ReadingView("climate", "temperature", "°C", ReadingState.HIGH, 26.4, 14.0, 24.0),
        ReadingView("dust", "dust_pm2_5", "µg/m³", ReadingState.UNAVAILABLE),
        ReadingView("water", "water", "", ReadingState.HIGH, 1.0),
    ]
    put(
        workspace,
        LibraryTelemetry(NOW, [tape], [], [], bays=bays),
        environment=EnvironmentTelemetry(NOW, readings, burning_paused_by=["climate"]),
        access=AccessTelemetry(NOW, [DoorView("front", DoorState.FORCED)]),
    )
    page = client.get("/appliances/north/rack-1").text
    for text in ("26.4 °C", "14.0 – 24.0", "unavailable", "New burns wait: climate", "forced"):
        assert text in page
    for text in ("17.0 TB free", "bay b02 does not come up", "ABC001L8", "Hard disks", "Tapes"):
        assert text in page
    chinese = client.get("/appliances/north/rack-1", headers={"Accept-Language": "zh"}).text
    for text in ("温度", "被强行打开", "硬盘"):
        assert text in chinese


def test_a_picture_that_cannot_be_read_shows_nothing_and_breaks_nothing(
    client: FlaskClient, workspace: Workspace
) -> None:
    with workspace.store.begin() as connection:
        connection.execute(sa.update(s.appliances).values(environment={"readings": 3}))
    assert client.get("/appliances/north/rack-1").status_code == 200
