from __future__ import annotations

import asyncio
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

import pytest

import onbrief
from onbrief.brief import Checklist, Requirement
from onbrief.ports import Revised, Warns
from onbrief.providers import registry
from onbrief.record import Prompt
from onbrief.settings import Settings
from onbrief.studio import price_of
from onbrief_sandbox.server.app import Terms
from onbrief_sandbox.server.bill import Bill
from onbrief_sandbox.server.faults import Fault, Script
from tests.claude import BRIEF, EVERY_CLAUDE, SET, Kind, reach
from tests.sandbox.server.serving import Served, lines, served

CHECKLIST = Checklist.freeze(
    [Requirement(id="c1", text="there are exactly two cups", kind="count"), Requirement(id="c2", text="the cups are red")],
    BRIEF,
)


@pytest.fixture(scope="module")
def bill(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("server") / "bill.jsonl"


@pytest.fixture(scope="module")
def server(bill: Path) -> Generator[Served]:
    with served(Terms(bill=Bill(bill))) as running:
        yield running


@EVERY_CLAUDE
def test_every_claude_revises_whatever_request_form_it_refuses(
    kind: Kind, server: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    reach(server, monkeypatch)
    reviser = registry.reviser(kind.key + SET)
    revised = asyncio.run(reviser.revise(BRIEF, CHECKLIST, 1, [(Prompt.first(BRIEF), [])]))
    assert isinstance(revised, Revised)
    assert "cups" in revised.text
    assert revised.text != BRIEF.text
    assert isinstance(reviser, Warns)
    assert reviser.warnings == kind.warnings
    price = price_of(reviser, BRIEF, CHECKLIST, 1, ())
    assert price is not None
    assert revised.usd is not None
    assert 0 < revised.usd < price


def test_a_whole_run_with_claude_as_planner_judge_and_reviser_passes(
    server: Served, bill: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reach(server, monkeypatch)
    paid = len(lines(bill)) if bill.exists() else 0
    settings = Settings(
        image_model="sandbox:?usd=0.04",
        judge="bedrock:global.anthropic.claude-sonnet-5?temperature=0.2",
        reviser="bedrock:global.anthropic.claude-sonnet-5-5",
        out=str(tmp_path),
        size="512x512",
        policy="classic",
        max_attempts=1,
        max_usd=2.0,
    )
    brief = onbrief.Brief(text="two red cups on a blue table", size=(512, 512))
    run = onbrief.run(brief, settings=settings, seed=3)
    assert run.outcome == "passed"
    calls = lines(bill)[paid:]
    assert run.usage.judge_calls + run.usage.text_calls == len(calls)
    assert run.usage.text_calls > 1  # it has revised
    assert run.usage.usd == pytest.approx(sum(call["usd"] for call in calls) + 0.04 * run.usage.images)
    assert run.usage.input_tokens > 1000
    assert run.warnings == ("bedrock:global.anthropic.claude-sonnet-5 does not take temperature as set: left out",)


def test_a_run_continues_after_faults_and_counts_each_accepted_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    faults = (
        Fault(calls=(1,), does="status", status=500),  # the plan fails,
        Fault(calls=(2,), does="reset"),  # is lost,
        Fault(calls=(4,), does="truncated"),  # and comes; the judgement is cut short,
        Fault(calls=(5,), does="cut", byte=40),  # is lost, and comes
    )
    bill = tmp_path / "bill.jsonl"
    with served(Terms(script=Script(faults), bill=Bill(bill))) as server:
        reach(server, monkeypatch)
        settings = Settings(judge="bedrock:", reviser="bedrock:", out=str(tmp_path / "runs"), max_images=1)
        run = onbrief.run(BRIEF, settings=settings, seed=1)
        accepted = [call["answer"] for call in lines(bill)]
    assert run.outcome == "passed"
    assert accepted == ["status", "reset", "tool", "truncated", "cut", "tool"]
    assert (run.usage.text_calls, run.usage.judge_calls, run.usage.unknown_calls) == (3, 3, 2)


@pytest.mark.parametrize(
    "fault", [Fault(does="text", text="not json at all"), Fault(stop_reason="max_tokens"), Fault(does="truncated")]
)
def test_a_judge_whose_answers_cannot_be_read_lets_no_picture_pass_and_is_not_called_for_ever(
    fault: Fault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bill = tmp_path / "bill.jsonl"
    with served(Terms(script=Script((replace(fault, calls=(2, 3, 4, 5, 6, 7)),)), bill=Bill(bill))) as server:
        reach(server, monkeypatch)
        settings = Settings(judge="bedrock:", reviser="bedrock:", out=str(tmp_path / "runs"), max_images=1)
        for images in (1, 1, 2):
            wanted = replace(settings, max_images=images)
            run = onbrief.run(BRIEF, settings=wanted, seed=1, run_id="mine")
            assert (run.outcome, len(run.attempts)) == ("unmet" if images == 1 else "failed", images)
            assert len(lines(bill)) == 1 + 3 * images  # with a plan; what is undecided is no reason for a revision
    for attempt in run.attempts:
        assert attempt.verdict
        assert {finding.verdict for finding in attempt.verdict.findings} == {"undecided"}


@pytest.mark.parametrize("stop_reason", ["refusal", "guardrail_intervened"])
def test_a_judge_that_refuses_to_answer_lets_no_picture_pass(
    stop_reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served(Terms(script=Script((Fault(calls=(2,), stop_reason=stop_reason),)))) as server:
        reach(server, monkeypatch)
        settings = Settings(judge="bedrock:", reviser="bedrock:", out=str(tmp_path), max_images=1)
        run = onbrief.run(BRIEF, settings=settings, seed=1)
    assert run.outcome == "unmet"
    (attempt,) = run.attempts
    assert attempt.verdict is not None
    assert {finding.verdict for finding in attempt.verdict.findings} == {"undecided"}
    assert stop_reason in attempt.verdict.findings[0].evidence
