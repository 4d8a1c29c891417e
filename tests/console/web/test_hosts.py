"""The page answers to its own names only (DNS rebinding)."""

import socket

import pytest
from flask.testing import FlaskClient

from console.config import WebSettings
from console.web.hosts import host_check


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("LOCALHOST:8480", 200),
        ("localhost.:8480", 200),
        ("127.0.0.1:8480", 200),
        ("[::1]:8480", 200),
        ("192.0.2.7", 200),
        ("evil.example", 421),
        ("evil.example:8480", 421),
        ("localhost.evil.example", 421),
        ("127.0.0.1.evil.example", 421),
        ("127.0.0.1@evil.example", 421),
        ("[::1", 421),
        ("2130706433", 421),
    ],
)
def test_a_name_that_nobody_gave_is_refused(client: FlaskClient, host: str, status: int) -> None:
    answer = client.get("/plans/", headers={"Host": host})
    assert answer.status_code == status
    assert ("5482" in answer.text) == (status != 200)
    assert ("csrf" in answer.text) == (status == 200)


def test_appliances_call_the_content_by_any_name(client: FlaskClient) -> None:
    assert client.get("/content/1/", headers={"Host": "proxy.example"}).status_code == 200


def test_names_are_given_by_the_settings() -> None:
    settings = WebSettings(
        host="archive.example", content_url="http://Inner.Example:99", hosts=("a.b", ".c.d")
    )
    is_ours = host_check(settings)
    ours = ("archive.example", "inner.example:99", "A.b", "x.c.d", "y.x.c.d", socket.gethostname())
    assert all(is_ours(host) for host in ours)
    assert not any(is_ours(host) for host in ("c.d", "xc.d", "x.a.b", "example"))
