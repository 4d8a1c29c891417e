"""Every endpoint against what openapi.json says of it, with requests that nobody would think of.

schemathesis makes requests that fit the document, must be taken, and such that do not fit and must
be refused; it checks statuses, content types, headers and bodies of all answers.
"""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from flask import Flask
from msgspec import Struct
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema

from console.access.local import ensure_local_token
from console.api.rest import Call, Key, Resource, Scope
from console.api.v1 import application, description
from console.api.v1.resources import RESOURCES
from console.store.workspace import Workspace, open_workspace
from tests.console.api.v1.contents import KNOWN, fill_more

EDGE_CASES = True
EXAMPLES = 4
"""For each endpoint and kind of data, after the edge cases that are made anyway."""
KNOWN_OF: dict[str, dict[str, str]] = {}
"""The same by resource, where `KNOWN` does not say it; of the store that is being tried."""
SENSIBLE = ["2xx", "401", "403", "404", "409", "422"]
"""What a request may be answered with that fits the document, but perhaps not the store."""


TURNS: Counter[str] = Counter()
NEEDS_MORE = {"GET /zip"}
"""Only succeeds when the contents of all chosen files are at hand."""


@schemathesis.serializer("application/x-ndjson", "application/x-tar")
def as_bytes(_context: Any, value: Any) -> bytes:
    """Bodies that JSON Schema has no words for: whatever comes, on lines."""
    return value if isinstance(value, bytes) else json.dumps(value).encode() + b"\n"


@dataclass
class Findings:
    failures: dict[str, str] = field(default_factory=dict)
    statuses: dict[str, Counter[int]] = field(default_factory=dict)

    def note(self, event: events.ScenarioFinished) -> None:
        label = event.label or ""
        seen = self.statuses.setdefault(label, Counter())
        for interaction in event.recorder.interactions.values():
            if interaction.response is not None:
                seen[interaction.response.status_code] += 1
        for checks in event.recorder.checks.values():
            for check in checks:
                if check.failure_info is not None:
                    found = check.failure_info
                    text = f"{found.failure}\n{found.code_sample[:1000]}"
                    self.failures.setdefault(f"{label}: {check.name}", text)


def fuzz(app: Flask, token: str, resource: str) -> Findings:
    config = SchemathesisConfig.from_dict(
        {
            "headers": {"Authorization": f"Bearer {token}"},
            "generation": {
                "mode": "all",
                "max-examples": EXAMPLES,
                "deterministic": True,
                "database": "none",
                "allow-x00": False,  # refused everywhere, which no JSON Schema can say
            },
            "phases": {"stateful": {"enabled": False}, "coverage": {"enabled": EDGE_CASES}},
            "checks": {
                # Its probes cannot be sent over WSGI; see test_admission.py.
                "ignored_auth": {"enabled": False},
                "positive_data_acceptance": {"expected-statuses": SENSIBLE},
            },
        }
    )
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app, config=config)
    findings = Findings()
    schemathesis.hook(before_call)
    try:
        _run(schema.include(tag=resource), findings)
    finally:
        schemathesis.hooks.unregister(before_call)
    return findings


def before_call(_context: Any, case: Any, _kwargs: Any) -> None:
    """Let half of the requests that fit the document ask for what is there."""
    parameters = case.path_parameters or {}
    fits = case.meta is None or case.meta.generation.mode.is_positive
    TURNS[case.operation.label] += fits
    if fits and TURNS[case.operation.label] % 2:
        known = KNOWN | KNOWN_OF.get(case.operation.tags[0], {})
        parameters.update({name: known[name] for name in parameters if name in known})


def _run(schema: Any, findings: Findings) -> None:
    for event in from_schema(schema).execute():
        if isinstance(event, events.ScenarioFinished):
            findings.note(event)
        elif isinstance(event, events.NonFatalError | events.FatalError):
            error = getattr(event, "value", None) or getattr(event, "exception", None)
            findings.failures[f"{getattr(event, 'label', '')}: schemathesis"] = repr(error)


@pytest.mark.parametrize("resource", [one.name for one in RESOURCES if one.name != "description"])
def test_every_endpoint_does_what_the_document_says(
    app: Flask, workspace: Workspace, resource: str
) -> None:
    KNOWN_OF.update(fill_more(workspace))
    findings = fuzz(app, ensure_local_token(workspace.data), resource)
    told = "\n\n".join(f"{where}\n{what}" for where, what in findings.failures.items())
    assert not findings.failures, told
    paths = description.document()["paths"]
    assert set(findings.statuses) == {
        f"{method.upper()} {path}"
        for path, methods in paths.items()
        for method, operation in methods.items()
        if operation["tags"] == [resource]
    }
    silent = [where for where, seen in findings.statuses.items() if not _succeeded(seen)]
    assert [where for where in silent if where.startswith("GET") and where not in NEEDS_MORE] == []


def _succeeded(seen: Counter[int]) -> bool:
    return any(200 <= status < 300 for status in seen)


class _Promise(Struct):
    size: int


@pytest.fixture
def broken_app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """An API with one resource that does not do what it declares."""
    broken = Resource("broken", "Broken.")

    @broken.get("/broken/{key}", scope=Scope.READ)
    def break_promise(call: Call, key: Key) -> _Promise:
        """Break down at a long key, and else answer something else."""
        return [1 // (len(key) < 100)]  # type: ignore[return-value]

    monkeypatch.setattr(application, "RESOURCES", (RESOURCES[0], broken))
    monkeypatch.setattr("console.api.v1.resources.RESOURCES", (RESOURCES[0], broken))
    description.document.cache_clear()
    workspace = open_workspace(tmp_path)
    yield application.create_api(workspace)
    workspace.close()
    description.document.cache_clear()


def test_an_endpoint_that_breaks_its_word_would_be_found(broken_app: Flask, tmp_path: Path) -> None:
    found = fuzz(broken_app, ensure_local_token(tmp_path), "broken").failures
    assert "GET /broken/{key}: not_a_server_error" in found
    assert "GET /broken/{key}: response_schema_conformance" in found
