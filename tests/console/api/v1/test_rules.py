"""Namespaces, policies and pools over REST: put into force, listed, compared, refused."""

import msgspec
import pytest

from console.rules.policy_text import default_text
from tests.console.api.v1.caller import Caller


def text_of(version: int = 1, copies: str = '["use", "sealed"]', name: str = "court") -> str:
    text = default_text().replace('name = "default"', f'name = "{name}"')
    text = text.replace("version = 2", f"version = {version}", 1)
    return text.replace('["use", "sealed"]', copies)


@pytest.fixture
def ruler(local: Caller) -> Caller:
    return local.made("Lin", "rules", "read")


def test_a_policy_is_put_into_force_shown_and_compared(ruler: Caller) -> None:
    answer = ruler.post("/policies", json={"text": text_of()})
    assert answer.status_code == 201
    assert answer.json["registered"]["created_by"] == "Lin"
    assert ruler.post("/policies", json={"text": text_of(2, '["use"]')}).status_code == 201
    shown = ruler.get("/policies/court").json
    assert (shown["version"], shown["origin"]) == (2, "register")
    assert shown["rules"]["copies"]["value"] == ["use"]
    assert shown["rules"]["by_year"]["source"]
    assert shown["text"] == text_of(2, '["use"]')
    versions = ruler.get("/policies/court/versions").json["items"]
    assert [(each["version"], each["in_force"]) for each in versions] == [(2, True), (1, False)]
    first = ruler.get("/policies/court/versions/1").json
    assert first["registered"]["text"] == text_of()
    assert first["rules"]["copies"]["value"] == ["use", "sealed"]
    changes = ruler.get("/policies/court/changes?before=1&after=2").json
    assert [each["rule"] for each in changes] == ["copies"]


def test_the_policies_in_force_come_in_pages(ruler: Caller) -> None:
    for name in ("b", "a", "c"):
        ruler.post("/policies", json={"text": text_of(name=name)})
    found, after = [], ""
    while after is not None:
        page = ruler.get(f"/policies?limit=2{after and '&after=' + after}").json
        found += [each["name"] for each in page["items"]]
        after = page["next"]
    assert found == ["a", "b", "c", "default", "rack-1"]


def test_a_registered_version_is_not_changed(ruler: Caller) -> None:
    ruler.post("/policies", json={"text": text_of()})
    changed = {"text": text_of(copies='["use"]')}
    assert ruler.told("POST", "/policies", json=changed) == (409, 5224)
    assert ruler.get("/policies/court").json["rules"]["copies"]["value"] == ["use", "sealed"]


@pytest.mark.parametrize(
    ("method", "path", "body", "told"),
    [
        ("POST", "/policies", {"text": "name = 1"}, (422, 5203)),
        ("POST", "/policies", {"text": "x = " + "[" * 40_000}, (422, 5203)),
        ("POST", "/policies", {"text": "x" * 70_000}, (400, 5421)),
        ("GET", "/policies/none", None, (404, 5204)),
        ("GET", "/policies/..%2Fx", None, (404, 5424)),
        ("GET", "/policies/none/versions", None, (404, 5204)),
        ("GET", "/policies/default/versions/9", None, (404, 5225)),
        ("GET", "/policies/default/changes?before=1&after=9", None, (404, 5225)),
        ("POST", "/pools", {"text": 'name = "p"\ntier = 9'}, (422, 5211)),
        ("POST", "/pools", {"text": 'name = "p"', "expected": 3}, (409, 5223)),
        ("GET", "/pools/p", None, (404, 5212)),
        ("PUT", "/namespaces/Bad", {"policy": "default"}, (422, 5222)),
        ("PUT", "/namespaces/n", {"policy": "none"}, (422, 5222)),
        ("PUT", "/namespaces/n", {"policy": "default", "expected": 1}, (409, 5223)),
        ("GET", "/namespaces/n", None, (404, 5221)),
    ],
)
def test_what_cannot_be_is_refused(
    ruler: Caller, method: str, path: str, body: object, told: tuple[int, int]
) -> None:
    assert ruler.told(method, path, json=body) == told


