"""A place that is opened once and used by many runs: one ledger, one budget, shared rates and models."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest

from onbrief.brief import Brief
from onbrief.errors import Refused, UsageError
from onbrief.events import RunEnded, Waiting
from onbrief.pursuit import Order, Workspace, open_pursuit
from onbrief.record import Run
from onbrief.settings import Settings
from onbrief.testing import Bill, crew, picture
from tests.pursuing import order

R1 = {"r1"}


async def ended(folder: Path, workspace: Workspace, name: str, bill: Bill, **limits: object) -> Run:
    """Pursue one order in an open place, with a judge that never accepts."""
    settings = replace(Settings(), **{"max_images": 2, **limits})  # pyright: ignore[reportArgumentType]
    async with open_pursuit(order(folder, settings, run_id=name), crew(bill, R1), workspace=workspace) as pursuit:
        runs = [event.run async for event in pursuit.events() if isinstance(event, RunEnded)]
        await pursuit.deliver()
    return runs[0]


def test_many_runs_share_one_ledger(tmp_path: Path) -> None:
    async def go() -> list[Run]:
        with Workspace.open(replace(Settings(), out=str(tmp_path))) as workspace:
            return await asyncio.gather(*(ended(tmp_path, workspace, f"run-{n}", Bill()) for n in range(16)))

    assert {run.outcome for run in asyncio.run(go())} == {"unmet"}
    with Workspace.existing(replace(Settings(), out=str(tmp_path))) as workspace:
        assert {(row.run_id, row.outcome) for row in workspace.ledger.runs()} == {(f"run-{n}", "unmet") for n in range(16)}
    for n in range(16):
        assert json.loads((tmp_path / f"run-{n}" / "run.json").read_text("utf-8"))["usage"]["images"] == 2


def test_a_limit_in_dollars_holds_for_all_runs_together(tmp_path: Path) -> None:
    """Eight runs that race for half a dollar: the bill of all of them stays below it."""
    bill = Bill()

    async def go() -> list[Run]:
        with Workspace.open(replace(Settings(), out=str(tmp_path)), usd=0.5) as workspace:
            return await asyncio.gather(*(ended(tmp_path, workspace, f"run-{n}", bill, max_images=9) for n in range(8)))

    runs = asyncio.run(go())
    prices = {"plan": 0.005, "image": 0.04, "judge": 0.006, "revise": 0.005}
    assert sum(prices[line.split()[0]] for line in bill.lines) <= 0.5
    assert {run.outcome for run in runs} == {"over_budget"}


def test_the_total_of_the_settings_holds_for_single_runs_and_for_batches_without_one_of_their_own(tmp_path: Path) -> None:
    """The second picture does not fit, in whatever session and under whatever name it is begun."""
    settings, bill = replace(Settings(), out=str(tmp_path), max_total_usd=0.08, max_images=1), Bill()

    async def alone(run_id: str, settings: Settings) -> str:
        wanted = Order(brief=Brief(text="a circle"), settings=settings, run_id=run_id)
        async with open_pursuit(wanted, crew(bill)) as pursuit:
            last = [event async for event in pursuit.events()][-1]
        return f"{last.run.outcome}: {last.run.reason}"

    async def of_batch() -> Run:
        with Workspace.open(settings, fund="shop") as workspace:
            return await ended(tmp_path, workspace, "batched", bill)

    assert asyncio.run(alone("first", settings)).startswith("passed")
    assert "$0.08 that all runs of this place share is spent" in asyncio.run(alone("second", settings))
    assert asyncio.run(of_batch()).outcome == "over_budget"
    assert len(bill.of("image")) == 1
    assert asyncio.run(alone("second", replace(settings, max_total_usd=0.2))).startswith("passed")


def test_a_bucket_cannot_hold_a_total_for_several_processes() -> None:
    with pytest.raises(UsageError, match="max_total_usd: a ledger in a bucket cannot hold a limit for several processes"):
        Workspace.open(replace(Settings(), out="s3://bucket/x", max_total_usd=1.0))


def test_a_pause_that_one_run_is_asked_for_is_kept_by_the_others(tmp_path: Path) -> None:
    async def waits(workspace: Workspace, name: str, waiting: asyncio.Event, *answers: Refused) -> list[str]:
        reasons: list[str] = []
        given = crew(Bill(), answer=[*answers, picture(1)])
        async with open_pursuit(order(tmp_path, run_id=name), given, workspace=workspace) as pursuit:
            async for event in pursuit.events():
                if isinstance(event, Waiting):
                    reasons.append(event.reason)
                    waiting.set()
        return reasons

    async def go() -> tuple[list[str], list[str]]:
        waiting = asyncio.Event()
        with Workspace.open(replace(Settings(), out=str(tmp_path))) as workspace:
            first = asyncio.create_task(waits(workspace, "first", waiting, Refused("slow down", retry_after=0.5)))
            await waiting.wait()
            return await first, await waits(workspace, "second", waiting)

    async def together() -> tuple[list[str], list[str]]:
        waiting = asyncio.Event()
        with Workspace.open(replace(Settings(), out=str(tmp_path))) as workspace:
            first = asyncio.create_task(waits(workspace, "third", waiting, Refused("slow down", retry_after=3.0)))
            await waiting.wait()
            second = await waits(workspace, "fourth", waiting)
            return await first, second

    assert asyncio.run(go()) == (["slow down"], [])
    assert asyncio.run(together()) == (["slow down"], ["test:painter asked for a pause"])


def test_runs_that_name_the_same_models_share_them(tmp_path: Path) -> None:
    settings = replace(Settings(), out=str(tmp_path))
    with Workspace.open(settings) as workspace:
        assert workspace.crew(settings) is workspace.crew(replace(settings, max_images=3))
        assert workspace.crew(settings) is not workspace.crew(replace(settings, plan=False))


def test_a_place_without_runs_is_not_made_by_looking_at_it(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"^out: .* is not allowed; expected a folder with runs in it"):
        Workspace.existing(replace(Settings(), out=str(tmp_path / "nowhere")))
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_does_not_exist_is_named(tmp_path: Path) -> None:
    found = pytest.raises(UsageError, match=r"^run: 'nothing' is not allowed; expected the id of a run")
    with Workspace.open(replace(Settings(), out=str(tmp_path))) as workspace, found:
        workspace.find_run("nothing")
