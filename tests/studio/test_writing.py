"""The next prompt of a run: what is checked of it, asked once more, and done if it cannot be used."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

import pytest

from onbrief.attempt import Attempt
from onbrief.errors import Unreadable
from onbrief.ports import CLIP_TOKENS, Dialect, Revised, Unreachable
from onbrief.record import Prompt, Run
from onbrief.studio import writing
from onbrief.testing import Bill, ReviseRequest, ScriptedImageModel, ScriptedReviser, crew
from tests.pursuing import BRIEF, pursue, settings

CLIP = Dialect(unit="CLIP tokens", most=CLIP_TOKENS, negative=True, weights=True, hardest_first=True)
GOOD = "a red circle on the left side, a blue square on the right side"
VARIED = f"{BRIEF.text}. All of it is in plain view."
TWO = settings(policy="classic", max_attempts=1, max_images=2)


@dataclass(slots=True)
class Correcting(ScriptedReviser):
    """A reviser that can be told what was wrong, and for what image model it writes."""

    told: list[str] = field(default_factory=list[str])
    dialects: list[Dialect] = field(default_factory=list[Dialect])

    def corrected(self, what: str) -> Self:
        self.told.append(what)
        return self

    def writing_for(self, dialect: Dialect) -> Self:
        self.dialects.append(dialect)
        return self


@dataclass(slots=True)
class Clip(ScriptedImageModel):
    @property
    def dialect(self) -> Dialect:
        return CLIP


def run(folder: Path, reviser: ScriptedReviser, bill: Bill, image_model: ScriptedImageModel | None = None) -> Run:
    models = replace(crew(bill, {"r1"}), reviser=reviser)
    models = replace(models, image_model=image_model) if image_model else models
    return pursue(folder, models, TWO, run_id="r", delivered=False)[-1].run


def test_a_prompt_that_can_be_used_is_asked_for_once(tmp_path: Path) -> None:
    bill = Bill()
    reviser = Correcting(bill, (GOOD,))
    ended = run(tmp_path, reviser, bill)
    assert (ended.prompts[1].text, ended.warnings, reviser.told, len(bill.of("revise"))) == (GOOD, (), [], 1)


def test_a_prompt_that_cannot_be_used_is_asked_for_once_more_with_what_was_wrong(tmp_path: Path) -> None:
    bill = Bill()
    reviser = Correcting(bill, (BRIEF.text, GOOD))
    ended = run(tmp_path, reviser, bill)
    assert (ended.prompts[1].text, ended.warnings, ended.usage.text_calls) == (GOOD, (), 3)
    assert "What is wrong with it: `text` is the brief as it stands" in reviser.told[0]
    assert run(tmp_path, reviser, bill).prompts == ended.prompts  # resumed: nothing is asked again
    assert len(bill.of("revise")) == 2


def test_what_cannot_be_used_twice_is_replaced_by_the_best_prompt_in_other_words(tmp_path: Path) -> None:
    bill = Bill()
    ended = run(tmp_path, Correcting(bill, (BRIEF.text,)), bill)
    assert ended.prompts[1].text == VARIED
    assert ended.outcome == "unmet"
    (warning,) = ended.warnings
    assert warning == (
        "prompt 1 of test:writer could not be used (`text` is the brief as it stands): prompt 0 is used in other words"
    )
    assert run(tmp_path, Correcting(bill, (GOOD,)), bill).prompts == ended.prompts


def test_a_reviser_that_cannot_be_corrected_is_asked_once(tmp_path: Path) -> None:
    bill = Bill()
    ended = run(tmp_path, ScriptedReviser(bill, (BRIEF.text,)), bill)
    assert (ended.prompts[1].text, len(bill.of("revise"))) == (VARIED, 1)


def test_an_answer_with_no_more_faults_than_the_alternative_is_used_with_a_warning(tmp_path: Path) -> None:
    bill = Bill()
    long = replace(BRIEF, text=f"{BRIEF.text}, {'very ' * 90} bright")
    reviser = Correcting(bill, (f"{GOOD}, {'very ' * 90}",))
    models = replace(crew(bill, {"r1"}), reviser=reviser, image_model=Clip(bill))
    ended = pursue(tmp_path, models, TWO, long)[-1].run
    assert ended.prompts[1].text.startswith(GOOD)
    assert any("prompt 1 of test:writer is used as it is: `text` has 10" in warning for warning in ended.warnings)
    assert "of prompt 0, with 100 CLIP tokens, all after the first 75 may be cut off" in ended.warnings


def test_answers_that_cannot_be_read_do_not_end_a_run(tmp_path: Path) -> None:
    bill = Bill()
    ended = run(tmp_path, Correcting(bill, (Unreadable("not JSON"),)), bill)
    assert (ended.outcome, ended.prompts[1].text, len(bill.of("revise"))) == ("unmet", VARIED, 3)
    assert ended.warnings == ("the answer of test:writer could not be read: prompt 0 is used in other words",)
    assert run(tmp_path, Correcting(bill, (GOOD,)), bill).prompts == ended.prompts


def test_a_run_that_ends_between_the_two_calls_pays_for_the_second_alone(tmp_path: Path) -> None:
    bill = Bill()

    def gone(asked: ReviseRequest) -> str:
        if asked.number:
            raise asyncio.CancelledError
        return BRIEF.text

    with pytest.raises(asyncio.CancelledError):
        run(tmp_path, Correcting(bill, gone), bill)
    assert len(bill.of("revise")) == 2
    reviser = Correcting(bill, (GOOD,))
    resumed = run(tmp_path, reviser, bill)
    assert (resumed.prompts[1].text, len(bill.of("revise"))) == (GOOD, 3)
    assert "the brief as it stands" in reviser.told[0]


def test_a_must_that_no_prompt_can_reach_is_a_warning(tmp_path: Path) -> None:
    bill = Bill()
    answer = Revised(GOOD, unreachable=(Unreachable("r1", "it is \ud800square"), Unreachable("r99", "there is none")))
    ended = run(tmp_path, ScriptedReviser(bill, (answer,)), bill)
    assert ended.checklist is not None
    text = ended.checklist["r1"].text
    assert ended.warnings == (f"test:writer says that no prompt can reach r1 ({text}): it is ?square",)


def test_the_reviser_writes_for_the_image_model(tmp_path: Path) -> None:
    bill = Bill()
    reviser = Correcting(bill, (GOOD,))
    run(tmp_path, reviser, bill, Clip(bill))
    assert reviser.dialects == [CLIP]


def test_on_a_ladder_it_writes_for_the_model_that_is_to_draw_next(tmp_path: Path) -> None:
    bill = Bill()
    reviser = Correcting(bill, (GOOD,))
    cheap, dear = ScriptedImageModel(bill, price=0.01, name="test:sdxl"), Clip(bill, name="test:dear")
    models = replace(crew(bill, {"r1", "r2", "r3"}), reviser=reviser, image_model=cheap, dearer=(dear,))
    ended = pursue(tmp_path, models, settings(max_images=8), delivered=False)[-1].run
    drew = ["test:dear" if dialect == CLIP else "test:sdxl" for dialect in reviser.dialects]
    assert drew == [ended.of_prompt(prompt.revision)[0].model for prompt in ended.prompts[1:]]
    assert ended.of_prompt(0)[-1].model != drew[0]  # which is not the one that drew last


def test_an_edited_picture_says_nothing_about_its_prompt() -> None:
    drawn, edited = Attempt(0, 0, 1), Attempt(0, 1, 2, base="000-000", must="r1")
    tried = Run(run_id="r", seed=1, brief=BRIEF, models=crew(Bill()).names, started="", prompts=(Prompt.first(BRIEF),))
    assert writing.history_of(replace(tried, attempts=(drawn, edited))) == [(Prompt.first(BRIEF), [drawn])]
