"""Recorded answers of real judges, decided here: what the default rule and calibration promise of them."""

from __future__ import annotations

import statistics

import pytest

from benchmarks import judging, real, scorescore
from onbrief.judging.rule import FAIR

PUBLISHED = {  # false refusals, false accepts, false accepts of pictures with a single error
    "majority of 3": (0.298, 0.051, 0.087),
    "all of 3": (0.538, 0.019, 0.035),
    "any of 3": (0.089, 0.138, 0.205),
}


def test_the_default_rule_accepts_what_a_fair_customer_would_take() -> None:
    accepted = {pair.name for pair in real.pairs() if pair.accepted(FAIR)}
    acceptable = {pair.name for pair in real.pairs() if pair.acceptable}
    assert (len(real.pairs()), len(acceptable)) == (15, 7)
    assert len(accepted & acceptable) >= 6
    assert accepted <= acceptable


def test_the_simple_rules_come_out_as_they_were_published() -> None:
    found = judging.simple_rules()
    for name, rates in PUBLISHED.items():
        rule = found.pop(name)
        assert (rule.refused, rule.accepted, rule.accepted_with_one_error) == pytest.approx(rates, abs=0.01)
    singles = list(found.values())
    for published, values in (
        ((0.21, 0.45), [rule.refused for rule in singles]),
        ((0.033, 0.107), [rule.accepted for rule in singles]),
        ((0.056, 0.157), [rule.accepted_with_one_error for rule in singles]),
        ((0.894, 0.915), [judging.share_met((scorescore.MODELS.index(name),)) for name in scorescore.FIVE]),
    ):
        assert (min(values), max(values)) == pytest.approx(published, abs=0.01)
    assert judging.share_met([scorescore.MODELS.index(name) for name in scorescore.FIVE]) == pytest.approx(0.944, abs=0.01)


def test_halves_share_no_brief() -> None:
    fitting, testing = judging.halves(0)
    assert not {picture.brief for picture in fitting} & {picture.brief for picture in testing}
    assert len(fitting) + len(testing) == len(scorescore.pictures()) == 2840


@pytest.mark.parametrize("splits", [4, pytest.param(judging.SPLITS, marks=pytest.mark.soak)])
def test_a_calibration_holds_on_briefs_that_it_has_not_seen(splits: int) -> None:
    found = [judging.measured(number) for number in range(splits)]
    assert statistics.fmean(split.auroc for split in found) >= 0.950
    assert statistics.fmean(split.at_refusals for split in found) <= 0.052
    for place, ceiling in enumerate(judging.CEILINGS):
        kept = [split.kept[place] for split in found]
        assert statistics.fmean(each.accepted for each in kept) <= ceiling
        assert splits < judging.SPLITS or sum(not each.broken for each in kept) >= 0.95 * splits


@pytest.mark.parametrize(
    ("text", "answer"),
    [("Yes there is.</s>", "y"), ("no", "n"), (" No, none", "n"), ("2</s>", "-"), ("", "-"), ("Yesterday", "-")],
)
def test_a_free_text_is_read_by_its_first_word(text: str, answer: str) -> None:
    assert scorescore.read_answer(text) == answer
