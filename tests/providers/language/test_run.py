"""Whole runs over HTTP with language models of several services, on pictures of another one: what is counted is the bill."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from onbrief.brief import Brief
from onbrief.pursuit import Order
from onbrief.settings import Settings
from onbrief_sandbox.server.app import Terms
from onbrief_sandbox.server.bill import Bill
from onbrief_sandbox.server.faults import Fault
from tests.claude import reach
from tests.providers.language.services import lead
from tests.sandbox.server.serving import CORE, Play, lines, served
from tests.turns import Moving, pursued

CORE_MODEL = f"bedrock:{CORE}"
GEMINI = "google:gemini-3.1-flash-image"
BRIEF = Brief(text="five red stars above a blue circle")


def settings(image_model: str, judge: str, reviser: str, out: Path) -> Settings:
    return Settings(
        image_model=image_model,
        judge=judge,
        reviser=reviser,
        policy="classic",
        max_attempts=1,
        max_prompts=5,
        max_usd=20.0,
        out=str(out),
    )


@pytest.mark.parametrize(
    ("image_model", "judge", "reviser", "faults"),
    [
        (GEMINI, "openai:gpt-5-mini", "openai-chat:gpt-4o", ()),
        pytest.param(CORE_MODEL, "anthropic:claude-sonnet-5", "openai:gpt-5.4", (), marks=pytest.mark.soak),
        pytest.param(CORE_MODEL, "ollama:qwen2.5vl", "ollama:llama3.2", (), marks=pytest.mark.soak),
        (
            CORE_MODEL,
            "openai:gpt-5-mini",
            "openai-chat:gpt-4o",
            (
                Fault(operation="openai.respond", calls=(1,), does="status", status=429, headers={"Retry-After": "0"}),
                Fault(operation="openai.respond", calls=(3,), does="cut", byte=300),
                Fault(operation="openai.chat", calls=(2,), does="status", status=500),
                Fault(operation="openai.chat", calls=(4,), does="truncated"),
            ),
        ),
    ],
    ids=["openai on a Gemini picture", "anthropic", "ollama", "openai with faults"],
)
def test_a_run_passes_and_counts_what_is_billed(
    image_model: str, judge: str, reviser: str, faults: tuple[Fault, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    play, bill = Play(faults), tmp_path / "bill"
    with served(Terms(script=play, bill=Bill(bill))) as server:
        reach(server, monkeypatch)
        lead(server.port, monkeypatch)
        order = Order(brief=BRIEF, settings=settings(image_model, judge, reviser, tmp_path / "out"), run_id="one", seed=3)
        run = asyncio.run(pursued(order, turns := Moving.fresh()))
        asked = [line["sha256"] for line in lines(bill)]
        again = asyncio.run(pursued(order, Moving.fresh()))
        assert [line["sha256"] for line in lines(bill)] == asked, "what is done is not paid for again"
    assert (run.outcome, again.outcome) == ("passed", "passed")
    assert run.usage.usd is not None
    billed = sum(line["usd"] for line in lines(bill))
    if faults:
        assert run.usage.usd >= billed - 1e-9
        assert run.usage.unknown_calls == 1
        assert (len(turns.refused), turns.waited < 1.0) == (1, True), "the judge says that it accepts the next call at once"
    else:
        assert run.usage.usd == pytest.approx(billed)
        assert len(set(asked)) == len(asked)
    by_model = {line["model"] for line in lines(bill)}
    assert image_model.partition(":")[2] in by_model
    assert len(by_model) == 3


def test_a_judge_that_is_paid_by_the_token_is_asked_about_some_musts_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    things = ("dog", "car", "boat", "clock", "bird", "bench", "apple")
    brief = Brief(text="a photo of " + ", ".join(f"three red {thing}s" for thing in things))
    bill = tmp_path / "bill"
    with served(Terms(bill=Bill(bill))) as running:
        reach(running, monkeypatch)
        lead(running.port, monkeypatch)
        models = replace(settings("sandbox:sdxl", "openai:gpt-4.1", "sandbox:", tmp_path / "out"), planner="sandbox:")
        order = Order(brief=brief, settings=models, run_id="one", seed=1)
        run = asyncio.run(pursued(order, Moving.fresh()))
        asked = lines(bill)
        assert asyncio.run(pursued(order, Moving.fresh())).attempts == run.attempts
        assert lines(bill) == asked, "what is done is not paid for again"
    assert run.usage.judge_calls == len(asked)
    verdicts = [attempt.verdict for attempt in run.attempts if attempt.verdict]
    assert any(verdict.unasked for verdict in verdicts)
    assert all(verdict.ids("unmet") for verdict in verdicts if verdict.unasked)
