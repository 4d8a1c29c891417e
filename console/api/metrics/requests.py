"""How long requests take, by endpoint: counted in every web process, added up when asked for.

With several processes prometheus_client keeps the counts in files of `PROMETHEUS_MULTIPROC_DIR`,
one a process; whichever process is scraped adds them all up.
"""

import os
from collections.abc import Iterator
from time import perf_counter

from flask import Flask, Response, g, request
from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.core import Metric
from prometheus_client.multiprocess import MultiProcessCollector

from console.api.metrics.folder import FOLDER_VARIABLE

_BUCKETS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class RequestTimes:
    """Times every request of an application until its answer begins."""

    def __init__(self, app: Flask) -> None:
        self._registry = CollectorRegistry()
        self._seconds = Histogram(
            "stele_http_request_seconds",
            "From the request to the beginning of its answer.",
            ["endpoint", "method", "status"],
            buckets=_BUCKETS,
            registry=self._registry,
        )
        app.before_request(_begin)
        app.after_request(self._end)

    def collect(self) -> Iterator[Metric]:
        """The times of all processes."""
        if FOLDER_VARIABLE in os.environ:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
            yield from registry.collect()
        else:
            yield from self._registry.collect()

    def _end(self, response: Response) -> Response:
        began = g.pop("began", None)
        if began is not None:
            # Only words of our own become labels: a stranger's would fill the memory.
            method = request.method if request.method in _METHODS else "other"
            endpoint = request.endpoint or "unknown"
            status = f"{response.status_code // 100}xx"
            self._seconds.labels(endpoint, method, status).observe(perf_counter() - began)
        return response


def _begin() -> None:
    g.began = perf_counter()
