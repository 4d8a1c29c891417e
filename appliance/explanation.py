"""What a configuration means, in words, and the table of all settings for the documents."""

from collections.abc import Iterable, Iterator

import msgspec
from msgspec import Struct
from msgspec.inspect import Field, Metadata, StructType, Type, UnionType, VarTupleType

from appliance.description import describe
from appliance.profiles.profile import load_profile
from appliance.settings import Config


class Setting(Struct, frozen=True):
    """One setting as a person needs to know it."""

    section: str
    key: str
    default: str
    meaning: str


def settings() -> Iterator[Setting]:
    """Every setting there is, in the order of the sections."""
    root = msgspec.inspect.type_info(Config)
    assert isinstance(root, StructType)  # noqa: S101 - tells the type checker what Config is
    for field in root.fields:
        kind = _bare(field.type)
        section = f"[{field.name}]"
        if isinstance(kind, UnionType):
            kind = next(one for one in kind.types if isinstance(one, StructType))
        if isinstance(kind, VarTupleType):
            kind, section = _bare(kind.item_type), f"[[{field.name}]]"
        if isinstance(kind, StructType):
            for inner in kind.fields:
                yield Setting(section, inner.name, _default(inner), _meaning(inner.type))


def effective(config: Config) -> str:
    """The configuration with every default filled in, as TOML with the meaning beside it.

    No secret is in it: secrets are only ever in files that the configuration names.
    """
    meanings = {(s.section, s.key): s.meaning for s in settings()}
    lines: list[str] = []
    for name, value in msgspec.structs.asdict(config).items():
        section = f"[[{name}]]" if isinstance(value, tuple) else f"[{name}]"
        for table in _tables(value):
            lines += ["", section]
            for key, setting in msgspec.structs.asdict(table).items():
                text = f"{key} = {_toml(setting)}" if setting is not None else f"# {key} is unset"
                lines.append(f"{text:<40}  # {meanings[section, key]}")
    return "\n".join(lines[1:]) + "\n"


def summary(config: Config) -> str:
    """What an appliance with this configuration is, in a few sentences."""
    return "\n".join(describe(config, load_profile(config.appliance.profile)))


def table() -> str:
    """All settings as a Markdown table."""
    rows = [
        f"| `{s.section}` | `{s.key}` | {s.default} | {s.meaning.replace('|', chr(92) + '|')} |"
        for s in settings()
    ]
    return "\n".join(["| Section | Key | Default | Meaning |", "|---|---|---|---|", *rows]) + "\n"


def _tables(value: object) -> Iterable[Struct]:
    """The tables of a section: one, any number where it repeats, none where it is left out."""
    if isinstance(value, tuple):
        return value
    return [value] if isinstance(value, Struct) else []


def _bare(kind: Type) -> Type:
    return kind.type if isinstance(kind, Metadata) else kind


def _meaning(kind: Type) -> str:
    """The description on a type; descriptions of a union's members count too."""
    if isinstance(kind, Metadata):
        return str((kind.extra_json_schema or {}).get("description", "")) or _meaning(kind.type)
    if isinstance(kind, UnionType):
        return next((m for t in kind.types if (m := _meaning(t))), "")
    return ""


def _default(field: Field) -> str:
    if field.required:
        return "required"
    return "unset" if field.default is None else f"`{_toml(field.default)}`"


def _toml(value: object) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    if isinstance(value, bool | int | float):
        return str(value).lower()
    return msgspec.json.encode(str(value)).decode()
