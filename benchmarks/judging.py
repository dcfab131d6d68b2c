"""Recorded answers of six public vision models to 2,840 pictures with known errors, decided by onbrief.

Simple rules beside a calibration that is fitted on half of the briefs and measured on the other half, many times.
`python -m benchmarks judging` prints the tables of docs/judging.md; it takes some minutes.
"""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from benchmarks.scorescore import FIVE, MODELS, THREE, Rated, pictures
from onbrief.attempt import Finding
from onbrief.judging.decide import joint, verdict
from onbrief.judging.rule import Rule
from onbrief.judging.statistics import at_least, auroc
from onbrief.judging.thresholds import threshold
from onbrief.judging.votes import Ballot, Case, Combination, LabelledPicture, agreed

SPLITS = 200
CEILINGS = (0.05, 0.03, 0.02)
REFUSALS = 0.30  # the rate of false refusals at which false accepts are compared

_FIVE = tuple(MODELS.index(name) for name in FIVE)
_THREE = tuple(MODELS.index(name) for name in THREE)


# -- simple rules -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Rates:
    """What a rule refuses of the right pictures, and accepts of the wrong ones and of those with a single error."""

    refused: float
    accepted: float
    accepted_with_one_error: float


def voted(picture: Rated, judges: Sequence[int], needed: int) -> bool:
    """Whether a picture passes if each requirement is met that enough of these judges call met."""
    asked = zip(picture.checklist.requirements, picture.ballots, strict=True)
    findings = [agreed(requirement.id, _of(ballot, judges), needed) for requirement, ballot in asked]
    return verdict(picture.checklist, findings).passed


def rates(accepts: Callable[[Rated], bool]) -> Rates:
    """The rates of a rule over all pictures."""
    errors = [picture.errors for picture in pictures() if accepts(picture)]
    all_errors = [picture.errors for picture in pictures()]
    right, one = all_errors.count(0), all_errors.count(1)
    accepted = errors.count(0)
    return Rates(1 - accepted / right, (len(errors) - accepted) / (len(all_errors) - right), errors.count(1) / one)


def simple_rules() -> dict[str, Rates]:
    """The rates of single models and of votes of three."""
    found = {
        name: rates(lambda picture, judge=judge: voted(picture, (judge,), 1)) for name, judge in zip(FIVE, _FIVE, strict=True)
    }
    for name, needed in (("majority of 3", 2), ("all of 3", 3), ("any of 3", 1)):
        found[name] = rates(lambda picture, needed=needed: voted(picture, _THREE, needed))
    return found


def share_met(judges: Sequence[int]) -> float:
    """How well right pictures are told from wrong ones by the share of answers that say met (area under the curve)."""
    scores = [
        statistics.fmean(answer is not None and answer.verdict == "met" for b in picture.ballots for answer in _of(b, judges))
        for picture in pictures()
    ]
    area = auroc(scores, [picture.right for picture in pictures()])
    assert area is not None
    return area


def _of(ballot: Ballot, judges: Sequence[int]) -> Ballot:
    return tuple(ballot[judge] for judge in judges)


# -- calibrated -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Kept:
    """A ceiling on false accepts: what was accepted and refused on the testing half, and whether an exact test finds the
    ceiling broken there.
    """

    accepted: float
    refused: float
    broken: bool


@dataclass(frozen=True, slots=True)
class Split:
    """What was measured on one testing half. `at_refusals` are the false accepts at false refusals of REFUSALS."""

    auroc: float
    at_refusals: float
    three_refused: float
    three_accepted: float
    kept: tuple[Kept, ...]


