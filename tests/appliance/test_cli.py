"""The command `stele-appliance`: what it prints and how it ends."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from appliance.cli import main
from appliance.config import load_config
from appliance.explanation import table

CONFIG = """
[appliance]
id = "rack-1"
site = "north"
state_dir = "state"

[broker]
url = "mqtt://127.0.0.1:1"

[changer]
port = "dev/robot"

[[drives]]
name = "d1"
device = "dev/d1"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "appliance.toml"
    path.write_text(CONFIG, "utf-8")
    return path


def test_a_good_configuration_is_explained_and_printed_whole(file: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["check-config", str(file)])
    assert result.exit_code == 0
    assert "Rack disc library (机架式光盘库)" in result.stdout
    toml = result.stdout.partition("\n\n")[2]
    (tmp_path / "again.toml").write_text(toml, "utf-8")
    assert load_config(tmp_path / "again.toml") == load_config(file)


def test_the_environment_policy_is_checked_with_the_configuration(
    file: Path, tmp_path: Path
) -> None:
    file.write_text(CONFIG + '[[buses]]\nname = "main"\npath = "/dev/i2c-1"\n', "utf-8")
    good = CliRunner().invoke(main, ["check-config", str(file)])
    assert "temperature 10 to 25 °C" in good.stdout
    (tmp_path / "air.toml").write_text('version = "1"\n[quantities.temprature]\n', "utf-8")
    with file.open("a", encoding="utf-8") as config:
        config.write('[environment]\npolicy = "air.toml"\n')
    bad = CliRunner().invoke(main, ["check-config", str(file)])
    assert bad.exit_code == 1
    for words in ("error 5120", "air.toml", "'temperature'"):
        assert words in bad.stderr


@pytest.mark.parametrize("command", [["check-config"], ["run", "--config"]])
def test_a_bad_configuration_ends_with_its_code_and_what_to_do(
    file: Path, command: list[str]
) -> None:
    file.write_text(CONFIG.replace("[changer]", "[chnager]"), "utf-8")
    result = CliRunner().invoke(main, [*command, str(file)])
    assert result.exit_code == 1
    assert result.stdout == ""
    for words in ("error 5003", "[chnager]", "'changer'", "docs/settings.md", "请"):
        assert words in result.stderr
    assert "Traceback" not in result.stderr


def test_a_missing_file_is_a_defined_failure(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["check-config", str(tmp_path / "none.toml")])
    assert result.exit_code == 1
    assert "error 5001" in result.stderr


@pytest.mark.parametrize("arguments", [["run"], ["fly"], ["check-config"]])
def test_wrong_usage_ends_with_two(arguments: list[str]) -> None:
    assert CliRunner().invoke(main, arguments).exit_code == 2


def test_the_settings_are_printed_as_in_the_document() -> None:
    assert CliRunner().invoke(main, ["settings"]).stdout == table()
