"""A judge made worse on purpose, so that judging can be measured under one that errs."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, replace

from onbrief.brief import Requirement
from onbrief.record import Finding
from onbrief_sandbox.world.draws import uniform

SUREST = 0.99
"""The probability that goes with a finding of an eye that does not err."""


@dataclass(frozen=True, slots=True)
class Errors:
    """How often a judge errs, each from 0 to 1.

    `false_accept` is how often it takes an unmet requirement for met, `false_reject` how often a met one for unmet.
    `correlated` is the share of requirements, picture by picture, on which it answers the same whenever it is asked again;
    on the others each answer is a draw of its own.
    """

    false_accept: float = 0.0
    false_reject: float = 0.0
    correlated: float = 0.0

    def __bool__(self) -> bool:
        return self.false_accept > 0 or self.false_reject > 0

    def sure(self, *, met: bool) -> float:
        """How likely a requirement is to be met when this judge says that it is, or is not, if half of all are."""
        hits = 1 - self.false_reject if met else self.false_reject
        false = self.false_accept if met else 1 - self.false_accept
        return min(SUREST, max(1 - SUREST, hits / (hits + false) if hits + false else 0.5))


class ErringEye:
    """Turns findings. What it turns follows from the bytes of the picture, the words of the requirement and, where errors are
    not correlated, from how often this object was asked about the two before: a judge is handed nothing else to draw from.
    A new object counts from nothing again: after a resumption, a picture that is judged once more gets the first answer.
    """

    def __init__(self, errors: Errors) -> None:
        self._errors = errors
        self._asked: Counter[str] = Counter()

    def see(self, image: bytes, requirements: tuple[Requirement, ...], findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
        """The findings as this eye gives them. What is undecided stays so."""
        picture = hashlib.sha256(image).hexdigest()
        return tuple(
            self._turned(f"{picture}\0{requirement.text}", requirement, finding)
            for requirement, finding in zip(requirements, findings, strict=True)
        )

    def _turned(self, question: str, requirement: Requirement, finding: Finding) -> Finding:
        if finding.verdict == "undecided":
            return finding
        number = self._asked[question]
        self._asked[question] += 1
        fixed = uniform("same error again", question) < self._errors.correlated
        draw = uniform("error", question, "" if fixed else str(number))
        met = finding.verdict == "met"
        met ^= draw < (self._errors.false_reject if met else self._errors.false_accept)
        seen = f"it looks as if {requirement.text}" if met else f"it does not look as if {requirement.text}"
        # all evidence of an erring eye has one form, or it would give its errors away
        return replace(finding, verdict="met" if met else "unmet", probability=self._errors.sure(met=met), evidence=seen)
