"""The rule by which answers become a verdict: how sure an answer must be, and how much doubt a picture may have and pass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, get_args

from onbrief.attempt import Finding
from onbrief.brief import Kind
from onbrief.errors import UsageError
from onbrief.judging.scaling import Scaling

Strictness = Literal["strict", "fair", "lenient"]
Confirm = Literal["never", "borderline", "always"]

LOW: Final = 0.2
HIGH: Final = 0.7
"""An answer whose probability lies between these two is borderline, whatever word it gives. On real pictures, people who looked
closely called nearly everything below LOW wrong, most of what lies between debatable, and nearly everything above HIGH right.
"""

_LOOKS: Final = ("judge", "closer look")  # what calibration is about; pixels and transcripts have no opinion
_FLOORS: Final[dict[Strictness, float]] = {"strict": 2.0, "fair": 0.3, "lenient": 0.2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """`low` and `high` bound the probabilities of borderline answers. A borderline must is accepted with a reservation if its
    probability is at least `floor`; a picture passes with at most `max_reservations`, or with any number if that is None.

    `confirm` says when a picture that would pass is looked at once more: never, if it has a borderline must, or always.

    Two values come only from calibration: `joint` is the least product of the probabilities of all musts with which a picture
    passes, and `scaling` is what the judge's probabilities mean for each kind of requirement. All other values
    are about what they mean, and the findings keep what the judge said.

    Raises:
        UsageError: a value out of range.
    """

    floor: float = _FLOORS["fair"]
    max_reservations: int | None = None
    low: float = LOW
    high: float = HIGH
    confirm: Confirm = "borderline"
    joint: float = 0.0
    scaling: Mapping[Kind, Scaling] = field(default_factory=dict[Kind, Scaling], hash=False)

    def __post_init__(self) -> None:
        if not 0 <= self.low <= 0.5 <= self.high <= 1:
            raise UsageError.of("rule", f"low {self.low}, high {self.high}", "low from 0 to 0.5, and high from 0.5 to 1")
        if self.max_reservations is not None and not 0 <= self.max_reservations <= 64:
            raise UsageError.of("max_reservations", self.max_reservations, "a whole number from 0 to 64")
        if self.confirm not in get_args(Confirm):
            raise UsageError.of("confirm", self.confirm, " or ".join(get_args(Confirm)))

    @classmethod
    def named(cls, strictness: str, max_reservations: int | None = None, confirm: Confirm = "borderline") -> Rule:
        """Return the rule of this name: `strict` accepts nothing that is borderline, `lenient` more than `fair`.

        Raises:
            UsageError: the name is unknown, or a value is out of range.
        """
        if strictness not in _FLOORS:
            raise UsageError.of("strictness", strictness, " or ".join(_FLOORS))
        return cls(floor=_FLOORS[strictness], max_reservations=max_reservations, confirm=confirm)

    def meant(self, finding: Finding, kind: Kind) -> float:
        """Return what the probability of a finding on a requirement of this kind means, according to calibration."""
        scaling = self.scaling.get(kind) if finding.source in _LOOKS else None
        return scaling(finding.probability) if scaling else finding.probability

    def accepts(self, finding: Finding, kind: Kind) -> bool:
        """Return whether a finding on a must of this kind is borderline and accepted with a reservation."""
        return finding.verdict == "borderline" and self.meant(finding, kind) >= self.floor


FAIR: Final = Rule()
