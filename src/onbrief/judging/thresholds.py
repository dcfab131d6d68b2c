"""Thresholds from a ceiling on false accepts, and what a pass is worth with them."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from onbrief.judging.statistics import CONFIDENCE, beta_cdf, design_effect, interval

_ONE_SIDED = 1 - (1 - CONFIDENCE) / 2


@dataclass(frozen=True, slots=True)
class Rate:
    """A share, as counted, with its exact interval. Cases of one group, such as the pictures of one brief, are alike: they
    count as fewer.
    """

    hits: int
    trials: int
    low: float
    high: float

    @classmethod
    def of(cls, hits: Sequence[bool], groups: Sequence[Hashable]) -> Rate:
        """Return the rate of hits, with its interval of 95%."""
        effect = design_effect(hits, groups)
        low, high = interval(sum(hits) / effect, len(hits) / effect)
        return cls(sum(hits), len(hits), low, high)

    @property
    def share(self) -> float:
        """The share of hits, 0 if there is no case."""
        return self.hits / self.trials if self.trials else 0.0


def threshold(scores: Sequence[float], groups: Sequence[Hashable], ceiling: float) -> float | None:
    """Return the smallest threshold for which few enough wrong cases score at least as much: the upper end of the interval of
    their share is at most `ceiling`. `scores` and `groups` are those of the wrong cases. Return None if there are too few of
    them to show it for any threshold.
    """
    ranked = sorted(range(len(scores)), key=scores.__getitem__, reverse=True)
    found: float | None = None
    accepted = [False] * len(scores)
    for place, at in enumerate(ranked):
        if place == 0 or scores[at] < scores[ranked[place - 1]]:  # those before it, and no others, score more
            effect = design_effect(accepted, groups)
            # The same as upper(…) > ceiling, without a search for the bound itself.
            if beta_cdf(ceiling, place / effect + 1, (len(scores) - place) / effect) < _ONE_SIDED:
                return found
            found = math.nextafter(scores[at], math.inf)
        accepted[at] = True
    return found


@dataclass(frozen=True, slots=True)
class Belief:
    """How much a pass is worth: the share of right pictures among those that pass, and the share of runs that deliver a wrong
    picture as passed, each with an interval.
    """

    precision: float
    low: float
    high: float
    wrong_runs: float
    wrong_runs_low: float
    wrong_runs_high: float

    @classmethod
    def of(cls, false_accepts: Rate, false_refusals: Rate, true_rate: float, attempts: int) -> Belief:
        """Return the belief for runs of up to this number of attempts, of which each is right with `true_rate`: the share of
        right pictures among all that are judged. Each attempt is one more chance to accept a wrong picture, so the rarer right
        ones are, the less a pass is worth.

        The ends of the intervals take both rates at their ends.
        """

        def shares(accept: float, refuse: float) -> tuple[float, float]:
            right, wrong = true_rate * (1 - refuse), (1 - true_rate) * accept
            precision = right / (right + wrong) if right + wrong else 0.0
            return precision, (1 - precision) * (1 - (1 - right - wrong) ** attempts)

        precision, wrong_runs = shares(false_accepts.share, false_refusals.share)
        low, most = shares(false_accepts.high, false_refusals.high)
        high, least = shares(false_accepts.low, false_refusals.low)
        return cls(precision, low, high, wrong_runs, least, most)
