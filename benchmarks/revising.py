"""Recorded prompts of a strong language model for the reviser's own question, checked as onbrief checks them.

The questions are made from the checklists and answers of data/real, for one image model that reads CLIP tokens and one that
reads long text. data/revising has what the model answered to each, and its README.md says how. `python -m benchmarks
revising` prints the table; `python -m benchmarks.revising CASE clip|long` prints a question.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from benchmarks import real
from onbrief import questions
from onbrief.attempt import Attempt
from onbrief.brief import Brief, Checklist
from onbrief.judging.decide import verdict
from onbrief.judging.rule import Rule
from onbrief.ports import CLIP_TOKENS, NATURAL, Dialect, History, Revised
from onbrief.questions import Question, usable
from onbrief.record import Prompt

DATA = Path(__file__).parent / "data" / "revising"

DialectName = Literal["clip", "long"]
DIALECTS: dict[DialectName, Dialect] = {
    "clip": Dialect(unit="CLIP tokens", most=CLIP_TOKENS, negative=True, weights=True, hardest_first=True),
    "long": NATURAL,
}

STRICT = Rule.named("strict")
"""So that also what is borderline is to be revised."""

HISTORIES = ("00-00", "03-03", "04-04", "05-05", "06-06", "08-08", "09-09", "00-01", "06-03")
"""A picture of data/real, as if it had been drawn for the brief and judged with the checklist of the second number. In the last
two, that is another brief than the one that it was drawn for.
"""

FIRST = ("20", "22", "24")
"""Briefs without a history."""


@dataclass(frozen=True, slots=True)
class Case:
    """One question: a brief and its checklist, and what was tried."""

    name: str
    brief: Brief
    checklist: Checklist
    history: History

    def question(self, dialect: DialectName) -> Question[Revised]:
        return questions.revise(self.brief, self.checklist, 1, self.history, DIALECTS[dialect])

    def faults(self, dialect: DialectName, attempt: int = 0) -> tuple[str, ...] | None:
        """What is wrong with the recorded answer; None if there is none. `attempt` 1 is the second answer."""
        path = DATA / f"{self.name}-{dialect}{'-again' if attempt else ''}.json"
        if not path.exists():
            return None
        revised = self.question(dialect).read(json.loads(path.read_text("utf-8")))
        prompt = Prompt(1, revised.text, revised.negative, revised.reason)
        return usable.faults(prompt, self.brief, self.checklist, DIALECTS[dialect], [Prompt.first(self.brief)])


def cases() -> Sequence[Case]:
    return [*map(_tried, HISTORIES), *(Case(f"first-{number}", *_asked(number), ()) for number in FIRST)]


def _asked(number: str) -> tuple[Brief, Checklist]:
    return real.brief(number), real.checklist(number)


def _tried(name: str) -> Case:
    picture, _, number = name.partition("-")
    brief, checklist = _asked(number)
    findings = next(pair.findings for pair in real.pairs() if pair.name == f"picture-{picture}-list-{number}")
    attempt = Attempt(0, 0, 1, verdict=verdict(checklist, findings, STRICT))
    return Case(f"picture-{picture}-list-{number}", brief, checklist, [(Prompt.first(brief), [attempt])])


def main() -> None:
    print("| for a model that reads | answers | usable | too long | negative names what is required | a thing is not named |")
    print("| --- | --- | --- | --- | --- | --- |")
    for dialect in DIALECTS:
        for attempt, which in enumerate(("", ", asked once more")):
            found = {case.name: faults for case in cases() if (faults := case.faults(dialect, attempt)) is not None}
            counts = [sum(any(word in f for f in faults) for faults in found.values()) for word in _SIGNS]
            usable_ = sum(not faults for faults in found.values())
            print(f"| {dialect}{which} | {len(found)} | {usable_} |", " | ".join(map(str, counts)), "|")
            for name, faults in found.items():
                print(*(f"{name}: {fault}" for fault in faults), sep="\n", end="\n" if faults else "")


_SIGNS = ("more than the", "`negative` names", "does not name")


if __name__ == "__main__":
    asked = next(case for case in cases() if case.name == sys.argv[1]).question("clip" if sys.argv[2] == "clip" else "long")
    print(asked.system, asked.text, json.dumps(asked.schema, indent=1), sep="\n\n----\n\n")
