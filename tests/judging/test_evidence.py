"""What evidence from the picture changes in a judge's answer."""

from __future__ import annotations

from itertools import product
from typing import get_args

import pytest

from onbrief.attempt import Answer, Finding, Source
from onbrief.brief import Brief, Checklist, Requirement
from onbrief.judging.decide import verdict
from onbrief.judging.evidence import WITNESSES, beside

CHECKLIST = Checklist.freeze(
    (),
    Brief(
        text="a poster",
        requirements=(Requirement(text="the background is plain white"), Requirement(text="the picture is square")),
    ),
)
GROUND, SHAPE = (requirement.id for requirement in CHECKLIST.requirements)
JUDGED = {
    "met": Finding(GROUND, "met", 0.8, "white"),
    "borderline": Finding(GROUND, "borderline", 0.4, "whitish"),
    "unmet": Finding(GROUND, "unmet", 0.15, "blue"),
    "undecided": Finding(GROUND, "undecided", 0.5, "no answer"),
}
EXPECTED: dict[tuple[str, str, str], tuple[str, float]] = {
    ("met", "met", "pixels"): ("met", 0.9),
    ("met", "met", "lettering"): ("met", 0.9),
    ("met", "met", "detector"): ("met", 0.9),
    ("met", "unmet", "pixels"): ("borderline", 0.5),
    ("met", "unmet", "lettering"): ("borderline", 0.5),
    ("met", "unmet", "detector"): ("borderline", 0.5),
    ("borderline", "met", "pixels"): ("met", 0.9),
    ("borderline", "met", "lettering"): ("met", 0.9),
    ("borderline", "met", "detector"): ("borderline", 0.4),
    ("borderline", "unmet", "pixels"): ("borderline", 0.2),
    ("borderline", "unmet", "lettering"): ("borderline", 0.4),
    ("borderline", "unmet", "detector"): ("borderline", 0.4),
}


@pytest.mark.parametrize(("answer", "said", "source"), list(product(JUDGED, ("met", "unmet"), sorted(WITNESSES))))
def test_a_witness_settles_or_raises_a_doubt_and_never_decides_alone(answer: str, said: Answer, source: Source) -> None:
    witness = Finding(GROUND, said, 0.9 if said == "met" else 0.1, "measured", source)
    found = beside(CHECKLIST, [JUDGED[answer], witness])[0]
    own = JUDGED[answer].probability
    unchanged = (answer, min(own, 0.1) if (answer, said) == ("unmet", "unmet") else own)
    assert (found.verdict, found.probability) == EXPECTED.get((answer, said, source), unchanged)
    assert found.evidence == f"{JUDGED[answer].evidence}; measured"
    decided = verdict(CHECKLIST, [found, Finding(SHAPE, "met", 1.0)])
    assert decided.findings[0] == found, "the verdict reads it as it is"


@pytest.mark.parametrize("answer", get_args(Answer))
@pytest.mark.parametrize("holds", [True, False])
def test_size_and_shape_decide_alone(answer: Answer, holds: bool) -> None:
    witness = Finding(SHAPE, "met" if holds else "unmet", float(holds), "measured", "pixels")
    judged = Finding(SHAPE, answer, {"met": 0.9, "unmet": 0.1}.get(answer, 0.5), "looks square")
    assert beside(CHECKLIST, [JUDGED["met"], judged, witness])[1] == witness
    assert beside(CHECKLIST, [JUDGED["met"], witness])[1] == witness, "also where the judge says nothing"


def test_without_witnesses_nothing_changes() -> None:
    findings = [JUDGED["met"], Finding(SHAPE, "unmet", 0.1)]
    assert beside(CHECKLIST, findings) == verdict(CHECKLIST, findings).findings


def test_a_witness_does_not_stand_in_for_a_judge_without_an_answer() -> None:
    witness = Finding(GROUND, "met", 0.9, "measured", "pixels")
    assert not verdict(CHECKLIST, beside(CHECKLIST, [witness, Finding(SHAPE, "met", 1.0)])).passed
    contradicting = [JUDGED["met"], JUDGED["unmet"], witness, Finding(SHAPE, "met", 1.0)]
    assert beside(CHECKLIST, contradicting)[0].verdict == "undecided"


def test_a_witness_about_something_else_is_dropped() -> None:
    findings = [JUDGED["met"], Finding(SHAPE, "met", 1.0)]
    assert beside(CHECKLIST, [*findings, Finding("r9", "unmet", 0.0, "", "pixels")]) == beside(CHECKLIST, findings)
