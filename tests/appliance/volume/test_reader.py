"""A disc that is damaged or made to do harm gives a numbered error, never a crash or a hang."""

import struct
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.volume import Image, VolumeError, VolumeReader, manifests
from tests.appliance.volume.samples import image_bytes, plan_of, reader_of
from tests.appliance.volume.sealing import descriptors, patch, reseal

CONTENTS = {
    "d1/a.txt": b"first" * 100,
    "d1/b.txt": b"second",
    "d1/sub/c.txt": b"third",
    "d1/100%.txt": b"alias",
    "d1/zero": b"",
}
PLAN = plan_of(CONTENTS, {"d1/empty": 0}, digests=("sha256", "sm3"))
GOOD = image_bytes(PLAN, CONTENTS)
ENTRIES = descriptors(GOOD, 261)
LISTS = descriptors(GOOD, 257)
FILE_ENTRIES = [at for at in ENTRIES if GOOD[at + 27] == 5]
FOLDER_ENTRIES = [at for at in ENTRIES if GOOD[at + 27] == 4]


def read_everything(image: bytes) -> None:
    """What the tools do with a disc: plan, tolerant walk, contents."""
    reader = reader_of(image)
    for entry in reader.entries(lambda path, error: None):
        if not entry.folder:
            for _ in reader.chunks(entry):
                pass
    reader.plan()


def refused(image: bytes, *codes: int) -> None:
    with pytest.raises(VolumeError) as caught:
        read_everything(image)
    assert caught.value.code in codes, caught.value


def test_a_good_disc_gives_its_plan_and_contents_back() -> None:
    reader = reader_of(GOOD)
    assert reader.identity() == PLAN.identity
    assert reader.plan() == PLAN
    found = {e.path: b"".join(reader.chunks(e)) for e in reader.entries() if not e.folder}
    assert found == CONTENTS
    assert {e.path for e in reader.entries() if e.folder} == {"d1", "d1/sub", "d1/empty"}


@pytest.mark.parametrize("image", [b"", b"x", bytes(2048 * 300), bytes(2048 * 300 + 7)])
def test_what_is_no_volume_is_called_so(image: bytes) -> None:
    refused(image, 3101)


def test_a_truncated_image_is_called_truncated_wherever_it_ends() -> None:
    payload_end = Image(PLAN).payload_end // 2048
    for sectors in (257, 290, 320, payload_end - 1):
        refused(GOOD[: sectors * 2048], 3103)


def test_what_lies_before_the_end_of_a_truncated_image_is_read() -> None:
    start, _ = Image(PLAN).extent(len(PLAN.files) - 1)
    reader = reader_of(GOOD[:start])
    assert reader.plan() == PLAN
    files = [entry for entry in reader.entries() if entry.path == PLAN.files[0].path]
    assert b"".join(reader.chunks(files[0])) == CONTENTS[files[0].path]


def _lost(sector: int) -> bytes:
    return GOOD[: sector * 2048] + bytes(2048) + GOOD[(sector + 1) * 2048 :]


