"""Complete runs with Gemini's pictures, its judge or another one, and its reviser; and a bill that equals the ledger."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import onbrief
from onbrief.brief import Brief
from onbrief.providers.registry import defaults_for
from onbrief.settings import Settings
from onbrief_sandbox.server.faults import Fault
from tests.providers.google.reaching import Service
from tests.providers.language.services import lead

FLASH = "google:gemini-3.1-flash-image?image_size=512"
GEMINI = "google:gemini-3.8-flash"
BRIEF = Brief(text="a red circle left of a blue square", size=(512, 512))
SETTINGS = Settings(image_model=FLASH, judge=GEMINI, reviser=GEMINI, max_images=6)


def run(folder: Path, settings: Settings = SETTINGS) -> onbrief.Run:
    return onbrief.run(BRIEF, settings=replace(settings, out=str(folder)), run_id="one", seed=3)


@pytest.mark.parametrize(("judge", "judging"), [(GEMINI, "google.ask"), ("openai:gpt-5-mini", "openai.respond")])
def test_a_run_passes_with_its_own_judge_or_another_and_its_bill_equals_the_ledger(
    judge: str, judging: str, google: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead(google.port, monkeypatch)
    ended = run(tmp_path, replace(SETTINGS, judge=judge))
    assert ended.outcome == "passed"
    billed = google.billed()
    assert {line["operation"] for line in billed} == {"google.draw", "google.ask", judging}
    assert ended.usage.usd == pytest.approx(sum(line["usd"] for line in billed), abs=1e-6)
    assert run(tmp_path, replace(SETTINGS, judge=judge)).outcome == "passed"  # which is the same run, and pays for nothing
    assert google.billed() == billed


@pytest.mark.parametrize(
    ("fault", "outcome", "unknown"),
    [
        (Fault(does="reset"), "unknown", 1),
        (Fault(does="filtered"), "blocked", 0),
        (Fault(does="status", status=403), "failed", 0),
    ],
)
def test_a_run_whose_pictures_do_not_come(fault: Fault, outcome: str, unknown: int, google: Service, tmp_path: Path) -> None:
    google.script.now(replace(fault, operation="google.draw"))
    for _ in range(2):
        ended = run(tmp_path, replace(SETTINGS, judge="sandbox:", reviser="sandbox:", max_images=1))
        assert (ended.outcome, ended.usage.unknown_calls) == (outcome, unknown)
    pictures = [line["sha256"] for line in google.billed() if line["operation"] == "google.draw"]
    assert len(pictures) == len(set(pictures))


def test_whoever_names_only_a_gemini_picture_is_judged_by_gemini() -> None:
    assert set(defaults_for(FLASH).values()) == {GEMINI}