def test_a_pool_is_made_and_changed(ruler: Caller) -> None:
    assert ruler.post("/pools", json={"text": 'name = "p"', "expected": 0}).json["version"] == 1
    changed = ruler.post("/pools", json={"text": 'name = "p"\nkinds = ["disc"]'}).json
    assert (changed["version"], changed["pool"]["kinds"]) == (2, ["disc"])
    assert ruler.get("/pools/p").json == changed
    assert [each["version"] for each in ruler.get("/pools/p/versions").json["items"]] == [2, 1]
    assert len(ruler.get("/pools/p/changes?before=1&after=2").json) == 1
    assert "p" in [each["pool"]["name"] for each in ruler.get("/pools").json["items"]]


def test_a_namespace_is_made_and_changed(ruler: Caller) -> None:
    made = ruler.call("PUT", "/namespaces/court", json={"policy": "default", "title": "市法院"})
    assert made.json["version"] == 1
    assert made.json["created_by"] == "Lin"
    again = ruler.call("PUT", "/namespaces/court", json={"policy": "default", "title": "法院"})
    assert again.json["version"] == 2
    assert ruler.get("/namespaces/court").json == again.json
    versions = ruler.get("/namespaces/court/versions").json["items"]
    assert [each["title"] for each in versions] == ["法院", "市法院"]
    names = [each["name"] for each in ruler.get("/namespaces").json["items"]]
    assert names == ["court", "default"]


def test_a_token_of_one_namespace_sees_that_one_and_changes_none(
    local: Caller, ruler: Caller
) -> None:
    for name in ("court", "city"):
        ruler.call("PUT", f"/namespaces/{name}", json={"policy": "default"})
    clerk = local.made("clerk", "read", "rules", namespaces=["court"])
    assert [each["name"] for each in clerk.get("/namespaces").json["items"]] == ["court"]
    assert clerk.get("/namespaces/court").status_code == 200
    for path in ("/namespaces/city", "/namespaces/city/versions"):
        assert clerk.told("GET", path) == (403, 4075)
    assert clerk.told("PUT", "/namespaces/court", json={"policy": "default"}) == (403, 4075)
    assert clerk.told("POST", "/policies", json={"text": text_of()}) == (403, 4075)


def test_rules_are_changed_with_the_scope_for_it_alone(local: Caller) -> None:
    reader = local.made("reader", "read", "plan", "approve", "operate")
    assert reader.told("POST", "/policies", json={"text": text_of()}) == (403, 4074)
    assert reader.told("POST", "/pools", json={"text": 'name = "p"'}) == (403, 4074)
    told = reader.told("PUT", "/namespaces/n", json={"policy": "default"})
    assert told == (403, 4074)
    assert reader.get("/policies").status_code == 200


def test_what_is_filed_bears_a_retention_period_that_the_policy_knows(local: Caller) -> None:
    clerk = local.made("clerk", "rules", "read", "ingest")
    periods = '[retention]\nvalue = { periods = { "10年" = 10 }, usual = "10年" }\nsource = "x"\n'
    clerk.post("/policies", json={"text": f"{text_of()}\n{periods}"})
    clerk.call("PUT", "/namespaces/court", json={"policy": "court"})
    order = {"fonds": "F", "series": "S", "source": "x", "namespace": "court"}
    ingest = clerk.post("/ingests", json=order).json["ingest_id"]

    def tell(word: str) -> tuple[int, object]:
        answer = clerk.post(
            f"/ingests/{ingest}/descriptions",
            data=msgspec.json.encode({"dossier": "A", "retention": word}) + b"\n",
            content_type="application/x-ndjson",
        )
        return answer.status_code, answer.json.get("code")

    assert tell("10年") == (200, None)
    assert tell("30年") == (422, 5226)
    registered = clerk.get("/policies/court/versions").json["items"]
    assert [each["created_by"] for each in registered] == ["clerk"]
