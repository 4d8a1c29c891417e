"""The client's patience: what is asked again, what is not, and what is no console."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from appliance.contract.errors import SteleError
from console.client.client import Client
from console.client.transport import Content, LostError


@dataclass
class Said:
    status: int
    body: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=dict)

    def chunks(self) -> Iterator[bytes]:
        yield self.body

    def close(self) -> None:
        pass


class Script:
    """A transport that plays what it was given, one after the other."""

    def __init__(self, *acts: Said | LostError) -> None:
        self._acts = list(acts)
        self.sent: list[tuple[str, str]] = []

    def send(self, method: str, target: str, headers: Mapping[str, str], content: Content) -> Said:
        self.sent.append((method, target))
        act = self._acts.pop(0)
        if isinstance(act, LostError):
            raise act
        return act

    def close(self) -> None:
        pass


def client(*acts: Said | LostError, patience_s: float = 5.0) -> tuple[Client, Script]:
    script = Script(*acts)
    return Client(script, {}, "here", is_local=False, patience_s=patience_s), script


BROKEN, REFUSED = LostError("broke", was_sent=True), LostError("refused", was_sent=False)


@pytest.mark.parametrize(
    ("method", "lost", "repeatable", "times"),
    [
        ("GET", BROKEN, False, 2),
        ("POST", BROKEN, False, 1),
        ("POST", BROKEN, True, 2),
        ("POST", REFUSED, False, 2),
    ],
)
def test_only_what_does_no_harm_twice_is_asked_again(
    method: str, lost: LostError, repeatable: bool, times: int
) -> None:
    made, script = client(lost, Said(200, b'{"x": 1}'))
    if times == 1:
        with pytest.raises(LostError):
            made.ask(method, "/x", dict[str, Any], repeatable=repeatable)
    else:
        assert made.ask(method, "/x", dict[str, Any], repeatable=repeatable) == {"x": 1}
    assert len(script.sent) == times


def test_a_stream_is_sent_once() -> None:
    made, script = client(REFUSED, Said(200))
    with pytest.raises(LostError):
        made.send("POST", "/x", dict[str, Any], iter([b"x"]), "application/x-tar")
    assert len(script.sent) == 1


def test_a_busy_console_is_asked_again_and_patience_ends() -> None:
    busy = Said(503, b'{"code": 5404, "message": "busy"}', {"Retry-After": "0"})
    made, script = client(busy, Said(200))
    made.ask("POST", "/x", dict[str, Any])
    assert len(script.sent) == 2
    made, script = client(busy, patience_s=0.0)
    with pytest.raises(SteleError) as caught:
        made.ask("POST", "/x", dict[str, Any])
    assert caught.value.code == 5404


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (Said(404, b'{"code": 5412, "message": "none", "title": "t"}'), 5412),
        (Said(502, b"<html>"), 5416),
        (Said(200, b"<html>"), 5416),
        (Said(200, b"[]"), 5416),
    ],
)
def test_failures_are_numbered(said: Said, code: int) -> None:
    made, _ = client(said)
    with pytest.raises(SteleError) as caught:
        made.ask("GET", "/x", dict[str, Any])
    assert caught.value.code == code


def test_lists_are_read_page_after_page() -> None:
    pages = (Said(200, b'{"items": [1, 2], "next": "n"}'), Said(200, b'{"items": [3]}'))
    made, script = client(*pages)
    assert list(made.pages("/x", int, {"state": ["a", "b"]})) == [1, 2, 3]
    assert script.sent == [
        ("GET", "/api/v1/x?limit=1000&state=a&state=b"),
        ("GET", "/api/v1/x?limit=1000&state=a&state=b&after=n"),
    ]
