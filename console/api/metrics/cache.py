"""Figures that a scrape may have at once: fresh when reading them is quick, else with their age.

A group is read by a thread of its own. A scrape waits for it a moment; when the store is so large
that reading takes longer, it gets what was read before, and how old that is. What takes long is
read seldom: at most a twentieth of the time goes into it.
"""

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from time import monotonic

import sqlalchemy as sa
from prometheus_client.core import GaugeMetricFamily, Metric

from console.api.metrics.figures import Read
from console.store.engine import reading

log = logging.getLogger(__name__)

PATIENCE_S = 0.03
"""How long a scrape waits for what is being read."""
FIRST_PATIENCE_S = 5.0
"""How long the very first one does, which has nothing else to show."""
FRESH_S = 1.0
"""What is younger is not read again."""
SHARE = 20


@dataclass(frozen=True, slots=True)
class Figures:
    """What a group came to, when, and how long reading it took."""

    metrics: list[Metric]
    at: float
    took_s: float

    def is_due(self, now: float) -> bool:
        return now - self.at > max(FRESH_S, SHARE * self.took_s)


class FigureCache:
    """The newest figures of each group, read when somebody asks for them."""

    def __init__(
        self,
        store: Callable[[], sa.Engine],
        groups: Mapping[str, Read],
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._store = store
        self._groups = groups
        self._clock = clock
        self._lock = threading.Lock()
        self._pool: ThreadPoolExecutor | None = None
        self._reading: dict[str, Future[None]] = {}
        self._figures: dict[str, Figures] = {}

    def collect(self) -> Iterator[Metric]:
        """All groups that were read, and how old each is."""
        pending = self._begin()
        first = any(name not in self._figures for name in self._groups)
        wait(pending, FIRST_PATIENCE_S if first else PATIENCE_S)
        now = self._clock()
        age = GaugeMetricFamily(
            "stele_figures_age_seconds", "Since a group of figures was read.", labels=["group"]
        )
        took = GaugeMetricFamily(
            "stele_figures_read_seconds", "How long reading a group took.", labels=["group"]
        )
        for name, figures in sorted(self._figures.copy().items()):
            yield from figures.metrics
            age.add_metric([name], max(0.0, now - figures.at))
            took.add_metric([name], figures.took_s)
        yield from (age, took)

    def close(self) -> None:
        """Read nothing more."""
        with self._lock:
            if self._pool is not None:
                self._pool.shutdown(cancel_futures=True)

    def _begin(self) -> list[Future[None]]:
        """Have read what is due; gives what is being read."""
        with self._lock:
            if self._pool is None:  # not before a fork
                self._pool = ThreadPoolExecutor(1, "stele-figures")
            now = self._clock()
            for name in self._groups:
                known = self._figures.get(name)
                under_way = self._reading.get(name)
                if (known is None or known.is_due(now)) and (under_way is None or under_way.done()):
                    self._reading[name] = self._pool.submit(self._read, name)
            return [future for future in self._reading.values() if not future.done()]

    def _read(self, name: str) -> None:
        begin = self._clock()
        try:
            with reading(self._store()).connect() as connection:
                metrics = list(self._groups[name](connection))
        except sa.exc.SQLAlchemyError:
            log.exception("the figures %r could not be read", name)
            return
        end = self._clock()
        self._figures[name] = Figures(metrics, end, end - begin)
