"""Several answers made into one, and thresholds from a ceiling."""

from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onbrief.attempt import Finding
from onbrief.judging.statistics import upper
from onbrief.judging.thresholds import Belief, Rate, threshold
from onbrief.judging.votes import Ballot, Case, Combination, LabelledPicture, agreed

YES, NO, NONE = Finding("r1", "met", 1.0), Finding("r1", "unmet", 0.0), Finding("r1", "undecided", 0.5)


@pytest.mark.parametrize(
    ("ballot", "needed", "verdict"),
    [
        ((YES, YES, NO), 2, "met"),
        ((YES, NO, NO), 2, "unmet"),
        ((YES, YES, None), 3, "unmet"),
        ((YES, YES, NONE), 3, "unmet"),
        ((NO, None, YES), 1, "met"),
    ],
)
def test_a_vote_counts_those_that_say_met(ballot: Ballot, needed: int, verdict: str) -> None:
    assert agreed("r1", ballot, needed).verdict == verdict


def pictures(number: int, *, known: bool) -> list[LabelledPicture]:
    """Pictures of three requirements, judged by one that is right nine times of ten, and one that tosses a coin."""
    draw = random.Random(1)  # noqa: S311 - the same ones each time
    made: list[LabelledPicture] = []
    for _ in range(number):
        met = [draw.random() < 0.7 for _ in range(3)]
        cases = (
            Case("object", ((YES if truth == (draw.random() < 0.9) else NO), draw.choice((YES, NO))), truth if known else None)
            for truth in met
        )
        made.append(LabelledPicture(tuple(cases), all(met)))
    return made


@pytest.mark.parametrize("known", [True, False])
def test_a_fit_finds_the_judge_to_believe_also_from_whole_pictures_alone(known: bool) -> None:
    fitted = Combination.fit(pictures(1500, known=known))
    probability = {
        ballot: fitted.finding("r1", "object", ballot).probability for ballot in itertools.product((YES, NO), (YES, NO))
    }
    expected = {True: 0.63 / 0.66, False: 0.07 / 0.34}  # what nine times of ten means where seven of ten are met
    for (good, _), found in probability.items():
        assert found == pytest.approx(expected[good is YES], abs=0.06)


def test_a_fit_without_labels_believes_all_judges_alike() -> None:
    fitted = Combination.fit([])
    assert fitted.finding("r1", "object", ()).verdict == "met"


def test_what_people_say_of_a_requirement_counts_in_a_wrong_picture() -> None:
    labelled = [LabelledPicture((Case("object", (YES,), True), Case("count", (YES,), False)), right=False) for _ in range(200)]
    fitted = Combination.fit(labelled)
    assert fitted.finding("r1", "object", (YES,)).probability > 0.9
    assert fitted.finding("r1", "count", (YES,)).probability < 0.1


def test_a_threshold_needs_enough_wrong_cases() -> None:
    assert threshold([0.1] * 71, range(71), 0.05) is None
    found = threshold([0.1] * 72, range(72), 0.05)
    assert found is not None
    assert 0.1 < found < 0.1000001
    assert threshold([0.9, 0.5, *[0.1] * 150], range(152), 0.05) == pytest.approx(0.1)
    assert threshold([], [], 0.05) is None


def test_wrong_cases_of_one_brief_count_as_fewer() -> None:
    scores = [0.9 if n < 10 else 0.1 for n in range(400)]
    apart, together = threshold(scores, range(400), 0.05), threshold(scores, [n // 10 for n in range(400)], 0.05)
    assert apart is not None
    assert together is not None
    assert apart < 0.2 < 0.9 < together


@settings(max_examples=30)
@given(st.lists(st.floats(0, 1), min_size=73, max_size=200), st.sampled_from([0.05, 0.1, 0.3]))
def test_no_more_are_accepted_than_the_ceiling_allows(scores: list[float], ceiling: float) -> None:
    found = threshold(scores, range(len(scores)), ceiling)
    assert found is not None
    assert upper(sum(score >= found for score in scores), len(scores), 0.975) <= ceiling


def test_the_belief_in_a_pass_falls_with_the_rate_of_right_pictures() -> None:
    accepts, refusals = Rate(51, 1000, 0.04, 0.07), Rate(298, 1000, 0.25, 0.35)
    one_in_ten = Belief.of(accepts, refusals, 0.1, 12)
    assert one_in_ten.precision == pytest.approx(0.0702 / (0.0702 + 0.0459))  # .61
    assert Belief.of(accepts, refusals, 0.05, 12).precision == pytest.approx(0.42, abs=0.005)
    assert one_in_ten.low < one_in_ten.precision < one_in_ten.high
    assert one_in_ten.wrong_runs == pytest.approx(0.0459 / 0.1161 * (1 - (1 - 0.1161) ** 12))
    assert Belief.of(accepts, refusals, 0.1, 1).wrong_runs == pytest.approx(0.0459)
    assert Belief.of(Rate(0, 0, 0, 1), Rate(9, 9, 0, 1), 0.1, 3).precision == 0


def test_a_rate_of_nothing_is_not_known() -> None:
    assert Rate.of([], []) == Rate(0, 0, 0.0, 1.0)
    assert Rate.of([False] * 59, range(59)).high == pytest.approx(1 - 0.025 ** (1 / 59))
