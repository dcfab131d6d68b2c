"""What the policy is told of the models of a run."""

from __future__ import annotations

from dataclasses import replace

from onbrief.brief import Brief, Checklist, Requirement
from onbrief.policy.means import Cost
from onbrief.record import Run
from onbrief.settings import Settings
from onbrief.studio import means_of
from onbrief.testing import Bill, ScriptedImageModel, crew
from tests.histories import fresh, history, judged, verdict


def test_the_prices_are_those_of_the_models_at_hand() -> None:
    models = crew(Bill())
    means = means_of(models)(fresh())
    assert means.rungs[0].picture.usd == models.image_model.price if models.image_model else None
    assert means.rungs[0].edit is None
    assert means.judgement.usd == models.judge.price
    assert models.reviser
    assert means.prompt.usd == models.reviser.price
    assert means.priced


def test_two_looks_of_the_judge_cost_two_judgements() -> None:
    models = crew(Bill())
    assert means_of(models, 2)(fresh()).judgement == Cost(2 * (models.judge.price or 0.0), 2.0, 2 * (models.judge.price or 0.0))


def test_calls_that_are_paid_by_the_token_are_weighed_at_what_they_usually_cost_and_fit_at_the_most_they_can() -> None:
    claude = "bedrock:us.anthropic.claude-sonnet-4-5-20250929-v1:0"
    models = Settings(image_model="sandbox:", judge=claude, reviser=claude, tables={"bedrock": {"region": "us-east-1"}}).crew()
    run = fresh()
    means = means_of(models, 2)(run)
    assert run.checklist
    assert means.judgement.most == models.judgement_price(run.checklist, 2)
    for cost in (means.judgement, means.prompt):
        assert cost.usd
        assert cost.most
        assert 0.003 < cost.usd < 0.3 * cost.most


def test_a_price_that_is_not_known_is_none_and_money_is_not_weighed() -> None:
    unpriced = replace(crew(Bill()), image_model=ScriptedImageModel(price=None))
    means = means_of(unpriced)(fresh())
    assert means.rungs[0].picture.usd is None
    assert not means.priced


def test_what_an_editor_can_change_is_asked_of_the_editor_beside_the_image_model() -> None:
    means = means_of(Settings(image_model="sandbox:sdxl").crew())
    run = history(judged((0, 0), verdict({"r2"})))
    (rung,) = means(run).rungs
    assert rung.edit
    assert rung.repairs(run, run.attempts[0], "r2") == "editor"
    assert rung.repairs(run, run.attempts[0], "r1") is None


def test_a_format_is_repaired_in_pixels_without_an_editor() -> None:
    wanted = Checklist((Requirement(id="r1", text="the picture is exactly 64x80 pixels", kind="format"),))
    failed = replace(verdict({"r1"}), findings=verdict({"r1"}).findings[:1])
    run: Run = replace(history(judged((0, 0), failed)), checklist=wanted, brief=Brief(text="a circle", size=(64, 80)))
    (rung,) = means_of(crew(Bill()))(run).rungs
    assert rung.repairs(run, run.attempts[0], "r1") == "pixels"
