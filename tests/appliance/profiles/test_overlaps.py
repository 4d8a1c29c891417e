"""What a profile may not have twice: chips at an address, lines, magazines' slots, names."""

from importlib.resources import files

import pytest

from appliance.contract.errors import SteleError
from appliance.profiles.profile import parse_profile


def text_of(name: str) -> str:
    return files("appliance.profiles").joinpath(f"{name}.toml").read_text("utf-8")


@pytest.mark.parametrize(
    ("name", "old", "new", "words"),
    [
        ("hybrid", "address = 0x45", "address = 0x44", "climate and climate2 are both at 0x44"),
        ("hybrid", "address = 0x69", "address = 0x70", "dust and a multiplexer are both at 0x70"),
        ("hybrid", "address = 0x69", "address = 0x23", "power of bay group 1 and dust are both"),
        ("hybrid", "count = 32", "count = 40", "where no expander can be"),
        ("hybrid", "line = 17", "line = 5", "GPIO line 5 is used twice: by contact of front and"),
        (
            "hybrid",
            "tachometer = 23",
            "tachometer = 18",
            "switch of fan1 and by tachometer of fan1",
        ),
        ("hybrid", 'name = "rear"', 'name = "front"', "'front' stands 2 times"),
        ("hybrid", '"td1", "td2"', '"td1", "td1"', "tape drives need names of their own"),
        ("hybrid", 'printer = "p1"', 'printer = "d1"', "drives need names of their own: 'd1'"),
        ("pb-library", "first_slot = 201", "first_slot = 200", "both have slot s200"),
        ("pb-library", "last_slot = 400", "last_slot = 401", "slots 201 to 401 of 400"),
        ("pb-library", '"n12"', '"n11"', "nodes need names of their own: 'n11'"),
        ("pb-library", "[latches]", "[latchse]", "latchse"),
        ("disc-cabinet", "mux = 0x72", "mux = 0x70", "door of m1 and slots 0 of m1 are both at"),
        ("disc-cabinet", '"m8"', '"main"', "no module can be named 'main'"),
        ("disk-library", "[bays]", "[bayz]", "bayz"),
    ],
)
def test_two_of_a_kind_are_named(name: str, old: str, new: str, words: str) -> None:
    text = text_of(name)
    assert old in text
    with pytest.raises(SteleError) as caught:
        parse_profile(text.replace(old, new))
    assert caught.value.code == 5007
    assert words in caught.value.message


def test_a_profile_without_a_place_for_anything_is_refused() -> None:
    head, _, _ = text_of("disk-library").partition("[bays]")
    with pytest.raises(SteleError, match="no place for any medium"):
        parse_profile(head)
