"""Who is let in to which endpoint, tried on every one of them."""

import pytest
from flask import Flask

from console.api.rest.declaration import Endpoint
from console.api.v1.resources import RESOURCES
from tests.console.api.v1.caller import Caller

CLOSED = [e for resource in RESOURCES for e in resource.endpoints if e.scopes]


def path_of(endpoint: Endpoint) -> str:
    return endpoint.path.replace("{", "").replace("}", "")


def status(caller: Caller, endpoint: Endpoint) -> tuple[int, str | None]:
    answer = caller.call(endpoint.method, path_of(endpoint))
    return answer.status_code, answer.headers.get("WWW-Authenticate")


def test_no_endpoint_opens_without_a_token_or_with_a_wrong_one(nobody: Caller) -> None:
    for endpoint in CLOSED:
        assert status(nobody, endpoint) == (401, 'Bearer realm="stele"'), endpoint.name
    stranger = nobody.with_token("stele-" + "x" * 43)
    found = [status(stranger, endpoint)[0] for endpoint in CLOSED]
    assert found == [401] * 20 + [429] * (len(found) - 20)


def test_no_endpoint_opens_to_a_token_that_has_every_scope_but_its_own(local: Caller) -> None:
    for number, endpoint in enumerate(CLOSED):
        others = [s for s in ALL if s not in endpoint.scopes]
        caller = local.made(f"others {number}", *others)
        assert status(caller, endpoint)[0] == 403, endpoint.name


ALL = ("read", "ingest", "plan", "approve", "retrieve", "operate", "rules", "tokens")


def test_what_concerns_the_fleet_is_closed_to_tokens_of_a_namespace(local: Caller) -> None:
    caller = local.made("court", *ALL, namespaces=["court"])
    for endpoint in CLOSED:
        if not endpoint.namespaced:
            assert caller.told(endpoint.method, path_of(endpoint)) == (403, 4075), endpoint.name


def test_a_cookie_is_no_token(app: Flask, local: Caller, nobody: Caller) -> None:
    for name in ("stele", "session", "Authorization", "token"):
        nobody.client.set_cookie(name, f"Bearer {local.token}")
    assert nobody.told("GET", "/status") == (401, 4070)
    assert nobody.told("GET", f"/status?token={local.token}") == (401, 4070)


def test_a_post_needs_no_csrf_token_and_gets_no_cookie(local: Caller) -> None:
    answer = local.post("/inventories", json={})
    assert answer.status_code == 202
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "[", "localhost.evil"])
def test_a_name_that_is_not_the_consoles_is_refused_even_with_a_token(
    local: Caller, host: str
) -> None:
    assert local.told("GET", "/status", headers={"Host": host}) == (421, 5482)


def test_no_other_page_may_read_an_answer(local: Caller) -> None:
    answer = local.get("/status", headers={"Origin": "https://evil.example"})
    assert not [name for name, _ in answer.headers if name.startswith("Access-Control")]
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert local.told("OPTIONS", "/status") == (405, 5425)
