"""Profiles: the rack's geometry, and the contradictions that a profile may not have."""

from importlib.resources import files

import pytest

from appliance.contract.errors import SteleError
from appliance.profiles.profile import load_profile, parse_profile, profile_names

RACK = files("appliance.profiles").joinpath("rack.toml").read_text("utf-8")


@pytest.mark.parametrize("name", profile_names())
def test_every_profile_is_valid_and_named_like_its_file(name: str) -> None:
    assert load_profile(name).name == name


def test_the_rack_has_two_hundred_slots_in_four_tiers() -> None:
    slots = load_profile("rack").slots()
    assert list(slots) == [f"s{number:03}" for number in range(1, 201)]
    assert len(set(slots.values())) == 200
    assert slots["s001"] == pytest.approx((360 / 51, 20, 120))
    assert slots["s050"] == pytest.approx((360 / 51 * 50, 20, 120))
    assert slots["s051"] == pytest.approx((360 / 51, 170, 120))
    assert slots["s200"] == pytest.approx((360 / 51 * 50, 470, 120))


def test_the_racks_drives_lie_behind_the_gate() -> None:
    assert load_profile("rack").stations() == {
        "d1": (0.0, 40.0, 280.0),
        "d2": (0.0, 190.0, 280.0),
        "d3": (0.0, 340.0, 280.0),
        "d4": (0.0, 490.0, 280.0),
    }


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("slot_width_deg = 5.0", "slot_width_deg = 7.1", "slots s001 and s002 overlap"),
        ("slots_per_tier = 50", "slots_per_tier = 51", "no gate"),
        ("tier_pitch_mm = 150.0", "tier_pitch_mm = 119.0", "slots s001 and s051 overlap"),
        ("tier_pitch_mm = 150.0", "tier_pitch_mm = 300.0", "s151 at 7.1 deg, 920.0 mm"),
        ("grip_reach_mm = 120.0", "grip_reach_mm = 321.0", "out of travel"),
        ("tray_reach_mm = 280.0", "tray_reach_mm = 400.0", "d1 at 0.0 deg"),
        ("height_mm = 45.0", "height_mm = 160.0", "drives d1 and d2 overlap"),
        ('"d1", "d2"', '"d1", "d1"', "names of their own"),
        ("touch_reach_mm = 112.0", "touch_reach_mm = 119.0", "must rise"),
        ("tiers = 4", "tiers = 0", "tiers"),
        ("tiers = 4", "teirs = 4", "teirs"),
        ("tiers = 4", "tiers = ", "cannot be read"),
    ],
)
def test_a_profile_that_contradicts_itself_is_refused(old: str, new: str, words: str) -> None:
    assert old in RACK
    with pytest.raises(SteleError) as caught:
        parse_profile(RACK.replace(old, new))
    assert caught.value.code == 5007
    assert words in caught.value.message


def test_an_unknown_profile_is_refused_with_the_nearest() -> None:
    with pytest.raises(SteleError, match="nearest: 'rack'") as caught:
        load_profile("rac")
    assert caught.value.code == 5006


def test_a_name_is_not_a_path() -> None:
    with pytest.raises(SteleError):
        load_profile("../profiles/rack")
