"""Recorded answers of a strong vision model about real pictures, decided by onbrief and compared with labels.

data/real has the briefs, the checklists of a planner, the answers of a judge that saw each picture once, and what people who
looked closely would say of each requirement. `python -m benchmarks real` prints the table of docs/judging.md.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from onbrief import questions
from onbrief.attempt import Answer, Finding
from onbrief.brief import Brief, Checklist
from onbrief.judging.decide import verdict
from onbrief.judging.rule import FAIR, Rule

DATA = Path(__file__).parent / "data" / "real"

LabelWord = Literal["yes", "no", "debatable"]


@dataclass(frozen=True, slots=True)
class Pair:
    """A picture and a checklist: what the judge answered, and what is right."""

    name: str
    checklist: Checklist
    findings: tuple[Finding, ...]
    labels: dict[str, LabelWord]

    @property
    def acceptable(self) -> bool:
        """Whether a fair customer would take the picture: no must is plainly unmet."""
        return all(self.labels[must.id] != "no" for must in self.checklist.musts)

    def accepted(self, rule: Rule) -> bool:
        return verdict(self.checklist, self.findings, rule).passed


@cache
def pairs() -> tuple[Pair, ...]:
    """All recorded pairs, by name."""
    return tuple(_pair(path.stem) for path in sorted((DATA / "answers").glob("*.json")))


def brief(number: str) -> Brief:
    """The brief of this number."""
    return Brief(text=_document(DATA / "briefs.json")[number])


def checklist(number: str) -> Checklist:
    """The recorded checklist of a brief, read as the planner's answer is read."""
    asked = brief(number)
    planned = questions.plan(asked).read(_document(DATA / "checklists" / f"{number}.json"))
    return Checklist.freeze(planned.requirements, asked)


def _pair(name: str) -> Pair:
    asked = checklist(name.rpartition("-")[2])
    judged = questions.judge(asked.requirements).read(_document(DATA / "answers" / f"{name}.json"))
    labels = {entry["id"]: entry["label"] for entry in _document(DATA / "labels" / f"{name}.json")}
    return Pair(name, asked, judged.findings, labels)


def _document(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


def _share_met(pair: Pair, least: float) -> bool:
    answers = _musts(pair)
    return sum(finding.verdict == "met" for finding in answers) >= least * len(answers)


def _joint(pair: Pair, least: float) -> bool:
    return math.prod(finding.probability for finding in _musts(pair)) >= least


def _musts(pair: Pair) -> list[Finding]:
    ids = {must.id for must in pair.checklist.musts}
    return [finding for finding in pair.findings if finding.id in ids]


RULES: dict[str, Callable[[Pair], bool]] = {
    "every must answered true": lambda pair: _share_met(pair, 1.0),
    "fair, the default": lambda pair: pair.accepted(FAIR),
    "strict": lambda pair: pair.accepted(Rule.named("strict")),
    "lenient": lambda pair: pair.accepted(Rule.named("lenient")),
    "borderline from .4 on": lambda pair: pair.accepted(Rule(floor=0.4)),
    "fair, at most two reservations": lambda pair: pair.accepted(Rule(max_reservations=2)),
    "90% of the musts answered true": lambda pair: _share_met(pair, 0.9),
    "product of probabilities at least .05": lambda pair: _joint(pair, 0.05),
}


def counted(rule: Callable[[Pair], bool]) -> tuple[int, int]:
    """How many acceptable pairs, and how many wrong ones, a rule accepts."""
    accepted = [pair for pair in pairs() if rule(pair)]
    return sum(pair.acceptable for pair in accepted), sum(not pair.acceptable for pair in accepted)


def agreement() -> dict[tuple[LabelWord, Answer], int]:
    """How often each answer stands beside each label, over all requirements."""
    found: dict[tuple[LabelWord, Answer], int] = {}
    for pair in pairs():
        for finding in verdict(pair.checklist, pair.findings).findings:
            key = pair.labels[finding.id], finding.verdict
            found[key] = found.get(key, 0) + 1
    return found


def main() -> None:
    acceptable = sum(pair.acceptable for pair in pairs())
    print(f"| rule over the musts | of {acceptable} acceptable accepted | of {len(pairs()) - acceptable} wrong accepted |")
    print("| --- | --- | --- |")
    for name, rule in RULES.items():
        good, bad = counted(rule)
        print(f"| {name} | {good} | {bad} |")
    print("\n| label | met | borderline | unmet | undecided |\n| --- | --- | --- | --- | --- |")
    table = agreement()
    for label in ("yes", "debatable", "no"):
        print(f"| {label} |", *(f"{table.get((label, answer), 0)} |" for answer in ("met", "borderline", "unmet", "undecided")))
    for pair in pairs():
        told = verdict(pair.checklist, pair.findings)
        right = "acceptable" if pair.acceptable else "wrong"
        state = "passed" if told.passed else "refused"
        print(f"{pair.name}: {right}, {state}, {len(told.reservations)} reservations of {len(pair.checklist.musts)} musts")
