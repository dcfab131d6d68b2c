"""Intervals by bootstrap: how far a ratio of two policies could lie from what was found, had the briefs been others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from benchmarks.runs import Played

DRAWS = 2000
SEED = 14
LOW, HIGH = 2.5, 97.5  # of a hundred: an interval of 95%


def ratio(ours: Sequence[Played], theirs: Sequence[Played], what: str) -> tuple[float, float]:
    """The interval of the ratio of what two policies spend for each passed brief. Briefs are drawn anew, each with all its
    runs, the same for both policies.
    """
    a, b = _sums(ours, what), _sums(theirs, what)
    count = a.shape[0]
    drawn = np.random.default_rng(SEED).integers(0, count, (DRAWS, count))
    spent, passed = a[drawn].sum(axis=1).T
    their_spent, their_passed = b[drawn].sum(axis=1).T
    enough = (passed > 0) & (their_passed > 0)
    ratios = (spent / np.maximum(passed, 1)) / (their_spent / np.maximum(their_passed, 1))
    low, high = np.percentile(ratios[enough], (LOW, HIGH)) if enough.any() else (0.0, np.inf)
    return float(low), float(high)


def _sums(runs: Sequence[Played], what: str) -> npt.NDArray[np.float64]:
    """What was spent on each brief, and how many of its runs passed."""
    sums: dict[int, list[float]] = {}
    for run in runs:
        spent = sums.setdefault(run.brief, [0.0, 0.0])
        spent[0] += getattr(run, what)
        spent[1] += run.passed
    return np.array([sums[brief] for brief in sorted(sums)])
