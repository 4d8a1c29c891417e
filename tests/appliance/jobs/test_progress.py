"""What a progress bar says."""

import pytest

from appliance.jobs.progress import Pace, Progress
from appliance.jobs.steps import Step

MB = 1_000_000


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def run(progress: Progress, clock: Clock, *, until: int, speed: float, done: int = 0) -> None:
    while done < until:
        clock.now_s += 1.0
        done += int(speed)
        progress.advance(done)


def test_nothing_is_promised_before_a_speed_is_known() -> None:
    progress = Progress(Pace(), Clock())
    assert progress.picture(waiting=False).fraction is None
    progress.plan({Step.BURN: 100 * MB})
    progress.begin(Step.BURN)
    picture = progress.picture(waiting=False)
    assert (picture.fraction, picture.speed_bytes_per_s, picture.seconds_left) == (0.0, None, None)


def test_the_time_left_counts_the_parts_to_come_at_the_pace_they_had_lately() -> None:
    clock, pace = Clock(), Pace()
    pace.learn(Step.VERIFY, 10 * MB)
    progress = Progress(pace, clock)
    progress.plan({Step.BURN: 100 * MB, Step.VERIFY: 100 * MB})
    progress.begin(Step.BURN)
    run(progress, clock, until=50 * MB, speed=2 * MB)
    picture = progress.picture(waiting=False)
    assert picture.fraction == pytest.approx(0.25)
    assert picture.speed_bytes_per_s == pytest.approx(2 * MB)
    assert picture.seconds_left == pytest.approx(25 + 10)
    assert progress.picture(waiting=True).seconds_left is None


def test_the_speed_is_that_of_the_last_half_minute() -> None:
    clock = Clock()
    progress = Progress(Pace(), clock)
    progress.plan({Step.BURN: 1000 * MB})
    progress.begin(Step.BURN)
    run(progress, clock, until=100 * MB, speed=MB)
    run(progress, clock, until=400 * MB, speed=5 * MB, done=100 * MB)
    assert progress.picture(waiting=False).speed_bytes_per_s == pytest.approx(5 * MB)


def test_a_part_that_is_done_teaches_its_pace_and_counts_whole() -> None:
    clock, pace = Clock(), Pace()
    progress = Progress(pace, clock)
    progress.plan({Step.BURN: 100 * MB, Step.VERIFY: 100 * MB})
    progress.begin(Step.BURN)
    run(progress, clock, until=100 * MB, speed=MB)
    progress.complete()
    assert pace.of(Step.BURN) == pytest.approx(MB)
    assert progress.picture(waiting=False).fraction == pytest.approx(0.5)
    progress.begin(Step.VERIFY)
    assert progress.picture(waiting=False).fraction == pytest.approx(0.5)


def test_a_small_part_teaches_no_pace_because_latency_ruled_it() -> None:
    clock, pace = Clock(), Pace()
    progress = Progress(pace, clock)
    progress.plan({Step.BURN: 10 * MB})
    progress.begin(Step.BURN)
    run(progress, clock, until=10 * MB, speed=MB)
    progress.complete()
    assert pace.of(Step.BURN) is None


def test_a_transfer_taken_up_again_does_not_count_what_was_there_as_speed() -> None:
    clock = Clock()
    progress = Progress(Pace(), clock)
    progress.plan({Step.READ: 100 * MB})
    progress.begin(Step.READ, 60 * MB)
    run(progress, clock, until=70 * MB, speed=MB, done=60 * MB)
    picture = progress.picture(waiting=False)
    assert picture.fraction == pytest.approx(0.7)
    assert picture.speed_bytes_per_s == pytest.approx(MB)


def test_what_is_counted_has_a_fraction_and_a_time_and_no_bytes() -> None:
    clock = Clock()
    progress = Progress(Pace(), clock)
    progress.plan({Step.SURVEY: 10}, in_bytes=False)
    progress.begin(Step.SURVEY)
    for done in range(1, 5):
        clock.now_s += 60.0
        progress.advance(done)
    picture = progress.picture(waiting=False)
    assert (picture.fraction, picture.bytes_done, picture.bytes_total) == (0.4, 0, None)
    assert picture.speed_bytes_per_s is None
    assert picture.seconds_left == pytest.approx(360.0)
    clock.now_s += 30.0
    assert progress.picture(waiting=False).seconds_left == pytest.approx(330.0)
    clock.now_s += 3000.0
    assert progress.picture(waiting=False).seconds_left == 0.0
