"""Many briefs at the same time: each ends once, whatever happens to the others."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import pytest

from onbrief.batches.outputs import BatchOutputs
from onbrief.batches.rows import Broken, Row
from onbrief.batches.running import MOST_IN_A_ROW, Batch, BatchPaused, BriefEnded
from onbrief.batches.under_way import Opens, UnderWay, here
from onbrief.errors import ConfigError, Failed, StoreError, UsageError
from onbrief.events import Event, ImageJudged, ImageMade, RunEnded
from onbrief.pursuit import Order, Workspace, open_pursuit
from onbrief.results import Result
from onbrief.settings import Settings
from onbrief.testing import Bill, ScriptedImageModel, ScriptedJudge, picture
from onbrief.testing.scripted import ImageRequest
from tests.batches.batches import files, models, pursue, row

PRICE = 0.005 + 0.04 + 0.006  # a plan, a picture and its judgement


def lines(out: Path) -> list[Result]:
    return [Result.from_json(line) for line in (out / "results.jsonl").read_text().splitlines()]


def test_each_brief_ends_once_and_the_same_rows_again_cost_nothing(tmp_path: Path) -> None:
    bill = Bill()
    rows = [row(number, models(bill), tmp_path) for number in range(1, 8)]
    went = pursue(tmp_path, rows, concurrency=3)
    assert [(one.id, one.outcome, one.images) for one in went.results] == [(f"a{n}", "passed", 1) for n in range(1, 8)]
    assert lines(tmp_path) == list(went.results)
    assert all((tmp_path / one.picture).is_file() and (tmp_path / one.thumbnail).is_file() for one in went.results)
    assert len(bill.of("image")) == len(bill.of("judge")) == len(bill.of("plan")) == 7
    again = pursue(tmp_path, rows, concurrency=3)
    assert again.results == went.results
    assert [event.recorded for event in again.of(BriefEnded)] == [True] * 7
    assert len(bill.lines) == 21


def test_results_that_were_lost_are_read_from_the_records(tmp_path: Path) -> None:
    bill = Bill()
    rows = [row(number, models(bill), tmp_path) for number in (1, 2)]
    before = pursue(tmp_path, rows)
    (tmp_path / "results.jsonl").unlink()
    (tmp_path / "a2" / "run.json").unlink()
    after = pursue(tmp_path, rows)
    assert [(one.id, one.picture, one.thumbnail) for one in after.results] == [
        (one.id, one.picture, one.thumbnail) for one in before.results
    ]
    assert len(bill.lines) == 6


@dataclass
class Stalled:
    """A run whose process is suspended after an event, until another process has taken the run over."""

    run: UnderWay
    when: type[Event]
    take: Callable[[], object]

    async def events(self) -> AsyncGenerator[Event]:
        async for event in self.run.events():
            yield event
            if isinstance(event, self.when):
                self.take()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.run, name)


@pytest.mark.parametrize("when", [ImageMade, ImageJudged, RunEnded])
def test_a_brief_whose_run_another_process_takes_over_and_ends_is_told_once(tmp_path: Path, when: type[Event]) -> None:
    rows = [row(1, models(Bill()), tmp_path)]

    def owned_by(owner: str | None) -> None:
        with closing(sqlite3.connect(tmp_path / "ledger.db")) as connection, connection:
            connection.execute("UPDATE runs SET owner = ?, lease_until = 1e12", (owner,))

    async def go(opens: Opens = here) -> list[BriefEnded]:
        with Workspace.open(Settings(out=str(tmp_path))) as workspace:
            async with await BatchOutputs.open(workspace.store, "test") as outputs:
                events = Batch(workspace, outputs, opens=opens).events(rows)
                return [event async for event in events if isinstance(event, BriefEnded)]

    @asynccontextmanager
    async def stalling(workspace: Workspace, order: Order) -> AsyncGenerator[UnderWay]:
        async with here(workspace, order) as run:
            yield cast("UnderWay", Stalled(run, when, lambda: owned_by("another-host/1/abc")))
        owned_by(None)
        assert [one.result.outcome for one in await go()] == ["passed"]
        written.update(files(tmp_path))

    written: dict[str, bytes] = {}
    told = asyncio.run(go(stalling))
    assert [(one.result.id, one.result.outcome) for one in told] == [("a1", "passed")]
    assert len(lines(tmp_path)) == 1 + (when is RunEnded)
    if when is not RunEnded:  # what it had written before it was suspended, it may write
        assert files(tmp_path) == written


def test_concurrent_briefs_are_as_many_as_allowed(tmp_path: Path) -> None:
    now, most = 0, 0

    class Gate:
        async def wait(self) -> None:
            nonlocal now, most
            now += 1
            most = max(most, now)
            await asyncio.sleep(0)
            now -= 1

    bill = Bill()
    own = models(bill, judge=ScriptedJudge(bill, gate=Gate()))
    pursue(tmp_path, [row(number, own, tmp_path) for number in range(1, 13)], concurrency=4)
    assert 1 < most <= 4


def test_one_money_limit_holds_for_all_briefs_and_for_all_sessions(tmp_path: Path) -> None:
    bill = Bill()
    rows = [row(number, models(bill), tmp_path) for number in range(1, 11)]
    went = pursue(tmp_path, rows, usd=3.5 * PRICE, concurrency=2)
    assert len(bill.of("image")) == 3
    assert [one.outcome for one in went.results].count("passed") == 3
    assert {one.outcome for one in went.results} == {"passed", "over_budget"}
    assert went.batch.paused
    assert went.batch.paused.outcome == "over_budget"
    assert len(went.results) + went.batch.left == 10
    less = pursue(tmp_path, rows, usd=3.5 * PRICE, concurrency=2)
    assert len(bill.of("image")) == 3
    assert less.batch.paused
    more = pursue(tmp_path, rows, usd=11 * PRICE, concurrency=2)
    assert [one.outcome for one in more.results] == ["passed"] * 10
    assert len(bill.of("image")) == len(bill.of("judge")) == len(bill.of("plan")) == 10


def test_a_fault_of_the_configuration_pauses_the_batch_and_no_attempt_is_used_up(tmp_path: Path) -> None:
    bill, broken = Bill(), [True]

    def draw(asked: ImageRequest) -> bytes | Exception:
        return ConfigError("no access to the model", hint="ask for access") if broken[0] else picture(asked.seed)

    own = models(bill, image_model=ScriptedImageModel(bill, draw))
    rows = [row(number, own, tmp_path) for number in range(1, 9)]
    went = pursue(tmp_path, rows, concurrency=2)
    assert went.batch.paused
    assert "no access to the model" in went.batch.paused.reason
    assert "ask for access" in went.batch.paused.reason
    assert went.results == []
    assert went.batch.left == 8
    assert len(bill.of("image")) <= 2
    broken[0] = False
    again = pursue(tmp_path, rows, concurrency=2)
    assert [one.outcome for one in again.results] == ["passed"] * 8
    assert all(one.images == 1 for one in again.results)


def test_briefs_that_fail_one_after_the_other_pause_the_batch_and_are_retried_when_asked(tmp_path: Path) -> None:
    bill, broken = Bill(), [True]

    def draw(asked: ImageRequest) -> bytes | Exception:
        return Failed("the service is down") if broken[0] else picture(asked.seed)

    own = models(bill, image_model=ScriptedImageModel(bill, draw))
    rows = [row(number, own, tmp_path, max_images=1) for number in range(1, MOST_IN_A_ROW + 9)]
    went = pursue(tmp_path, rows, concurrency=1)
    ended = len(went.results)
    assert ended == MOST_IN_A_ROW
    assert {one.outcome for one in went.results} <= {"failed", "unmet"}
    assert went.batch.paused
    assert "the service is down" in went.batch.paused.reason
    broken[0] = False
    again = pursue(tmp_path, rows, concurrency=1)
    assert [one.outcome for one in again.results].count("passed") == 8
    kinds = {one.outcome for one in went.results}
    retried = pursue(tmp_path, [row(n, own, tmp_path, max_images=3) for n in range(1, len(rows) + 1)], retry=kinds)
    assert {one.outcome for one in retried.results} == {"passed"}


@pytest.mark.parametrize("where", ["at-the-first-call", "at-the-end"])
def test_what_is_stopped_goes_on_with_the_same_rows(tmp_path: Path, where: str) -> None:
    bill = Bill()
    rows = [row(number, models(bill), tmp_path) for number in range(1, 9)]

    def stop(batch: Batch, event: object) -> None:
        if where == "at-the-first-call" or isinstance(event, BriefEnded):
            batch.stop()

    went = pursue(tmp_path, rows, concurrency=2, watch=stop)
    assert len(went.results) < 8
    assert len(went.results) + went.batch.left == 8
    again = pursue(tmp_path, rows, concurrency=2)
    assert [one.outcome for one in again.results] == ["passed"] * 8
    assert len(bill.of("image")) == len(bill.of("judge")) == len(bill.of("plan")) == 8


def test_a_reader_that_leaves_early_stops_the_batch_and_what_is_paid_for_is_kept(tmp_path: Path) -> None:
    bill = Bill()
    rows = [row(number, models(bill), tmp_path) for number in range(1, 9)]

    async def leave() -> None:
        with Workspace.open(Settings(out=str(tmp_path))) as workspace:
            async with await BatchOutputs.open(workspace.store, "test") as outputs:
                events = Batch(workspace, outputs, concurrency=3).events(rows)
                async for event in events:
                    if isinstance(event, BriefEnded):
                        break
                await events.aclose()

    asyncio.run(leave())
    assert [one.outcome for one in pursue(tmp_path, rows).results] == ["passed"] * 8
    assert len(bill.of("image")) == 8


def test_a_run_that_another_process_has_is_left_to_it_and_its_result_is_known(tmp_path: Path) -> None:
    bill = Bill()
    rows = [row(number, models(bill), tmp_path) for number in (1, 2, 3)]

    async def together() -> list[list[str]]:
        settings = Settings(out=str(tmp_path))
        with Workspace.open(settings) as one, Workspace.open(settings) as other:
            async with await BatchOutputs.open(one.store, "test") as its, await BatchOutputs.open(other.store, "test") as own:
                batches = [Batch(one, its, concurrency=2), Batch(other, own, concurrency=2)]

                async def follow(batch: Batch) -> list[str]:
                    ended = [event.result async for event in batch.events(rows) if isinstance(event, BriefEnded)]
                    return sorted(f"{result.id} {result.outcome}" for result in ended)

                async with open_pursuit(rows[0].order, workspace=one) as pursuit:  # for as long as both begin
                    ends = [asyncio.create_task(follow(batch)) for batch in batches]
                    async for _ in pursuit.events():
                        pass
                    await pursuit.deliver()
                return [await end for end in ends]

    assert asyncio.run(together()) == [["a1 passed", "a2 passed", "a3 passed"]] * 2
    assert len(bill.of("image")) == len(bill.of("judge")) == 3


def test_rows_of_a_stream_are_begun_as_they_come_and_a_bad_one_is_told(tmp_path: Path) -> None:
    bill, begun = Bill(), asyncio.Event()
    own = models(bill)

    async def arriving() -> AsyncGenerator[Row | Broken]:
        yield row(1, own, tmp_path)
        await begun.wait()  # never, if it waited for all rows
        yield Broken(2, "size: 'big' is not allowed", "a2", "a circle")
        yield row(3, own, tmp_path, max_usd=0.001)
        yield row(4, own, tmp_path)

    went = pursue(tmp_path, arriving(), watch=lambda batch, event: begun.set())
    assert [one.outcome for one in went.results] == ["passed", "invalid", "over_budget", "passed"]
    assert went.results[1].reason == "size: 'big' is not allowed"
    assert went.batch.left == 0


def test_an_error_of_a_stream_is_raised_when_what_has_begun_has_ended(tmp_path: Path) -> None:
    bill = Bill()

    async def breaking() -> AsyncGenerator[Row | Broken]:
        yield row(1, models(bill), tmp_path)
        raise UsageError("line 2: not JSON")

    with pytest.raises(UsageError, match="line 2: not JSON"):
        pursue(tmp_path, breaking())
    assert lines(tmp_path)[0].outcome == "passed"


def test_a_row_that_cannot_work_lets_none_begin_unless_bad_rows_are_skipped(tmp_path: Path) -> None:
    bill = Bill()
    large = models(bill, image_model=ScriptedImageModel(bill, on_check=UsageError("size: 64x64 is not allowed")))
    rows = [row(1, models(bill), tmp_path), row(2, large, tmp_path)]
    with pytest.raises(UsageError, match="line 2: size: 64x64 is not allowed"):
        pursue(tmp_path, rows)
    assert bill.lines == []
    assert [one.outcome for one in pursue(tmp_path, rows, skip_bad=True).results] == ["passed", "invalid"]


def test_an_id_of_another_brief_is_refused_before_anything_is_spent(tmp_path: Path) -> None:
    bill = Bill()
    pursue(tmp_path, [row(1, models(bill), tmp_path)])
    other = row(1, models(bill), tmp_path, text="something else")
    with pytest.raises(UsageError, match=r"id: .a1. belongs to a run of another brief.*give the row another id.* --out "):
        pursue(tmp_path, [other])
    with pytest.raises(UsageError, match=r"this brief has a run with another size.*give the same flags as then"):
        pursue(tmp_path, [replace(other, named=False)])
    assert len(bill.lines) == 3


def test_a_place_that_cannot_be_written_pauses_the_batch(tmp_path: Path) -> None:
    bill = Bill()
    rows = [row(number, models(bill), tmp_path) for number in (1, 2, 3)]
    pursue(tmp_path, [])
    (tmp_path / "a1").write_text("a file where the folder of a run should be")
    went = pursue(tmp_path, rows, concurrency=1)
    assert went.batch.paused
    assert went.batch.left + len(went.results) == 3
    (tmp_path / "a1").unlink()
    assert [one.outcome for one in pursue(tmp_path, rows).results] == ["passed"] * 3
    assert len(bill.of("image")) == 3


def test_an_error_of_our_own_stops_the_batch_and_is_raised(tmp_path: Path) -> None:
    bill = Bill()
    own = models(bill, judge=ScriptedJudge(bill, [RuntimeError("a mistake")]))
    with pytest.raises(RuntimeError, match="a mistake"):
        pursue(tmp_path, [row(number, own, tmp_path) for number in (1, 2, 3)], concurrency=1)
    assert len(bill.of("image")) == 1


@pytest.mark.parametrize("concurrency", [0, 1025])
def test_a_concurrency_out_of_range_is_refused(tmp_path: Path, concurrency: int) -> None:
    with pytest.raises(UsageError, match="concurrency"):
        pursue(tmp_path, [], concurrency=concurrency)


def test_a_store_that_fails_once_is_no_reason_to_pause(tmp_path: Path) -> None:
    bill, failing = Bill(), [True]

    class Gate:
        async def wait(self) -> None:
            if failing.pop() if failing else False:
                raise StoreError("the disk is busy")

    own = models(bill, judge=ScriptedJudge(bill, gate=Gate()))
    went = pursue(tmp_path, [row(number, own, tmp_path) for number in (1, 2)], concurrency=1)
    assert went.batch.paused is None
    assert len(went.of(BatchPaused)) == 0
    assert [one.outcome for one in went.results] == ["passed"] * 2
