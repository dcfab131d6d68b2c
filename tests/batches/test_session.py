"""onbrief.batch: the results of many briefs, as a program gets them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

import onbrief
from onbrief.batches import BatchBegan, BatchEnded
from onbrief.errors import OnbriefError, UsageError
from onbrief.testing import Bill
from tests.batches.batches import models

BRIEFS = ["a circle", {"text": "a square", "id": "b", "size": "128x64"}]


def gather(out: Path, briefs: Any, bill: Bill, **about: Any) -> list[onbrief.Result]:
    """Return all results of a batch, in the order of their briefs."""

    async def go() -> list[onbrief.Result]:
        settings = onbrief.Settings(out=str(out))
        given: dict[str, Any] = {**models(bill), **about}
        return [result async for result in onbrief.batch(briefs, settings=settings, **given)]

    return sorted(asyncio.run(go()), key=lambda result: result.number)


def test_briefs_of_a_program_end_as_those_of_a_file_do(tmp_path: Path) -> None:
    bill, events = Bill(), list[object]()
    first = gather(tmp_path, BRIEFS, bill, on_event=events.append)
    assert [(one.outcome, one.text, one.width) for one in first] == [("passed", "a circle", 1024), ("passed", "a square", 128)]
    assert isinstance(events[0], BatchBegan)
    assert events[0].briefs == 2
    assert isinstance(events[-1], BatchEnded)
    assert events[-1].summary.outcomes["passed"] == 2
    assert gather(tmp_path, BRIEFS, bill) == first
    assert len(bill.of("image")) == 2
    assert (tmp_path / "index.html").is_file()


def test_briefs_that_come_one_by_one_are_begun_as_they_come(tmp_path: Path) -> None:
    async def coming() -> AsyncGenerator[str]:
        yield "a circle"
        yield "a square"

    assert [one.text for one in gather(tmp_path, coming(), Bill())] == ["a circle", "a square"]


def test_a_file_is_named_by_its_path(tmp_path: Path) -> None:
    (tmp_path / "shop.csv").write_text("text,size\na circle,64x64\n")
    assert [one.width for one in gather(tmp_path / "shop", str(tmp_path / "shop.csv"), Bill())] == [64]


@pytest.mark.parametrize("brief", [7, {"texts": "a circle"}, {"text": "a circle", "size": "big"}, ""])
def test_a_brief_that_is_none_is_refused_before_anything_is_spent(tmp_path: Path, brief: object) -> None:
    bill = Bill()
    with pytest.raises(UsageError):
        gather(tmp_path, ["a square", brief], bill)
    assert bill.lines == []


def test_a_batch_that_is_paused_raises_why_when_its_results_are_through(tmp_path: Path) -> None:
    bill = Bill()
    with pytest.raises(OnbriefError, match=r"\$0.07"):
        gather(tmp_path, ["a circle", "a square", "a star"], bill, max_total_usd=0.07, concurrency=1)
    assert len(bill.of("image")) == 1
    assert (tmp_path / "index.html").is_file()
