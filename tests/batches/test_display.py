"""The line that says how far a batch is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from onbrief.batches.display import Standing, shown
from onbrief.batches.running import BriefBegan, BriefWent
from onbrief.events import Waiting
from onbrief.testing import Bill
from tests.batches.batches import Went, models, pursue, row


def went(tmp_path: Path) -> Went:
    bill = Bill()
    return pursue(tmp_path, [row(number, models(bill), tmp_path) for number in (1, 2, 3)], concurrency=2)


def test_it_tells_of_a_wait_if_nothing_else_goes_on_and_of_the_time_left_after_a_first_round(tmp_path: Path) -> None:
    events = went(tmp_path).events
    standing = Standing(rows=5)
    first, second = row(8, {}, tmp_path), row(9, {}, tmp_path)
    run = next(event.event.run for event in events if isinstance(event, BriefWent))
    for one in (first, second):
        standing.now(BriefBegan(one))
    standing.now(BriefWent(first, Waiting(run, call="image/000-000", seconds=2, reason="too many requests")))
    assert "waiting" not in standing.line
    standing.now(BriefWent(second, Waiting(run, call="image/000-000", seconds=2, reason="too many requests")))
    assert standing.line.endswith("waiting: too many requests")
    told: list[tuple[int, bool]] = []
    for event in events:
        standing.now(event)
        told.append((standing.ended, "left" in standing.line))
    assert {left for ended, left in told if ended < 2} == {False}
    assert standing.running == {first.id, second.id}
    assert standing.line.startswith("3 of 5 done · 3 passed · $0.")
    assert "10 s left" in standing.line


def test_a_long_line_of_a_result_ends_with_a_sign(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ended = went(tmp_path).events[-1]
    with shown(quiet=False, rows=1) as show:
        show(replace(ended, result=replace(ended.result, outcome="unmet", reason="why " * 99)))  # type: ignore[union-attr]
    line, standing = capsys.readouterr().err.splitlines()
    assert line.endswith("…")
    assert len(line) == 160
    assert standing.startswith("1 of 1 done")
