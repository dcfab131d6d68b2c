"""Profiles: what calibration found for one judge, as a file that runs use."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from onbrief import questions
from onbrief.brief import Kind, Requirement
from onbrief.documents import read_json, validated
from onbrief.errors import UsageError
from onbrief.judging.rule import Confirm, Rule, Strictness
from onbrief.judging.scaling import Scaling
from onbrief.judging.thresholds import Rate

if TYPE_CHECKING:
    from pydantic import TypeAdapter

_ASKED: Final = (
    Requirement(id="r1", text="there is a cup", kind="object"),
    Requirement(id="r2", text="there are exactly 3 cups", kind="count"),
    Requirement(id="r3", text='the text "tea" can be read', kind="text"),
    Requirement(id="r4", text="there is no spoon", kind="absence"),
)
"""One requirement for each way in which a judge is asked."""


@cache
def questions_digest() -> str:
    """Return what identifies the words of the questions to a judge and the form of its answers: a digest of both."""
    asked = [
        (question.system, question.text, question.schema) for question in (questions.judge(_ASKED), questions.confirm(_ASKED))
    ]
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """What a calibration is about: the judge, the questions that it was asked, and the strictness of the rule."""

    judge: str
    questions: str
    strictness: Strictness

    @classmethod
    def of(cls, judge: str, strictness: Strictness) -> Fingerprint:
        """Return the fingerprint of this judge with the questions of this version."""
        return cls(judge=judge, questions=questions_digest(), strictness=strictness)


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """The rule that calibration chose for a judge. `labels` are the numbers of labels that it is from, by label; the rates are
    those of pictures. `onbrief` says what kind of document this is.

    Raises:
        UsageError: a value out of range.
    """

    onbrief: Literal["profile"] = "profile"
    schema: Literal[1] = 1
    fingerprint: Fingerprint
    made: str
    max_false_accept: float
    floor: float
    high: float
    confirm: Confirm
    scaling: Mapping[Kind, Scaling] = field(default_factory=dict[Kind, Scaling])
    labels: Mapping[str, int] = field(default_factory=dict[str, int])
    false_accepts: Rate
    false_refusals: Rate

    def __post_init__(self) -> None:
        Rule(floor=self.floor, high=self.high, confirm=self.confirm)
        if not 0 <= self.floor <= 2:
            raise UsageError.of("floor", self.floor, "a number from 0 to 2")

    @classmethod
    def read(cls, path: Path) -> Profile:
        """Return the profile in a file.

        Raises:
            UsageError: the file cannot be read, or is no profile.
        """
        try:
            return validated(_adapter(), read_json(path, "profile"), f"profile {path}")
        except UsageError as error:
            raise UsageError(str(error), hint="make it again with: onbrief calibrate") from error

    def to_json(self) -> str:
        """Return the text of its file."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=2) + "\n"

    @property
    def digest(self) -> str:
        """What identifies it in the request of an order."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()[:16]

    def applied(self, rule: Rule) -> Rule:
        """Return a rule with what calibration chose."""
        confirm = "always" if self.confirm == "always" else rule.confirm
        return replace(rule, floor=self.floor, high=self.high, confirm=confirm, scaling=self.scaling)

    def differs(self, now: Fingerprint) -> str:
        """Return in what its fingerprint differs from that of a run, in words; empty if it is the same."""
        made = self.fingerprint
        pairs = [
            (f"judge {made.judge}", made.judge == now.judge),
            ("other questions to the judge", made.questions == now.questions),
            (f"strictness {made.strictness}", made.strictness == now.strictness),
        ]
        return " and ".join(name for name, same in pairs if not same)


@cache
def _adapter() -> TypeAdapter[Profile]:
    from pydantic import TypeAdapter

    return TypeAdapter(Profile)
