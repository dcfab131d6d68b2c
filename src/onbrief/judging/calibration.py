"""Calibration: how well a judge agrees with people, and the rule with which few enough wrong pictures pass."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, get_args

from onbrief.attempt import Finding
from onbrief.brief import Checklist, Kind, Requirement
from onbrief.errors import UsageError
from onbrief.judging.decide import verdict
from onbrief.judging.labels import LabelledFinding
from onbrief.judging.rule import Rule
from onbrief.judging.scaling import Scaling
from onbrief.judging.statistics import CONFIDENCE, auroc, kappa, needed
from onbrief.judging.thresholds import Rate, threshold
from onbrief.judging.votes import Case, Combination, LabelledPicture, agreed
from onbrief.ports import LabelWord

OF_KIND: Final = 10
"""How many labels yes, and how many no, a kind needs for a scaling of its own."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """How findings on the requirements of one kind (None: of all kinds) agree with labels.

    `false_accepts` are those labelled no that the rule accepts, `false_refusals` those labelled yes that it does not.
    `kappa` and `auroc` leave out what is debatable or undecided, and are None where they are not defined.
    """

    kind: Kind | None
    labels: Mapping[str, int]
    false_accepts: Rate
    false_refusals: Rate
    kappa: float | None
    auroc: float | None
    borderline: float
    undecided: float

    @property
    def missing(self) -> dict[str, int]:
        """How many labels this kind lacks for a scaling of its own, by label; nothing if it has enough."""
        lacking = {label: OF_KIND - self.labels[label] for label in ("yes", "no")}
        return {label: number for label, number in lacking.items() if number > 0}


@dataclass(frozen=True, slots=True)
class Calibration:
    """What labels say about a judge, and the rule that follows from it. The rates are those of the rule on the same labels:
    of requirements, and of pictures, where one is wrong if any of its musts is labelled no.

    `unconfirmed` is how many of the pictures pass with fewer looks than the rule asks for before a pass.
    """

    rule: Rule
    requirements: tuple[Rate, Rate]
    pictures: tuple[Rate, Rate]
    scaling: dict[Kind, Scaling] = field(default_factory=dict[Kind, Scaling])
    unconfirmed: int = 0

    @property
    def expected(self) -> tuple[Rate, Rate]:
        """The rates of pictures that runs with this rule can expect.

        Where the labels lack the second look, the intervals are wider by all that it may do: find every wrong picture, or none
        because the judge repeats its errors; refuse no right one, or as many again as the first look.
        """
        accepts, refusals = self.pictures
        if self.unconfirmed:
            return replace(accepts, low=0.0), replace(refusals, high=1 - (1 - refusals.high) ** 2)
        return accepts, refusals


@dataclass(frozen=True, slots=True)
class Together:
    """What several judges are worth together, where all of them answered: with the ceiling, and by a vote of all of them."""

    judges: tuple[str, ...]
    auroc: float | None
    false_accepts: Rate
    false_refusals: Rate
    all_agree: tuple[Rate, Rate]


def accepted(label: LabelledFinding, rule: Rule) -> bool:
    """Return whether the rule accepts the finding of a label, if its requirement is a must."""
    return _decided(label, rule)[0]


def agreement(labels: Sequence[LabelledFinding], rule: Rule, kind: Kind | None = None) -> Agreement:
    """Return how findings agree with labels, one for each finding."""
    own = [label for label in labels if kind in (None, label.kind)]
    decided = [_decided(label, rule) for label in own]
    plain = [
        (label, answer)
        for label, (_, answer) in zip(own, decided, strict=True)
        if label.label != "debatable" and answer != "undecided"
    ]
    number = max(1, len(own))
    return Agreement(
        kind,
        _counted(own),
        *_rates(own, [passed for passed, _ in decided]),
        kappa([(label.probability >= 0.5, label.label == "yes") for label, _ in plain]),
        auroc([label.probability for label, _ in plain], [label.label == "yes" for label, _ in plain]),
        sum(answer == "borderline" for _, answer in decided) / number,
        sum(answer == "undecided" for _, answer in decided) / number,
    )


def agreements(labels: Sequence[LabelledFinding], rule: Rule) -> list[Agreement]:
    """Return the agreement over all kinds, then that of each kind."""
    kinds: list[Kind] = sorted({label.kind for label in labels})
    return [agreement(labels, rule), *(agreement(labels, rule, kind) for kind in kinds)]


def calibrate(labels: Sequence[LabelledFinding], rule: Rule, ceiling: float) -> Calibration:
    """Return the rule with which at most `ceiling` of the requirements that are not met are accepted, with confidence, and so
    at most that share of the pictures in which one is not met.

    Probabilities are first scaled to what they turned out to mean: for all kinds together, and for each kind that has enough
    labels. Then the floor is the smallest threshold that keeps to the ceiling. If it lies above where an answer counts as sure,
    the judge's plain answers cannot be trusted either: then that bound rises as well, and every pass is confirmed.

    If the labels are about pictures whose passes were confirmed, so is every pass with the rule, and the ceiling is kept for
    pictures as such: a picture that fails at the first look gets no second one, so requirements alone would count too many.

    Raises:
        UsageError: there are too few labels to show it; the message says how many are missing.
    """
    scaling, confirmed = scalings(labels), _always_confirmed(labels)
    scaled = replace(rule, scaling=scaling, confirm="always" if confirmed else rule.confirm)
    wrong = _wrong_pictures(labels, scaled) if confirmed else _wrong_requirements(labels, scaled)
    least = threshold([score for _, score in wrong], [run for run, _ in wrong], ceiling)
    if least is None:
        raise _too_few(labels, ceiling, len(wrong), "confirmed pictures have a must" if confirmed else "requirements are")
    least = math.ceil(least * 1e6) / 1e6  # as scaled probabilities are rounded
    if least > rule.high:
        chosen = replace(scaled, floor=max(rule.floor, least), high=min(1.0, least), confirm="always")
    else:
        chosen = replace(scaled, floor=max(least, rule.low) if rule.floor <= 1 else rule.floor)
    passed = [accepted(label, chosen) for label in labels]
    unconfirmed = _unconfirmed(labels, passed, chosen)
    return Calibration(chosen, _rates(labels, passed), _of_pictures(labels, passed), scaling, unconfirmed)


def together(labels: Sequence[LabelledFinding], ceiling: float) -> Together | None:
    """Return what the judges are worth together, with weights that are fitted to the labels; None unless two or more of them
    answered about the same requirements, and enough of these are labelled no.
    """
    judges = sorted({label.judge for label in labels})
    of_place: dict[tuple[str, str, str], dict[str, LabelledFinding]] = {}
    for label in labels:
        if label.label != "debatable":
            of_place.setdefault((*label.picture, label.requirement), {})[label.judge] = label
    shared = [[answers[judge] for judge in judges] for answers in of_place.values() if len(answers) == len(judges)]
    if len(judges) < 2 or not shared:
        return None
    ballots = [tuple(_finding(label) for label in answers) for answers in shared]
    first = [answers[0] for answers in shared]
    met, runs = [label.label == "yes" for label in first], [label.run for label in first]
    cases = [Case(label.kind, ballot, label.label == "yes") for label, ballot in zip(first, ballots, strict=True)]
    fitted = Combination.fit([LabelledPicture((case,), right) for case, right in zip(cases, met, strict=True)])
    scores = [fitted.finding("", case.kind, case.ballot).probability for case in cases]
    wrong = [place for place, is_met in enumerate(met) if not is_met]
    least = threshold([scores[place] for place in wrong], [runs[place] for place in wrong], ceiling)
    if least is None:
        return None
    votes = [agreed("", ballot, len(judges)).verdict == "met" for ballot in ballots]
    return Together(
        tuple(judges), auroc(scores, met), *_rates(first, [score >= least for score in scores]), _rates(first, votes)
    )


def scalings(labels: Sequence[LabelledFinding]) -> dict[Kind, Scaling]:
    """Return what the judge's probabilities mean for each kind. A kind with few labels has the scaling of all together."""
    plain = [label for label in labels if label.label != "debatable" and label.verdict != "undecided"]
    together = Scaling.fit([(label.probability, label.label == "yes") for label in plain])
    found: dict[Kind, Scaling] = {}
    kinds: list[Kind] = sorted({label.kind for label in labels})
    for kind in kinds:
        cases = [(label.probability, label.label == "yes") for label in plain if label.kind == kind]
        met = sum(label for _, label in cases)
        found[kind] = Scaling.fit(cases, together) if min(met, len(cases) - met) >= OF_KIND else together
    return found


