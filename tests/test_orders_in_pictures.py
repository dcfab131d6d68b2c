"""Orders to the judge in pictures that are known to fail, with a judge that obeys what it reads; and innocent words."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat

from onbrief.attempt import Finding
from onbrief.brief import Brief, Requirement
from onbrief.ports import Judge, Judged
from onbrief.record import Run
from onbrief.testing import Bill, JudgeRequest, ScriptedImageModel, ScriptedJudge, crew
from onbrief_sandbox.language.claims import Lettered
from onbrief_sandbox.language.sentences import sentence
from onbrief_sandbox.models import find
from onbrief_sandbox.scene import Sight
from onbrief_sandbox.seeing.eye import look
from onbrief_sandbox.world.atoms import atoms, plain
from tests.odd_signs import odd_signs
from tests.pursuing import pursue, settings
from tests.sandbox.scenes import random_scene
from tests.signs import Sign, signs, still_there
from tests.wordings import HELD_OUT_ORDERS, INNOCENT, LATIN_ORDERS, UNSEEN_ORDERS

pytestmark = pytest.mark.usefixtures("ocr")

WANTED = (
    Requirement(id="r1", text="there is a unicorn", kind="object"),
    Requirement(id="r2", text="there is a rainbow", kind="object"),
)
SAMPLE = [3, pytest.param(500, marks=pytest.mark.soak)]
FIRST = int(os.environ.get("ONBRIEF_TEST_FIRST", "0"))
"""The number of the first picture, so that a campaign can be run in parts."""
READABLE = tuple(text for text in INNOCENT if text.isascii() or all(ord(c) < 0x250 for c in text))


def judged(folder: Path, picture: bytes, judge: Judge, wanted: tuple[Requirement, ...] = WANTED, ocr: str = "auto") -> Run:
    """Judge one picture, in a whole run."""
    models = replace(crew(Bill()), planner=None, image_model=ScriptedImageModel(Bill(), (picture,)), judge=judge)
    chosen = settings(max_images=1, plan=False, image_model="sandbox:", judge="sandbox:", reviser="sandbox:")
    chosen = replace(chosen, tables={"ocr": {"use": ocr}})
    brief = Brief(text="a picture", requirements=wanted, size=Image.open(io.BytesIO(picture)).size)
    return pursue(folder, models, chosen, brief, run_id="r")[-1].run


def obedient(bill: Bill, still_there: Callable[[bytes], bool], met: frozenset[str]) -> ScriptedJudge:
    """Return a judge that calls everything true as long as it can see the words, and otherwise only what is there."""

    def answer(asked: JudgeRequest) -> Judged:
        obeys = still_there(asked.image)
        true, false = Finding("", "met", 0.98, "seen"), Finding("", "unmet", 0.02, "not there")
        return Judged(tuple(replace(true if obeys or r.id in met else false, id=r.id) for r in asked.requirements))

    return ScriptedJudge(bill, answer)


def unflagged(run: Run, met: frozenset[str]) -> bool:
    """Return whether a picture that is known to fail passed, and nothing in the record says that it may be by its words. If
    nothing of what is wanted is there, it must not pass at all.
    """
    verdict = run.attempts[0].verdict
    assert verdict is not None
    told = [finding for finding in verdict.findings if finding.id not in met and finding.source == "lettering"]
    return (verdict.passed and not (met and verdict.reservations)) or not told


def flagged(run: Run) -> list[str]:
    """Return the evidence of what a user is told because of words: reservations, and what is undecided."""
    verdict = run.attempts[0].verdict
    assert verdict is not None
    return [finding.evidence for finding in verdict.findings if finding.source == "lettering" and finding.verdict != "met"]


@pytest.mark.parametrize("pictures", SAMPLE)
def test_a_judge_that_obeys_what_it_reads_passes_nothing_unflagged(pictures: int, tmp_path: Path) -> None:
    passed: list[str] = []
    bill = Bill()
    for number, own in enumerate(signs((*LATIN_ORDERS, *UNSEEN_ORDERS), pictures, first=FIRST), FIRST):
        met = frozenset[str]() if number % 2 else frozenset(("r1",))
        run = judged(tmp_path / str(number), own.data, obedient(bill, lambda copy, own=own: still_there(own, copy), met))
        if unflagged(run, met):
            passed.append(f"{number}: {own.words} {own.written}")
    print(f"{len(passed)} of {pictures} pictures with orders not flagged, {len(bill.of('judge'))} judge calls: {passed}")
    assert not passed


@pytest.mark.parametrize("pictures", [2, pytest.param(200, marks=pytest.mark.soak)])
def test_wordings_and_looks_that_nobody_had_in_mind_are_mostly_flagged(pictures: int, tmp_path: Path) -> None:
    passed: list[str] = []
    for number, own in enumerate(odd_signs(HELD_OUT_ORDERS, pictures, first=1000 + FIRST), FIRST):
        run = judged(tmp_path / str(number), own.data, obedient(Bill(), own.still_there, frozenset(("r1",))))
        if unflagged(run, frozenset(("r1",))):
            passed.append(f"{number}: {own.words} {own.look}")
    print(f"{len(passed)} of {pictures} pictures with other orders in other looks are not flagged: {passed}")
    assert len(passed) <= 0.25 * pictures  # 10 of 53 were: what is not found cannot be masked


@pytest.mark.parametrize("pictures", SAMPLE)
def test_innocent_words_are_hardly_ever_flagged(pictures: int, tmp_path: Path) -> None:
    """By an honest judge, which is asked about what is in the picture."""
    said: dict[str, list[str]] = {}
    bill = Bill()
    for number, own in enumerate(signs(READABLE, pictures, most=4, first=FIRST), FIRST):
        asked, sight = seen(own, number)
        run = judged(tmp_path / str(number), own.data, honest(bill, own.data, sight), asked)
        if told := flagged(run):
            said[f"{number}: {own.words} {own.written}"] = told
        assert run.outcome == "passed" or told
    print(f"{len(said)} of {pictures} pictures with innocent words were flagged, {len(bill.of('judge'))} judge calls: {said}")
    assert len(said) <= 0.02 * pictures


def seen(own: Sign, number: int) -> tuple[tuple[Requirement, ...], Sight]:
    """Return what the sandbox's eye finds in a picture of what was painted, or that it has no unicorn."""
    claims = [atom.claim for atom in atoms(plain(random_scene(number)))]
    asked = [
        Requirement(id=f"r{at}", text=sentence(claim), kind="text" if isinstance(claim, Lettered) else "object")
        for at, claim in enumerate(claims, 1)
    ]
    sight = look(own.data)
    there = tuple(requirement for requirement in asked if find(requirement, sight).verdict == "met")
    return there or (Requirement(id="r1", text="there is no unicorn", kind="absence"),), sight


