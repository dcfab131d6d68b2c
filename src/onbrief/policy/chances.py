"""How likely a picture is to meet every must, from the findings so far.

The log odds that a picture meets a must whose parents are met are taken to be the sum of

    rate of its kind + brief + must + wording, and for a prompt of the reviser also + revised + stress

in which brief, must, wording and revised are unknown: normally distributed around 0 with the standard deviations of
priors.toml. Those that all musts share (brief, revised) span a grid of cells, each with its probability; the others are summed
over for each must by itself. Only drawn pictures tell something: an edited one says nothing about its prompt.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from onbrief.attempt import Attempt, Verdict
from onbrief.brief import Checklist, Requirement
from onbrief.policy.priors import Priors
from onbrief.record import Run

_POINTS = (-2.4, -1.6, -0.8, 0.0, 0.8, 1.6, 2.4)  # of the standard normal distribution
_FEW_POINTS = (-1.6, 0.0, 1.6)
_STEP = 0.1  # log odds are rounded to this, so that a sum over wordings is computed once
_UNSEEN = (0, 0)
_NEVER = -math.inf
_LEAST = 0.001  # the chance of what no picture of a prompt shows, since judges err


@dataclass(frozen=True, slots=True)
class Source:
    """What draws a picture: the image model at this place on the ladder, with the prompt of this revision, which may be yet to
    be written.
    """

    rung: int
    revision: int


@dataclass(frozen=True, slots=True)
class Outlook:
    """What may come of a picture in one cell, whose probability is `weight`: `musts` has, by its id, the chance that a must is
    met if its parents are.
    """

    weight: float
    musts: Mapping[str, float]
    passes: float


class Chances:
    """The chances in a run whose checklist is frozen, with these image models on its ladder."""

    def __init__(self, run: Run, models: Sequence[str], priors: Priors) -> None:
        assert run.checklist is not None
        self.musts: tuple[Requirement, ...] = run.checklist.musts
        self.below = below(run.checklist)
        self._run, self._models, self._priors = run, models, priors
        self._outlooks: dict[Source, list[Outlook]] = {}
        self._rates = [priors.log_odds(model, run.checklist) for model in models]
        self._shifts = [self._shift(revision) for revision in range(len(run.prompts) + 1)]
        self._seen = self._counted()
        spread = priors.spread
        briefs, revised = _normal(_POINTS, spread["brief"]), _normal(_FEW_POINTS, spread["revised"])
        self._must = (*_normal(_FEW_POINTS, spread["must"]), (_NEVER, spread["never"]))
        cells = [(p * q, brief, change) for brief, p in briefs for change, q in revised]
        likely = [(weight, brief, change, *self._likely(brief, change)) for weight, brief, change in cells]
        total = math.fsum(weight * likelihood for weight, *_, likelihood in likely)
        self._cells = [
            (weight * likelihood / total, brief, change, by_must) for weight, brief, change, by_must, likelihood in likely
        ]

    def outlooks(self, source: Source) -> list[Outlook]:
        """Return what may come of one more picture of this source."""
        if source not in self._outlooks:
            self._outlooks[source] = self._outlooks_of(source)
        return self._outlooks[source]

    def _outlooks_of(self, source: Source) -> list[Outlook]:
        seen = self._seen.get(source, {})
        found: list[Outlook] = []
        for weight, brief, change, by_must in self._cells:
            musts = {
                must.id: self._chance(source, must.id, brief, change, by_must[must.id], *seen.get(must.id, _UNSEEN))
                for must in self.musts
            }
            found.append(Outlook(weight, musts, math.prod(musts.values())))
        return found

    def _chance(
        self, source: Source, must: str, brief: float, change: float, likely: Sequence[float], met: int, seen: int
    ) -> float:
        """Return the chance of a must in a cell, where its values are so `likely`."""
        centre, sd = self._centre(source, must, brief, change), self._priors.spread["wording"]
        total = 0.0
        for (value, _), weight in zip(self._must, likely, strict=True):
            if value != _NEVER:
                chance = _expected(round((centre + value) / _STEP), met, seen, sd)
            elif seen:
                chance = _LEAST
            else:  # another prompt, or another model, may do it; the more have failed, the less so
                tried = sum(must in counts for counts in self._seen.values())
                chance = _expected(round(centre / _STEP), 0, 0, sd) / (tried + 1)
            total += weight * chance
        return total / math.fsum(likely)

    def _likely(self, brief: float, change: float) -> tuple[dict[str, list[float]], float]:
        """Return how likely the findings are in a cell with each value of each must, and in the cell itself."""
        sd, by_must, all_of_them = self._priors.spread["wording"], dict[str, list[float]](), 1.0
        for must in self.musts:
            likely = [weight for _, weight in self._must]
            for source, counts in self._seen.items():
                met, seen = counts.get(must.id, _UNSEEN)
                if seen:
                    centre = self._centre(source, must.id, brief, change)
                    for n, (value, _) in enumerate(self._must):
                        likely[n] *= _likely(centre + value, met, seen, sd)
            by_must[must.id] = likely
            all_of_them *= math.fsum(likely)
        return by_must, all_of_them

    def _centre(self, source: Source, must: str, brief: float, change: float) -> float:
        rate = self._rates[source.rung][must] + brief
        return rate + change + self._shifts[source.revision][must] if source.revision else rate

    def _shift(self, revision: int) -> dict[str, float]:
        """Return what a prompt of the reviser is expected to change for each must: it stresses those that fell short most."""
        numbers = self._priors.revision
        short = Counter[str]()
        for attempt in _told(self._run.attempts):
            if attempt.revision < revision and attempt.verdict:
                short.update(root for root in roots_short(self.musts, attempt.verdict))
        stressed = [must for must, _ in short.most_common(int(numbers["most_stressed"]))]
        shifts: dict[str, float] = {}
        for must in self.musts:
            others = len(stressed) - (must.id in stressed)
            own = numbers["stressed"] if must.id in stressed else 0.0
            shifts[must.id] = numbers["all"] + own + numbers["other"] * others
        return shifts

    def _counted(self) -> dict[Source, dict[str, tuple[int, int]]]:
        """Return in how many pictures of each source each must was met, and in how many it could be told."""
        counted: dict[Source, dict[str, tuple[int, int]]] = {}
        for attempt in _told(self._run.attempts):
            assert attempt.verdict is not None
            source = Source(self._models.index(attempt.model) if len(self._models) > 1 else 0, attempt.revision)
            counts = counted.setdefault(source, {})
            accepted, short = accepted_by(attempt.verdict), short_of(attempt.verdict)
            for must in self.musts:
                if (must.id in accepted or must.id in short) and not short.intersection(must.parents):
                    met, seen = counts.get(must.id, _UNSEEN)
                    counts[must.id] = (met + (must.id in accepted), seen + 1)
        return counted


def accepted_by(verdict: Verdict) -> frozenset[str]:
    """Return the ids of the requirements that are met or accepted with a reservation."""
    return verdict.ids("met").union(verdict.reservations)


def short_of(verdict: Verdict) -> frozenset[str]:
    """Return the ids of the requirements that fell short, as far as the judge could tell."""
    return frozenset(finding.id for finding in verdict.unmet) - verdict.ids("undecided")


def roots_short(musts: Sequence[Requirement], verdict: Verdict) -> list[str]:
    """Return the musts that fell short and whose parents did not."""
    short = short_of(verdict)
    return [must.id for must in musts if must.id in short and not short.intersection(must.parents)]


def below(checklist: Checklist) -> dict[str, frozenset[str]]:
    """Return, by the id of each must, the musts that depend on it, directly or not."""
    children: dict[str, frozenset[str]] = {}
    for must in reversed(checklist.musts):  # parents come first
        own = [other.id for other in checklist.musts if must.id in other.parents]
        children[must.id] = frozenset(own).union(*(children.get(child, ()) for child in own))
    return children


def _told(attempts: Sequence[Attempt]) -> list[Attempt]:
    return [a for a in attempts if a.verdict and not a.verdict.problem and not a.base]


@cache
def _normal(points: Sequence[float], sd: float) -> tuple[tuple[float, float], ...]:
    """Return values of a normal distribution around 0 with their probabilities."""
    weights = [math.exp(-point * point / 2) for point in points]
    return tuple((sd * point, weight / sum(weights)) for point, weight in zip(points, weights, strict=True))


def _likely(log_odds: float, met: int, seen: int, sd: float) -> float:
    """Return how likely it is that a must was met in so many of the pictures of one prompt."""
    if log_odds == _NEVER:
        return _LEAST**met * (1 - _LEAST) ** (seen - met)
    return _likelihood(round(log_odds / _STEP), met, seen, sd)


@lru_cache(maxsize=200_000)
def _expected(step: int, met: int, seen: int, sd: float) -> float:
    """Return the chance that a must is met once more, for log odds of so many steps, after so many pictures of one prompt."""
    return _likelihood(step, met + 1, seen + 1, sd) / _likelihood(step, met, seen, sd)


@lru_cache(maxsize=200_000)
def _likelihood(step: int, met: int, seen: int, sd: float) -> float:
    """Return the same, summed over wordings, for log odds of so many steps."""
    total = 0.0
    for wording, weight in _normal(_POINTS, sd):
        chance = 1 / (1 + math.exp(-step * _STEP - wording))
        total += weight * chance**met * (1 - chance) ** (seen - met)
    return total
