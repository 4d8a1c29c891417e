"""`stele-appliance people …`: who may open doors, typed by a person."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from appliance.cli import main

GOOD, OTHER = "739150", "84620517"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Of an appliance whose firmware does not run."""
    file = tmp_path / "appliance.toml"
    file.write_text(
        '[appliance]\nid = "rack-1"\nsite = "north"\n'
        f'state_dir = "{tmp_path / "state"}"\n'
        '[broker]\nurl = "mqtt://127.0.0.1:1"\n[changer]\nport = "/dev/ttyNONE"\n'
        '[[drives]]\nname = "d1"\ndevice = "/dev/srNONE"\nburner = ["xorriso"]\n',
        "utf-8",
    )
    return file


def people(config: Path, *words: str, pin: str = "") -> Result:
    argv = ["people", *words, "--config", str(config)]
    return CliRunner().invoke(main, argv, input=f"{pin}\n", catch_exceptions=False)


def refusal(config: Path, *words: str, pin: str = "") -> int:
    """The number that a refusal has."""
    result = people(config, *words, pin=pin)
    assert result.exit_code == 1, result.output
    assert pin not in result.output or not pin
    return int(result.stderr.removeprefix("error ")[:4])


def listed(config: Path) -> dict[str, list[str]]:
    told = json.loads(people(config, "list", "--json").stdout)
    return {person["name"]: person["kinds"] for person in told}


def test_a_person_comes_gets_other_codes_and_goes(config: Path) -> None:
    added = people(config, "add", "王伟", pin=GOOD)
    assert added.exit_code == 0
    assert "王伟 may open doors" in added.stdout
    assert GOOD not in added.output
    assert people(config, "set-pin", "王伟", "--kind", "duress", pin=OTHER).exit_code == 0
    assert people(config, "add", "vendor", "--kind", "service", pin="271828").exit_code == 0
    assert listed(config) == {"王伟": ["duress", "own"], "vendor": ["service"]}
    assert "duress, own" in people(config, "list").stdout
    assert people(config, "remove", "王伟").exit_code == 0
    assert listed(config) == {"vendor": ["service"]}


def test_the_file_is_for_its_owner_alone_and_has_no_pin_in_it(config: Path) -> None:
    people(config, "add", "wang", pin=GOOD)
    (file,) = (config.parent / "state").glob("people.db")
    assert file.stat().st_mode & 0o077 == 0
    assert GOOD.encode() not in b"".join(
        part.read_bytes() for part in file.parent.glob("people.db*")
    )


@pytest.mark.parametrize(
    ("pin", "code"),
    [
        ("", 4013),
        ("12345", 4013),
        ("1234567890123", 4013),
        ("73915o", 4013),
        ("７３９１５０", 4013),
        ("7" * 1000, 4013),
        ("777777", 4026),
        ("345678", 4026),
        ("876543", 4026),
    ],
)
def test_a_pin_that_is_none_or_too_simple_is_refused(config: Path, pin: str, code: int) -> None:
    assert refusal(config, "add", "wang", pin=pin) == code
    assert listed(config) == {}


def test_no_two_people_have_the_same_pin_and_nobody_is_there_twice(config: Path) -> None:
    people(config, "add", "wang", pin=GOOD)
    assert refusal(config, "add", "li", pin=GOOD) == 4026
    assert refusal(config, "set-pin", "wang", "--kind", "duress", pin=GOOD) == 4026
    assert refusal(config, "add", "wang", pin=OTHER) == 4025
    assert listed(config) == {"wang": ["own"]}


def test_a_new_pin_takes_the_place_of_the_old_one(config: Path) -> None:
    people(config, "add", "wang", pin=GOOD)
    assert people(config, "set-pin", "wang", pin=OTHER).exit_code == 0
    assert people(config, "add", "li", pin=GOOD).exit_code == 0


@pytest.mark.parametrize("name", ["", "  ", "a/b", "line\nbreak", "x" * 65])
def test_what_is_no_name_is_refused(config: Path, name: str) -> None:
    assert refusal(config, "add", name, pin=GOOD) == 4028


@pytest.mark.parametrize("word", ["set-pin", "remove"])
def test_who_is_not_there_cannot_be_changed(config: Path, word: str) -> None:
    assert refusal(config, word, "nobody", pin=GOOD) == 4024


def test_a_pin_on_the_command_line_is_not_taken(config: Path) -> None:
    assert people(config, "add", "wang", GOOD).exit_code == 2
    assert listed(config) == {}


def test_a_config_that_is_not_there_is_a_numbered_error(tmp_path: Path) -> None:
    assert 5000 <= refusal(tmp_path / "none.toml", "list") < 6000


def test_a_people_file_that_is_garbage_is_a_numbered_error(config: Path) -> None:
    folder = config.parent / "state"
    folder.mkdir()
    (folder / "people.db").write_bytes(b"no database" * 100)
    assert refusal(config, "list") == 4029
