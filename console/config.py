"""The console's settings: `console.toml` in the data folder, strict, every key documented.

A missing file means all defaults. A key that nobody reads is an error that names the file, the
section and the nearest valid key. `docs/settings.md` describes each; a test fails when one is not.
"""

import difflib
import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, get_origin

import msgspec
from msgspec import Meta, Struct

from appliance.contract.errors import SteleError

FILE_NAME = "console.toml"

Port = Annotated[int, Meta(ge=0, le=65_535)]
Hours = Annotated[int, Meta(ge=1, le=24 * 365)]
HostName = Annotated[str, Meta(pattern=r"^\.?[A-Za-z0-9][A-Za-z0-9._-]{0,252}$")]
Processes = Annotated[int, Meta(ge=1, le=64)]
Seconds = Annotated[int, Meta(ge=30, le=86_400)]


class ArchiveSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`[archive]`: who keeps it, and by which policy unless an ingest names another."""

    organisation: Annotated[str, Meta(max_length=256)] = ""
    policy: str = "default"


class StoreSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`[store]`: empty means within the data folder; `folder` is what several hosts share."""

    url: str = ""
    folder: str = ""


class LandingSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`[landing]`: URLs, empty for within the data folder; and how an S3 store is reached."""

    url: str = ""
    delivered_url: str = ""
    endpoint_url: str = ""
    region: str = ""
    key_file: str = ""


class WebSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`[web]`: where the page listens, and how appliances reach it."""

    host: str = "127.0.0.1"
    port: Port = 8480
    content_url: str = ""
    hosts: tuple[HostName, ...] = ()
    open_metrics: bool = False
    processes: Processes = 1


class WorkerSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`[worker]`: how many processes of this host hear the appliances and give them work."""

    processes: Processes = 1


class BrokerSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`[broker]`: an MQTT broker of one's own, or where the embedded one listens."""

    url: str = ""
    host: str = "127.0.0.1"
    port: Port = 1883


class ContentSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`[content]`: how long a right to content lasts, and how long what was fetched is kept."""

    token_lifetime_s: Seconds = 900
    delivered_keep_hours: Hours = 72


class IngestSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`[ingest]`: what one request over REST may bring."""

    files_at_once: Annotated[int, Meta(ge=1, le=100_000_000)] = 500_000


class DispatchSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`[dispatch]`: when work that an appliance has not begun goes to another one."""

    move_after_minutes: Annotated[int, Meta(ge=1, le=7 * 24 * 60)] = 15


class DeliverySettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`[delivery]`: where files may be put on the console's side."""

    folder: str = ""


class TierSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`[tiers]`: the room of the fast tier; 0 for as much as its disk has."""

    landing_bytes_max: Annotated[int, Meta(ge=0, le=1 << 60)] = 0


class ConsoleConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """All sections of `console.toml`."""

    archive: ArchiveSettings = ArchiveSettings()
    store: StoreSettings = StoreSettings()
    landing: LandingSettings = LandingSettings()
    web: WebSettings = WebSettings()
    worker: WorkerSettings = WorkerSettings()
    broker: BrokerSettings = BrokerSettings()
    content: ContentSettings = ContentSettings()
    ingest: IngestSettings = IngestSettings()
    dispatch: DispatchSettings = DispatchSettings()
    delivery: DeliverySettings = DeliverySettings()
    tiers: TierSettings = TierSettings()


def load_config(data: Path) -> ConsoleConfig:
    """The settings of a data folder.

    Raises:
        SteleError: 5402, names the file, the place and what is wrong there.
    """
    file = data / FILE_NAME
    try:
        return parse_config(file.read_text("utf-8"), str(file))
    except FileNotFoundError:
        return ConsoleConfig()
    except (OSError, UnicodeDecodeError) as error:
        raise SteleError(5402, f"{file} cannot be read: {error}") from error


def parse_config(text: str, where: str) -> ConsoleConfig:
    """Settings from TOML text; `where` names it in errors.

    Raises:
        SteleError: 5402.
    """
    try:
        return msgspec.convert(tomllib.loads(text), ConsoleConfig)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise SteleError(5402, f"{where}: {explain(error, ConsoleConfig)}") from error


def explain(error: Exception, model: type[Struct]) -> str:
    """What is wrong, for a person: a wrong key with its section and the nearest valid key."""
    found = re.fullmatch(r"Object contains unknown field `(.+?)`(?: - at `\$\.?(.*)`)?", str(error))
    if not found:
        return str(error).replace("`$.", "`")
    key, section = found[1], found[2] or ""
    struct = _struct_at(model, section)
    valid = [field.encode_name for field in msgspec.structs.fields(struct)] if struct else []
    near = difflib.get_close_matches(key, valid, 1, 0.5)
    place = f"in [{section}]" if section else "at top level"
    hint = f"did you mean '{near[0]}'?" if near else f"valid are: {', '.join(valid)}"
    return f"unknown key '{key}' {place}; {hint}"


def _struct_at(model: type[Struct], section: str) -> type[Struct] | None:
    for name in filter(None, section.split(".")):
        kinds: dict[str, Any] = {f.encode_name: f.type for f in msgspec.structs.fields(model)}
        kind = get_origin(kinds.get(name)) or kinds.get(name)
        if not (isinstance(kind, type) and issubclass(kind, Struct)):
            return None
        model = kind
    return model


def setting_names() -> list[str]:
    """Every setting as `section.key`, in the order of the file."""
    return [
        f"{section.encode_name}.{key.encode_name}"
        for section in msgspec.structs.fields(ConsoleConfig)
        for key in msgspec.structs.fields(section.type)
    ]
