"""Who owns a run: tokens of this process, of others, and of earlier versions."""

from __future__ import annotations

import asyncio
import os
import time
from contextlib import closing, nullcontext
from pathlib import Path

import pytest

from onbrief.errors import LedgerBusy, LedgerError
from onbrief.ledger.account import SpendingPolicy, open_account
from onbrief.ledger.owner import SKEW, fence_of, is_dead, is_live, new_token
from onbrief.ledger.sqlite import SqliteLedger
from onbrief.testing.ledger_contract import ELSEWHERE

HOST, PID, LAST = new_token(60.0).rsplit("/", 2)
NONCE, START, LENGTH = LAST.split(".")


def token(host: str = HOST, pid: object = PID, start: str = START, length: str = LENGTH) -> str:
    return f"{host}/{pid}/{NONCE}.{start}.{length}"


def test_a_token_names_its_process_and_the_length_of_its_leases() -> None:
    assert (int(PID), LENGTH) == (os.getpid(), "60")
    assert fence_of(token()) == NONCE
    assert fence_of(ELSEWHERE) == "abc"


@pytest.mark.parametrize(
    ("name", "dead"),
    [
        ("this process", False),
        ("with another start", True),
        ("its parent, with its start", True),
        ("no process", True),
        ("no number of a process", False),
        ("elsewhere", False),
        ("this process, earlier version", False),
        ("no process, earlier version", True),
        ("no token", False),
        ("", False),
    ],
)
def test_a_process_with_the_id_of_another_is_not_taken_for_it(name: str, dead: bool) -> None:
    owner = {
        "this process": token(),
        "with another start": token(start=str(int(START) + 1)),
        "its parent, with its start": token(pid=os.getppid()),
        "no process": token(pid=2**22 + 1),
        "no number of a process": token(pid=10**30),
        "elsewhere": token(host="elsewhere", start="1"),
        "this process, earlier version": f"{HOST}/{PID}/abc",
        "no process, earlier version": f"{HOST}/{2**22 + 1}/abc",
    }.get(name, name)
    assert is_dead(owner) == dead
    assert is_live(owner, time.time() + 30) != dead


@pytest.mark.parametrize(
    ("left", "live"), [(-1.0, False), (30.0, True), (60.0 + SKEW - 5, True), (60.0 + SKEW + 5, False), (7200.0, False)]
)
def test_a_lease_that_was_granted_before_the_clock_was_set_back_does_not_hold_for_hours(left: float, live: bool) -> None:
    assert is_live(token(host="elsewhere"), time.time() + left) == live
    assert is_live(ELSEWHERE, time.time() + left) == (left > 0)  # a token of an earlier version does not say how long


class Unreleasable(SqliteLedger):
    async def release(self, run_id: str, token: str, outcome: str | None, decisions: object = ()) -> None:
        raise LedgerError("the disk is full")


@pytest.mark.parametrize("lease", [-7200.0, 60.0])
def test_an_open_account_is_alive_whatever_the_clock_says_and_a_closed_one_as_long_as_its_lease(
    tmp_path: Path, lease: float
) -> None:
    async def go() -> None:
        policy = SpendingPolicy(lease=lease)
        with closing(Unreleasable(tmp_path / "ledger.db")) as ledger:
            async with open_account(ledger, "a-run", "{}", "{}", policy):
                with pytest.raises(LedgerBusy):
                    await ledger.claim("a-run", "{}", "{}", new_token(), 60.0)
            with pytest.raises(LedgerBusy) if lease > 0 else nullcontext():
                await ledger.claim("a-run", "{}", "{}", new_token(), 60.0)

    asyncio.run(go())