def _counted(labels: Sequence[LabelledFinding]) -> dict[str, int]:
    """Return how many labels there are of each word."""
    return {word: sum(label.label == word for label in labels) for word in get_args(LabelWord)}


def _score(label: LabelledFinding, rule: Rule) -> float:
    """Return from which floor down a finding is accepted; an undecided one never is."""
    finding = _finding(label)
    return -1.0 if _decided(label, rule)[1] == "undecided" else rule.meant(finding, label.kind)


def _wrong_requirements(labels: Sequence[LabelledFinding], rule: Rule) -> list[tuple[str, float]]:
    """Return the run of each requirement that is labelled no, and from which floor down it is accepted."""
    return [(label.run, _score(label, rule)) for label in labels if label.label == "no"]


def _wrong_pictures(labels: Sequence[LabelledFinding], rule: Rule) -> list[tuple[str, float]]:
    """Return the run of each picture that has a must labelled no, and from which floor down it passes."""
    wrong = {label.picture for label in labels if label.must and label.label == "no"}
    scores: dict[tuple[str, str], float] = {}
    for label in labels:
        if label.must and label.picture in wrong:
            scores[label.picture] = min(scores.get(label.picture, 1.0), _score(label, rule))
    return [(run, score) for (run, _), score in scores.items()]


