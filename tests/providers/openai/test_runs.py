"""Complete runs with OpenAI's image models: what the ledger has is what the service bills."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from onbrief.brief import Brief
from onbrief.events import RunEnded
from onbrief.pursuit import Order, open_pursuit
from onbrief.record import Run
from onbrief.settings import Settings
from onbrief_sandbox.server.faults import Fault
from tests.providers.over_http import Service

SETTINGS = Settings(
    image_model="openai:gpt-image-2?quality=low", judge="sandbox:", reviser="sandbox:", max_images=1, max_usd=0.05
)


def run(folder: Path, settings: Settings = SETTINGS) -> Run:
    async def go() -> Run:
        order = Order(brief=Brief(text="a red circle"), settings=replace(settings, out=str(folder)), run_id="one", seed=7)
        async with open_pursuit(order) as pursuit:
            *_, last = [event async for event in pursuit.events()]
        assert isinstance(last, RunEnded)
        return last.run

    return asyncio.run(go())


@pytest.mark.parametrize(
    ("faults", "answers"),
    [
        ((), ["picture"]),
        ((Fault(does="status", status=429, headers={"Retry-After": "0"}, calls=(1,)),), ["picture"]),
        ((Fault(does="status", status=500, calls=(1,)),), ["status", "picture"]),
    ],
    ids=["whole", "refused first", "failed first"],
)
def test_a_run_draws_with_openai_and_counts_what_it_cost(
    faults: tuple[Fault, ...], answers: list[str], service: Service, tmp_path: Path
) -> None:
    service.fresh(*faults)
    ended = run(tmp_path)
    assert [line["answer"] for line in service.lines()] == answers
    assert (len(ended.attempts), ended.attempts[0].usd) == (1, pytest.approx(service.lines()[-1]["usd"]))
    assert (ended.usage.usd or 0) >= sum(line["usd"] for line in service.lines())
    assert "GPT Image 2 takes no seed: the same prompt gives another picture each time" in ended.warnings


@pytest.mark.parametrize("fault", [Fault(does="reset"), Fault(does="cut", byte=100)], ids=["reset", "cut"])
def test_a_picture_whose_answer_was_lost_is_never_sent_again(fault: Fault, service: Service, tmp_path: Path) -> None:
    service.fresh(fault)
    for ended in (run(tmp_path), run(tmp_path)):
        assert (ended.outcome, ended.usage.unknown_calls) == ("unknown", 1)
        assert ended.usage.usd >= service.lines()[0]["usd"]
    assert len(service.lines()) == 1


def test_an_empty_account_ends_the_run_before_anything_is_spent(service: Service, tmp_path: Path) -> None:
    service.fresh(Fault(does="status", status=429, type="insufficient_quota", message="You exceeded your current quota."))
    ended = run(tmp_path, replace(SETTINGS, max_images=3))
    assert (ended.outcome, ended.usage.usd, service.lines()) == ("failed", 0.0, [])
    assert "check the plan and the billing" in (ended.reason or "")


def test_content_that_is_blocked_is_not_sent_again_unchanged(service: Service, tmp_path: Path) -> None:
    service.fresh(Fault(does="filtered"))
    ended = run(tmp_path, replace(SETTINGS, max_images=4, max_usd=0.2))
    assert (ended.outcome, len(ended.attempts)) == ("blocked", 2)
    assert "safety_violations" in (ended.reason or "")
