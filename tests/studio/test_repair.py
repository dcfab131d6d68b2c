"""One part of a picture is changed: what the editor is asked, what is recorded, and what it costs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as Pillow

from onbrief.brief import Brief
from onbrief.errors import Blocked, CallError, ConfigError, Failed, OnbriefError, Unknown, UsageError
from onbrief.events import Event, ImageJudged, ImageMade
from onbrief.pictures import PictureFile
from onbrief.record import Run
from onbrief.studio import Crew
from onbrief.testing import Bill, EditRequest, EditScript, ScriptedEditor, crew, picture
from onbrief.testing.scripted import ScriptedPlanner
from tests.pursuing import pursue
from tests.repairing import RepairingSettings

R1 = {"r1"}


def models(
    bill: Bill, *verdicts: set[str], script: EditScript | None = None, texts: Sequence[str] = ("there is a dog",)
) -> Crew:
    editor = ScriptedEditor(bill) if script is None else ScriptedEditor(bill, script)
    made = crew(bill, *verdicts)
    return replace(made, planner=ScriptedPlanner(bill, [tuple(texts)]), beside={"test:painter": editor})


def run_of(folder: Path, crew: Crew, brief: Brief | None = None, **more: Any) -> tuple[Run, list[Event]]:
    wanted = replace(RepairingSettings(max_images=3, confirm="never", tables={"ocr": {"use": "never"}}), **more)
    events = pursue(folder, crew, wanted, brief or Brief(text="a dog", size=(64, 64)))
    return events[-1].run, events


def test_a_picture_that_lacks_one_thing_is_edited_and_judged_whole(tmp_path: Path) -> None:
    bill = Bill()
    run, events = run_of(tmp_path, models(bill, R1, set()))
    first, second = run.attempts
    assert run.outcome == "passed"
    assert (second.name, second.base, second.must, second.model) == ("000-001", "000-000", "r1", "test:editor")
    assert [line.split()[0] for line in bill.lines] == ["plan", "image", "judge", "edit", "judge"]
    assert bill.of("edit") == [f"edit add a dog {second.seed}"]
    assert (first.usd, second.usd, run.usage.images) == (pytest.approx(0.046), pytest.approx(0.076), 2)
    assert [type(event) for event in events[2:-1]] == [ImageMade, ImageJudged] * 2


def test_the_stored_picture_says_what_it_was_made_from(tmp_path: Path) -> None:
    run, _ = run_of(tmp_path, models(Bill(), R1, set()))
    image = run.attempts[1].image
    assert image
    metadata = PictureFile(image.read()).metadata
    assert metadata
    about = json.loads(metadata.document)
    assert (about["base"], about["must"], about["instruction"]) == ("000-000", "r1", "add a dog")
    assert (about["prompt"], about["model"], about["attempt"]) == (run.prompts[0].text, "test:editor", 1)


def test_the_editor_is_shown_the_drawn_picture_without_its_metadata(tmp_path: Path) -> None:
    asked: list[EditRequest] = []

    def keep(request: EditRequest) -> bytes:
        asked.append(request)
        return picture(request.seed)

    run, _ = run_of(tmp_path, models(Bill(), R1, set(), script=keep))
    (request,) = asked
    assert request.image == picture(run.attempts[0].seed)
    assert (request.mask, request.seed) == (None, run.attempts[1].seed)


@pytest.mark.parametrize(
    ("error", "usd"),
    [
        (Failed("the picture shows no dog"), 0.07),
        (Failed("the picture shows no dog", usd=0.01), 0.01),
        (UsageError("not understood"), 0.0),
        (ConfigError("no access to this editor"), 0.0),
    ],
)
def test_an_edit_that_fails_is_asked_for_once_and_the_run_goes_on(tmp_path: Path, error: OnbriefError, usd: float) -> None:
    bill = Bill()
    run, _ = run_of(tmp_path, models(bill, R1, set(), script=[error]))
    edit = run.attempts[1]
    assert (run.outcome, len(run.attempts), len(bill.of("edit"))) == ("passed", 3, 1)
    assert edit.problem
    assert (edit.problem.kind, edit.problem.message, edit.usd) == ("failed", str(error), usd)
    again, _ = run_of(tmp_path, models(bill, R1, set(), script=[error]), max_images=4)
    assert again.run_id != run.run_id  # delivered


@pytest.mark.parametrize(("error", "kind"), [(Blocked("no dogs"), "blocked"), (Unknown("no answer"), "unknown")])
def test_an_edit_that_is_refused_or_lost_is_not_sent_again(tmp_path: Path, error: CallError, kind: str) -> None:
    bill = Bill()
    run, _ = run_of(tmp_path, models(bill, R1, set(), script=[error]))
    assert len(bill.of("edit")) == 1
    assert run.attempts[1].problem
    assert (run.attempts[1].problem.kind, run.attempts[1].usd) == (kind, 0.07)
    assert run.outcome == "passed"


def test_the_money_for_its_judgement_is_held_before_an_edit_is_paid_for(tmp_path: Path) -> None:
    bill = Bill()
    spent = 0.005 + 0.04 + 0.006
    run, _ = run_of(tmp_path, models(bill, R1), max_usd=spent + 0.0759)
    assert (run.outcome, bill.of("edit")) == ("over_budget", [])
    run, _ = run_of(tmp_path / "more", models(bill, R1, set()), max_usd=spent + 0.0761)
    assert (run.outcome, len(bill.of("edit"))) == ("passed", 1)


def test_a_shape_is_cropped_without_a_model(tmp_path: Path) -> None:
    bill = Bill()
    texts = ("the picture has an aspect ratio of 4:3",)
    planner = replace(models(bill, set(), texts=texts))
    run, _ = run_of(tmp_path, planner, Brief(text="a dog", size=(64, 64)))
    first, second = run.attempts
    assert first.verdict
    assert first.verdict.unmet[0].source == "pixels"
    assert (run.outcome, second.model, second.base) == ("passed", "onbrief:pixels", "000-000")
    assert second.image
    assert (second.image.width, second.image.height) == (64, 48)
    assert (bill.of("edit"), second.usd) == ([], pytest.approx(0.006))
    kept = Pillow.open(BytesIO(second.image.read())).convert("RGB").tobytes()
    assert kept == Pillow.open(BytesIO(picture(first.seed))).convert("RGB").crop((0, 8, 64, 56)).tobytes()


def test_a_picture_of_the_same_bytes_has_the_verdict_of_the_earlier_one(tmp_path: Path) -> None:
    bill = Bill()
    run, _ = run_of(tmp_path, models(bill, R1, set(), script=lambda asked: asked.image), max_images=2)
    first, second = run.attempts
    assert (second.verdict, second.usd) == (first.verdict, 0.07)
    assert len(bill.of("judge")) == 1
    assert "000-001 is the same picture as 000-000, and has its verdict" in run.warnings
    assert not any("nearly the same" in warning for warning in run.warnings)


def test_an_edited_picture_is_never_edited(tmp_path: Path) -> None:
    run, _ = run_of(tmp_path, models(Bill(), R1), max_images=6)
    assert [attempt.base for attempt in run.attempts] == ["", "000-000", "", "000-002", "", "000-004"]
