"""One part of a picture is changed: what the editor is asked, what is recorded, and what it costs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as Pillow

from onbrief.attempt import Finding
from onbrief.brief import Brief, Requirement
from onbrief.errors import Blocked, CallError, ConfigError, Failed, OnbriefError, Refused, Unknown, Unreadable, UsageError
from onbrief.events import Event, ImageJudged, ImageMade
from onbrief.pictures import PictureFile
from onbrief.ports import Judged, ModelName, Planned
from onbrief.pursuit.recovering import LostPicture, recover
from onbrief.questions.repairs import ByEditor
from onbrief.record import Run
from onbrief.store import open_store
from onbrief.studio import Crew
from onbrief.studio.sources import repairing
from onbrief.testing import (
    Bill,
    EditRequest,
    EditScript,
    ScriptedEditor,
    ScriptedImageModel,
    ScriptedJudge,
    ScriptedPlanner,
    crew,
    picture,
)
from onbrief_sandbox.models import SandboxImageModel
from tests.pursuing import pursue, settings
from tests.repairing import RepairingSettings

R1 = {"r1"}


def models(
    bill: Bill, *verdicts: set[str], script: EditScript | None = None, texts: Sequence[str] = ("there is a dog",)
) -> Crew:
    editor = ScriptedEditor(bill) if script is None else ScriptedEditor(bill, script)
    made = crew(bill, *verdicts)
    return replace(made, planner=ScriptedPlanner(bill, [tuple(texts)]), beside={"test:painter": editor})


def run_of(
    folder: Path, crew: Crew, brief: Brief | None = None, run_id: str | None = None, **more: Any
) -> tuple[Run, list[Event]]:
    wanted = replace(RepairingSettings(max_images=3, confirm="never", tables={"ocr": {"use": "never"}}), **more)
    events = pursue(folder, crew, wanted, brief or Brief(text="a dog", size=(64, 64)), run_id=run_id)
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


def test_money_held_for_a_judgement_that_is_not_needed_is_free_again(tmp_path: Path) -> None:
    unchanged = models(Bill(), R1, set(), script=lambda asked: asked.image)
    most = 0.005 + 0.046 + 0.07 + 0.046
    run, _ = run_of(tmp_path, unchanged, max_usd=most + 0.0001)
    assert (run.outcome, len(run.attempts)) == ("passed", 3)
    assert run.usage.usd == pytest.approx(most)


def test_pictures_of_the_same_bytes_that_are_drawn_at_once_are_judged_once(tmp_path: Path) -> None:
    bill = Bill()
    twins = crew(bill, R1, answer=[picture(1)])
    chosen = settings(max_images=4, parallel=4, max_attempts=4, confirm="never", tables={"ocr": {"use": "never"}})
    run = pursue(tmp_path, twins, chosen)[-1].run
    assert len({attempt.verdict for attempt in run.attempts}) == 1
    assert (len(run.attempts), len(bill.of("judge"))) == (4, 1)
    assert run.usage.usd == pytest.approx(0.005 + 4 * 0.04 + 0.006)
    again = pursue(tmp_path, twins, chosen, run_id=run.run_id)[-1].run
    assert (again.attempts, len(bill.of("judge"))) == (run.attempts, 1)


def test_a_judge_that_gave_no_answer_is_asked_about_the_same_picture_again(tmp_path: Path) -> None:
    bill = Bill()
    unread = replace(crew(bill, answer=[picture(1)]), judge=ScriptedJudge(bill, (*[Unreadable("no")] * 3, set[str]())))
    run = pursue(tmp_path, unread, settings(max_images=4, confirm="never"))[-1].run
    assert run.outcome == "passed"
    assert [attempt.passed for attempt in run.attempts] == [False, True]


def test_a_lost_edit_is_found_in_the_store_and_by_recover(tmp_path: Path) -> None:
    bill, name = Bill(), "r/000-001.png"
    run, _ = run_of(tmp_path / "twin", models(Bill(), R1, set()), run_id="r")
    image = run.attempts[1].image
    assert image
    lost, _ = run_of(tmp_path / "out", models(bill, R1, {"r1"}, script=[Unknown("cut off")]), run_id="r", max_images=2)
    assert (lost.outcome, lost.usage.unknown_calls) == ("unknown", 1)
    chosen = replace(RepairingSettings(), out=str(tmp_path / "out"))

    async def looked() -> list[LostPicture]:
        return [found async for found in recover(chosen, "r")]

    (found,) = asyncio.run(looked())
    assert (found.state, found.attempt, found.model) == ("unknown", "000-001", "test:editor")
    (tmp_path / "out" / name).write_bytes(image.read())
    (found,) = asyncio.run(looked())
    assert (found.state, found.usd) == ("found", 0.07)
    resumed, _ = run_of(tmp_path / "out", models(bill, R1, set()), run_id="r")
    assert (resumed.outcome, len(bill.of("edit"))) == ("passed", 1)
    assert resumed.attempts[1].image
    assert resumed.attempts[1].image.sha256 == image.sha256


def test_an_edit_that_was_refused_leaves_its_number_to_whatever_comes_next(tmp_path: Path) -> None:
    bill = Bill()
    busy = models(bill, R1, set(), script=[Refused("busy", retry_after=9_999.0)])
    run, _ = run_of(tmp_path, busy)
    assert (run.outcome, len(run.attempts)) == ("failed", 1)
    plain = settings(max_images=3, confirm="never", tables={"ocr": {"use": "never"}})
    resumed = pursue(tmp_path, busy, plain, Brief(text="a dog", size=(64, 64)))[-1].run
    assert resumed.run_id == run.run_id
    assert (resumed.outcome, [attempt.base for attempt in resumed.attempts]) == ("passed", ["", ""])


def test_a_model_that_edits_is_its_own_editor_and_one_without_a_price_is_beside_no_model_that_has_one() -> None:
    sandbox = SandboxImageModel.named(ModelName.parse("sandbox:sdxl?usd=0.01"))
    priced, unpriced = ScriptedImageModel(name="test:a"), ScriptedImageModel(name="test:b", price=None)
    beside = {"test:a": ScriptedEditor(price=None, name="test:x"), "test:b": ScriptedEditor(price=None, name="test:y")}
    made = replace(
        crew(Bill()), image_model=sandbox, dearer=(priced, unpriced, ScriptedImageModel(name="test:c")), beside=beside
    )
    assert [editor.name if editor else None for editor in made.editors] == [sandbox.name, None, "test:y", None]


def test_the_sandbox_repairs_what_its_older_model_got_wrong(tmp_path: Path) -> None:
    chosen = RepairingSettings(image_model="sandbox:sdxl?usd=0.04", judge="sandbox:", reviser="sandbox:", max_images=12)
    brief = Brief(text="a dog left of a cat", size=(512, 512))
    run = pursue(tmp_path, chosen.crew(), chosen, brief)[-1].run
    assert run.outcome == "passed"
    assert [attempt.base for attempt in run.attempts] == ["", "000-000", "", "000-002"]  # the first edit does not succeed
    assert {attempt.model for attempt in run.attempts} == {"sandbox:sdxl?usd=0.04"}
    assert run.usage.usd == pytest.approx(0.04 * len(run.attempts))


def test_what_cannot_be_repaired_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    run, _ = run_of(tmp_path, models(Bill(), R1, set()))
    drawn, edited = run.attempts
    store, editor = open_store(str(tmp_path)), ScriptedEditor()
    with pytest.raises(ValueError, match="repair of 000-000: r1"):
        repairing(run, edited, "r1", 1, editor, store)
    with pytest.raises(ConfigError, match="r1 of 000-000 cannot be repaired"):
        repairing(run, drawn, "r1", 1, None, store)
    with pytest.raises(ConfigError, match="r1 of 000-000 cannot be repaired"):
        repairing(run, drawn, "r1", 1, ScriptedEditor(changes={"remove": frozenset(("words",))}), store)
    assert repairing(run, drawn, "r1", 1, editor, store).repair == ByEditor("add a dog", "add")


def test_a_place_is_told_by_a_mask_where_words_are_not_enough(tmp_path: Path) -> None:
    unmet = Judged((Finding("r1", "unmet", 0.02, "a car", box=(0.25, 0.25, 0.5, 0.5)),))
    editor = ScriptedEditor(Bill(), changes={"remove": frozenset(("mask",))})
    planner = ScriptedPlanner(script=[Planned((Requirement(id="r1", text="there is no car", kind="absence"),))])
    made = replace(crew(Bill(), unmet, set()), planner=planner, beside={"test:painter": editor})
    run, _ = run_of(tmp_path, made)
    (request,) = editor.asked
    assert (run.outcome, request.instruction) == ("passed", "remove the car")
    assert request.mask
    assert Pillow.open(BytesIO(request.mask)).getbbox() == (13, 13, 35, 35)
