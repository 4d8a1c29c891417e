"""Programs that we did not write read our discs whole: 7-Zip, udfinfo, pycdlib, blkid, bagit."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import bagit
import pycdlib
import pytest

from appliance.volume import VolumePlan
from appliance.volume.tree import Tree
from tests.appliance.volume.oracles import (
    run,
    tree_by_pycdlib,
    tree_in,
    udf_facts,
    unpack_with_7z,
)
from tests.appliance.volume.samples import (
    CREATED_AT,
    MTIME_NS,
    image_bytes,
    plan_of,
    varied_contents,
)

CONTENTS = varied_contents()
FOLDERS = {"empty": -86_400_000_000_000 * 400, "d1/also empty": 4_000_000_000_000_000_000}
PLAN = plan_of(CONTENTS, FOLDERS, digests=("sha256", "sm3"))


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("oracles") / "disc.img"
    path.write_bytes(image_bytes(PLAN, CONTENTS))
    return path


@pytest.fixture(scope="module")
def bag(image: Path) -> Path:
    return unpack_with_7z(image, image.parent / "bag")


def expected(plan: VolumePlan) -> tuple[dict[str, bytes], set[str]]:
    tree = Tree(plan)
    files = {
        tree.disc_path_of_file(index): CONTENTS[file.path] for index, file in enumerate(plan.files)
    }
    return files, {tree.disc_path_of_folder(number) for number in range(len(tree.paths))}


def payload(files: dict[str, bytes]) -> dict[str, bytes]:
    return {path: content for path, content in files.items() if "/" in path}


def test_7zip_extracts_the_whole_tree(bag: Path) -> None:
    files, folders = tree_in(bag)
    wanted_files, wanted_folders = expected(PLAN)
    assert payload(files) == wanted_files
    assert folders == wanted_folders


def test_7zip_restores_times_before_1970_and_after_2038(bag: Path) -> None:
    assert (bag / "data/d1/A.txt").stat().st_mtime_ns == MTIME_NS
    for path, mtime_ns in FOLDERS.items():
        assert (bag / "data" / path).stat().st_mtime_ns == mtime_ns


def test_7zip_lists_every_file_with_its_size(image: Path) -> None:
    listing = run("7z", "l", "-slt", image).split("----------\n", 1)[1]
    sizes = {}
    for block in listing.split("\n\n"):
        facts = dict(line.split(" = ", 1) for line in block.splitlines() if " = " in line)
        if facts.get("Folder") == "-":
            sizes[facts["Path"]] = int(facts["Size"])
    wanted, _ = expected(PLAN)
    listed = {path: size for path, size in sizes.items() if "/" in path}
    assert listed == {path: len(content) for path, content in wanted.items()}


def test_pycdlib_reads_the_whole_tree(image: Path) -> None:
    files, folders = tree_by_pycdlib(image)
    wanted_files, wanted_folders = expected(PLAN)
    assert payload(files) == wanted_files
    assert folders == wanted_folders


def test_the_iso_side_shows_a_stranger_the_readmes(image: Path, bag: Path) -> None:
    disc = pycdlib.PyCdlib()
    disc.open(str(image))
    names = {child.file_identifier().decode(): child for child in disc.list_children(iso_path="/")}
    assert sorted(names) == [".", "..", "README.TXT;1", "README_Z.TXT;1"]
    with disc.open_file_from_iso(iso_path="/README.TXT;1") as file:
        assert file.read() == (bag / "README.txt").read_bytes()
    disc.close()


def test_udfinfo_finds_nothing_wrong(image: Path) -> None:
    facts = udf_facts(image)
    files, folders = tree_by_pycdlib(image)
    assert facts["vid"] == facts["lvid"] == PLAN.identity.label
    assert facts["udfrev"] == facts["udfwriterev"] == "1.02"
    assert facts["integrity"] == "closed"
    assert facts["accesstype"] == "readonly"
    assert int(facts["blocks"]) * 2048 == image.stat().st_size
    assert (facts["freeblocks"], facts["behindblocks"]) == ("0", "0")
    assert int(facts["numfiles"]) == len(files)
    assert int(facts["numdirs"]) == len(folders) + 1


def test_udfinfo_finds_three_anchors_and_both_sequences(image: Path) -> None:
    output = run("udfinfo", image)
    kinds = [line.rsplit("type=", 1)[1] for line in output.splitlines() if "type=" in line]
    assert kinds.count("ANCHOR") == 3
    assert {"VRS", "MVDS", "RVDS", "LVID", "PSPACE"} <= set(kinds)


def test_blkid_sees_udf_and_the_label(image: Path) -> None:
    facts = run("blkid", "-p", "-o", "export", image).splitlines()
    assert "TYPE=udf" in facts
    assert "VERSION=1.02" in facts
    assert any(fact.startswith("LABEL=F1-S2") for fact in facts)


def test_sha256sum_checks_every_file(bag: Path) -> None:
    output = run("sha256sum", "-c", "manifest-sha256.txt", cwd=bag)
    assert output.count(": OK\n") == len(PLAN.files)
    run("sha256sum", "-c", "--strict", "--quiet", "tagmanifest-sha256.txt", cwd=bag)


def test_openssl_agrees_with_the_sm3_manifest(bag: Path) -> None:
    for line in (bag / "manifest-sm3.txt").read_text("utf-8").splitlines()[:5]:
        digest, path = line.split("  ", 1)
        assert run("openssl", "dgst", "-sm3", "-r", f"{path}", cwd=bag).split()[0] == digest


def test_bagit_validates_the_extracted_tree(bag: Path) -> None:
    checked = bagit.Bag(str(bag))
    assert checked.validate(processes=1)
    assert checked.info["External-Identifier"] == PLAN.identity.volume_id
    assert checked.info["Bagging-Date"] == CREATED_AT.strftime("%Y-%m-%d")


def test_bagit_notices_one_changed_byte(bag: Path) -> None:
    victim = bag / "data/beside"
    good = victim.read_bytes()
    victim.write_bytes(bytes([good[0] ^ 1]) + good[1:])
    try:
        with pytest.raises(bagit.BagValidationError):
            bagit.Bag(str(bag)).validate(processes=1)
    finally:
        victim.write_bytes(good)


def test_aliases_lead_back_to_the_true_names(bag: Path) -> None:
    aliases = json.loads((bag / "names.json").read_bytes())
    true_name = {entry["disc"]: entry["name"] for entry in aliases}
    tree = Tree(PLAN)
    for index, file in enumerate(PLAN.files):
        path = tree.disc_path_of_file(index)
        assert true_name.get(path, path.rpartition("/")[2]) == file.path.rpartition("/")[2]


@pytest.fixture
def mounted(image: Path, tmp_path: Path) -> Iterator[Path]:
    """The image mounted by the kernel, where that is allowed."""
    done = subprocess.run(
        ["mount", "-o", "loop,ro", "-t", "udf", str(image), str(tmp_path)],
        capture_output=True,
        check=False,
    )
    if done.returncode:
        pytest.skip("this kernel or container mounts no UDF; 7-Zip, udfinfo and pycdlib stand in")
    yield tmp_path
    subprocess.run(["umount", str(tmp_path)], check=True)


def test_the_kernel_shows_the_whole_tree(mounted: Path) -> None:
    files, folders = tree_in(mounted)
    assert (payload(files), folders) == expected(PLAN)
