"""The few statistics that calibration needs, in plain Python: exact binomial intervals, agreement, ranking, and fits."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Sequence
from typing import Final

CONFIDENCE: Final = 0.95
_TINY: Final = 1e-300
_STEPS: Final = 500


def beta_cdf(x: float, a: float, b: float) -> float:
    """Return the probability that a beta variable with the parameters `a` and `b`, both above 0, is at most `x`."""
    if x <= 0:
        return 0.0
    if x >= 1:
        return 1.0
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x))
    if x < (a + 1) / (a + b + 2):  # where the fraction converges fast; otherwise the distribution is turned round
        return front * _fraction(x, a, b) / a
    return 1 - front * _fraction(1 - x, b, a) / b


def _fraction(x: float, a: float, b: float) -> float:
    """Evaluate the continued fraction of the incomplete beta function by Lentz's method."""
    c, d = 1.0, 1 / _away(1 - (a + b) * x / (a + 1))
    found = d
    for m in range(1, _STEPS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            d = 1 / _away(1 + term * d)
            c = _away(1 + term / c)
            found *= c * d
        if abs(c * d - 1) < 1e-13:
            break
    return found


def _away(value: float) -> float:
    """Return the value, or a tiny one instead of 0."""
    return value if abs(value) > _TINY else _TINY


def interval(hits: float, trials: float, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Return the exact (Clopper-Pearson) interval of a rate: `hits` of `trials`. Fractions of trials are allowed: those that
    are left of a number of trials that depend on each other.
    """
    if trials <= 0:
        return 0.0, 1.0
    outside = (1 - confidence) / 2
    low = 0.0 if hits <= 0 else _beta_quantile(outside, hits, trials - hits + 1)
    return low, upper(hits, trials, 1 - outside)


def upper(hits: float, trials: float, confidence: float = CONFIDENCE) -> float:
    """Return the exact upper bound of a rate with this one-sided confidence: 0 of 59 is below .05 with .95."""
    return 1.0 if hits >= trials else _beta_quantile(confidence, hits + 1, trials - hits)


def _beta_quantile(share: float, a: float, b: float) -> float:
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if beta_cdf(middle, a, b) < share else (low, middle)
    return (low + high) / 2


def at_least(hits: int, trials: int, rate: float) -> float:
    """Return the probability of at least `hits` of `trials` if each one is a hit with this rate: the exact binomial test of
    whether the rate is not exceeded.
    """
    return 1.0 if hits <= 0 else beta_cdf(rate, hits, trials - hits + 1)


def needed(ceiling: float, confidence: float = CONFIDENCE) -> int:
    """Return how many trials without any hit show that a rate is below the ceiling: 59 for .05."""
    return math.ceil(math.log(1 - confidence) / math.log(1 - ceiling))


def design_effect(hits: Sequence[bool], groups: Sequence[Hashable]) -> float:
    """Return by how many times the rate of hits varies more than if they did not depend on each other, as those of one group
    (pictures of one brief) do; at least 1.
    """
    trials, hit = Counter(groups), Counter(group for group, it in zip(groups, hits, strict=True) if it)
    number, rate = len(hits), sum(hits) / len(hits) if hits else 0.0
    if len(trials) < 2 or not 0 < rate < 1:
        return 1.0
    varied = sum((hit[group] - rate * size) ** 2 for group, size in trials.items())
    between = len(trials) / (len(trials) - 1) * varied / number**2
    return max(1.0, between / (rate * (1 - rate) / number))


def kappa(pairs: Sequence[tuple[Hashable, Hashable]]) -> float | None:
    """Return Cohen's kappa: how far two raters agree beyond what chance would bring, up to 1. None without a pair, or if both
    always say the same one thing.
    """
    number = len(pairs)
    first, second = Counter(a for a, _ in pairs), Counter(b for _, b in pairs)
    by_chance = sum(first[label] * second[label] for label in first) / number**2 if number else 1.0
    return None if by_chance == 1 else (sum(a == b for a, b in pairs) / number - by_chance) / (1 - by_chance)


def auroc(scores: Sequence[float], labels: Sequence[bool]) -> float | None:
    """Return the probability that a right one scores above a wrong one; ties count half. None if there are not both."""
    right = sum(labels)
    wrong = len(labels) - right
    if not right or not wrong:
        return None
    total, below = 0.0, 0
    for score in sorted(by_score := _counted(scores, labels)):
        rights, wrongs = by_score[score]
        total += rights * (below + wrongs / 2)
        below += wrongs
    return total / (right * wrong)


def _counted(scores: Sequence[float], labels: Sequence[bool]) -> dict[float, tuple[int, int]]:
    counted: dict[float, tuple[int, int]] = {}
    for score, label in zip(scores, labels, strict=True):
        rights, wrongs = counted.get(score, (0, 0))
        counted[score] = (rights + label, wrongs + (not label))
    return counted


def sigmoid(x: float) -> float:
    """Return the probability whose log-odds are x."""
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))


def log_odds(probability: float, bound: float = 4.0) -> float:
    """Return the log-odds of a probability, between minus and plus `bound`."""
    if probability <= 0 or probability >= 1:
        return math.copysign(bound, probability - 0.5)
    return max(-bound, min(bound, math.log(probability / (1 - probability))))


def newton_step(
    rows: Sequence[Sequence[float]],
    weights: Sequence[float],
    targets: Sequence[float],
    coefficients: Sequence[float],
    ridge: Sequence[float],
    centre: Sequence[float],
) -> list[float]:
    """Return the coefficients of a logistic regression after one step of Newton's method, which is at most 1 long. `targets`
    are the sums of the labels of each row's `weights` cases; `ridge` draws each coefficient towards its `centre`.
    """
    size = len(coefficients)
    gradient = [penalty * (middle - c) for penalty, middle, c in zip(ridge, centre, coefficients, strict=True)]
    hessian = [[0.0] * size for _ in range(size)]
    for row, weight, target in zip(rows, weights, targets, strict=True):
        p = sigmoid(sum(map(float.__mul__, row, coefficients)))
        error, curve = target - weight * p, weight * p * (1 - p)
        for i, x in enumerate(row):
            if x:
                gradient[i] += x * error
                curved, line = x * curve, hessian[i]
                for j in range(i + 1):
                    line[j] += curved * row[j]
    for i in range(size):
        hessian[i][i] += ridge[i]
        for j in range(i):
            hessian[j][i] = hessian[i][j]
    steps = _solved(hessian, gradient)
    shorter = 1 / max(1.0, *map(abs, steps))  # far from the solution a whole step can lead further away
    return [c + shorter * step for c, step in zip(coefficients, steps, strict=True)]


def _solved(matrix: list[list[float]], right: list[float]) -> list[float]:
    """Solve a system of linear equations whose matrix is positive definite, by elimination."""
    rows = [[*line, value] for line, value in zip(matrix, right, strict=True)]
    size = len(rows)
    for i in range(size):
        for k in range(i + 1, size):
            if factor := rows[k][i] / rows[i][i]:
                rows[k] = [a - factor * b for a, b in zip(rows[k], rows[i], strict=True)]
    found = [0.0] * size
    for i in reversed(range(size)):
        found[i] = (rows[i][size] - sum(rows[i][j] * found[j] for j in range(i + 1, size))) / rows[i][i]
    return found
