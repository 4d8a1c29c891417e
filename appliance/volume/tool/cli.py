"""The command `stele-volume`: disc images and devices, with nothing else running.

Exit codes: 0 good; 1 damaged, or another defined failure; 2 wrong usage.
"""

import click

from appliance.volume.tool.build import build
from appliance.volume.tool.extract import extract
from appliance.volume.tool.listing import list_volume
from appliance.volume.tool.verify import verify


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Build, list, verify and extract archive discs, as image files or devices.

    Exit codes: 0 good, 1 damaged or another defined failure, 2 wrong usage.
    """


for command in (build, list_volume, verify, extract):
    main.add_command(command)