def halves(number: int) -> tuple[list[Rated], list[Rated]]:
    """The fitting and the testing half of a split: no brief is in both."""
    briefs = sorted({picture.brief for picture in pictures()})
    fitting = set(random.Random(number).sample(briefs, len(briefs) // 2))  # noqa: S311 - nothing to guard
    return [p for p in pictures() if p.brief in fitting], [p for p in pictures() if p.brief not in fitting]


def labelled(picture: Rated) -> LabelledPicture:
    """A picture of which only that it is right or wrong is known, as of all these."""
    asked = zip(picture.checklist.requirements, picture.ballots, strict=True)
    return LabelledPicture(tuple(Case(requirement.kind, ballot) for requirement, ballot in asked), picture.right)


def measured(number: int) -> Split:
    """Fit on one half, choose thresholds there, and measure both on the other."""
    fitting, testing = halves(number)
    combination = Combination.fit([labelled(picture) for picture in fitting])
    known: dict[tuple[str, Ballot], Finding] = {}

    def findings(picture: Rated) -> list[Finding]:
        found: list[Finding] = []
        for requirement, ballot in zip(picture.checklist.requirements, picture.ballots, strict=True):
            key = requirement.kind, ballot
            if key not in known:
                known[key] = combination.finding("", requirement.kind, ballot)
            found.append(Finding(requirement.id, known[key].verdict, known[key].probability))
        return found

    wrong = [picture for picture in fitting if not picture.right]
    scores = [joint(picture.checklist, findings(picture)) for picture in wrong]
    least = [threshold(scores, [picture.brief for picture in wrong], ceiling) for ceiling in CEILINGS]
    answers = [(picture, findings(picture)) for picture in testing]
    tested = [joint(picture.checklist, found) for picture, found in answers]
    area = auroc(tested, [picture.right for picture in testing])
    assert area is not None
    return Split(
        area,
        _accepted_at(tested, testing),
        *_counted((picture for picture in testing if voted(picture, _THREE, 3)), testing)[1:],
        tuple(_kept(answers, testing, ceiling, at) for ceiling, at in zip(CEILINGS, least, strict=True)),
    )


def _accepted_at(scores: Sequence[float], testing: Sequence[Rated]) -> float:
    """The false accepts of the threshold that refuses at most REFUSALS of the right pictures."""
    right = sorted(score for score, picture in zip(scores, testing, strict=True) if picture.right)
    least = right[math.floor(REFUSALS * len(right))]
    wrong = [score for score, picture in zip(scores, testing, strict=True) if not picture.right]
    return sum(score >= least for score in wrong) / len(wrong)


def _kept(answers: Sequence[tuple[Rated, list[Finding]]], testing: Sequence[Rated], ceiling: float, at: float | None) -> Kept:
    """Decide the testing half by the rule with this threshold; without one, nothing passes."""
    rule = Rule(floor=0.0, low=0.0, high=1.0, joint=2.0 if at is None else at)
    passed = (picture for picture, found in answers if verdict(picture.checklist, found, rule).passed)
    hits, refused, accepted = _counted(passed, testing)
    return Kept(accepted, refused, at_least(hits, sum(not p.right for p in testing), ceiling) < 0.05)


def _counted(passed: Iterable[Rated], testing: Sequence[Rated]) -> tuple[int, float, float]:
    """How many wrong pictures passed, which share of the right ones was refused, and which share of the wrong ones passed."""
    right = sum(picture.right for picture in testing)
    passing = [picture.right for picture in passed]
    hits = passing.count(False)
    return hits, 1 - passing.count(True) / right, hits / (len(testing) - right)


def main(splits: int = SPLITS) -> None:
    print("| rule: all answers yes | refuses a right picture | accepts a wrong one | accepts one with exactly one error |")
    print("| --- | --- | --- | --- |")
    for name, rate in simple_rules().items():
        print(f"| {name} | {rate.refused:.3f} | {rate.accepted:.3f} | {rate.accepted_with_one_error:.3f} |")
    print("\n| share of answers that say yes | AUROC |\n| --- | --- |")
    for name, judge in zip(FIVE, _FIVE, strict=True):
        print(f"| {name} | {share_met((judge,)):.3f} |")
    print(f"| mean of five | {share_met(_FIVE):.3f} |\n")
    found = [measured(number) for number in range(splits)]
    print(f"| calibrated, on the testing halves of {splits} splits by brief | mean | standard deviation |\n| --- | --- | --- |")
    _row("AUROC", [split.auroc for split in found])
    _row(f"false accepts at false refusals of {REFUSALS:.2f}", [split.at_refusals for split in found])
    _row("all of 3: false accepts", [split.three_accepted for split in found])
    _row("all of 3: false refusals", [split.three_refused for split in found])
    print("\n| asked for at most | false accepts | false refusals | splits in which a test finds it broken |")
    print("| --- | --- | --- | --- |")
    for place, ceiling in enumerate(CEILINGS):
        kept = [split.kept[place] for split in found]
        accepted, refused = [each.accepted for each in kept], [each.refused for each in kept]
        print(f"| {ceiling:.2f} | {_spread(accepted)} | {_spread(refused)} | {sum(k.broken for k in kept)} of {splits} |")


def _row(name: str, values: Sequence[float]) -> None:
    print(f"| {name} | {statistics.fmean(values):.4f} | {statistics.stdev(values):.4f} |")


def _spread(values: Sequence[float]) -> str:
    return f"{statistics.fmean(values):.4f} ± {statistics.stdev(values):.4f}"
