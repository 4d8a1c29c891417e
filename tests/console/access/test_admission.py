"""Letting callers in, and slowing down those who try."""

from dataclasses import dataclass, field

import pytest

from appliance.contract.errors import SteleError
from console.access.admission import FAILURES, WITHIN_S, Admission, TooManyFailuresError
from console.access.scopes import Principal

SOMEBODY = Principal("somebody", "t", frozenset(), None)


@dataclass
class Door:
    good: set[str] = field(default_factory=lambda: {"good", "other"})
    now: float = 0.0
    looked_up: int = 0

    def __post_init__(self) -> None:
        self.admission = Admission(self._find, lambda: self.now)

    def _find(self, secret: str) -> Principal:
        self.looked_up += 1
        if secret not in self.good:
            raise SteleError(4071, "no")
        return SOMEBODY

    def knock(self, secret: str, address: str = "10.0.0.1") -> int:
        """0 when let in, else the code."""
        try:
            assert self.admission.admit(f"Bearer {secret}", address) is SOMEBODY
        except SteleError as error:
            return error.code
        return 0


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Basic Z29vZA==", "good", "stele=good"]
)
def test_without_a_bearer_token_nobody_comes_in(header: str) -> None:
    door = Door()
    with pytest.raises(SteleError, match="4070"):
        door.admission.admit(header, "10.0.0.1")
    assert door.looked_up == 0


def test_after_many_wrong_tokens_an_address_has_to_wait_and_nothing_is_looked_up() -> None:
    door = Door()
    assert [door.knock(f"wrong{n}") for n in range(FAILURES)] == [4071] * FAILURES
    looked_up = door.looked_up
    with pytest.raises(TooManyFailuresError) as caught:
        door.admission.admit("Bearer other", "10.0.0.1")
    assert 0 < caught.value.retry_after_s <= WITHIN_S + 1
    assert door.looked_up == looked_up
    assert door.knock("other", "10.0.0.2") == 0
    door.now += WITHIN_S + 1
    assert door.knock("other") == 0


def test_a_token_that_was_good_before_goes_on_through_a_flood_from_its_address() -> None:
    door = Door()
    assert door.knock("good") == 0
    assert {door.knock(f"wrong{n}") for n in range(100)} == {4071, 4073}
    assert door.knock("good") == 0


def test_a_token_that_was_revoked_counts_as_wrong_from_then_on() -> None:
    door = Door()
    assert door.knock("good") == 0
    door.good.clear()
    assert [door.knock("good") for _ in range(FAILURES + 5)] == [4071] * FAILURES + [4073] * 5


def test_what_is_remembered_of_strangers_stays_small() -> None:
    door = Door()
    for n in range(20_000):
        door.knock("wrong", f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}")
    assert len(door.admission._failures) <= 4096
