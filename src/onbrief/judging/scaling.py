"""Platt scaling: what a judge's probabilities turned out to mean, fitted to what people said of the same requirements."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from onbrief.errors import UsageError
from onbrief.judging.statistics import log_odds, newton_step, sigmoid

_CAREFUL: Final = (8.0, 4.0)  # how firmly slope and intercept are held, in labels: few labels change little
_ROUNDS: Final = 20


@lru_cache(4096)  # judges give few different probabilities
def _scaled(slope: float, intercept: float, probability: float) -> float:
    return round(sigmoid(slope * log_odds(probability) + intercept), 6)


@dataclass(frozen=True, slots=True)
class Scaling:
    """A probability whose log-odds are x means one whose log-odds are `slope` times x, plus `intercept`.

    Raises:
        UsageError: a value with which a probability would mean nothing.
    """

    slope: float = 1.0
    intercept: float = 0.0

    def __post_init__(self) -> None:
        if not (0 <= self.slope < math.inf and math.isfinite(self.intercept)):
            raise UsageError.of("scaling", (self.slope, self.intercept), "a slope of at least 0 and an intercept, both finite")

    def __call__(self, probability: float) -> float:
        """Return what a probability of the judge means."""
        return _scaled(self.slope, self.intercept, probability)

    @classmethod
    def fit(cls, cases: Sequence[tuple[float, bool]], prior: Scaling | None = None) -> Scaling:
        """Fit a scaling to probabilities and whether each requirement was met. It stays near `prior`, by default no scaling
        at all, as far as there are few cases.
        """
        prior = prior or cls()
        number, met = Counter(probability for probability, _ in cases), Counter(p for p, is_met in cases if is_met)
        rows = [(log_odds(probability), 1.0) for probability in number]  # judges give few different ones
        weights, labels = [float(each) for each in number.values()], [float(met[probability]) for probability in number]
        found = centre = [prior.slope, prior.intercept]
        for _ in range(_ROUNDS):
            found = newton_step(rows, weights, labels, found, _CAREFUL, centre)
        # A judge that is surer of what is wrong is not turned round: its probabilities then say nothing.
        return cls(max(0.0, round(found[0], 6)), round(found[1], 6))
