"""The contract as an AsyncAPI 3 document, made from the structs themselves.

Seen from the appliance: it *sends* status, telemetry, events and replies, and *receives* commands.
"""

import json
from inspect import cleandoc
from typing import Any, get_args

import msgspec
from msgspec import Struct

from appliance.contract.messages import (
    AccessTelemetry,
    AlarmsTelemetry,
    Command,
    CommandBody,
    EnvironmentTelemetry,
    Event,
    EventBody,
    FetchItem,
    JobsTelemetry,
    LibraryTelemetry,
    Reply,
    Status,
)
from appliance.contract.topics import ROOT, SCHEMA

_SCHEMAS = "#/components/schemas/"
_MQTT_BINDING = "0.2.0"
_PARAMETERS = {
    "site": {"description": "The building; a failure domain. a-z 0-9 . _ - , at most 64."},
    "appliance": {"description": "The appliance, unique in its site. a-z 0-9 . _ - , at most 64."},
}


class _Channel(Struct, frozen=True):
    """One topic below the appliance's base; `leaf` is a word of `Topics`."""

    leaf: str
    message: type[Struct]
    action: str
    qos: int
    summary: str

    @property
    def name(self) -> str:
        group, _, leaf = self.leaf.partition("/")
        return group + leaf.capitalize()


_CHANNELS = (
    _Channel("status", Status, "send", 1, "Whether the appliance is there; also its last will."),
    _Channel("telemetry/library", LibraryTelemetry, "send", 0, "Slots, drives, robots, bays."),
    _Channel("telemetry/environment", EnvironmentTelemetry, "send", 0, "Air, water, smoke, power."),
    _Channel("telemetry/access", AccessTelemetry, "send", 0, "Doors, locks and keys."),
    _Channel("telemetry/alarms", AlarmsTelemetry, "send", 0, "Alarms that stand."),
    _Channel("telemetry/jobs", JobsTelemetry, "send", 0, "Jobs that are under way."),
    _Channel("event", Event, "send", 1, "What happened, numbered without gaps, at least once."),
    _Channel("command", Command, "receive", 1, "What is to be done, idempotent by id."),
    _Channel("reply", Reply, "send", 1, "The answer to a command, durable before it is sent."),
)


def asyncapi() -> dict[str, Any]:
    """The whole document."""
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
        "channels": {channel.name: _channel(channel) for channel in _CHANNELS},
        "operations": {
            f"{channel.action}{channel.name[0].upper()}{channel.name[1:]}": _operation(channel)
            for channel in _CHANNELS
        },
        "components": {"messages": _messages(), "schemas": _schemas()},
    }


def render() -> str:
    """The document as it stands in `docs/asyncapi.json`."""
    return json.dumps(asyncapi(), indent=1, ensure_ascii=False) + "\n"


def _channel(channel: _Channel) -> dict[str, Any]:
    name = channel.message.__name__
    return {
        "address": f"{ROOT}/{{site}}/{{appliance}}/{channel.leaf}",
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
                "retain": channel.leaf == "status",
                "bindingVersion": _MQTT_BINDING,
            }
        },
    }
    if channel.action == "receive":
        operation["reply"] = {"channel": {"$ref": "#/channels/reply"}}
    return operation


def _messages() -> dict[str, Any]:
    return {
        channel.message.__name__: {
            "name": channel.message.__name__,
            "summary": channel.summary,
            "payload": {"$ref": _SCHEMAS + channel.message.__name__},
        }
        for channel in _CHANNELS
    }


def _schemas() -> dict[str, Any]:
    kinds = [
        *(channel.message for channel in _CHANNELS),
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
