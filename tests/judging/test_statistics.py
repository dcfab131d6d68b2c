"""Statistics against exact values, and against sums that define them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onbrief.judging.scaling import Scaling
from onbrief.judging.statistics import (
    at_least,
    auroc,
    beta_cdf,
    design_effect,
    interval,
    kappa,
    log_odds,
    needed,
    newton_step,
    sigmoid,
    upper,
)


def binomial(hits: int, trials: int, rate: float) -> float:
    """The probability of at least this number of hits, summed term by term."""
    return math.fsum(math.comb(trials, k) * rate**k * (1 - rate) ** (trials - k) for k in range(hits, trials + 1))


def test_none_of_59_is_below_five_per_cent_with_confidence_and_none_of_58_is_not() -> None:
    assert upper(0, 59) < 0.05 < upper(0, 58)
    assert upper(0, 149) < 0.02 < upper(0, 148)
    assert (needed(0.05), needed(0.02)) == (59, 149)
    assert upper(0, 59) == pytest.approx(1 - 0.05 ** (1 / 59))


def test_intervals_are_those_of_clopper_and_pearson() -> None:
    assert interval(3, 20) == pytest.approx((0.0320709, 0.3789268), abs=1e-7)
    assert interval(5, 10) == pytest.approx((0.1870860, 0.8129140), abs=1e-7)
    assert interval(0, 0) == (0.0, 1.0)
    assert interval(0, 8) == pytest.approx((0.0, 1 - 0.025 ** (1 / 8)))
    assert interval(8, 8) == pytest.approx((0.025 ** (1 / 8), 1.0))


@given(st.integers(1, 200), st.data())
def test_an_interval_ends_where_a_test_rejects(trials: int, data: st.DataObject) -> None:
    hits = data.draw(st.integers(0, trials))
    low, high = interval(hits, trials)
    assert low <= hits / trials <= high
    if hits:
        assert binomial(hits, trials, low) == pytest.approx(0.025, rel=1e-6)
    if hits < trials:
        assert 1 - binomial(hits + 1, trials, high) == pytest.approx(0.025, rel=1e-6)


@given(st.integers(1, 300), st.floats(0.001, 0.999), st.data())
def test_the_binomial_test_is_the_sum_of_its_terms(trials: int, rate: float, data: st.DataObject) -> None:
    hits = data.draw(st.integers(0, trials))
    assert at_least(hits, trials, rate) == pytest.approx(binomial(hits, trials, rate), rel=1e-7, abs=1e-12)


def test_the_beta_distribution_at_its_ends() -> None:
    assert (beta_cdf(-1, 2, 3), beta_cdf(0, 2, 3), beta_cdf(1, 2, 3)) == (0, 0, 1)
    assert beta_cdf(0.5, 2, 2) == pytest.approx(0.5)


def test_cases_of_one_group_count_as_fewer() -> None:
    alike = [True] * 10 + [False] * 90
    assert design_effect(alike, [n // 10 for n in range(100)]) == pytest.approx(10 * 10 / 9)
    assert design_effect(alike, range(100)) == pytest.approx(100 / 99)
    assert design_effect(alike, [0] * 100) == design_effect([False] * 9, range(9)) == design_effect([], []) == 1


def test_kappa_by_hand() -> None:
    pairs = [("yes", "yes")] * 20 + [("yes", "no")] * 5 + [("no", "yes")] * 10 + [("no", "no")] * 15
    assert kappa(pairs) == pytest.approx(0.4)  # 0.7 observed, 0.5 by chance
    assert kappa([("yes", "no"), ("no", "yes")]) == pytest.approx(-1)
    assert kappa([]) is kappa([("yes", "yes")] * 3) is None


def test_auroc_by_hand() -> None:
    assert auroc([0.1, 0.4, 0.35, 0.8], [False, False, True, True]) == 0.75
    assert auroc([0.5] * 4, [False, True, False, True]) == 0.5
    assert auroc([0.2, 0.2, 0.9], [False, True, True]) == 0.75
    assert auroc([0.1, 0.2], [True, True]) is None


@given(st.floats(-30, 30))
def test_log_odds_turn_a_probability_back(x: float) -> None:
    assert log_odds(sigmoid(x)) == pytest.approx(max(-4.0, min(4.0, x)), abs=1e-6)
    assert (log_odds(0.0), log_odds(1.0)) == (-4, 4)


def test_a_regression_on_a_table_finds_the_odds_of_its_cells() -> None:
    weights = [0.0, 0.0]
    for _ in range(25):
        weights = newton_step([(1.0, 0.0), (1.0, 1.0)], [40.0, 60.0], [10.0, 45.0], weights, [1e-9, 1e-9], [0.0, 0.0])
    assert sigmoid(weights[0]) == pytest.approx(0.25)
    assert sigmoid(sum(weights)) == pytest.approx(0.75)


def test_scaling_finds_what_probabilities_meant() -> None:
    sure = [(0.95, True)] * 700 + [(0.95, False)] * 300 + [(0.1, True)] * 100 + [(0.1, False)] * 900
    fitted = Scaling.fit(sure)
    assert fitted(0.95) == pytest.approx(0.7, abs=0.01)
    assert fitted(0.1) == pytest.approx(0.1, abs=0.01)
    assert Scaling.fit([]) == Scaling()
    assert Scaling()(0.8) == pytest.approx(0.8)
    assert abs(Scaling.fit([(0.9, False)])(0.9) - 0.9) < 0.2  # a single label changes little
    assert Scaling.fit([(0.9, False), (0.1, True)] * 500).slope == 0
