"""Runs whose process ends at a known time."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from onbrief.errors import Cancelled, Refused
from onbrief.ledger.account import CallResult, SpendingPolicy, Try, open_account
from onbrief.ledger.deadline import Deadline
from onbrief.ledger.sqlite import SqliteLedger
from onbrief.ports import Call

CALL = Call("image", 0, 0, "sandbox:", "0" * 64, 0.04)


def test_a_call_begins_only_while_there_is_time_for_it() -> None:
    deadline = Deadline(lambda: 40.0)
    deadline.require_time_for("judge")
    with pytest.raises(Cancelled, match=r"^40 seconds are left, and the next call \(image\) may take 45$"):
        deadline.require_time_for("image")
    with pytest.raises(Cancelled, match=r"^0 seconds are left"):
        Deadline(lambda: -1.5).require_time_for("judge")


@pytest.mark.parametrize("retry_after", [None, 100.0])
def test_a_refusal_that_asks_to_wait_too_long_ends_the_run_for_another_process(
    retry_after: float | None, tmp_path: Path
) -> None:
    async def refuse(_: Try) -> CallResult:
        raise Refused("slow down", hint="wait", retry_after=retry_after)

    async def once() -> None:
        left = iter([60.0, 60.0, 60.0, 45.0])
        with closing(SqliteLedger(tmp_path / "ledger.db")) as ledger:
            terms = SpendingPolicy(deadline=Deadline(lambda: next(left, 44.0)), initial_backoff=0.001)
            async with open_account(ledger, "mine", "{}", "{}", terms) as account:
                await account.once(CALL, refuse)

    with pytest.raises(Cancelled):
        asyncio.run(once())


def test_the_lease_is_what_the_process_has_left(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"

    async def lease_until() -> float:
        with closing(SqliteLedger(path)) as ledger:
            async with open_account(ledger, "mine", "{}", "{}", SpendingPolicy(deadline=Deadline(lambda: 700.0))):
                with closing(sqlite3.connect(path)) as connection:
                    return connection.execute("SELECT lease_until FROM runs").fetchone()[0]

    before = time.time()
    until = asyncio.run(lease_until())
    assert before + 700 <= until <= time.time() + 700


def test_recorded_results_are_returned_without_time_and_no_call_is_sent(tmp_path: Path) -> None:
    sent: list[str] = []

    async def send(_: Try) -> CallResult:
        sent.append("once")
        return CallResult("{}", 0.04)

    async def once(left: float, call: Call) -> str:
        with closing(SqliteLedger(tmp_path / "ledger.db")) as ledger:
            async with open_account(ledger, "mine", "{}", "{}", SpendingPolicy(deadline=Deadline(lambda: left))) as account:
                return (await account.once(call, send)).state

    assert asyncio.run(once(46.0, CALL)) == "done"
    assert asyncio.run(once(44.0, CALL)) == "done"
    with pytest.raises(Cancelled):
        asyncio.run(once(44.0, Call("image", 0, 1, "sandbox:", "0" * 64, 0.04)))
    assert sent == ["once"]
