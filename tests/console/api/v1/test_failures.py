"""Every failure below /api is our JSON, whatever went wrong and whoever noticed it."""

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.console.api.v1.caller import Caller


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/api", (404, 5424)),
        ("GET", "/api/", (404, 5424)),
        ("GET", "/api/v1", (404, 5424)),
        ("GET", "/api/v2/status", (404, 5424)),
        ("GET", "/api/v1/status/", (404, 5424)),
        ("GET", "/api/v1/../../etc/passwd", (404, 5424)),
        ("GET", "/api/v1/%2e%2e/status", (404, 5424)),
        ("POST", "/api/v1/status", (405, 5425)),
        ("TRACE", "/api/v1/status", (405, 5425)),
        ("BREW", "/api/v1/status", (405, 5425)),
        ("GET", "/api/v1/retries", (405, 5425)),
        ("DELETE", "/metrics", (405, 5425)),
    ],
)
@pytest.mark.parametrize("accept", ["text/html", "image/png", "*/*", ""])
def test_what_is_not_there_is_told_in_our_form(
    local: Caller, method: str, path: str, expected: tuple[int, int], accept: str
) -> None:
    answer = local.client.open(path, method=method, headers={"Accept": accept})
    assert answer.mimetype == "application/json"
    assert (answer.status_code, answer.json["code"]) == expected
    assert answer.json["title"]
    assert answer.json["action"]
    if answer.status_code == 405:
        assert method not in answer.headers["Allow"]


def test_the_words_come_in_the_callers_language(nobody: Caller) -> None:
    chinese = nobody.get("/status", headers={"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.8"}).json
    english = nobody.get("/status", headers={"Accept-Language": "de"}).json
    assert (chinese["title"], english["title"]) == ("缺少令牌", "No token")
    assert chinese["code"] == english["code"] == 4070


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (RuntimeError("the password is 12345"), (500, 5000)),
        (sa.exc.OperationalError("SELECT secret", {}, Exception("locked")), (503, 5404)),
    ],
)
def test_a_surprise_is_told_without_its_inside(
    app: Flask,
    local: Caller,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    expected: tuple[int, int],
) -> None:
    def fail(*_arguments: object) -> None:
        raise error

    monkeypatch.setattr("console.api.v1.status.archive_figures", fail)
    answer = local.get("/status")
    assert (answer.status_code, answer.json["code"]) == expected
    assert "12345" not in answer.text
    assert "secret" not in answer.text
    assert ("Retry-After" in answer.headers) == (expected[0] == 503)


def test_pages_keep_their_own_form(local: Caller) -> None:
    answer = local.client.get("/nothing", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.mimetype) == (404, "text/html")
