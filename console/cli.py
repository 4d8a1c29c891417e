"""The `stele-console` command: each command's module is loaded only when it is asked for."""

from importlib import import_module
from pathlib import Path

import click

_COMMANDS = {
    "up": "up",
    "ingest": "ingest",
    "plan": "plan",
    "plans": "plan",
    "approve": "plan",
    "reject": "plan",
    "jobs": "jobs",
    "retry": "retry",
    "inventory": "inventory",
    "find": "find",
    "restore": "restore",
    "status": "status",
    "policies": "policies",
    "pools": "pools",
    "namespaces": "namespaces",
    "refused": "refused",
    "requests": "asking",
    "tasks": "asking",
    "tiers": "tiers",
    "tokens": "tokens",
    "reindex": "reindex",
}
"""Every command, in the order of its use, and the module in `console.commands` that has it."""


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  (click's signature)
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        module = import_module(f"console.commands.{_COMMANDS[cmd_name]}")
        command: click.Command = getattr(module, cmd_name)
        return command


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("run/console"),
    envvar="STELE_DATA",
    show_default=True,
    show_envvar=True,
    help="The console's data folder.",
)
@click.option(
    "--url",
    envvar="STELE_URL",
    show_envvar=True,
    help="A console elsewhere; its token is in STELE_TOKEN or --token-file.",
)
@click.option(
    "--token-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A file that holds the token for --url.",
)
@click.version_option(package_name="stele")
def main(data: Path, url: str | None, token_file: Path | None) -> None:
    """Take files in, plan which discs they go on, follow the work, and get any file back."""


if __name__ == "__main__":
    main()
