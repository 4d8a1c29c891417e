"""The command `stele-appliance`: runs the firmware, and explains its configuration.

A person waits for every word, so what only the firmware needs is loaded where it is used.
"""

from pathlib import Path

import click

from appliance.config import load_config
from appliance.contract.errors import SteleError, table
from appliance.local.words import WORDS
from appliance.services.environment.policy import load_policy

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
    from appliance.process import serve  # noqa: PLC0415 - see the module's text

    serve(load_config(file))


@main.command("check-config")
@click.argument("file", type=_FILE)
def check_config(file: Path) -> None:
    """Check FILE, say what it means, and print it with every default filled in."""
    from appliance.explanation import effective, summary  # noqa: PLC0415 - see the module's text

    config = load_config(file)
    policy = load_policy(config.environment.policy)
    meaning = [summary(config), *([policy.describe()] if config.buses else [])]
    click.echo("\n".join(meaning) + "\n\n" + effective(config), nl=False)


@main.command("settings")
def list_settings() -> None:
    """Print all settings as a Markdown table."""
    from appliance.explanation import table as settings_table  # noqa: PLC0415 - see the module's text

    click.echo(settings_table(), nl=False)


for word in WORDS:
    main.add_command(word)
