"""The contract as an AsyncAPI 3 document, made from the structs themselves.

Seen from the appliance: it *sends* status, telemetry, events and replies, and *receives* commands.
"""

import json
from inspect import cleandoc
from typing import Any, get_args

import msgspec
from msgspec import Struct

from appliance.contract.messages import (
    Command,
    CommandBody,
    Event,
    EventBody,
    FetchItem,
    JobsTelemetry,
    LibraryTelemetry,
    Reply,
    Status,
)
from appliance.contract.topics import SCHEMA, Topics

_SCHEMAS = "#/components/schemas/"
_MQTT_BINDING = "0.2.0"
_PARAMETERS = {
    "site": {"description": "The building; a failure domain. a-z 0-9 . _ - , at most 64."},
    "appliance": {"description": "The appliance, unique in its site. a-z 0-9 . _ - , at most 64."},
}


class _Channel(Struct, frozen=True):
    name: str
    address: str
    message: type[Struct]
    action: str
    qos: int
    retain: bool
    summary: str


def _channels() -> list[_Channel]:
    # A topic level may hold no braces, so the template is made from a pattern of the same shape.
    topics = Topics("site", "appliance")
    base = f"{topics.base.removesuffix('site/appliance')}{{site}}/{{appliance}}"

    def address(topic: str) -> str:
        return base + topic.removeprefix(topics.base)

    return [
        _Channel(
            "status",
            address(topics.status),
            Status,
            "send",
            1,
            True,
            "Whether the appliance is there. Retained, and the last will.",
        ),
        _Channel(
            "telemetryLibrary",
            address(topics.telemetry("library")),
            LibraryTelemetry,
            "send",
            0,
            False,
            "Slots, drives and robot as they stand. The newest wins.",
        ),
        _Channel(
            "telemetryJobs",
            address(topics.telemetry("jobs")),
            JobsTelemetry,
            "send",
            0,
            False,
            "Jobs that are under way. The newest wins.",
        ),
        _Channel(
            "event",
            address(topics.event),
            Event,
            "send",
            1,
            False,
            "What happened, numbered without gaps, at least once.",
        ),
        _Channel(
            "command",
            address(topics.command),
            Command,
            "receive",
            1,
            False,
            "What is to be done, idempotent by id.",
        ),
        _Channel(
            "reply",
            address(topics.reply),
            Reply,
            "send",
            1,
            False,
            "The answer to a command, kept on the appliance's disk before it is sent.",
        ),
    ]


def asyncapi() -> dict[str, Any]:
    """The whole document."""
    channels = _channels()
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Stele appliance",
            "version": f"{SCHEMA}.0.0",
            "description": "MQTT 3.1.1 between an archive storage appliance and its console. "
            "The rules beside the messages are in docs/contract.md.",
            "license": {"name": "GPL-3.0-or-later"},
        },
        "defaultContentType": "application/json",
        "channels": {channel.name: _channel(channel) for channel in channels},
        "operations": {
            f"{channel.action}{channel.name[0].upper()}{channel.name[1:]}": _operation(channel)
            for channel in channels
        },
        "components": {"messages": _messages(channels), "schemas": _schemas()},
    }


def render() -> str:
    """The document as it stands in `docs/asyncapi.json`."""
    return json.dumps(asyncapi(), indent=1, ensure_ascii=False) + "\n"


def _channel(channel: _Channel) -> dict[str, Any]:
    name = channel.message.__name__
    return {
        "address": channel.address,
        "summary": channel.summary,
        "parameters": _PARAMETERS,
        "messages": {name: {"$ref": f"#/components/messages/{name}"}},
    }


def _operation(channel: _Channel) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "action": channel.action,
        "channel": {"$ref": f"#/channels/{channel.name}"},
        "summary": channel.summary,
        "bindings": {
            "mqtt": {
                "qos": channel.qos,
                "retain": channel.retain,
                "bindingVersion": _MQTT_BINDING,
            }
        },
    }
    if channel.action == "receive":
        operation["reply"] = {"channel": {"$ref": "#/channels/reply"}}
    return operation


def _messages(channels: list[_Channel]) -> dict[str, Any]:
    return {
        channel.message.__name__: {
            "name": channel.message.__name__,
            "summary": channel.summary,
            "payload": {"$ref": _SCHEMAS + channel.message.__name__},
        }
        for channel in channels
    }


def _schemas() -> dict[str, Any]:
    kinds = [
        *(channel.message for channel in _channels()),
        *get_args(EventBody),
        *get_args(CommandBody),
        FetchItem,
    ]
    _, components = msgspec.json.schema_components(kinds, ref_template=_SCHEMAS + "{name}")
    return {name: _plain(components[name]) for name in sorted(components)}


def _plain(schema: Any) -> Any:
    """A schema as AsyncAPI has it: a discriminator is the property's name alone."""
    if isinstance(schema, list):
        return [_plain(item) for item in schema]
    if not isinstance(schema, dict):
        return cleandoc(schema) if isinstance(schema, str) else schema
    return {
        key: value["propertyName"] if key == "discriminator" else _plain(value)
        for key, value in schema.items()
    }
