"""The image is a function of its plan: streamed, or any range of it, always the same bytes."""

from datetime import UTC, datetime
from itertools import chain
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.volume import Image, ImageStream, PlanFile, PlanFolder, VolumeError, make_plan
from tests.appliance.volume.samples import (
    identity,
    image_bytes,
    plan_of,
    reader_of,
    varied_contents,
)

NAMES = st.text(min_size=1, max_size=30).filter(
    lambda name: (
        "/" not in name
        and name not in (".", "..")
        and "\0" not in name
        and not any("\ud800" <= c <= "\udfff" or "\uf780" <= c <= "\uf7ff" for c in name)
        and len(name.encode()) <= 255
    )
)
TREES = st.dictionaries(
    st.lists(NAMES, min_size=1, max_size=4).map("/".join), st.binary(max_size=5_000), max_size=12
)


def _without_clashes(contents: dict[str, bytes]) -> dict[str, bytes]:
    return {
        path: content
        for path, content in contents.items()
        if not any(other.startswith(f"{path}/") for other in contents)
    }


@given(TREES, st.data())
@settings(max_examples=60, deadline=None)
def test_any_range_is_what_the_stream_has_there(
    contents: dict[str, bytes], data: st.DataObject
) -> None:
    contents = _without_clashes(contents)
    plan = plan_of(contents)
    image = Image(plan)
    whole = image_bytes(plan, contents, step=data.draw(st.integers(1, 9_000)))
    assert len(whole) == image.size_bytes
    offset = data.draw(st.integers(0, image.size_bytes))
    length = data.draw(st.integers(0, image.size_bytes - offset))

    def payload(index: int, start: int, count: int) -> bytes:
        return contents[plan.files[index].path][start : start + count]

    assert image.read(offset, length, payload) == whole[offset : offset + length]
    assert reader_of(whole).plan() == plan


def test_ranges_of_a_large_tree_agree_with_the_stream() -> None:
    contents = varied_contents()
    plan = plan_of(contents, {"d1": -5_000, "empty": 7_000}, digests=("sha256", "sm3"))
    image, whole, random = Image(plan), image_bytes(plan, contents), Random(5)

    def payload(index: int, start: int, count: int) -> bytes:
        return contents[plan.files[index].path][start : start + count]

    assert image.read(0, image.size_bytes, payload) == whole
    for _ in range(1_500):
        offset = random.randrange(image.size_bytes)
        length = min(random.choice((1, 100, 2048, 3_000, 200_000)), image.size_bytes - offset)
        assert image.read(offset, length, payload) == whole[offset : offset + length]


def test_the_image_is_whole_clusters_so_that_no_burner_pads_it() -> None:
    for size in (0, 1, 2048 * 31, 2048 * 32 + 1):
        assert Image(plan_of({"a": bytes(size)})).size_bytes % (32 * 2048) == 0


def test_same_plan_same_bytes_whatever_the_pieces() -> None:
    contents = varied_contents()
    plan = plan_of(contents)
    assert image_bytes(plan, contents, 999) == image_bytes(plan, contents, 10**7)


def test_extents_name_the_bytes_of_each_file() -> None:
    contents = varied_contents()
    plan = plan_of(contents)
    image, whole = Image(plan), image_bytes(plan, contents)
    for index, file in enumerate(plan.files):
        offset, size = image.extent(index)
        assert whole[offset : offset + size] == contents[file.path]


@pytest.mark.parametrize(
    "when",
    [
        datetime(1677, 12, 31, 23, 59, 59, 999_999, UTC),
        datetime(1901, 1, 1, tzinfo=UTC),
        datetime(1969, 12, 31, 23, 59, 59, 999_999, UTC),
        datetime(1970, 1, 1, tzinfo=UTC),
        datetime(2038, 1, 19, 3, 14, 8, tzinfo=UTC),
        datetime(2106, 2, 7, 6, 28, 16, 1, UTC),
        datetime(2261, 12, 31, tzinfo=UTC),
    ],
)
def test_times_survive_exactly(when: datetime) -> None:
    since = when - datetime(1970, 1, 1, tzinfo=UTC)
    mtime_ns = ((since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds) * 1_000
    plan = plan_of({"d1/a": b"x"}, {"d1/empty": mtime_ns})
    (old,) = plan.files
    file = PlanFile(old.path, old.size_bytes, mtime_ns, old.sha256)
    plan = make_plan(plan.identity, [file], plan.folders)
    assert reader_of(image_bytes(plan, {"d1/a": b"x"})).plan() == plan


def test_a_file_beyond_what_one_entry_can_describe_is_refused() -> None:
    for size in (235 * 2**30, 2**62):
        with pytest.raises(VolumeError, match=r"\[3002\]"):
            Image(make_plan(identity(), [PlanFile("a", size, 0, bytes(32))]))


def test_a_folder_with_more_folders_than_a_link_count_can_say() -> None:
    plan = make_plan(identity(), [], [PlanFolder(f"d{number}", 0) for number in range(65_540)])
    image = Image(plan)
    data_entry = image.read_metadata((288 + 4 + 7) * 2048, 2048)
    assert data_entry[48:50] == b"\xff\xff"


def test_a_range_outside_the_image_is_the_callers_fault() -> None:
    image = Image(plan_of({}))
    with pytest.raises(ValueError, match="outside"):
        image.read(image.size_bytes, 1, lambda *_: b"")
    image = Image(plan_of({"a": b"xyz"}))
    with pytest.raises(VolumeError, match=r"\[3004\]"):
        image.read(*image.extent(0), lambda *_: b"")


def test_a_file_that_differs_from_its_plan_stops_the_stream_and_is_named() -> None:
    contents = {"d1/a": b"right", "d1/b": b"x" * 5_000, "d1/c": b"after"}
    plan = plan_of(contents)
    with pytest.raises(VolumeError, match=r"\[3003\] 'd1/b'"):
        image_bytes(plan, contents | {"d1/b": b"y" * 5_000}, step=1_000)
    with pytest.raises(VolumeError, match=r"\[3003\] 'd1/b'"):
        image_bytes(plan, contents | {"d1/b": b"y" * 5_000})


def test_a_wrong_sm3_in_the_plan_is_not_burned() -> None:
    good = plan_of({"a": b"x"}, digests=("sha256", "sm3"))
    wrong = PlanFile("a", 1, 0, good.files[0].sha256, bytes(32))
    with pytest.raises(VolumeError, match=r"\[3003\]"):
        image_bytes(make_plan(good.identity, [wrong]), {"a": b"x"})


def test_an_empty_file_planned_with_another_digest_is_noticed() -> None:
    plan = make_plan(identity(), [PlanFile("a", 0, 0, bytes(32))])
    with pytest.raises(VolumeError, match=r"\[3003\] 'a'"):
        image_bytes(plan, {"a": b""})


@pytest.mark.parametrize("change", [-1, 1])
def test_too_little_or_too_much_payload_is_noticed(change: int) -> None:
    stream = ImageStream(Image(plan_of({"a": b"xyz", "b": b"", "c": b"pq"})))
    whole = chain(stream.feed(b"xyzpq_"[: 5 + change]), stream.finish())
    with pytest.raises(VolumeError, match=r"\[3004\]"):
        list(whole)
