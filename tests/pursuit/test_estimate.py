from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from onbrief.brief import Brief
from onbrief.pursuit import Estimate, Order, estimate, estimated, past_of, preview
from onbrief.pursuit.estimate import ENOUGH, Past
from onbrief.run_statistics import ModelStatistics
from onbrief.settings import Settings

MODEL = "sandbox:?usd=0.04"
SETTINGS = Settings(image_model=MODEL, out="a-place", max_images=8)
BRIEF = Brief(text="three red circles above a blue square")
PAST = ModelStatistics(model=MODEL, runs=ENOUGH, passed=20, images=80, usd=2.4, seconds=160.0)


def of(settings: Settings = SETTINGS, past: Past | None = None) -> Estimate:
    order = Order(brief=BRIEF, settings=settings)
    return estimated(order, asyncio.run(preview(order)), past or {})


def test_without_past_runs_a_picture_is_as_likely_to_pass_as_the_policy_expects() -> None:
    found = of()
    assert 1.5 < found.images < 3.5
    assert found.usd == pytest.approx(0.04 * found.images)
    assert (found.max_images, found.max_usd, found.seconds) == (8, pytest.approx(0.32), None)
    rates = f"usual rates of {MODEL} for such requirements (docs/policy.md)"
    assert found.basis == (f"{rates}; calls at their usual prices, or their highest where no other is known",)


def test_a_judge_that_is_paid_by_the_token_is_expected_to_cost_what_it_usually_does() -> None:
    judge = "bedrock:us.anthropic.claude-sonnet-4-5-20250929-v1:0"
    found = of(replace(SETTINGS, judge=judge, confirm="never", tables={"bedrock": {"region": "us-east-1"}}))
    assert found.usd
    assert found.max_usd
    assert found.usd == pytest.approx(0.051 * found.images, rel=0.1)  # a picture, and 2,700 tokens with some findings
    assert found.max_usd > 8 * 0.13


def test_enough_past_runs_of_the_model_say_how_many_pictures_money_and_time_a_brief_takes() -> None:
    found = of(past={MODEL: PAST})
    images = (1 - 0.75**8) / 0.25
    assert (found.images, found.usd, found.seconds) == pytest.approx((images, images * 0.03, images * 2.0))
    assert (found.max_usd, found.max_seconds) == pytest.approx((0.32, 16.0))
    assert found.basis == (f"20 runs of {MODEL} in a-place: 20 passed, with 80 images",)


@pytest.mark.parametrize("others", [{MODEL: replace(PAST, runs=ENOUGH - 1)}, {"sandbox:": PAST}], ids=["few", "another model"])
def test_few_runs_and_those_of_another_model_say_nothing(others: Past) -> None:
    assert of(past=others) == of()


def test_no_estimate_is_above_a_limit() -> None:
    limited = of(replace(SETTINGS, max_usd=0.05, max_seconds=3.0), {MODEL: PAST})
    assert (limited.usd, limited.max_usd, limited.seconds, limited.max_seconds) == (0.05, 0.05, 3.0, 3.0)
    assert of(replace(SETTINGS, max_total_usd=0.06)).max_usd == 0.06
    assert of(replace(SETTINGS, max_attempts=1, max_prompts=3)).max_images == 3


def test_an_unknown_price_leaves_the_cost_open() -> None:
    found = of(past={MODEL: replace(PAST, usd=None)})
    assert (found.usd, found.max_usd) == (None, pytest.approx(0.32))


def test_briefs_are_added_up_and_share_a_limit() -> None:
    orders = [Order(brief=Brief(text=text), settings=SETTINGS) for text in ("a red circle", "a blue square", "a star")]
    together, _ = asyncio.run(estimate(orders, {MODEL: PAST}))
    one = of(past={MODEL: PAST})
    assert (together.briefs, together.max_images, together.basis) == (3, 24, one.basis)
    assert (together.images, together.usd) == pytest.approx((3 * one.images, 3 * 0.03 * one.images))
    limited, _ = asyncio.run(estimate(orders, {MODEL: PAST}, 0.1))
    assert (limited.usd, limited.max_usd) == (0.1, 0.1)


def test_a_place_that_is_not_there_has_no_past_and_one_that_cannot_be_read_is_told(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("place")
    assert past_of(replace(SETTINGS, out=str(folder / "none"))) == ({}, ())
    (folder / "a-run").mkdir()
    (folder / "a-run" / "run.json").write_text("{}")
    past, [warning] = past_of(replace(SETTINGS, out=str(folder)))
    assert past == {}
    assert warning.startswith("past runs are not part of the estimate: the ledger ")
