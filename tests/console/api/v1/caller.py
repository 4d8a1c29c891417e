"""Somebody who calls the API with a token, and looks at every answer the same way."""

from dataclasses import dataclass
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

PREFIX = "/api/v1"


@dataclass
class Caller:
    client: FlaskClient
    token: str | None

    def call(self, method: str, path: str, **options: Any) -> TestResponse:
        """The answer; every failure among them has the form that all have."""
        headers = dict(options.pop("headers", {}))
        if self.token is not None:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        answer = self.client.open(PREFIX + path, method=method, headers=headers, **options)
        if answer.status_code >= 400 and method != "HEAD":
            assert answer.mimetype == "application/json", answer.data[:200]
            assert set(answer.json) == {"code", "message", "detail", "title", "action"}
        return answer

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.call("GET", path, **options)

    def post(self, path: str, **options: Any) -> TestResponse:
        return self.call("POST", path, **options)

    def told(self, method: str, path: str, **options: Any) -> tuple[int, int]:
        """Status and code of a failure."""
        answer = self.call(method, path, **options)
        return answer.status_code, answer.json["code"]

    def with_token(self, token: str) -> "Caller":
        return Caller(self.client, token)

    def made(self, name: str, *scopes: str, **rest: Any) -> "Caller":
        """Somebody with a new token of these scopes."""
        answer = self.post("/tokens", json={"name": name, "scopes": list(scopes)} | rest)
        assert answer.status_code == 201, answer.json
        return self.with_token(answer.json["secret"])
