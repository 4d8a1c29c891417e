"""The commands that documents tell people to type exist, with the options that they are given."""

import re
import shlex
from collections.abc import Iterator

import click
import pytest

from appliance.cli import main as appliance
from appliance.contract.errors import table
from appliance.volume.tool.cli import main as volume
from console.cli import main as console
from simulators.commands import cli as sim
from simulators.faults.fault import FAULTS
from simulators.hands.hand import DEEDS
from tests.documents.pages import PAGES, ROOT

PROGRAMS: dict[str, click.Group] = {
    "stele-appliance": appliance,
    "stele-console": console,
    "stele-sim": sim,
    "stele-volume": volume,
}
_FENCED = re.compile(r"^```sh\n(.*?)^```", re.DOTALL | re.MULTILINE)
_INLINE = re.compile(r"`((?:stele-(?:appliance|console|sim|volume)|make) [^`]+)`")


def _commands(text: str) -> Iterator[str]:
    for block in _FENCED.findall(text):
        for line in block.replace("\\\n", " ").splitlines():
            command = line.partition(" #")[0].strip()
            yield from (part.strip() for part in command.split("&&"))
    yield from _INLINE.findall(text)


def _problem(line: str) -> str:
    """Why a person who types this gets a usage error; empty if it is well."""
    words = shlex.split(line, comments=True)
    if words and words[0] == "make":
        targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
        wanted = [word for word in words[1:] if "=" not in word]
        return "" if set(wanted) <= set(targets) else f"make knows no {wanted}"
    if not words or words[0] not in PROGRAMS:
        return ""
    program, *rest = words
    group = PROGRAMS[program]
    context = click.Context(group)
    name = next((word for word in rest if word in group.list_commands(context)), None)
    if name is None:
        is_bare = all(
            word.startswith(("-", "[", "…")) or word.strip("]").isupper() for word in rest
        )
        return "" if is_bare else f"{program} has no such command"
    command = group.get_command(context, name)
    assert command is not None
    if isinstance(command, click.Group):
        inner = next((word for word in rest if word in command.commands), None)
        command = command.commands[inner] if inner else command
    known = {"--help", *(opt for part in (group, command) for p in part.params for opt in p.opts)}
    given = {word.partition("=")[0] for word in rest if word.startswith("--")}
    return "" if given <= known else f"{program} {name} has no {sorted(given - known)}"


@pytest.mark.parametrize("name", PAGES)
def test_a_document_names_only_commands_that_exist(name: str) -> None:
    found = {line: _problem(line) for line in _commands(PAGES[name].read_text("utf-8"))}
    assert {line: problem for line, problem in found.items() if problem} == {}


@pytest.mark.parametrize(
    "line", ["make nothing", "stele-volume burn x", "stele-console ingest --fond x"]
)
def test_a_command_that_does_not_exist_is_noticed(line: str) -> None:
    assert _problem(line)


def test_actions_name_only_commands_that_exist() -> None:
    mentioned = {
        (program, word)
        for row in table().values()
        for program, word in re.findall(
            r"(stele-[a-z]+) ([a-z][a-z-]+)(?= --|[`,:;.]|$)", f"{row.action} {row.action_zh}"
        )
    }
    assert len(mentioned) > 5
    unknown = {
        (program, word)
        for program, word in mentioned
        if word not in PROGRAMS[program].list_commands(click.Context(PROGRAMS[program]))
    }
    assert unknown == set()


def test_every_command_of_the_console_is_described() -> None:
    text = (ROOT / "docs" / "console.md").read_text("utf-8")
    context = click.Context(console)
    for name in console.list_commands(context):
        assert re.search(rf"^\| .*`{name}[ `\[]", text, re.MULTILINE), f"{name} is not described"
        command = console.get_command(context, name)
        assert command is not None
        for option in (opt for part in command.params for opt in part.opts if opt[:2] == "--"):
            assert option in text, f"{name} {option} is not described"


def _leaves(group: click.Group, prefix: str = "") -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from _leaves(command, f"{prefix}{name} ")
        else:
            yield f"{prefix}{name}", command


def test_every_command_of_the_appliance_is_described() -> None:
    text = (ROOT / "docs" / "appliance.md").read_text("utf-8")
    for name, command in _leaves(appliance):
        assert re.search(rf"^\| `{name}[ `]", text, re.MULTILINE), f"{name} is not described"
        for option in (opt for part in command.params for opt in part.opts if opt[:2] == "--"):
            assert option in text, f"{name} {option} is not described"


def test_every_word_of_the_simulator_is_described() -> None:
    text = (ROOT / "docs" / "simulators.md").read_text("utf-8")
    for name, command in _leaves(sim):
        assert re.search(rf"^\| .*`{name}[ `]", text, re.MULTILINE), f"{name} is not described"
        for option in (opt for part in command.params for opt in part.opts if opt[:2] == "--"):
            assert option in text, f"{name} {option} is not described"


@pytest.mark.parametrize("kind", ["faults", "deeds"])
def test_every_fault_and_deed_of_the_simulator_is_described(kind: str) -> None:
    text = (ROOT / "docs" / "simulators.md").read_text("utf-8")
    names = FAULTS if kind == "faults" else DEEDS
    assert [name for name in names if f"`{name}" not in text] == []
