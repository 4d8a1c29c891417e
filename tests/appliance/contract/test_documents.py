"""The documents about the contract say what the code says."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from appliance.contract import messages
from appliance.contract.asyncapi import asyncapi
from appliance.contract.document import DOCS, main, out_of_date, write
from appliance.contract.errors import table
from appliance.contract.messages import CommandBody, EventBody
from appliance.contract.topics import Topics

CONTRACT = (DOCS / "contract.md").read_text("utf-8")
EXAMPLES = re.findall(r"^```json (\w+)\n(.*?)^```$", CONTRACT, re.MULTILINE | re.DOTALL)
DOCUMENT = asyncapi()


def subset(small: Any, large: Any) -> bool:
    """Whether everything in `small` stands in `large` too."""
    if isinstance(small, dict):
        return all(key in large and subset(value, large[key]) for key, value in small.items())
    if isinstance(small, list):
        return len(small) == len(large) and all(map(subset, small, large))
    return bool(small == large)


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if "$ref" in node:
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def test_the_generated_documents_are_up_to_date() -> None:
    assert out_of_date() == []


def test_a_stale_document_is_noticed_and_written_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert len(out_of_date(tmp_path)) == 2
    write(tmp_path)
    assert out_of_date(tmp_path) == []
    (tmp_path / "errors.md").write_text("old", "utf-8")
    monkeypatch.setattr(out_of_date, "__defaults__", (tmp_path,))
    assert main(["--check"]) == 1
    assert "errors.md is out of date" in capsys.readouterr().err


@pytest.mark.parametrize(("name", "text"), EXAMPLES)
def test_every_example_is_a_message_and_has_no_field_too_many(name: str, text: str) -> None:
    said = json.loads(text)
    read = msgspec.json.decode(text, type=getattr(messages, name))
    # An omitted default may stand in an example; a field that no struct has may not.
    full = json.loads(msgspec.json.encode(read))
    for key, default in {"duplicate": False, "accepted": False}.items():
        full.setdefault(key, default)
    assert subset(said, full)


def test_there_is_an_example_of_every_message_that_crosses_the_wire() -> None:
    assert {name for name, _ in EXAMPLES} >= {
        message["name"] for message in DOCUMENT["components"]["messages"].values()
    } | {"FetchItem", "ErrorInfo"}


def test_every_code_in_the_text_is_in_the_table() -> None:
    codes = {int(code) for code in re.findall(r"\b([1-5]\d{3})\b(?!-)", CONTRACT)}
    codes -= {1950, 1952, 3339}
    assert codes <= table().keys(), codes - table().keys()


def test_every_reference_of_the_asyncapi_document_leads_somewhere() -> None:
    found = set(references(DOCUMENT))
    assert len(found) > 20
    for reference in found:
        node: Any = DOCUMENT
        for part in reference.removeprefix("#/").split("/"):
            node = node[part]


def test_every_body_of_events_and_commands_is_in_the_asyncapi_document() -> None:
    for kind in (*get_args(EventBody), *get_args(CommandBody)):
        schema = DOCUMENT["components"]["schemas"][kind.__name__]
        assert schema["properties"]["type"]["enum"] == [kind.__struct_config__.tag]


def test_the_asyncapi_document_has_the_topics_of_the_code() -> None:
    topics = Topics("north", "rack-1")
    addresses = [channel["address"] for channel in DOCUMENT["channels"].values()]
    assert [address.format(site="north", appliance="rack-1") for address in addresses] == [
        topics.status,
        topics.telemetry("library"),
        topics.telemetry("environment"),
        topics.telemetry("access"),
        topics.telemetry("alarms"),
        topics.telemetry("jobs"),
        topics.event,
        topics.command,
        topics.reply,
    ]
    assert DOCUMENT["operations"]["receiveCommand"]["action"] == "receive"
    assert DOCUMENT["operations"]["sendStatus"]["bindings"]["mqtt"]["retain"] is True
