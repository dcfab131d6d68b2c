"""What the terminal says about each event."""

from __future__ import annotations

from onbrief.brief import Brief
from onbrief.cli.progress import lines
from onbrief.events import Waiting
from onbrief.record import Models, Run

RUN = Run(run_id="r", seed=1, brief=Brief(text="a circle"), models=Models("a:", "b:", "c:"), started="2026-11-28T10:00:00Z")


def test_a_wait_says_how_long_before_which_call_and_why() -> None:
    event = Waiting(RUN, "image/000-001", 12.34, "ThrottlingException: too many requests")
    assert lines(event) == ["  waiting 12.3 s before image/000-001: ThrottlingException: too many requests"]


def test_a_long_reason_is_cut() -> None:
    (line,) = lines(Waiting(RUN, "judge/000-000", 1.0, "x" * 500))
    assert line.endswith("x…")
    assert len(line) < 220
