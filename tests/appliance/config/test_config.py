"""Reading a configuration: what is accepted, and messages that say what was meant."""

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.config import load_config
from appliance.contract.errors import SteleError

GOOD = """
[appliance]
id = "rack-1"
site = "north"
state_dir = "state"

[broker]
url = "mqtt://broker.example"

[changer]
port = "/dev/ttyUSB0"

[[drives]]
name = "d1"
device = "/dev/sr0"

[[drives]]
name = "d2"
device = "/dev/sr1"
burner = ["stele-sim", "burner", "--world", "w"]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "appliance.toml"


def refusal(file: Path, text: str) -> SteleError:
    file.write_text(text, "utf-8")
    with pytest.raises(SteleError) as caught:
        load_config(file)
    assert str(file) in caught.value.message
    return caught.value


def test_defaults_fill_what_is_not_said(file: Path) -> None:
    file.write_text(GOOD, "utf-8")
    config = load_config(file)
    assert config.appliance.profile == "rack"
    assert (config.broker.host, config.broker.port, config.broker.tls) == (
        "broker.example",
        1883,
        False,
    )
    assert config.drives[0].burner == ("xorriso",)
    assert config.drives[1].burner[0] == "stele-sim"


def test_relative_paths_count_from_the_files_folder(file: Path) -> None:
    file.write_text(GOOD, "utf-8")
    assert load_config(file).appliance.state_dir == file.parent / "state"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("[broker]", "[brokr]", ("[brokr]", "'broker'")),
        ("[broker]", "[broker]\nkeep_alive_s = 3", ("[broker]", "'keep_alive_s'", "'keepalive_s'")),
        ('name = "d2"', 'name = "d2"\nburnr = []', ("[drives 2]", "'burnr'", "'burner'")),
        ("[changer]", "[changer]\nzzz = 1", ("[changer]", "'zzz'", "valid: port")),
    ],
)
def test_an_unknown_key_is_named_with_section_and_nearest_key(
    file: Path, old: str, new: str, words: tuple[str, ...]
) -> None:
    error = refusal(file, GOOD.replace(old, new))
    assert error.code == 5003
    assert all(word in error.message for word in words)


def test_all_unknown_keys_are_named_at_once(file: Path) -> None:
    error = refusal(file, GOOD.replace("[broker]", "[broker]\nuser = 1\npasword_file = 2"))
    assert "'username'" in error.message
    assert "'password_file'" in error.message


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"/dev/sr1"', "7", ("[drives 2] device", "str")),
        ('site = "north"', "", ("[appliance]", "site")),
        ('site = "north"', 'site = "North Wing"', ("[appliance] site",)),
        ('"state"', '""', ("[appliance] state_dir",)),
        ("[changer]", "[telemetry]\nshortest_s = nan\n[changer]", ("[telemetry] shortest_s",)),
        ("[changer]", "[log]\nlevel = 'loud'\n[changer]", ("[log] level", "loud")),
    ],
)
def test_an_invalid_value_is_named_with_section_and_key(
    file: Path, old: str, new: str, words: tuple[str, ...]
) -> None:
    error = refusal(file, GOOD.replace(old, new))
    assert error.code == 5004
    assert all(word in error.message for word in words), error.message


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ('"d2"', '"d1"', "'d1' stands 2 times"),
        ('"d2"', '"d7"', "'d7' is not in the profile"),
        ('"/dev/sr1"', '"/dev/sr0"', "'/dev/sr0' stands twice"),
        ('site = "north"', 'site = "north"\nprofile = "rak"', "nearest: 'rack'"),
        ("mqtt://broker.example", "http://broker.example", "mqtt://HOST"),
        ("mqtt://broker.example", "mqtt://broker.example:99999", "not a URL"),
        ("mqtt://broker.example", "mqtt://broker.example/x", "after the port"),
        ("[changer]", "[telemetry]\nshortest_s = 20\n[changer]", "longer than"),
    ],
)
def test_settings_that_contradict_one_another_are_refused(
    file: Path, old: str, new: str, word: str
) -> None:
    error = refusal(file, GOOD.replace(old, new))
    assert error.code == 5005
    assert word in error.message


def test_a_password_in_the_url_is_refused_and_not_repeated(file: Path) -> None:
    error = refusal(file, GOOD.replace("mqtt://", "mqtt://user:Sesame123@"))
    assert error.code == 5005
    assert "Sesame123" not in str(error) + error.detail


def test_a_file_that_is_missing_or_not_toml_is_named(file: Path) -> None:
    with pytest.raises(SteleError) as caught:
        load_config(file)
    assert caught.value.code == 5001
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(SteleError) as caught:
        load_config(file)
    assert caught.value.code == 5001
    assert refusal(file, GOOD + "\n[[[").code == 5002


def test_the_password_is_the_first_line_of_its_file(file: Path) -> None:
    file.write_text(GOOD.replace("[changer]", 'password_file = "secret"\n[changer]'), "utf-8")
    (file.parent / "secret").write_text("Sesame 123\r\nnot this\n", "utf-8")
    assert load_config(file).broker.password() == "Sesame 123"
    (file.parent / "secret").unlink()
    with pytest.raises(SteleError) as caught:
        load_config(file).broker.password()
    assert caught.value.code == 5008


@given(text=st.text(), cut=st.integers(0, len(GOOD)))
def test_any_text_gives_a_config_or_a_numbered_error(
    tmp_path_factory: pytest.TempPathFactory, text: str, cut: int
) -> None:
    file = tmp_path_factory.getbasetemp() / "fuzzed.toml"
    file.write_bytes((GOOD[:cut] + text + GOOD[cut:]).encode("utf-8", "surrogatepass"))
    with contextlib.suppress(SteleError):
        load_config(file)
