"""A must that is in doubt, from the judge's answer to everywhere that a person or a program reads of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from onbrief.attempt import Finding
from onbrief.aws_lambda.answers import Outputs, ended
from onbrief.events import ImageJudged
from onbrief.ports import Judged
from onbrief.progress import lines
from onbrief.record import Run
from onbrief.testing import Bill, crew
from tests.pursuing import pursue, settings

DOUBT = Judged((Finding("r1", "met", 0.98, "a circle"), Finding("r2", "borderline", 0.45, "orange rather than red")))
ALWAYS = {"confirm": "never", "max_images": 2, "max_attempts": 1, "max_prompts": 2}


@pytest.mark.parametrize(("strictness", "images"), [("strict", 2), ("fair", 1), ("lenient", 1)])
def test_the_strictness_decides_whether_more_pictures_are_paid_for(tmp_path: Path, strictness: str, images: int) -> None:
    bill = Bill()
    run = pursue(tmp_path, crew(bill, DOUBT), settings(strictness=strictness, **ALWAYS))[-1].run
    assert run.outcome == ("passed" if images == 1 else "unmet")
    assert len(bill.of("image")) == images
    assert len(bill.of("revise")) == images - 1


def test_a_reservation_is_told_everywhere(tmp_path: Path) -> None:
    events = pursue(tmp_path, crew(Bill(), DOUBT), settings(**ALWAYS))
    run = events[-1].run
    assert run.reason == "image 000-000 passes with 1 reservation: r2 (the circle is red)"
    judged = next(event for event in events if isinstance(event, ImageJudged))
    assert "passed with reservations: r2 (orange rather than red)" in lines(judged)[0]
    verdict = json.loads(run.to_json())["attempts"][0]["verdict"]
    assert verdict["reservations"] == ["r2"]
    assert Run.from_json(run.to_json()) == run
    body = json.loads(ended(run, Outputs("bucket", "us-west-2", "a.png", "run.json"))["body"])
    assert body["reservations"] == [
        {"id": "r2", "text": "the circle is red", "probability": 0.45, "evidence": "orange rather than red"}
    ]


def test_the_settings_of_the_verdict_belong_to_the_order(tmp_path: Path) -> None:
    bill = Bill()
    for strictness in ("fair", "strict", "fair"):
        pursue(tmp_path, crew(bill, DOUBT), settings(strictness=strictness, **ALWAYS), run_id=f"a-{strictness}")
    assert len(bill.of("image")) == 3
