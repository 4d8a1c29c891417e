"""One reader of the store for all viewers: fragments are rendered once and handed to everyone.

A *topic* is what a page watches (one appliance, the jobs, one file). Its renderer gives the
fragments of that part of the page by name. Once a second every topic that someone watches is
rendered, and fragments that differ from the last ones go to its viewers. A viewer that is slow
gets the newest state of each fragment, never a backlog.
"""

import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

Render = Callable[[str, str], dict[str, str]]
"""(what, language) -> HTML by fragment name, for one kind of topic."""

MAX_VIEWERS = 200
"""Each holds one of the server's threads; the rest stay free for pages and appliances."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Topic:
    """``kind`` chooses the renderer, ``what`` the thing (may be empty), in one language."""

    kind: str
    what: str
    language: str


class Full(Exception):  # noqa: N818  (a state, not a fault of the program)
    """As many viewers as may be are watching."""


@dataclass(eq=False)
class Viewer:
    """One open page: the newest unsent HTML of each fragment it watches."""

    topics: frozenset[Topic]
    waiting: dict[str, str] = field(default_factory=dict)
    condition: threading.Condition = field(default_factory=threading.Condition)

    def put(self, fragments: dict[str, str]) -> None:
        with self.condition:
            self.waiting.update(fragments)
            self.condition.notify()

    def take(self, timeout_s: float) -> dict[str, str]:
        """What is new, waiting for it at most `timeout_s`; empty when nothing is."""
        with self.condition:
            self.condition.wait_for(lambda: self.waiting, timeout_s)
            taken, self.waiting = self.waiting, {}
            return taken


class Hub:
    """Fans fragments out to viewers. `renderers` is filled by the features at start."""

    def __init__(self, interval_s: float = 1.0) -> None:
        self.renderers: dict[str, Render] = {}
        self._interval_s = interval_s
        self._viewers: set[Viewer] = set()
        self._last: dict[Topic, dict[str, str]] = {}
        self._lock = threading.Lock()
        self._wanted = threading.Event()
        self._thread: threading.Thread | None = None
        self._closed = threading.Event()

    @property
    def viewers(self) -> int:
        return len(self._viewers)

    def join(self, topics: Iterable[Topic]) -> Viewer:
        """A new viewer; what is known of its topics waits for it at once.

        Raises:
            Full: `MAX_VIEWERS` are watching.
        """
        viewer = Viewer(frozenset(topics))
        with self._lock:
            if len(self._viewers) >= MAX_VIEWERS:
                raise Full
            self._viewers.add(viewer)
            for topic in viewer.topics:
                viewer.put(self._last.get(topic, {}))
            self._start()
        self._wanted.set()
        return viewer

    def leave(self, viewer: Viewer) -> None:
        with self._lock:
            self._viewers.discard(viewer)

    def poll(self) -> None:
        """Render every watched topic once and hand out what changed."""
        with self._lock:
            watched = {topic for viewer in self._viewers for topic in viewer.topics}
            self._last = {t: seen for t, seen in self._last.items() if t in watched}
        for topic in watched:
            fragments = self._render(topic)
            with self._lock:
                known = self._last.get(topic, {})
                changed = {n: html for n, html in fragments.items() if known.get(n) != html}
                self._last[topic] = known | fragments
                for viewer in self._viewers:
                    if changed and topic in viewer.topics:
                        viewer.put(changed)

    def close(self) -> None:
        """Stop the thread; viewers that are still there get nothing more."""
        self._closed.set()
        self._wanted.set()
        if self._thread is not None:
            self._thread.join()

    def _render(self, topic: Topic) -> dict[str, str]:
        try:
            return self.renderers[topic.kind](topic.what, topic.language)
        except Exception:  # noqa: BLE001  (one page's failure must not stop the others' news)
            _log.exception("cannot render %s", topic)
            return {}

    def _start(self) -> None:
        # Not before the first viewer: a thread would not survive the server's fork.
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="live", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while not self._closed.is_set():
            if not self._viewers:
                self._wanted.wait()
            self._wanted.clear()
            self.poll()
            self._closed.wait(self._interval_s)
