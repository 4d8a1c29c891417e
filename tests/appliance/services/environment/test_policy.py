"""The policy file: every number with its source, and mistakes named where they are."""

import tomllib
from pathlib import Path

import pytest

from appliance.contract.errors import SteleError
from appliance.services.environment.policy import load_policy, parse_policy


def refusal(text: str) -> str:
    with pytest.raises(SteleError) as refused:
        parse_policy(tomllib.loads(text), "air.toml")
    assert refused.value.code == 5120
    return refused.value.message


def test_the_policy_that_comes_with_the_firmware_is_whole_and_sourced() -> None:
    policy = load_policy(None)
    for name in ("temperature", "humidity"):
        limits = policy.limits(name)
        assert limits.low is not None
        assert limits.high is not None
        assert limits.low.source.startswith("ISO/IEC 18630")
        assert limits.pauses_burning
    assert policy.limits("power").high is None


def test_a_file_of_ones_own_is_read(tmp_path: Path) -> None:
    file = tmp_path / "air.toml"
    file.write_text(
        'version = "7"\n[quantities.temperature]\n'
        'high = { value = 20.0, source = "house rule 3" }\n',
        "utf-8",
    )
    high = load_policy(file).limits("temperature").high
    assert high is not None
    assert (high.value, high.source) == (20.0, "house rule 3")


def test_a_number_without_a_source_is_refused() -> None:
    text = 'version = "1"\n[quantities.temperature]\nhigh = { value = 20.0 }\n'
    assert "source" in refusal(text)
    text = 'version = "1"\n[quantities.temperature]\nhigh = { value = 20.0, source = "" }\n'
    assert "source" in refusal(text)


def test_a_mistyped_key_is_named_with_the_nearest_one() -> None:
    text = 'version = "1"\n[quantities.temperature]\nhigth = { value = 20.0, source = "x" }\n'
    assert "'higth' in [quantities.temperature]" in refusal(text)
    assert "high" in refusal(text).replace("higth", "")
    text = 'version = "1"\n[quantities.temprature]\n'
    assert "'temprature'" in refusal(text)
    assert "temperature" in refusal(text)
    assert "version" in refusal('verison = "1"\n')


@pytest.mark.parametrize(
    "limits",
    [
        'low = { value = 20.0, source = "x" }\nhigh = { value = 10.0, source = "x" }',
        'low = { value = 20.0, source = "x" }\nhigh = { value = 21.0, source = "x" }\n'
        'hysteresis = { value = 0.5, source = "x" }',
        'hold_s = { value = -1.0, source = "x" }',
        'unit = "K"',
        'high = "hot"',
    ],
)
def test_limits_that_contradict_themselves_are_refused(limits: str) -> None:
    assert refusal(f'version = "1"\n[quantities.temperature]\n{limits}\n')


def test_files_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "broken").write_text("version = ", "utf-8")
    for name in ("missing", "binary", "broken"):
        with pytest.raises(SteleError, match="5120"):
            load_policy(tmp_path / name)
