"""Several answers to one requirement, by several judges or by one that is asked several times, made into one."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from onbrief.attempt import Finding
from onbrief.brief import Kind
from onbrief.judging.statistics import log_odds, newton_step, sigmoid

_BOUND: Final = 4.0  # log-odds beyond which an answer is not surer
_ROUNDS: Final = 20
_RIDGE: Final = 1.0
_ALMOST: Final = 1 - 1e-9  # no picture is certainly right

Ballot = tuple[Finding | None, ...]
"""The answers of several judges to one requirement, always in the same order; None where a judge gave none."""


def agreed(id_: str, ballot: Ballot, needed: int) -> Finding:
    """Return a finding that is met if at least this number of judges say so, and otherwise unmet."""
    met = sum(answer is not None and answer.verdict == "met" for answer in ballot)
    verdict = "met" if met >= needed else "unmet"
    return Finding(id_, verdict, float(met >= needed), f"{met} of {len(ballot)} judges say that it is met")


@dataclass(frozen=True, slots=True)
class Case:
    """One requirement of a picture: how it was answered and, if a person said so, whether it is met."""

    kind: Kind
    ballot: Ballot
    met: bool | None = None


@dataclass(frozen=True, slots=True)
class LabelledPicture:
    """A picture, and whether people say that it is right as a whole: then all its requirements are met, otherwise at least one
    is not.
    """

    cases: tuple[Case, ...]
    right: bool


@dataclass(frozen=True, slots=True)
class Combination:
    """The weight of each judge and of each kind of requirement: a logistic regression from a ballot to a probability."""

    judges: int
    kinds: tuple[Kind, ...]
    weights: tuple[float, ...]

    def finding(self, id_: str, kind: Kind, ballot: Ballot) -> Finding:
        """Return the finding that follows from all answers together: how probable it is that the requirement is met."""
        probability = sigmoid(sum(map(float.__mul__, self.weights, _features(self.kinds, kind, _said(ballot)))))
        return Finding(id_, "met" if probability >= 0.5 else "unmet", probability)

    @classmethod
    def fit(cls, pictures: Sequence[LabelledPicture]) -> Combination:
        """Fit the weights to labelled pictures.

        Where only the whole picture is known to be wrong, it is not known which requirement is unmet. Then each round of the
        fit first works out how probable it is of each one, from the weights so far, given that they are not all met
        (expectation maximization), and then improves the weights by one step of Newton's method.
        """
        judges = max((len(case.ballot) for picture in pictures for case in picture.cases), default=0)
        kinds: tuple[Kind, ...] = tuple(sorted({case.kind for picture in pictures for case in picture.cases}))
        patterns: dict[tuple[Kind, tuple[float, ...]], int] = {}  # requirements that were answered alike count together
        known, totals = Counter[int](), Counter[int]()
        unknown: list[tuple[list[int], bool]] = []  # what is not known of each picture, and whether all of it may be met
        for picture in pictures:
            coded = [
                (patterns.setdefault((case.kind, _said(case.ballot)), len(patterns)), True if picture.right else case.met)
                for case in picture.cases
            ]
            totals.update(pattern for pattern, _ in coded)
            known.update(pattern for pattern, met in coded if met)
            if rest := [pattern for pattern, met in coded if met is None]:
                unknown.append((rest, any(met is False for _, met in coded)))
        rows = [_features(kinds, kind, said) for kind, said in patterns]
        cases = [float(totals[pattern]) for pattern in range(len(rows))]
        # The start: all judges count alike, and most requirements are met.
        weights = [1.0, *[2.0 / max(1, judges)] * judges, *[0.0] * (len(kinds) + (judges > 1))]
        ridge, centre = [1e-6, *[_RIDGE] * (len(weights) - 1)], [0.0] * len(weights)
        for _ in range(_ROUNDS if rows else 0):
            probabilities = [sigmoid(sum(map(float.__mul__, weights, row))) for row in rows]
            met = [float(known[pattern]) for pattern in range(len(rows))]
            for rest, may_all_be_met in unknown:
                every = 0.0 if may_all_be_met else min(math.prod(probabilities[pattern] for pattern in rest), _ALMOST)
                for pattern in rest:
                    met[pattern] += (probabilities[pattern] - every) / (1 - every)
            weights = newton_step(rows, cases, met, weights, ridge, centre)
        return cls(judges, kinds, tuple(weights))


def _said(ballot: Ballot) -> tuple[float, ...]:
    """Return the answers as numbers from -1, unmet for certain, to 1; 0 for none."""
    return tuple(
        0.0 if answer is None or answer.verdict == "undecided" else log_odds(answer.probability, _BOUND) / _BOUND
        for answer in ballot
    )


def _features(kinds: Sequence[Kind], kind: Kind, said: Sequence[float]) -> list[float]:
    """Return the row of a regression: a constant, each answer, each kind, and whether several judges agree without exception
    that it is met, which says more than the answers one by one.
    """
    agree = [float(min(said) >= 0 and max(said) > 0)] if len(said) > 1 else []
    return [1.0, *said, *(float(kind == other) for other in kinds), *agree]
