"""A real browser sees a slot change its colour, a disc open beside it, and a console go away.

Starting chromium is what takes the time here (about 3 s).
"""

import threading
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from flask import Flask
from werkzeug.serving import BaseWSGIServer, make_server

from appliance.contract.messages import SlotView
from appliance.contract.states import MediumState, SlotState
from console.store.workspace import Workspace
from tests.console.web import rows
from tests.console.web.browser import Browser

COLOUR = "getComputedStyle(document.querySelector('#slot-s200 .cell')).fill"


@dataclass
class Served:
    server: BaseWSGIServer
    thread: threading.Thread

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def stop(self) -> None:
        """Stop answering; streams that are open end with the browser."""
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def served(app: Flask) -> Iterator[Served]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    # Open streams must not hold up the end of the test.
    server.daemon_threads = True  # type: ignore[attr-defined]
    server.block_on_close = False  # type: ignore[attr-defined]
    served = Served(server, threading.Thread(target=server.serve_forever))
    served.thread.start()
    yield served
    if served.thread.is_alive():
        served.stop()


def test_a_slot_changes_colour_live_and_its_disc_opens_beside_it(
    served: Served, workspace: Workspace
) -> None:
    with Browser() as browser:
        browser.open(served.url + "/")
        browser.wait_for("document.querySelector('#slot-s200.k-empty')")
        before = browser.run(f"return {COLOUR}")

        changed = SlotView("s200", SlotState.FULL, "m200", MediumState.CONDEMNED)
        with workspace.store.begin() as connection:
            rows.put_library(connection, rows.library(s200=changed))
        browser.wait_for("document.querySelector('#slot-s200.k-condemned')")
        assert browser.run(f"return {COLOUR}") != before

        choose = "new MouseEvent('click', {bubbles: true, cancelable: true})"
        browser.run(f"document.querySelector('#slot-s001').dispatchEvent({choose})")
        browser.wait_for("document.querySelector('#disc').innerText.includes('court-1998 0001')")
        browser.wait_for("document.querySelector('#slot-s001[aria-current]')")
        assert browser.run("return location.pathname").endswith("/slots/s001")

        press = "new KeyboardEvent('keydown', {key: 'ArrowRight', bubbles: true})"
        browser.run(f"""const slot = document.querySelector('#slot-s001');
            slot.focus(); slot.dispatchEvent({press})""")
        assert browser.run("return document.activeElement.id") == "slot-s002"


def test_a_page_says_when_the_console_is_gone(served: Served) -> None:
    with Browser() as browser:
        browser.open(served.url + "/jobs")
        browser.wait_for("document.querySelector('#offline').hidden")
        lose = "htmx.trigger(document.body, 'htmx:sseError')"
        assert browser.run(f"{lose}; return !document.querySelector('#offline').hidden")
        # The next sign of life takes the warning away again.
        browser.wait_for("document.querySelector('#offline').hidden")
