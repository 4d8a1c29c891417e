"""Tokens over REST, from the making to the end."""

from datetime import UTC, datetime, timedelta

from tests.console.api.v1.caller import Caller


def test_a_token_is_made_used_listed_and_revoked(local: Caller) -> None:
    made = local.post("/tokens", json={"name": "monitor", "scopes": ["read"]}).json
    assert made["token"] | {"created_at": ""} == {
        "token_id": made["token"]["token_id"],
        "name": "monitor",
        "scopes": ["read"],
        "namespaces": None,
        "created_at": "",
        "created_by": "local",
        "expires_at": None,
        "revoked_at": None,
        "used_at": None,
    }
    monitor = local.with_token(made["secret"])
    assert monitor.get("/status").status_code == 200
    assert monitor.told("GET", "/tokens") == (403, 4074)
    place = f"/tokens/{made['token']['token_id']}"
    assert local.get(place).json["used_at"] is not None
    assert made["secret"] not in local.get("/tokens").text
    assert local.call("DELETE", place).json["revoked_at"] is not None
    assert monitor.told("GET", "/status") == (401, 4071)
    assert local.told("POST", "/tokens", json={"name": "monitor", "scopes": ["read"]}) == (
        409,
        4078,
    )


def test_whoever_makes_tokens_is_written_down_by_name(local: Caller) -> None:
    officer = local.made("officer", "tokens", "read")
    answer = officer.post("/tokens", json={"name": "b", "scopes": ["read"]})
    assert answer.json["token"]["created_by"] == "officer"
    assert officer.told("POST", "/tokens", json={"name": "c", "scopes": ["rules"]}) == (403, 4076)


def test_the_person_at_the_machine_is_believed_and_a_token_is_not(local: Caller) -> None:
    person = {"Stele-Person": "%E7%8E%8B%E8%8A%B3"}
    made = local.post("/tokens", json={"name": "a", "scopes": ["tokens"]}, headers=person).json
    assert made["token"]["created_by"] == "王芳"
    other = local.with_token(made["secret"])
    made = other.post("/tokens", json={"name": "b", "scopes": ["tokens"]}, headers=person).json
    assert made["token"]["created_by"] == "a"


def test_an_expiry_in_the_past_is_told(local: Caller) -> None:
    past = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
    wanted = {"name": "a", "scopes": ["read"], "expires_at": past}
    assert local.told("POST", "/tokens", json=wanted) == (422, 4077)
