"""Deliberate judging errors, for measuring how the rest of the system copes with an unreliable judge."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, replace

from onbrief.attempt import Finding
from onbrief.brief import Requirement
from onbrief_sandbox.world.draws import uniform

SUREST = 0.99
"""The probability reported with each finding of an eye without errors."""


@dataclass(frozen=True, slots=True)
class Errors:
    """Error rates of a judge, each from 0 to 1.

    `false_accept` is the probability that an unmet requirement is judged met, `false_reject` that a met one is judged unmet.
    `correlated` is the share of (picture, requirement) pairs for which repeated questions get the same answer; for the
    others, each answer is an independent draw.
    """

    false_accept: float = 0.0
    false_reject: float = 0.0
    correlated: float = 0.0

    def __bool__(self) -> bool:
        return self.false_accept > 0 or self.false_reject > 0

    def sure(self, *, met: bool) -> float:
        """Return the probability that a requirement is met, given this judge's answer and that half of all are met."""
        hits = 1 - self.false_reject if met else self.false_reject
        false = self.false_accept if met else 1 - self.false_accept
        return min(SUREST, max(1 - SUREST, hits / (hits + false) if hits + false else 0.5))


class ErringEye:
    """Flips findings at the given error rates.

    A flip depends on the picture's bytes, the text of the requirement and, unless the error is correlated, on how many times
    this object was asked about that pair before: a judge gets no other input to draw from. The counter starts at 0 in each new
    object, so after a run is resumed, a picture that is judged again gets the first answer again.
    """

    def __init__(self, errors: Errors) -> None:
        self._errors = errors
        self._asked: Counter[str] = Counter()

    def see(
        self, image: bytes, requirements: tuple[Requirement, ...], findings: tuple[Finding, ...], how: str = ""
    ) -> tuple[Finding, ...]:
        """Return the findings with errors applied. Undecided findings stay undecided. Answers to questions that are asked in
        another way, `how`, have other errors, unless they are correlated.
        """
        picture = hashlib.sha256(image).hexdigest()
        return tuple(
            self._turned(f"{picture}\0{requirement.text}", requirement, finding, how)
            for requirement, finding in zip(requirements, findings, strict=True)
        )

    def _turned(self, question: str, requirement: Requirement, finding: Finding, how: str) -> Finding:
        if finding.verdict == "undecided":
            return finding
        number = self._asked[f"{question}\0{how}"]
        self._asked[f"{question}\0{how}"] += 1
        fixed = uniform("same error again", question) < self._errors.correlated
        draw = uniform("error", question, "" if fixed else f"{how}{number}")
        met = finding.verdict == "met"
        met ^= draw < (self._errors.false_reject if met else self._errors.false_accept)
        seen = f"it looks as if {requirement.text}" if met else f"it does not look as if {requirement.text}"
        # Evidence always has the same form; otherwise it would reveal which findings were flipped.
        return replace(finding, verdict="met" if met else "unmet", probability=self._errors.sure(met=met), evidence=seen)
