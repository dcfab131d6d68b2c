"""The money that is held when a run is opened again for the judgements that its pictures wait for."""

from __future__ import annotations

import json
from typing import Any

from onbrief.ports import Call, Entry, Recorded, RunRow
from onbrief.studio import judgements_due
from onbrief.testing import Bill
from tests.studio.test_first_question import BRIEF, models

ROW = RunRow("r", "{}", "{}", "2026-11-22T10:00:00.000Z", None, None, live=True)
CREW = models(Bill())
WHOLE = 0.13  # of a question about all of twelve


def done(kind: Any, part: str, result: object) -> Entry:
    return Entry(Call(kind, 0, 0, "test:critic", "0" * 64, 0.01, part), 0, "done", 0.01, result=json.dumps(result))


PICTURE = done("image", "", {"image": None, "problem": None, "warnings": []})


def first(answer: str, probability: float, blind: str = "") -> Entry:
    finding = {"id": "r1", "verdict": answer, "probability": probability, "evidence": "seen", "source": "judge", "box": None}
    return done("judge", "first", {"asked": ["r1"], "findings": [finding], "blind": blind})


def due(*entries: Entry) -> dict[str, float]:
    return judgements_due(Recorded(ROW, (PICTURE, *entries)), BRIEF, CREW)


def test_a_picture_that_nobody_has_judged_waits_for_its_judgement() -> None:
    assert due() == {"judge/000-000": WHOLE}


def test_a_picture_that_may_pass_after_the_first_question_waits_for_the_second() -> None:
    assert due(first("met", 0.9)) == {"judge/000-000/rest": WHOLE}


def test_a_picture_waits_for_nothing_that_will_not_be_asked() -> None:
    assert due(first("unmet", 0.1)) == {}
    assert due(first("met", 0.9, blind="it does not see the squares")) == {}
    assert due(first("met", 0.9), done("judge", "rest", {"asked": [], "findings": [], "blind": ""})) == {}
