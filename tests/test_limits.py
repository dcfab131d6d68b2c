from __future__ import annotations

import math

import pytest

from onbrief.errors import UsageError
from onbrief.limits import Limits
from onbrief.settings import Settings


@pytest.mark.parametrize("field", ["images", "attempts", "prompts"])
@pytest.mark.parametrize("value", [0, -1, 10_001, True, 1.5, "3"])
def test_a_count_outside_its_range_is_refused(field: str, value: int) -> None:
    with pytest.raises(UsageError, match=rf"^limits\.{field}: .* expected a whole number from 1 to 10000$"):
        Limits(**{field: value})


@pytest.mark.parametrize("field", ["usd", "seconds"])
@pytest.mark.parametrize("value", [-0.01, math.nan, math.inf, -math.inf])
def test_an_amount_outside_its_range_is_refused(field: str, value: float) -> None:
    with pytest.raises(UsageError, match=rf"^limits\.{field}: .* expected a number from 0 up$"):
        Limits(**{field: value})  # pyright: ignore[reportArgumentType] - one of the two, by name


def test_nothing_at_all_is_a_limit_too() -> None:
    assert Limits(usd=0, seconds=0) == Limits(usd=0.0, seconds=0.0)


def test_the_limits_are_the_same_by_default_wherever_they_come_from() -> None:
    assert Settings().limits == Limits()
