"""Which appliance a command is for, and how it shows what it was told."""

import functools
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import msgspec

from appliance.config import load_config
from appliance.contract.errors import SteleError
from appliance.local.client import LocalClient, connected

NOT_THERE = 5122
DEFAULT_CONFIG = Path("/etc/stele/appliance.toml")

_FILE = click.Path(dir_okay=False, path_type=Path)


def now() -> datetime:
    return datetime.now(UTC)


def socket_of(config: Path | None, socket: Path | None) -> Path:
    """The socket of the appliance that a command names."""
    if socket is not None:
        return socket
    settings = load_config(config or DEFAULT_CONFIG)
    return settings.local.socket or settings.appliance.state_dir / "local.sock"


def places(act: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say which appliance is meant."""
    for option in (
        click.option("--config", type=_FILE, help=f"Its TOML file; {DEFAULT_CONFIG} if not given."),
        click.option("--socket", type=_FILE, help="Its local socket, instead of --config."),
    ):
        act = option(act)
    return act


def at_cabinet(act: Callable[..., Any]) -> Callable[..., Any]:
    """A word that talks to a running firmware: it gets a client, and `--json` shows raw data."""

    @places
    @click.option("--json", "as_json", is_flag=True, help="Print what the firmware said, as JSON.")
    @functools.wraps(act)
    def word(config: Path | None, socket: Path | None, *, as_json: bool, **more: Any) -> None:
        with connected(socket_of(config, socket)) as client:
            told, lines = act(client, **more)
        if as_json:
            click.echo(msgspec.json.format(msgspec.json.encode(told)).decode())
        else:
            for line in lines:
                click.echo(line)

    return word


def picture(client: LocalClient, group: str) -> Any:
    """The newest picture of one group."""
    for answer in client.watch(group):
        told = getattr(answer, group)
        if told is not None:  # a picture of what was watched before may still be under way
            return told
    raise SteleError(NOT_THERE, f"the firmware has no picture of {group}")


def ask_pin(prompt: str = "PIN") -> str:
    """A PIN, without echo, or the first line of what is piped in; never from the command line."""
    if sys.stdin.isatty():
        return str(click.prompt(prompt, hide_input=True, err=True))
    return sys.stdin.readline().rstrip("\r\n")
