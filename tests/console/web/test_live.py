"""Live pages: what changed reaches every viewer, once, and a slow or silent side hurts nobody."""

import threading

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from appliance.contract.messages import SlotView
from appliance.contract.states import MediumState, SlotState
from console.store import schema as s
from console.store.workspace import Workspace
from console.web.live import hub as hub_module
from console.web.live.hub import Full, Hub, Topic, Viewer
from console.web.live.views import encode_event
from tests.console.web import rows

CLOCK = Topic("clock", "", "en")


class Clock:
    """A renderer whose fragments a test sets, and which counts how often it is asked."""

    def __init__(self) -> None:
        self.fragments = {"hour": "1", "minute": "1"}
        self.asked = 0

    def __call__(self, what: str, language: str) -> dict[str, str]:
        self.asked += 1
        return dict(self.fragments)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def hub(clock: Clock) -> Hub:
    """A hub that a test polls by hand."""
    found = Hub()
    found._start = lambda: None  # type: ignore[method-assign]
    found.renderers["clock"] = clock
    return found


def test_a_viewer_gets_everything_first_and_then_only_what_changed(hub: Hub, clock: Clock) -> None:
    viewer = hub.join([CLOCK])
    hub.poll()
    assert viewer.take(0) == {"hour": "1", "minute": "1"}
    hub.poll()
    assert viewer.take(0) == {}
    clock.fragments["minute"] = "2"
    hub.poll()
    assert viewer.take(0) == {"minute": "2"}


def test_a_late_viewer_gets_what_is_known_at_once(hub: Hub, clock: Clock) -> None:
    hub.join([CLOCK])
    hub.poll()
    assert hub.join([CLOCK]).take(0) == {"hour": "1", "minute": "1"}


def test_fifty_viewers_cost_one_rendering(hub: Hub, clock: Clock) -> None:
    viewers = [hub.join([CLOCK]) for _ in range(50)]
    hub.poll()
    assert clock.asked == 1
    assert all(viewer.take(0) == clock.fragments for viewer in viewers)


def test_a_slow_viewer_gets_the_newest_and_no_backlog(hub: Hub, clock: Clock) -> None:
    viewer = hub.join([CLOCK])
    for minute in range(100):
        clock.fragments["minute"] = str(minute)
        hub.poll()
    assert viewer.take(0) == {"hour": "1", "minute": "99"}


def test_what_nobody_watches_is_not_rendered(hub: Hub, clock: Clock) -> None:
    hub.leave(hub.join([CLOCK]))
    hub.poll()
    assert clock.asked == 0


def test_a_renderer_that_fails_stops_no_other(
    hub: Hub, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    hub.renderers["broken"] = lambda what, language: {"x": str(1 / 0)}
    viewer = hub.join([Topic("broken", "", "en"), CLOCK])
    hub.poll()
    assert viewer.take(0) == clock.fragments
    assert "ZeroDivisionError" in caplog.text


def test_one_viewer_too_many_is_refused_and_told_when_to_come(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_module, "MAX_VIEWERS", 1)
    live: Hub = app.extensions["live"]
    first = live.join([])
    with pytest.raises(Full):
        live.join([])
    assert client.get("/live?on=frame:").status_code == 503
    live.leave(first)
    assert live.viewers == 0


def test_a_viewer_that_waits_is_woken() -> None:
    viewer = Viewer(frozenset())
    taken: list[dict[str, str]] = []
    thread = threading.Thread(target=lambda: taken.append(viewer.take(30)))
    thread.start()
    viewer.put({"a": "1"})
    thread.join(30)
    assert taken == [{"a": "1"}]


def test_an_event_keeps_its_lines_and_cannot_begin_another() -> None:
    assert encode_event("x", "a\n\nevent: y") == "event: x\ndata: a\ndata: \ndata: event: y\n\n"


def test_the_stream_begins_with_a_pulse_and_tells_a_slot_that_changed(
    app: Flask, client: FlaskClient, workspace: Workspace
) -> None:
    live: Hub = app.extensions["live"]
    answer = client.get(f"/live?on=appliance:{rows.APPLIANCE}&lang=zh", buffered=False)
    assert answer.mimetype == "text/event-stream"
    events = iter(answer.iter_encoded())
    assert next(events).startswith(b"event: pulse\n")
    names = set()
    while "ring-4" not in names:
        names.add(next(events).split(b"\n")[0].removeprefix(b"event: ").decode())
    changed = SlotView("s200", SlotState.FULL, "m200", MediumState.CONDEMNED)
    with workspace.store.begin() as connection:
        rows.put_library(connection, rows.library(s200=changed))
    told = ""
    while "ring-4" not in told:
        told = next(events).decode()
    assert "k-condemned" in told
    assert "已报废" in told
    answer.close()
    assert live.viewers == 0


def test_the_frame_tells_that_the_worker_has_gone(app: Flask, workspace: Workspace) -> None:
    live: Hub = app.extensions["live"]
    assert "worker is not running" not in live.renderers["frame"]("", "en")["notices"]
    (workspace.data / "worker.ready").unlink()
    assert "worker is not running" in live.renderers["frame"]("", "en")["notices"]


def test_every_topic_renders_in_both_languages(app: Flask) -> None:
    live: Hub = app.extensions["live"]
    for language in ("en", "zh"):
        for kind, what in (
            ("frame", ""),
            ("fleet", ""),
            ("appliance", rows.APPLIANCE),
            ("jobs", ""),
            ("file", "f1"),
            ("requests", ""),
        ):
            assert live.renderers[kind](what, language), kind
    assert live.renderers["appliance"]("no/such", "en") == {}
    assert live.renderers["file"]("no-such", "en") == {}


def test_a_topic_of_no_kind_is_refused(client: FlaskClient) -> None:
    assert client.get("/live?on=nonsense:").status_code == 404


def test_an_unreadable_library_is_an_appliance_without_a_picture(
    client: FlaskClient, workspace: Workspace
) -> None:
    with workspace.store.begin() as connection:
        connection.execute(sa.update(s.appliances).values(library={"slots": 3}))
    assert "Waiting for the first picture" in client.get("/").text
