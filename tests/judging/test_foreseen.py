"""An eye that errs: what a second look is worth, and whether calibration foresees what comes of its answers on other briefs.
`python -m benchmarks erring` measures the whole.
"""

from __future__ import annotations

import pytest

from benchmarks.erring import Asked, foreseen, halves, pursued
from onbrief.judging.rule import Confirm, Rule
from onbrief.judging.statistics import interval
from onbrief_sandbox.erring import ErringEye, Errors

RUNS = 4  # of each brief of the fitting set
WRONG, REFUSED = 0.2, 0.1  # more often than with the benchmark's eye, so that a sample shows it
Halves = tuple[tuple[Asked, ...], tuple[Asked, ...]]


@pytest.fixture(scope="module")
def briefs() -> Halves:
    fitting, testing = halves()
    assert not {brief.text for brief in fitting}.intersection(brief.text for brief in testing)
    return fitting, testing[::4]


def test_confirmation_halves_the_errors_that_are_independent_and_finds_none_that_are_repeated(briefs: Halves) -> None:
    for correlated in (0.0, 1.0):
        eye = ErringEye(Errors(WRONG, REFUSED, correlated))
        never, always = (pursued(briefs[1], Rule.named("fair", confirm=confirm), eye) for confirm in ("never", "always"))
        assert never.wrong >= 4
        assert always.wrong <= never.wrong / 2 if correlated == 0 else always.wrong == never.wrong


@pytest.mark.parametrize("correlated", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("confirm", ["never", "always"])
def test_what_is_foreseen_of_a_pass_agrees_with_what_comes_of_other_briefs(
    briefs: Halves, correlated: float, confirm: Confirm
) -> None:
    rule = Rule.named("fair", confirm=confirm)
    found = foreseen(*briefs, rule, Errors(WRONG, REFUSED, correlated), 0.4, number=RUNS)
    assert found.came.accepted >= len(briefs[1]) * 0.9
    low, high = interval(found.came.accepted - found.came.wrong, found.came.accepted)  # a sample, so its share has one too
    assert found.belief.low <= high
    assert found.belief.high >= low


def test_where_labels_lack_the_second_look_the_interval_allows_for_all_that_it_may_do(briefs: Halves) -> None:
    """A ceiling below the judge's own false accepts, which only surer answers and confirmation can keep to."""
    for correlated in (0.0, 1.0):
        found = foreseen(*briefs, Rule.named("fair", confirm="never"), Errors(WRONG, REFUSED, correlated), 0.1, number=RUNS)
        assert found.calibration.rule.confirm == "always"
        assert found.holds
        assert found.belief.high == 1
