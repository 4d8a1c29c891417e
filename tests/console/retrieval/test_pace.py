"""What a station took lately tells what it will take."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.retrieval.pace import DISCS, LEARNED_FROM, Pace, Sample, learn

TRUE = Pace(load_s=35.0, return_s=21.0, file_s=0.3, bytes_per_s=8e6)


def samples(count: int, seed: int = 1) -> list[Sample]:
    rng = random.Random(seed)
    found = []
    for _ in range(count):
        files, size_bytes = rng.randint(1, 40), rng.randint(10**6, 10**10)
        noise = rng.uniform(0.9, 1.1)
        found.append(
            Sample(
                TRUE.load_s * noise, TRUE.read_s(files, size_bytes) * noise, files, size_bytes, 21.0
            )
        )
    return found


def test_without_a_measurement_it_is_what_is_expected_of_its_kind() -> None:
    assert learn([], DISCS) == DISCS


def test_it_comes_close_to_the_truth_with_every_measurement() -> None:
    def error(count: int) -> float:
        found = learn(samples(count), DISCS)
        return abs(found.fetch_s(10, 10**9) / TRUE.fetch_s(10, 10**9) - 1)

    assert error(0) > 0.3
    assert error(1) < error(0)
    assert error(5) < 0.25
    assert error(LEARNED_FROM) < 0.1


def test_one_outlier_pulls_no_farther_than_five_times_the_usual() -> None:
    usual = [Sample(30.0, 50.0, 1, 10**9, 20.0)] * 9
    found = learn([*usual, Sample(1e6, 50.0, 1, 10**9, 1e6)], DISCS)
    assert found.load_s < 60
    assert found.return_s < 45


@given(
    st.lists(
        st.builds(
            Sample,
            st.floats(-1e4, 1e6),
            st.floats(0, 1e6),
            st.integers(0, 10**6),
            st.integers(0, 10**14),
            st.none() | st.floats(-1e4, 1e6),
        ),
        max_size=LEARNED_FROM,
    )
)
def test_whatever_was_measured_nothing_takes_negative_time(found: list[Sample]) -> None:
    pace = learn(found, DISCS)
    assert pace.load_s >= 0
    assert pace.return_s >= 0
    assert pace.bytes_per_s > 0
    assert pace.fetch_s(3, 10**9) >= 0


def test_an_empty_file_learns_nothing_of_speed() -> None:
    assert learn([Sample(60.0, 0.0, 0, 0)], DISCS).bytes_per_s == pytest.approx(DISCS.bytes_per_s)
