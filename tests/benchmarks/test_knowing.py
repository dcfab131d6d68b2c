"""The adaptive policy with true chances."""

from __future__ import annotations

import pytest

from benchmarks.knowing import Knowing
from benchmarks.oracle import Knowledge
from benchmarks.playing import Stage
from benchmarks.policy import Choice, play
from onbrief.policy.chances import Source
from onbrief.record import Models, Prompt, Run

LADDER = ("sandbox:sdxl", "sandbox:modern")


def test_it_knows_what_the_oracle_knows_of_each_model_and_of_the_next_prompt() -> None:
    stage = Stage.of("a photo of a red cup left of a green bench")
    known = {"sandbox:sdxl": Knowledge(stage, "sdxl"), "sandbox:modern": Knowledge(stage, "modern")}
    first = Prompt.first(stage.brief)
    names = Models(LADDER[0], "sandbox:", "sandbox:", ladder=LADDER)
    run = Run(run_id="r", seed=1, brief=stage.brief, checklist=stage.checklist, models=names, started="", prompts=(first,))
    chances = Knowing(known=known).chances(run)
    for prompt in (first, stage.revised(1, [(first, ())])):
        passes = [chances.outlooks(Source(rung, prompt.revision))[0].passes for rung in range(2)]
        assert passes == [pytest.approx(known[name].outlook(prompt).passes) for name in LADDER]


def test_it_plays_a_ladder() -> None:
    choice = Choice(sets=("hard",), every=100, seeds=1, images=(8,), models=("sdxl@0.01+modern",), policies=("knowing",))
    runs = list(play(choice, processes=1))
    assert [0 < run.images <= 8 for run in runs] == [True] * 2
