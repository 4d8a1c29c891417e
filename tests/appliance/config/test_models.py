"""Configurations of the other models: what contradicts, all at once, and what it means in words."""

from pathlib import Path

import pytest

from appliance.config import load_config
from appliance.contract.errors import SteleError
from appliance.explanation import effective, summary

HEAD = """
[appliance]
id = "a"
site = "north"
state_dir = "state"
profile = "{}"
[broker]
url = "mqtt://b"
"""
NODES = HEAD.format("pb-library") + "".join(
    f'[[changers]]\nunit = "{unit}"\nport = "/dev/{unit}"\n'
    f'[[drives]]\nname = "{unit}.d1"\ndevice = "/dev/{unit}-1"\n'
    f'[[tag_readers]]\nplace = "{unit}.g1"\nport = "/dev/{unit}-g1"\n'
    for unit in ("n00", "n03")
)
MODULE = (
    HEAD.format("disc-cabinet")
    + """
[[buses]]
name = "m1"
path = "/dev/i2c-2"
[[modules]]
name = "m1"
[[drives]]
name = "d1"
device = "/dev/sr0"
"""
)
DISKS = (
    HEAD.format("disk-library")
    + """
[gpio]
[[buses]]
name = "main"
path = "/dev/i2c-1"
[[bays]]
name = "b01"
device = "/dev/b01"
[[bays]]
name = "b02"
device = "/dev/b02"
[local]
socket = "stele.sock"
"""
)


def refused(folder: Path, text: str) -> SteleError:
    file = folder / "a.toml"
    file.write_text(text, "utf-8")
    with pytest.raises(SteleError) as caught:
        load_config(file)
    return caught.value


def explained(folder: Path, text: str) -> str:
    file = folder / "a.toml"
    file.write_text(text, "utf-8")
    config = load_config(file)
    again = folder / "again.toml"
    again.write_text(effective(config), "utf-8")
    assert load_config(again) == config, "what is printed means the same"
    return summary(config)


@pytest.mark.parametrize(
    ("text", "old", "new", "words"),
    [
        (
            NODES,
            'unit = "n03"',
            'unit = "n33"',
            "'n33' is not in the profile (nearest: 'n03')",
        ),
        (NODES, 'unit = "n03"', 'unit = "n04"', "'n03.d1' is of node 'n03', which no [[changers]]"),
        (NODES, 'unit = "n03"', 'unit = "n04"', "unit 'n04' has no drive"),
        (NODES, 'unit = "n03"', 'unit = "n00"', "unit 'n00' stands 2 times"),
        (NODES, '"/dev/n03"', '"/dev/n00"', "port '/dev/n00' stands twice"),
        (NODES, '"/dev/n03-g1"', '"/dev/n00"', "port '/dev/n00' is a robot's port too"),
        (NODES, '"n03.g1"', '"n03.g3"', "place 'n03.g3' is not in the profile"),
        (NODES, "[broker]", '[changer]\nport = "x"\n[broker]', "use [[changers]] instead"),
        (
            NODES,
            "[broker]",
            '[[bays]]\nname = "b01"\ndevice = "x"\n[broker]',
            "nothing of the kind",
        ),
        (NODES, "[broker]", "[printer]\n[broker]", "[printer] is there, but profile pb-library"),
        (MODULE, 'name = "m1"\npath', 'name = "m2"\npath', "'m1' has no bus of its name"),
        (MODULE, '"d1"', '"m1.d1"', "'m1.d1' is not in the profile"),
        (MODULE, "[broker]", '[changer]\nport = "x"\n[broker]', "has no robot"),
        (DISKS, '"b02"\n', '"b33"\n', "'b33' is not in the profile"),
        (DISKS, '"/dev/b02"', '"/dev/b01"', "device '/dev/b01' stands twice"),
        (DISKS, '[[buses]]\nname = "main"\npath = "/dev/i2c-1"', "", "need the bus 'main'"),
        (DISKS, "[broker]", '[tape]\nchanger = "x"\n[broker]', "has no tape unit"),
    ],
)
def test_what_contradicts_the_profile_is_named(
    tmp_path: Path, text: str, old: str, new: str, words: str
) -> None:
    assert old in text
    error = refused(tmp_path, text.replace(old, new))
    assert error.code == 5005
    assert words in error.message


def test_everything_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    text = NODES.replace('port = "/dev/n00"', "port = 7").replace("mqtt://b", "http://b")
    error = refused(tmp_path, text + '[[changers]]\nunit = "n05"\nprot = 1\n[telemtry]\n')
    assert error.code == 5003
    for words in (
        "'prot' in [changers 3] (nearest: 'port')",
        "[telemtry] (nearest: 'telemetry')",
        "[changers 1] port: Expected `str`, got `int`",
        "[changers 3]",
        "missing required field `port`",
    ):
        assert words in error.message
    both = refused(
        tmp_path, NODES.replace("mqtt://b", "http://b").replace('"n03"', '"n33"') + "[zzz]\n"
    )
    assert both.code == 5003
    for words in ("[zzz]", "mqtt://HOST", "'n33' is not in the profile"):
        assert words in both.message


def test_a_section_that_must_be_there_is_named(tmp_path: Path) -> None:
    error = refused(tmp_path, HEAD.format("rack").replace('[broker]\nurl = "mqtt://b"', ""))
    assert error.code == 5004
    assert "section [broker] is missing" in error.message
    error = refused(tmp_path, HEAD.format("rack"))
    assert error.code == 5005
    assert "[changer] is missing" in error.message
    assert "[[drives]] are missing" in error.message


def test_nodes_are_explained_with_what_is_not_used_and_not_watched(tmp_path: Path) -> None:
    text = explained(tmp_path, NODES)
    for words in (
        "800 slots (20 TB with 25 GB discs) and uses drives n00.d1, n03.d1; n00.d2 to n12.d4 (50)",
        "The robot of node n03 is on /dev/n03.",
        "its node alone stands still",
        "Nodes n01, n02, n04",
        "Tags are read at magazine places n00.g1, n03.g1.",
        "Nobody reads magazine places n00.g2, n03.g2",
        "no magazine can be released",
        "Nobody reads sensors climate, power",
        "Nobody watches doors front, rear and a robot moves while they are open",
        "Nobody watches smoke, water, mains-lost",
    ):
        assert words in text, words


def test_a_cabinet_without_a_robot_is_explained(tmp_path: Path) -> None:
    text = explained(tmp_path, MODULE)
    for words in (
        "720 slots",
        "d2 of the profile is not used",
        "A person carries the discs of module m1 to the desk",
        "m2, m3, m4, m5, m6, m7, m8 of the profile are not used",
        "Door m1 opens with a key and a PIN",
        "Printer p1 of the profile is not used",
    ):
        assert words in text, words


def test_a_disk_library_is_explained(tmp_path: Path) -> None:
    text = explained(tmp_path, DISKS)
    for words in (
        "no slots for discs",
        "hard disk bays b01, b02, up to 36 TB",
        "idle for 600 s is switched off, and two start 5 s apart",
        "b03 to b32 (30) of the profile are not used",
        "it reads sensors climate, power",
        "It watches fan1 on the chip 0",
        "Door front opens with a key and a PIN",
        "stele.sock",
    ):
        assert words in text, words