def _finding(label: LabelledFinding) -> Finding:
    return Finding(label.requirement, label.verdict, label.probability, source=label.source)


def _decided(label: LabelledFinding, rule: Rule) -> tuple[bool, str]:
    """Decide about a finding alone, as if its requirement were the whole checklist."""
    checklist = Checklist((Requirement(id="r1", text=label.text or "?", kind=label.kind),))
    found = verdict(checklist, [replace(_finding(label), id="r1")], rule)
    return found.passed, found.findings[0].verdict


def _rates(labels: Sequence[LabelledFinding], passed: Sequence[bool]) -> tuple[Rate, Rate]:
    pairs = list(zip(labels, passed, strict=True))
    wrong = [(label.run, accept) for label, accept in pairs if label.label == "no"]
    right = [(label.run, not accept) for label, accept in pairs if label.label == "yes"]
    return tuple(Rate.of([hit for _, hit in cases], [run for run, _ in cases]) for cases in (wrong, right))  # pyright: ignore[reportReturnType] - two


def _of_pictures(labels: Sequence[LabelledFinding], passed: Sequence[bool]) -> tuple[Rate, Rate]:
    """Return the rates of false accepts and false refusals of pictures, by what is labelled of their musts."""
    wrong: dict[tuple[str, str], bool] = {}
    passing: dict[tuple[str, str], bool] = {}
    for label, accept in zip(labels, passed, strict=True):
        if label.must:
            wrong[label.picture] = wrong.get(label.picture, False) or label.label == "no"
            passing[label.picture] = passing.get(label.picture, True) and accept
    bad = [picture for picture, is_wrong in wrong.items() if is_wrong]
    good = [picture for picture, is_wrong in wrong.items() if not is_wrong]
    return (
        Rate.of([passing[picture] for picture in bad], [run for run, _ in bad]),
        Rate.of([not passing[picture] for picture in good], [run for run, _ in good]),
    )


def _always_confirmed(labels: Sequence[LabelledFinding]) -> bool:
    """Return whether closer looks were also about what the first one was sure of; what is borderline is decided by the closer
    look, and has that source.
    """
    return any(label.confirmed and label.source == "judge" for label in labels)


def _unconfirmed(labels: Sequence[LabelledFinding], passed: Sequence[bool], rule: Rule) -> int:
    """Return how many pictures pass without a closer look that the rule asks for."""
    passing: dict[tuple[str, str], bool] = {}
    lacking: set[tuple[str, str]] = set()
    for label, accept in zip(labels, passed, strict=True):
        if label.must:
            passing[label.picture] = passing.get(label.picture, True) and accept
            wanted = rule.confirm == "always" or (rule.confirm == "borderline" and _decided(label, rule)[1] == "borderline")
            if wanted and not label.confirmed:
                lacking.add(label.picture)
    return sum(passing[picture] for picture in lacking)


def _too_few(labels: Sequence[LabelledFinding], ceiling: float, number: int, what: str) -> UsageError:
    least = needed(ceiling, 1 - (1 - CONFIDENCE) / 2)
    wrong = Counter(label.kind for label in labels if label.label == "no")
    kinds = ", ".join(f"{kind} {wrong[kind]}" for kind in sorted({label.kind for label in labels})) or "none"
    return UsageError(
        f"too few labels: {number} {what} labelled no, and at least {least} are needed to show at most "
        f"{ceiling:g} false accepts; {least - number} are missing",
        hint=f"labelled no, by kind: {kinds}; label pictures that did not pass too: onbrief label RUN ATTEMPT r1=no",
    )
