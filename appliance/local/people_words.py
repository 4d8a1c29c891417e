"""`stele-appliance people`: who may open doors. Works with the firmware running or not."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import msgspec

from appliance.config import load_config
from appliance.local.place import DEFAULT_CONFIG, ask_pin, now
from appliance.services.access.people import CodeKind, People

_CONFIG = click.option(
    "--config",
    type=click.Path(dir_okay=False, path_type=Path),
    help=f"The appliance's TOML file; {DEFAULT_CONFIG} if not given.",
)
_KIND = click.option(
    "--kind",
    type=click.Choice([kind.value for kind in CodeKind]),
    default=CodeKind.OWN.value,
    show_default=True,
    help="own: opens; duress: opens and tells the console; service: the door may stay open long.",
)


@contextmanager
def _people(config: Path | None) -> Iterator[People]:
    settings = load_config(config or DEFAULT_CONFIG)
    people = People(settings.access.people or settings.appliance.state_dir / "people.db", now)
    try:
        yield people
    finally:
        people.close()


@click.group("people")
def people_words() -> None:
    """Who may open the doors, each with a PIN of 6 to 12 digits."""


@people_words.command("list")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@_CONFIG
def list_people(config: Path | None, *, as_json: bool) -> None:
    """List everybody and the kinds of their codes; no PIN can be shown."""
    with _people(config) as people:
        everybody = people.all()
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(everybody)).decode())
        return
    for person in everybody:
        click.echo(f"{person.name:<32} {', '.join(person.kinds)}")


@people_words.command("add")
@click.argument("name")
@_KIND
@_CONFIG
def add_person(name: str, kind: str, config: Path | None) -> None:
    """Add NAME; asks for the PIN, or reads it from standard input."""
    with _people(config) as people:
        people.add(name, ask_pin(f"PIN of {name}"), CodeKind(kind))
    click.echo(f"{name} may open doors")


@people_words.command("set-pin")
@click.argument("name")
@_KIND
@_CONFIG
def set_pin(name: str, kind: str, config: Path | None) -> None:
    """Give NAME another PIN, or one of another kind."""
    with _people(config) as people:
        people.set_pin(name, ask_pin(f"PIN of {name}"), CodeKind(kind))
    click.echo(f"{name} has a new PIN ({kind})")


@people_words.command("remove")
@click.argument("name")
@_CONFIG
def remove_person(name: str, config: Path | None) -> None:
    """Remove NAME and every code of theirs."""
    with _people(config) as people:
        people.remove(name)
    click.echo(f"{name} opens no door any more")
