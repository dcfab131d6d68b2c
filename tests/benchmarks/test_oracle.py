from __future__ import annotations

import pytest

from benchmarks.oracle import Knowledge, Outlook
from benchmarks.playing import Stage
from benchmarks.policy import Choice, play
from benchmarks.runs import rows
from onbrief.record import Prompt
from onbrief_sandbox.world import MODELS, Model

TEXT = "a photo of a red potted plant and a green wine glass"
EDIT = "make the wine glass green"


@pytest.mark.parametrize("model", MODELS)
def test_its_chances_are_those_of_the_world(model: Model) -> None:
    stage = Stage.of(TEXT)
    outlook = Knowledge(stage, model).outlook(prompt := Prompt(0, TEXT))
    passed = sum(stage.drawn(prompt, model, seed).verdict.passed for seed in range(300)) / 300
    assert outlook.passes == pytest.approx(passed, abs=0.08)


def test_the_chance_of_an_edit_is_that_of_the_world() -> None:
    stage, prompt = Stage.of(TEXT), Prompt(0, TEXT)
    known = Knowledge(stage, "sdxl")
    (must,) = [must.id for must in stage.checklist.musts if must.text.endswith("is green")]
    pictures = [stage.drawn(prompt, "sdxl", seed) for seed in range(100)]
    shown = next(shown for shown in pictures if [finding.id for finding in shown.verdict.unmet] == [must])
    after = [stage.edited(shown, EDIT, seed) for seed in range(300)]
    passed = sum(edited is not None and edited.verdict.passed for edited in after) / 300
    assert known.mends(shown, must, EDIT) == pytest.approx(passed, abs=0.08)


def test_an_edit_is_worth_waiting_for_only_if_it_passes_more_often_than_a_picture() -> None:
    outlook = Outlook(0.3, {0.5: 0.4})
    assert outlook.best(5, 0.0)[1] is False
    assert outlook.best(5, 0.2)[1] is False
    assert outlook.best(5, 0.5)[1] is True


def test_it_is_never_below_the_plain_prompt() -> None:
    runs = list(play(Choice(sets=("hard",), every=10, seeds=1, images=(8,), policies=("plain", "oracle")), 1))
    passed = {row[1::2]: sum(run.passed for run in some) for row, some in rows(runs).items()}
    for model in MODELS:
        assert passed[model, "oracle"] >= passed[model, "plain"]
