"""What a configuration means in words, and that every setting has a meaning."""

import tomllib
from pathlib import Path

import pytest

from appliance.config import load_config
from appliance.explanation import effective, settings, summary
from appliance.settings import Config

CONFIG = """
[appliance]
id = "rack-1"
site = "north"
state_dir = "/var/lib/stele"

[broker]
url = "mqtts://broker.example:9999"
password_file = "secret"

[changer]
port = "/dev/ttyUSB0"

[[drives]]
name = "d3"
device = "/dev/sr0"
"""


@pytest.fixture
def config(tmp_path: Path) -> Config:
    (tmp_path / "secret").write_text("Sesame123", "utf-8")
    file = tmp_path / "appliance.toml"
    file.write_text(CONFIG, "utf-8")
    return load_config(file)


def test_every_setting_says_what_it_means() -> None:
    undocumented = [f"{s.section} {s.key}" for s in settings() if not s.meaning.endswith(".")]
    assert undocumented == []


def test_quantities_carry_their_unit() -> None:
    numbers = [s for s in settings() if s.default.strip("`").replace(".", "").isdigit()]
    assert len(numbers) > 5
    for setting in numbers:
        assert setting.key.endswith(("_s", "_bytes", "_events")), setting


def test_the_effective_configuration_is_toml_that_says_the_same(
    config: Config, tmp_path: Path
) -> None:
    text = effective(config)
    again = tmp_path / "again.toml"
    again.write_text(text, "utf-8")
    assert load_config(again) == config
    assert tomllib.loads(text)["broker"]["keepalive_s"] == 30


def test_no_secret_is_printed(config: Config) -> None:
    assert config.broker.password() == "Sesame123"
    assert "Sesame123" not in effective(config) + summary(config) + repr(config)


def test_the_summary_says_what_it_is_and_what_is_not_used(config: Config) -> None:
    text = summary(config)
    for words in ("rack-1", "A2", "200 slots", "d1, d2, d4 of the profile are not used", "9999"):
        assert words in text
