from __future__ import annotations

import asyncio
from pathlib import Path

import onbrief
from benchmarks import geneval, hard
from benchmarks.long import long_briefs
from benchmarks.painted import Compared, compare
from benchmarks.playing import TERMS, PlayedStudio, Rung, Stage, played
from benchmarks.policies import Plain, limits_of
from onbrief.policy import Classic
from onbrief.record import Run
from onbrief_sandbox.world import Model

TEXT = "a photo of a red potted plant and a green wine glass"


def classic(text: str, model: Model, images: int = 8, seed: int = 1) -> tuple[Run, PlayedStudio]:
    studio = PlayedStudio(Stage.of(text), (Rung(model, 0.04),))
    return asyncio.run(played(studio, limits_of("classic", images), Classic(), seed)), studio


def test_a_played_run_is_the_run_that_is_painted_and_seen(tmp_path: Path) -> None:
    now, _ = classic(TEXT, "sdxl")
    settings = onbrief.Settings(
        image_model="sandbox:sdxl", policy="classic", max_images=8, max_attempts=3, max_prompts=3, out=str(tmp_path)
    )
    real = onbrief.run(TEXT, settings=settings, seed=1)
    assert [(p.text, p.negative) for p in real.prompts] == [(p.text, p.negative) for p in now.prompts]
    assert [(a.name, a.seed, a.verdict) for a in real.attempts] == [(a.name, a.seed, a.verdict) for a in now.attempts]
    assert (real.outcome, real.reason, real.usage.images) == (now.outcome, now.reason, now.usage.images)
    assert len(now.prompts) > 1


def test_what_is_played_is_seen_in_painted_pictures() -> None:
    compared = Compared()
    for text in (geneval.briefs()[200].prompt, hard.hard_briefs()[3].text):
        for model in ("sdxl", "modern"):
            compare(text, model, compared, edits=0)
    assert compared.verdicts >= 4
    assert compared.different == []


def test_every_call_is_counted_at_its_price() -> None:
    run, studio = classic(TEXT, "sdxl")
    images, prompts = len(run.attempts), len(run.prompts)
    assert (run.usage.images, run.usage.judge_calls, run.usage.text_calls) == (images, images, prompts - 1)
    assert run.usage.usd == round(images * (TERMS.image_usd + TERMS.judge_usd) + (prompts - 1) * TERMS.revise_usd, 6)
    assert run.usage.seconds == images * 7.0 + (prompts - 1) * 2.0
    assert studio.judge_usd == round(images * TERMS.judge_usd, 6)


def test_pictures_of_one_round_take_the_time_of_one() -> None:
    studio = PlayedStudio(Stage.of(TEXT), (Rung("sdxl", 0.04),))
    run = asyncio.run(played(studio, limits_of("classic", 8), Classic(parallel=3), 1))
    assert len(run.attempts) % 3 in (0, 2)
    assert run.usage.seconds == 7.0 * -(-len(run.attempts) // 3) + 2.0 * (len(run.prompts) - 1)


def test_a_first_question_costs_less_and_lets_the_same_pictures_pass() -> None:
    stage = Stage.of(long_briefs()[0].text)
    limits, ladder = limits_of("plain", 8), (Rung("sdxl"),)
    once, split = PlayedStudio(stage, ladder), PlayedStudio(stage, ladder, spare=0)
    runs = [asyncio.run(played(studio, limits, Plain(), 1)) for studio in (once, split)]
    assert [(a.seed, a.passed) for a in runs[0].attempts] == [(a.seed, a.passed) for a in runs[1].attempts]
    assert split.judge_usd < 0.85 * split.once_usd
    assert once.judge_usd == once.once_usd
