"""What a series of readings means."""

from appliance.contract.states import ReadingState
from appliance.services.environment.limits import (
    DAY_S,
    SCATTER_READINGS,
    DriftWatch,
    RangeWatch,
    ScatterWatch,
    StuckWatch,
)
from appliance.services.environment.policy import Limits, Number, Positive

LOW, HIGH, GOOD = ReadingState.LOW, ReadingState.HIGH, ReadingState.GOOD
LIMITS = Limits(
    low=Number(10.0, "here"),
    high=Number(25.0, "here"),
    hysteresis=Positive(0.5, "here"),
    hold_s=Positive(60.0, "here"),
    return_s=Positive(30.0, "here"),
)


def states(*readings: tuple[float, float]) -> list[ReadingState]:
    watch = RangeWatch(LIMITS)
    return [watch.feed(at_s, value) for at_s, value in readings]


def test_the_limit_itself_is_good() -> None:
    assert states((0, 25.0), (1000, 25.0), (2000, 10.0), (3000, 10.0)) == [GOOD] * 4


def test_a_value_counts_as_outside_only_after_its_hold_time() -> None:
    assert states((0, 26), (59, 26), (60, 26)) == [GOOD, GOOD, HIGH]
    assert states((0, 9), (59, 9), (60, 9)) == [GOOD, GOOD, LOW]


def test_one_good_reading_starts_the_hold_time_anew() -> None:
    assert states((0, 26), (50, 25), (59, 26), (60, 26), (119, 26)) == [GOOD] * 4 + [HIGH]


def test_it_is_good_again_only_past_the_hysteresis_and_after_the_return_time() -> None:
    high = ((0, 26), (60, 26))
    assert states(*high, (70, 24.6), (200, 24.6))[-1] is HIGH
    assert states(*high, (70, 24.5), (99, 24.5), (100, 24.5))[2:] == [HIGH, HIGH, GOOD]


def test_a_value_that_jumps_from_high_to_low_is_low_after_the_hold_time() -> None:
    assert states((0, 26), (60, 26), (61, 5), (120, 5), (121, 5))[1:] == [HIGH, HIGH, HIGH, LOW]


def test_without_limits_nothing_is_known() -> None:
    assert RangeWatch(Limits()).feed(0, 1e9) is ReadingState.UNKNOWN


def test_change_is_the_widest_difference_within_any_24_hours() -> None:
    watch = DriftWatch()
    changes = [watch.feed(hour * 3600.0, 20.0 + 0.1 * hour) for hour in range(72)]
    assert changes[10] < changes[20] <= 2.5
    assert all(abs(change - 2.4) <= 0.11 for change in changes[30:])


def test_noise_is_no_change() -> None:
    watch = DriftWatch()
    noise = [0.3, -0.3, 0.2, -0.2, 0.0]
    changes = [watch.feed(float(at_s), 20.0 + noise[at_s % 5]) for at_s in range(0, 86_400, 3)]
    assert max(changes) < 0.01


def test_change_of_yesterday_is_forgotten_and_that_before_a_restart_is_not() -> None:
    watch = DriftWatch()
    watch.seed(-3600.0, 17.0)
    for at_s in range(0, 1200, 60):
        change = watch.feed(at_s, 20.0)
    assert change == 3.0
    for at_s in range(int(DAY_S), int(DAY_S) + 1200, 60):
        change = watch.feed(at_s, 20.0)
    assert change == 0.0


def test_a_sensor_is_stuck_only_when_all_it_says_stays_the_same() -> None:
    watch = StuckWatch()
    assert watch.feed(0, (20.0, 45.0)) == 0
    assert watch.feed(1000, (20.0, 45.0)) == 1000
    assert watch.feed(2000, (20.0, 45.1)) == 0
    assert watch.feed(2500, (20.0, 45.1)) == 500


SCATTER = Limits(scatter=Positive(1.0, "here"))


def noisy(limits: Limits, *values: float) -> list[bool]:
    watch = ScatterWatch(limits)
    return [watch.feed(value) for value in values]


def test_readings_that_jump_up_and_down_are_noise() -> None:
    assert noisy(SCATTER, 20, 24, 19, 25, 20) == [False] * 4 + [True]


def test_a_step_a_slope_and_two_single_readings_are_no_noise() -> None:
    steps = [20.0] * 5 + [40.0] * 5 + [10.0] * 5
    assert True not in noisy(SCATTER, *steps)
    assert True not in noisy(SCATTER, *range(0, 400, 10), *range(400, 0, -10))
    assert True not in noisy(SCATTER, *([20.0] * 5 + [50.0]) * 2, *[20.0] * 30)


def test_scatter_within_the_limit_is_how_sensors_are() -> None:
    assert True not in noisy(SCATTER, *[20.0, 21.0] * 50)
    part = Limits(scatter=Positive(1.0, "here"), scatter_part=Positive(0.3, "here"))
    assert True not in noisy(part, *[100.0, 129.0] * 50), "a third of the lower"
    assert True in noisy(part, *[100.0, 150.0] * 50)
    assert True not in noisy(Limits(), *[0.0, 1e9] * 50), "not asked for"


def test_noise_is_over_when_as_many_readings_are_calm() -> None:
    found = noisy(SCATTER, *[20.0, 30.0] * 10, *[20.0] * 30)
    assert found[19]
    calm = found.index(False, 19)
    assert SCATTER_READINGS <= calm - 19 <= SCATTER_READINGS + 2
    assert True not in found[calm:]


def test_a_lost_reading_is_no_neighbour() -> None:
    watch = ScatterWatch(SCATTER)
    for value in [20.0, 30.0] * 50:
        assert not watch.feed(value)
        watch.forget()
