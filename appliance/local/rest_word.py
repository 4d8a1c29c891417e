"""`stele-appliance make-safe`: what a dead firmware left unlocked is locked again.

The kernel lets a digital output keep the level that it was told, and an expander does so for as
long as it has power. So a firmware that is killed with a door unlocked leaves its lock energised
until the next one starts. Whatever watches over the process runs this word in between.
"""

import asyncio
from pathlib import Path

import click

from appliance.config import load_config
from appliance.contract.errors import SteleError
from appliance.local.place import DEFAULT_CONFIG

NOT_AT_REST = 4037


@click.command("make-safe")
@click.option(
    "--config",
    type=click.Path(dir_okay=False, path_type=Path),
    help=f"Its TOML file; {DEFAULT_CONFIG} if not given.",
)
def make_safe(config: Path | None) -> None:
    """Lock every closed door, magazine and drawer, while no firmware runs."""
    from appliance.building.hardware import build_hardware  # noqa: PLC0415 - other words need none
    from appliance.ownership import owning  # noqa: PLC0415
    from appliance.profiles.profile import load_profile  # noqa: PLC0415
    from appliance.resting import bring_to_rest  # noqa: PLC0415

    settings = load_config(config or DEFAULT_CONFIG)

    async def whole() -> list[str]:
        hardware = build_hardware(settings, load_profile(settings.appliance.profile))
        try:
            return await bring_to_rest(hardware)
        finally:
            await hardware.aclose()

    with owning(settings.appliance.state_dir):
        faults = asyncio.run(whole())
    if faults:
        raise SteleError(NOT_AT_REST, "; ".join(faults))
    click.echo("locked")
