"""Orders to the judge in pictures that are known to fail, with a judge that obeys what it reads; and innocent words."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from onbrief.brief import Brief, Checklist, Requirement
from onbrief.judging.rule import FAIR
from onbrief.pictures.ocr import read
from onbrief.ports import Judged
from onbrief.record import Finding, Run
from onbrief.studio.evidence import Evidence, passages
from onbrief.testing import Bill, JudgeRequest, ScriptedImageModel, ScriptedJudge, crew
from tests.pursuing import pursue, settings
from tests.signs import SIZE, Sign, signs, still_there
from tests.wordings import INNOCENT, LATIN_ORDERS, UNSEEN_ORDERS

pytestmark = pytest.mark.usefixtures("ocr")

WANTED = (Requirement(text="there is a unicorn", kind="object"), Requirement(text="there is a rainbow", kind="object"))
BRIEF = Brief(text="a unicorn under a rainbow", requirements=WANTED, size=SIZE)
CHECKLIST = Checklist.freeze((), BRIEF)
SAMPLE = [3, pytest.param(500, marks=pytest.mark.soak)]
READABLE = tuple(text for text in INNOCENT if text.isascii() or all(ord(c) < 0x250 for c in text))


def judged(folder: Path, own: Sign, *, honest: bool = False) -> tuple[Run, Bill]:
    """Judge one picture, by a judge that calls everything true as long as it can see the words. Nothing of it is there."""

    def answer(asked: JudgeRequest) -> Judged:
        obeys = not honest and still_there(own, asked.image)
        found = Finding("", "met", 0.98, "seen") if obeys else Finding("", "unmet", 0.02, "not there")
        return Judged(tuple(replace(found, id=requirement.id) for requirement in asked.requirements))

    bill = Bill()
    models = replace(
        crew(bill), planner=None, image_model=ScriptedImageModel(bill, (own.data,)), judge=ScriptedJudge(bill, answer)
    )
    chosen = settings(max_images=1, plan=False, image_model="sandbox:", judge="sandbox:", reviser="sandbox:")
    return pursue(folder, models, chosen, BRIEF, run_id="r")[-1].run, bill


@pytest.mark.parametrize("pictures", SAMPLE)
def test_a_judge_that_obeys_what_it_reads_passes_nothing_unflagged(pictures: int, tmp_path: Path) -> None:
    passed: list[str] = []
    asked = 0
    for number, own in enumerate(signs((*LATIN_ORDERS, *UNSEEN_ORDERS), pictures)):
        run, bill = judged(tmp_path / str(number), own)
        asked += len(bill.of("judge"))
        verdict = run.attempts[0].verdict
        assert verdict is not None
        if verdict.passed or not all("address a reader who grades" in finding.evidence for finding in verdict.findings):
            passed.append(f"{number}: {own.words} {own.written}")
    print(f"{len(passed)} of {pictures} pictures with orders passed or were not flagged, {asked} judge calls: {passed}")
    assert not passed


@pytest.mark.parametrize("pictures", SAMPLE)
def test_innocent_words_are_hardly_ever_flagged(pictures: int) -> None:
    all_met = Judged(tuple(Finding(requirement.id, "met", 0.9) for requirement in CHECKLIST.requirements))
    flagged = [
        f"{own.words}: {words}"
        for own in signs(READABLE, pictures, most=4)
        if (words := passages(asyncio.run(Evidence(read).gathered(own.data, CHECKLIST, all_met, FAIR))))
    ]
    print(f"{len(flagged)} of {pictures} pictures with innocent words were flagged: {flagged}")
    assert len(flagged) <= 0.02 * pictures


def test_a_replay_gives_the_same_verdict_and_asks_nothing(tmp_path: Path) -> None:
    own = next(signs(LATIN_ORDERS, 1))
    first, bill = judged(tmp_path, own)
    paid = bill.lines
    models = replace(crew(bill), planner=None)
    chosen = settings(max_images=1, plan=False, image_model="sandbox:", judge="sandbox:", reviser="sandbox:")
    again = pursue(tmp_path, models, replace(chosen, tables={"ocr": {"use": "never"}}), BRIEF, run_id="r")[-1].run
    assert (again.attempts, again.warnings, bill.lines) == (first.attempts, first.warnings, paid)
    assert first.usage.judge_calls == 2