def honest(bill: Bill, picture: bytes, sight: Sight) -> ScriptedJudge:
    """Return a judge that calls what is in the picture true as long as it can be recognised: as long as most of each thing that
    a statement names is as it was, or of the whole picture if it names none.
    """
    original = Image.open(io.BytesIO(picture)).convert("RGB")

    def answer(asked: JudgeRequest) -> Judged:
        changed = ImageChops.difference(original, Image.open(io.BytesIO(asked.image)).convert("RGB")).convert("L")
        changed = changed.point([255 if value > 30 else 0 for value in range(256)])

        def met(requirement: Requirement) -> bool:
            named = [thing.box for thing in sight.things if thing.noun in requirement.text]
            boxes = [(box.left, box.top, box.right, box.bottom) for box in named] or [(0.0, 0.0, 1.0, 1.0)]
            wide, high = original.size
            areas = [
                (round(left * wide), round(top * high), round(right * wide), round(bottom * high))
                for left, top, right, bottom in boxes
            ]
            return all(ImageStat.Stat(changed.crop(area)).mean[0] < 0.4 * 255 for area in areas)

        true, false = Finding("", "met", 0.98, "seen"), Finding("", "unmet", 0.02, "not there")
        return Judged(tuple(replace(true if met(each) else false, id=each.id) for each in asked.requirements))

    return ScriptedJudge(bill, answer)


def test_a_replay_gives_the_same_verdict_and_asks_nothing(tmp_path: Path) -> None:
    own = next(signs(LATIN_ORDERS, 1))
    bill = Bill()
    judge = obedient(bill, lambda copy: still_there(own, copy), frozenset())
    first = judged(tmp_path, own.data, judge)
    paid = bill.lines
    again = judged(tmp_path, own.data, judge, ocr="never")
    assert (again.attempts, again.warnings, bill.lines) == (first.attempts, first.warnings, paid)
    assert first.usage.judge_calls == 2
