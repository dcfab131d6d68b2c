"""Briefs of the kind that people write, over HTTP as the README has it: all are planned, and no run of one fails."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

import onbrief
from onbrief import intake
from onbrief.pursuit import Order, preview
from onbrief.settings import Settings
from tests.claude import reach
from tests.intake.test_briefs import BRIEFS, text_of
from tests.sandbox.server.serving import CORE, Served

SETTINGS = Settings(image_model=f"bedrock:{CORE}", judge="bedrock:", reviser="bedrock:", max_images=2)
IMAGINED = [
    "Zwei rote Äpfel auf einem blauen Teller, kein Text", "İki kedi bir masanın üzerinde", "hai con mèo trên ghế",
    "- a cat\n- a dog\n- 3 birds", "1) sun 2) moon 3) stars", "🎉🎂 birthday card: 'HAPPY 40th!'", "❤️",
    "100% cotton shirt, $19.99", "x² + y² = r² on a blackboard", "“To be, or not to be”", "«Привет, мир» на стене",
    '{"prompt": "two foxes"}', '["cat", "dog"]', "## Title\n\n> a quote\n\n`code` and **bold**", "<svg><circle/></svg>",
    "مدينة في الليل مع قمر كامل", "שתי חתולות על גג", "猫三匹", "3 cats, 4 dogs; 5 birds: 6 fish",
    "no text, no people, no cars",
    "NOT a cat", 'a sign saying "No" "Yes" "Maybe" "So" "Five" "Six"', "a b c d e f g h i j k l m n o p",
    "." * 40 + " cat", "the the the the", "lorem ipsum dolor sit amet " * 330,
]  # fmt: skip


@pytest.mark.parametrize("text", [*map(text_of, BRIEFS), *IMAGINED], ids=lambda text: " ".join(text.split())[:40])
def test_every_brief_is_planned_over_http(text: str, server: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    reach(server, monkeypatch)
    given = intake.read(text)
    seen = asyncio.run(preview(Order(brief=given.brief, settings=SETTINGS, warnings=given.warnings)))
    assert [requirement for requirement in seen.checklist.requirements if requirement.must]


@pytest.mark.parametrize(
    ("text", "judge", "outcome"),
    [
        ("a fluffy cat", "sandbox:", "unmet"),
        ("120 sheep on a hill", "bedrock:", "unmet"),
        ("een rode fiets tegen een witte muur", "sandbox:", "unmet"),
        ("a cat on a sofa, no people", "sandbox:", "passed"),
        ('a red mug and a sign that says "OPEN"', "bedrock:", "passed"),
    ],
)
def test_a_run_ends_as_the_picture_deserves(
    text: str, judge: str, outcome: str, server: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reach(server, monkeypatch)
    images = 1 if outcome == "unmet" else 8
    settings = replace(SETTINGS, judge=judge, reviser=judge, max_images=images, out=str(tmp_path))
    run = onbrief.run(text, settings=settings, seed=1)
    assert (run.outcome, run.reason) == (outcome, run.reason)
