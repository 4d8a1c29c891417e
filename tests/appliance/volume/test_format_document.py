"""FORMAT.md says what the code does: its example, its numbers and its commands are tried."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from appliance.volume import frame, image, layout, names, plan_rules, reader
from appliance.volume.udf import cs0, file_descriptors, tags
from tests.appliance.volume.samples import image_bytes
from tests.appliance.volume.worked_example import CONTENTS, blocks
from tests.appliance.volume.worked_example import plan as example_plan

FORMAT = Path(image.__file__).with_name("FORMAT.md").read_text("utf-8")


@pytest.mark.parametrize("title", list(blocks()))
def test_each_block_of_the_worked_example_is_what_the_code_gives(title: str) -> None:
    assert blocks()[title].strip() in FORMAT


@pytest.mark.parametrize(
    "sentence",
    [
        f"at most {file_descriptors.EXTENTS_MAX}, which is 234 GiB",
        f"{file_descriptors.EXTENTS_MAX} extents: {file_descriptors.FILE_BYTES_MAX:,} bytes",
        f"| 288 to P-1 | the partition, whose block 0 is sector {layout.PARTITION_SECTOR}",
        f"anchor at P+{layout.TAIL_SECTORS - 1 - 256}, reserve volume descriptor sequence "
        f"at P+{frame.RESERVE_SEQUENCE_IN_TAIL}",
        f"anchor at P+{layout.TAIL_SECTORS - 1}, the last sector",
        f"a multiple of {layout.CLUSTER_SECTORS} sectors long",
        f"longer than {cs0.NAME_BYTES_MAX} bytes in that form",
        f"{names.NAME_BYTES_MAX} bytes a name, {names.PATH_BYTES_MAX:,} bytes and "
        f"{names.DEPTH_MAX:,} levels",
        f"files and folders | {plan_rules.FILES_MAX:,} |",
        f"{reader.ROOT_NAMES_MAX} names in the root",
        f"revision 0x{tags.REVISION:04x}",
    ],
)
def test_the_numbers_are_those_of_the_code(sentence: str) -> None:
    assert " ".join(sentence.split()) in " ".join(FORMAT.split())


def test_the_commands_check_a_disc_without_stele(tmp_path: Path) -> None:
    (commands,) = re.findall(r"## Check a disc without Stele.*?```sh\n(.*?)```", FORMAT, re.DOTALL)
    disc = tmp_path / "disc.img"
    disc.write_bytes(image_bytes(example_plan(), CONTENTS))
    script = "set -e\n" + commands.replace("python3", sys.executable)

    def check() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False
        )

    good = check()
    assert good.returncode == 0, good.stdout + good.stderr
    assert "ARCHIVE DISC F1-S2-0001" in good.stdout
    disc.write_bytes(disc.read_bytes().replace(b"Dear Sir", b"Dead Sir"))
    subprocess.run(["rm", "-r", "bag"], cwd=tmp_path, check=True)
    assert check().returncode != 0
