"""The firmware as a process: builds it over its hardware, runs it, ends it on SIGTERM or Ctrl-C."""

import asyncio
import contextlib
import logging
import signal
import sqlite3
import sys
from datetime import UTC, datetime

from appliance.agent.content_http import HttpContent
from appliance.agent.mqtt import MqttConnector
from appliance.building.hardware import build_hardware
from appliance.contract.errors import SteleError
from appliance.firmware import Firmware
from appliance.logs import configure_logs
from appliance.ownership import owning
from appliance.profiles.profile import load_profile
from appliance.settings import Config

logger = logging.getLogger(__name__)

STATE_UNUSABLE = 5104


def serve(config: Config) -> None:
    """Run the appliance; prints 'ready' when it takes commands.

    Raises:
        SteleError: 5010 another firmware has this state, 5104 it cannot be used, and whatever
            keeps the firmware from being built.
    """
    configure_logs(config.log.level)
    place = config.appliance.state_dir
    with owning(place):
        try:
            asyncio.run(_run(config))
        except sqlite3.DatabaseError as error:
            raise SteleError(
                STATE_UNUSABLE, f"the state database in {place} cannot be used", str(error)
            ) from error


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
