"""The library's public functions."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

import onbrief

SMALL = onbrief.Brief(text="a red circle left of a blue square", size=(512, 512))


def test_run_returns_the_run_with_its_best_picture(tmp_path: Path) -> None:
    run = onbrief.run(SMALL, limits=onbrief.Limits(images=12, usd=1.50), settings=onbrief.Settings(out=str(tmp_path)))
    assert run.outcome == "passed"
    assert run.best is not None
    assert run.best.image is not None
    assert run.best.verdict is not None
    assert run.best.verdict.unmet == ()
    assert run.best.image.url == (tmp_path / run.best.image.key).as_uri()


def test_run_works_inside_a_running_event_loop(tmp_path: Path) -> None:
    async def notebook() -> onbrief.Run:
        return onbrief.run(SMALL, settings=onbrief.Settings(out=str(tmp_path)))  # noqa: ASYNC251, RUF100

    assert asyncio.run(notebook()).outcome == "passed"


def test_pursue_yields_events_in_order(tmp_path: Path) -> None:
    async def names() -> list[str]:
        events = onbrief.pursue(SMALL, settings=onbrief.Settings(out=str(tmp_path)), seed=1)
        return [type(event).__name__ async for event in events]

    named = asyncio.run(names())
    assert named[:4] == ["ChecklistFrozen", "PromptChosen", "ImageMade", "ImageJudged"]
    assert named[-1] == "RunEnded"


def test_resume_continues_with_higher_limits(tmp_path: Path) -> None:
    settings = onbrief.Settings(out=str(tmp_path))
    impossible = onbrief.Brief(text="a circle, without circles", size=(512, 512))
    first = onbrief.run(impossible, limits=onbrief.Limits(images=2), settings=settings, run_id="mine")
    more = onbrief.resume("mine", limits=onbrief.Limits(images=3), out=tmp_path)
    assert (first.outcome, len(first.attempts)) == ("unmet", 2)
    assert (more.outcome, len(more.attempts)) == ("unmet", 3)
    assert more.attempts[:2] == first.attempts


def test_a_run_shows_itself_in_a_notebook(tmp_path: Path) -> None:
    run = onbrief.run(SMALL, settings=onbrief.Settings(out=str(tmp_path)))
    shown = run._repr_html_()
    assert "Passed" in shown
    assert "data:image/webp;base64," in shown


def test_a_wrong_input_is_a_value_error_that_costs_nothing(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"image_model: 'nobody:model' is not allowed"):
        onbrief.run(SMALL, settings=onbrief.Settings(image_model="nobody:model", out=str(tmp_path / "runs")))
    assert list(tmp_path.iterdir()) == []
