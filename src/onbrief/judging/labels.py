"""Labels as they are exported and read again: one line of JSON for what one person says of one requirement of a picture."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

from onbrief.attempt import Answer, Source
from onbrief.brief import Kind
from onbrief.documents import validated
from onbrief.errors import UsageError
from onbrief.ports import LabelWord

if TYPE_CHECKING:
    from pydantic import TypeAdapter


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledFinding:
    """What a judge found of one requirement of an attempt, and what a person says of it.

    `attempt` is its name, such as "001-003". `probability` is the one that the judge gave. `confirmed`: the finding is what two
    looks say together.

    Raises:
        UsageError: the probability is not from 0 to 1.
    """

    run: str
    attempt: str
    requirement: str
    text: str = ""
    kind: Kind = "whole"
    must: bool = True
    judge: str
    source: Source = "judge"
    verdict: Answer
    probability: float
    confirmed: bool = False
    label: LabelWord
    by: str = ""
    note: str = ""
    at: str = ""

    def __post_init__(self) -> None:
        if not 0 <= self.probability <= 1:
            raise UsageError.of("probability", self.probability, "a number from 0 to 1")

    @property
    def picture(self) -> tuple[str, str]:
        """The picture that it is about."""
        return self.run, self.attempt

    def to_json(self) -> str:
        """Return it as one line."""
        return json.dumps(asdict(self), ensure_ascii=False)


def read_lines(lines: Iterable[str], where: str) -> list[LabelledFinding]:
    """Return the labels in lines of JSON; empty lines are skipped. `where` is the name of the file, for error messages.

    Raises:
        UsageError: a line is broken; the message has its number.
    """
    found: list[LabelledFinding] = []
    for number, line in enumerate(lines, 1):
        if line.strip():
            place = f"{where}, line {number}"
            try:
                document = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise UsageError(f"{place} is not valid JSON: {error}") from error
            if not isinstance(document, dict):
                raise UsageError.of(place, document, "an object with the fields of a label")
            found.append(validated(_adapter(), document, place))  # pyright: ignore[reportUnknownArgumentType]
    return found


def agreed_labels(labels: Sequence[LabelledFinding]) -> list[LabelledFinding]:
    """Return one label for each finding: where people contradict each other, it is debatable."""
    found: dict[tuple[str, ...], LabelledFinding] = {}
    for label in labels:
        key = label.run, label.attempt, label.requirement, label.judge
        before = found.get(key)
        differ = before is not None and before.label != label.label
        found[key] = replace(label, label="debatable", by="") if differ else label
    return list(found.values())


@cache
def _adapter() -> TypeAdapter[LabelledFinding]:
    from pydantic import TypeAdapter

    return TypeAdapter(LabelledFinding)
