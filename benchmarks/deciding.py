"""How many findings a second are decided: checklists of 40 requirements, one core."""

from __future__ import annotations

import time

from onbrief.attempt import Finding
from onbrief.brief import Checklist, Kind, Requirement
from onbrief.judging.decide import verdict
from onbrief.judging.rule import FAIR, Rule
from onbrief.judging.scaling import Scaling

REQUIREMENTS = 40
TIMES = 100
ROUNDS = 20
_KINDS: tuple[Kind, ...] = ("object", "attribute", "count", "relation")
_CHECKLIST = Checklist(
    tuple(Requirement(id=f"r{n}", text="there is a jar", kind=_KINDS[n % 4]) for n in range(1, REQUIREMENTS + 1))
)
_EVIDENCE = "A clear jar-like bottle in the centre, nearly as tall as the car is wide"
_FINDINGS = [
    Finding(r.id, "met", 0.5 if place % 5 == 0 else 0.95, _EVIDENCE) for place, r in enumerate(_CHECKLIST.requirements)
]
RULES = {
    "the default rule": FAIR,
    "a calibrated rule": Rule(floor=0.4, high=0.8, scaling={kind: Scaling(0.9, 0.1) for kind in _KINDS}),
}


def a_second(rule: Rule) -> float:
    """Findings decided in a second of CPU time, in the best of several rounds."""
    best = float("inf")
    for _ in range(ROUNDS):
        began = time.process_time()
        for _ in range(TIMES):
            verdict(_CHECKLIST, _FINDINGS, rule)
        best = min(best, time.process_time() - began)
    return REQUIREMENTS * TIMES / best


def main() -> None:
    print("| findings decided a second, one core | |\n| --- | --- |")
    for name, rule in RULES.items():
        print(f"| {name} | {a_second(rule):,.0f} |")
