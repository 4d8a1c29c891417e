"""Verification sees every byte of the disc: whichever one changes, it is found."""

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.volume import Image, ImageVerifier, VerifyReport
from tests.appliance.volume.samples import image_bytes, plan_of

CONTENTS = {"d1/a": b"a" * 3_000, "d1/empty": b"", "d1/b": bytes(5_000), "d1/100%": b"z"}
PLAN = plan_of(CONTENTS, {"d1/leer": 0})
IMAGE = Image(PLAN)
WHOLE = image_bytes(PLAN, CONTENTS)


def verify(content: bytes, step: int = 65_536) -> VerifyReport:
    verifier = ImageVerifier(IMAGE)
    for start in range(0, len(content), step):
        verifier.feed(content[start : start + step])
    return verifier.finish()


def test_a_good_disc_is_good_and_all_of_it_was_read() -> None:
    for step in (1_000, 2_048, 10**7):
        report = verify(WHOLE, step)
        assert report.ok
        assert report.bytes_seen == report.bytes_expected == len(WHOLE)
        assert report.files_checked == 4


@given(st.integers(0, len(WHOLE) - 1), st.integers(1, 255), st.sampled_from([1_000, 65_536]))
@settings(max_examples=60, deadline=None)
def test_a_single_changed_byte_anywhere_is_found(at: int, change: int, step: int) -> None:
    damaged = bytearray(WHOLE)
    damaged[at] ^= change
    report = verify(bytes(damaged), step)
    assert not report.ok
    assert report.bad_file_count + report.bad_sector_count == 1
    for sector in report.bad_sectors:
        assert sector == at // 2048
    for index in report.bad_files:
        offset, size = IMAGE.extent(index)
        assert offset <= at < offset + size


def test_a_disc_that_ends_too_early_is_bad_and_what_was_not_seen_is_counted() -> None:
    report = verify(WHOLE[: IMAGE.extent(1)[0] + 10])
    assert not report.ok
    assert report.bytes_seen < report.bytes_expected
    assert [PLAN.files[index].path for index in report.bad_files] == ["d1/a", "d1/b"]
    assert not verify(WHOLE[:-2048]).ok
    assert not verify(b"").ok


def test_what_a_burner_adds_behind_the_image_is_no_damage() -> None:
    assert verify(WHOLE + bytes(300 * 2048)).ok


def test_unreadable_sectors_are_damage_where_they_are() -> None:
    verifier = ImageVerifier(IMAGE)
    start, _ = IMAGE.extent(2)
    verifier.feed(WHOLE[:start])
    verifier.skip(2048)
    verifier.feed(WHOLE[start + 2048 :])
    report = verifier.finish()
    assert report.bad_files == (2,)
    assert report.bad_sector_count == 0
    assert report.bytes_seen == report.bytes_expected


def test_lists_stay_short_however_bad_the_disc_is() -> None:
    report = verify(Random(1).randbytes(len(WHOLE)))
    assert len(report.bad_sectors) <= 1_000
    assert report.bad_file_count == 3