@pytest.mark.parametrize("sector", [288, 290, 291, *(at // 2048 for at in FOLDER_ENTRIES[1:])])
def test_any_one_lost_sector_of_root_or_folders_loses_no_file(sector: int) -> None:
    reader = reader_of(_lost(sector))
    faults: list[str] = []
    entries = reader.entries(lambda path, _: faults.append(path))
    found = {e.path: b"".join(reader.chunks(e)) for e in entries if not e.folder}
    assert found == CONTENTS


@pytest.mark.parametrize("place", [0, 4, 8, 19, 24, 39])
def test_a_damaged_name_loses_only_itself(place: int) -> None:
    image = bytearray(GOOD)
    image[GOOD.index(b"\x08b.txt") - 38 + place] ^= 0x10
    faults: list[str] = []
    entries = reader_of(bytes(image)).entries(lambda path, _: faults.append(path))
    assert {e.path for e in entries if not e.folder} == set(CONTENTS) - {"d1/b.txt"}
    assert faults == ["data/d1"]


def test_a_damaged_line_of_a_manifest_or_of_names_loses_only_itself() -> None:
    faults: list[VolumeError] = []
    image = bytearray(GOOD)
    image[GOOD.index(b"  data/d1/a.txt\n") - 30] = 0xFF
    lines = dict(reader_of(bytes(image)).digests("sha256", faults.append))
    assert len(lines) == len(CONTENTS) - 1
    assert "data/d1/a.txt" not in lines
    assert len(faults) == 1


def test_a_manifest_of_more_lines_than_files_can_be_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(manifests, "FILES_MAX", 3)
    with pytest.raises(VolumeError, match=r"\[3104\]"):
        list(reader_of(GOOD).digests("sha256", lambda _: None))


@pytest.mark.parametrize("lost", [(256,), (256, len(GOOD) // 2048 - 1), tuple(range(32, 48))])
def test_lost_anchors_or_a_lost_sequence_are_replaced_by_the_others(lost: tuple[int, ...]) -> None:
    image = bytearray(GOOD)
    for sector in lost:
        image[sector * 2048 : (sector + 1) * 2048] = bytes(2048)
    assert reader_of(bytes(image)).plan() == PLAN


def test_a_folder_that_contains_itself_is_a_loop() -> None:
    data_entry, d1_entry = FOLDER_ENTRIES[1], FOLDER_ENTRIES[2]
    (list_block,) = struct.unpack_from("<I", GOOD, data_entry + 180)
    first_identifier = (288 + list_block) * 2048 + 40
    for target in (data_entry, FOLDER_ENTRIES[0], d1_entry):
        image = patch(GOOD, first_identifier, 24, "<I", target // 2048 - 288)
        if target == d1_entry:
            assert image == GOOD
        else:
            refused(image, 3104)


def test_absurd_lengths_are_refused_without_reading_them() -> None:
    for at in FILE_ENTRIES:
        for size in (1, 2**40, 2**64 - 1):
            refused(patch(GOOD, at, 56, "<Q", size), 3104)
        refused(patch(GOOD, at, 168, "<I", 2**32 - 1), 3104)
        refused(patch(GOOD, at, 172, "<I", 2**32 - 1), 3104)


def test_extents_outside_the_partition_are_refused() -> None:
    for at in (entry for entry in ENTRIES if GOOD[entry + 172]):
        for first in (2**32 - 1, len(GOOD) // 2048):
            refused(patch(GOOD, at, 180, "<I", first), 3104)


def test_files_that_share_their_bytes_do_not_pass_for_the_plan() -> None:
    one, other = FILE_ENTRIES[-1], FILE_ENTRIES[-2]
    block = struct.unpack_from("<I", GOOD, other + 180)[0]
    image = patch(GOOD, one, 176, "<II", 400, block)
    refused(patch(image, one, 56, "<Q", 400), 3102)


def test_a_disc_that_promises_more_than_it_can_hold_is_a_bomb() -> None:
    image = bytearray(GOOD)
    blocks = (len(GOOD) // 2048) - 288 - 288
    for at in FILE_ENTRIES:
        struct.pack_into("<Q", image, at + 56, blocks * 2048)
        struct.pack_into("<II", image, at + 172, 8, blocks * 2048)
        struct.pack_into("<I", image, at + 180, 0)
        reseal(image, at)
    refused(bytes(image), 3104)


def _named(name: bytes) -> bytes:
    """The image with the file `b.txt` called something else of the same length."""
    at = GOOD.index(b"\x08b.txt") - 38
    image = bytearray(GOOD)
    image[at + 38 : at + 44] = b"\x08" + name
    reseal(image, at)
    return bytes(image)


@pytest.mark.parametrize("name", [b"../.x", b"/etc/", b"a.txt", b"b\0txt", b"a/..a"])
def test_names_that_lead_elsewhere_or_stand_twice_are_refused(name: bytes) -> None:
    with pytest.raises(VolumeError, match=r"\[310[24]\]"):
        list(reader_of(_named(name)).entries())


@pytest.mark.parametrize("true_name", [b"../x.tx", b"a/b.txt", b"a.txt  ", b"\\u0000.", b"......."])
def test_true_names_that_lead_elsewhere_are_refused(true_name: bytes) -> None:
    image = GOOD.replace(b'"name":"100%.txt"', b'"name":"%b"' % true_name.ljust(8)[:8])
    assert image != GOOD
    with pytest.raises(VolumeError, match=r"\[310[24]\]"):
        reader_of(image).plan()


def test_a_damaged_manifest_line_is_damage_and_a_foreign_one_too() -> None:
    at = GOOD.index(b"  data/d1/a.txt\n")
    for junk in (b"zz", b"\xff\xff", b"\n\n"):
        refused(GOOD[: at - 5] + junk + GOOD[at - 5 + len(junk) :], 3102)
    refused(GOOD.replace(b"  data/d1/a.txt\n", b"  data/d1/q.txt\n"), 3102)


def test_a_changed_time_or_size_does_not_pass_for_the_plan() -> None:
    at = FILE_ENTRIES[-1]
    refused(patch(GOOD, at, 84 + 11, "<B", 77), 3102)


def test_another_format_is_not_guessed_at() -> None:
    refused(GOOD.replace(b"stele-volume/1", b"stele-volume/9"), 3101)


def test_unreadable_sectors_are_named() -> None:
    bad = FILE_ENTRIES[-1] // 2048

    def read_at(offset: int, length: int) -> bytes:
        if offset <= bad * 2048 < offset + length:
            raise OSError(5, "Input/output error")
        return GOOD[offset : offset + length]

    reader = VolumeReader(read_at, len(GOOD))
    with pytest.raises(VolumeError, match=rf"\[3106\].*sector {bad}"):
        reader.plan()
    faults: list[str] = []
    rest = list(reader.entries(lambda path, _: faults.append(path)))
    assert len(faults) == 1
    assert len(rest) == len(CONTENTS) + 3 - 1


def test_random_damage_gives_numbered_errors_only() -> None:
    """Seeded: 500 discs with up to 20 changed bytes where there are any, half of them resealed."""
    random = Random(20260304)
    used = [at for at in range(0, len(GOOD), 2048) if any(GOOD[at : at + 2048])]
    codes = set()
    for _ in range(500):
        image = bytearray(GOOD)
        sealed = random.random() < 0.7
        for _ in range(random.randrange(1, 20)):
            sector = random.choice(used)
            at = random.randrange(0, 16 if random.random() < 0.2 else 220)
            image[sector + at] = random.choice((0, 1, 255, random.randrange(256)))
            if sealed:
                reseal(image, sector)
        try:
            read_everything(bytes(image))
        except VolumeError as error:
            codes.add(error.code)
    assert codes <= {3101, 3102, 3103, 3104}
    assert {3102, 3104} <= codes


PATCHES = st.lists(
    st.tuples(
        st.sampled_from(ENTRIES + LISTS), st.integers(16, 240), st.binary(min_size=1, max_size=8)
    ),
    min_size=1,
    max_size=8,
)


@given(PATCHES)
@settings(max_examples=150, deadline=None)
def test_whatever_sealed_descriptors_say_reading_ends_with_a_number(
    patches: list[tuple[int, int, bytes]],
) -> None:
    image = bytearray(GOOD)
    for start, at, junk in patches:
        image[start + at : start + at + len(junk)] = junk
        reseal(image, start)
    try:
        read_everything(bytes(image))
    except VolumeError as error:
        code = error.code
    else:
        code = 0
    assert code in (0, 3102, 3103, 3104)


@given(st.binary(max_size=3_000), st.integers(0, len(GOOD)))
@settings(max_examples=60, deadline=None)
def test_junk_anywhere_never_crashes_the_reader(junk: bytes, at: int) -> None:
    image = GOOD[:at] + junk + GOOD[at + len(junk) :]
    try:
        read_everything(image)
    except VolumeError as error:
        code = error.code
    else:
        code = 0
    assert code in (0, 3101, 3102, 3103, 3104)
