"""The command `stele-appliance`: runs the firmware, and explains its configuration."""

import asyncio
import contextlib
import logging
import signal
import sqlite3
import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from appliance.agent.content_http import HttpContent
from appliance.agent.mqtt import MqttConnector
from appliance.building.hardware import build_hardware
from appliance.config import load_config
from appliance.contract.errors import SteleError, table
from appliance.explanation import effective, summary
from appliance.explanation import table as settings_table
from appliance.firmware import Firmware
from appliance.local.words import WORDS
from appliance.logs import configure_logs
from appliance.ownership import owning
from appliance.profiles.profile import load_profile
from appliance.services.environment.policy import load_policy
from appliance.settings import Config

logger = logging.getLogger(__name__)

STATE_UNUSABLE = 5104
_FILE = click.Path(dir_okay=False, path_type=Path)


class _Commands(click.Group):
    """Shows a defined failure with its code and what to do, and ends with 1."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except SteleError as error:
            click.echo(f"error {error.code}: {error.message}", err=True)
            if error.detail:
                click.echo(f"  {error.detail}", err=True)
            if row := table().get(error.code):
                click.echo(f"  {row.action}\n  {row.action_zh}", err=True)
            ctx.exit(1)


@click.group(cls=_Commands)
@click.version_option(package_name="stele")
def main() -> None:
    """The firmware of an archive storage appliance."""


@main.command()
@click.option("--config", "file", type=_FILE, required=True, help="The appliance's TOML file.")
def run(file: Path) -> None:
    """Run the appliance until SIGTERM or Ctrl-C; prints 'ready' when it takes commands."""
    config = load_config(file)
    configure_logs(config.log.level)
    place = config.appliance.state_dir
    with owning(place):
        try:
            asyncio.run(_run(config))
        except sqlite3.DatabaseError as error:
            raise SteleError(
                STATE_UNUSABLE, f"the state database in {place} cannot be used", str(error)
            ) from error


@main.command("check-config")
@click.argument("file", type=_FILE)
def check_config(file: Path) -> None:
    """Check FILE, say what it means, and print it with every default filled in."""
    config = load_config(file)
    policy = load_policy(config.environment.policy)
    meaning = [summary(config), *([policy.describe()] if config.buses else [])]
    click.echo("\n".join(meaning) + "\n\n" + effective(config), nl=False)


@main.command("settings")
def list_settings() -> None:
    """Print all settings as a Markdown table."""
    click.echo(settings_table(), nl=False)


for word in WORDS:
    main.add_command(word)


async def _build(config: Config, content: HttpContent) -> Firmware:
    """The firmware over its hardware, which is let go again if there is no firmware to be had."""
    place = config.appliance
    hardware = build_hardware(config, load_profile(place.profile))
    try:
        return Firmware(
            config,
            hardware,
            connect=MqttConnector(config.broker, f"stele-{place.site}-{place.id}"),
            content=content,
            now=lambda: datetime.now(UTC),
        )
    except BaseException:
        await hardware.aclose()
        raise


async def _run(config: Config) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    place = config.appliance
    content = HttpContent(
        place.state_dir,
        connect_timeout_s=config.content.connect_timeout_s,
        idle_timeout_s=config.content.idle_timeout_s,
    )
    async with contextlib.aclosing(content):
        firmware = await _build(config, content)
        try:
            await firmware.start()
            sys.stdout.write("ready\n")
            sys.stdout.flush()
            logger.info("appliance %s of site %s runs", place.id, place.site)
            await stopping.wait()
            logger.info("stopping")
        finally:
            await firmware.stop()
            for number in (signal.SIGTERM, signal.SIGINT):  # we end: nothing is left to be told
                loop.remove_signal_handler(number)
                signal.signal(number, signal.SIG_IGN)
    logger.info("stopped")
