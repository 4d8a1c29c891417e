"""The word `fleet` of `stele-sim`."""

import asyncio
import contextlib
import json
import logging
import signal
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

import click

from simulators.fleet.connection import Broker
from simulators.fleet.fleet import Fleet
from simulators.fleet.packets import ProtocolError
from simulators.fleet.scenario import Scenario

_DEFAULTS = Scenario()
F = TypeVar("F", bound=Callable[..., Any])


def _count(name: str, text: str) -> Callable[[F], F]:
    default = getattr(_DEFAULTS, name.replace("-", "_"))
    return click.option(f"--{name}", default=default, show_default=True, help=text)


@click.command()
@_count("appliances", "How many.")
@_count("site-count", "Sites that they stand in.")
@click.option("--broker", "url", default="mqtt://127.0.0.1:1883", show_default=True)
@_count("seed", "For every chance.")
@_count("connections", "TCP connections that they share.")
@_count("alone", "Appliances with a connection and a last will of their own.")
@_count("slots", "Slots of each, with a blank disc in every one.")
@_count("events-per-hour", "Of each appliance.")
@_count("telemetry-every-s", "Seconds between two pictures of each group; 0 for none.")
@_count("status-every-s", "Seconds between two statuses.")
@_count("outbox", "Events that wait in every outbox and arrive at once.")
@_count("history", "Events that an appliance can replay.")
@_count("drop-outs-per-hour", "How often each appliance is lost.")
@_count("away-s", "How long it is away then.")
@_count("duplicates", "Share of events that are sent twice.")
@_count("reordering", "Share of events that come late.")
@_count("losses", "Share of events that come only when they are asked for.")
@_count("job-s", "Seconds that a commanded job takes.")
@click.option("--seconds", type=float, help="Live so long.  [default: until Ctrl-C]")
@click.option("--verbose", is_flag=True, help="Tell what happens, on standard error.")
def fleet(*, url: str, seconds: float | None, verbose: bool, **options: Any) -> None:
    """Play many appliances at the level of their MQTT messages.

    Prints `ready` when all have said that they are there, `taken` when the broker has all that
    waited in their outboxes, and what was said as one JSON object at the end.
    """
    logging.basicConfig(level=logging.DEBUG if verbose else logging.WARNING)
    try:
        played = Fleet(Scenario(**options), _read_url(url))
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    try:
        asyncio.run(_play(played, seconds))
    except (OSError, ProtocolError) as error:
        raise click.ClickException(f"{_shown(url)}: {error}") from error
    finally:
        click.echo(json.dumps(played.tally.as_dict()))


async def _play(played: Fleet, seconds: float | None) -> None:
    async with played.connected():
        await played.arrive()
        click.echo("ready")
        await played.empty_outboxes()
        click.echo("taken")
        life = asyncio.create_task(played.run(seconds))
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, life.cancel)
        with contextlib.suppress(asyncio.CancelledError):
            await life


def _read_url(url: str) -> Broker:
    """Raises ValueError."""
    parts = urlsplit(url)
    if parts.scheme != "mqtt" or not parts.hostname:
        raise ValueError("the broker's URL must read mqtt://[user:password@]host[:port]")
    return Broker(
        parts.hostname,
        parts.port or 1883,
        unquote(parts.username) if parts.username else None,
        unquote(parts.password) if parts.password else None,
    )


def _shown(url: str) -> str:
    return url.rpartition("@")[2]
