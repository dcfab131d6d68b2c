"""Prints the ledger's writes per second with many runs at once, each writing as a run does; see before.py."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from onbrief.errors import LedgerError
from onbrief.ledger.owner import new_token
from onbrief.ports import Call, Entry

RUNS = 64
CALLS = 10  # of each run
RESULT = '{"image":{"bytes":1500000,"height":1024,"key":"a-run/000-000.png","media_type":"image/png","width":1024}}'


def main() -> None:
    open_ledger = _ledger_class()
    with tempfile.TemporaryDirectory(dir=".") as folder:  # where users' ledgers lie: /tmp may be in memory
        path = Path(folder, "ledger.db")
        open_ledger(path).close()  # made before the clock starts
        print(asyncio.run(_writes_per_second(open_ledger, path)))


def _ledger_class() -> Any:
    try:
        return importlib.import_module("onbrief.ledger.sqlite").SqliteLedger
    except ImportError:
        return importlib.import_module("onbrief.ledger.sql").SqlLedger


async def _writes_per_second(open_ledger: Any, path: Path) -> float:
    """With one ledger for all runs where writes are awaited; in the earlier version each run had one of its own."""
    shared = open_ledger(path) if inspect.iscoroutinefunction(open_ledger.begin) else None
    began = time.perf_counter()
    written = await asyncio.gather(*(_run(f"run-{number}", shared or open_ledger(path), shared) for number in range(RUNS)))
    spent = time.perf_counter() - began
    if shared:
        shared.close()
    return sum(written) / spent


async def _run(run_id: str, ledger: Any, shared: Any) -> int:
    async def write(method: Callable[..., Any], *arguments: Any) -> None:
        while True:
            try:
                return await (method(*arguments) if shared else asyncio.to_thread(method, *arguments))
            except LedgerError:  # one of many connections may wait for the lock in vain
                assert not shared

    token = new_token()
    await write(ledger.claim, run_id, "{}", "{}", token, 60.0)
    for number in range(CALLS):
        entry = Entry(Call("image", 0, number, "bench:instant", "d" * 64, 0.04), 0, "started", 0.04)
        await write(ledger.begin, run_id, token, entry)
        await write(ledger.finish, run_id, token, replace(entry, state="done", usd=0.03, result=RESULT))
    await write(ledger.release, run_id, token, "passed")
    if not shared:
        ledger.close()
    return 2 + 2 * CALLS


if __name__ == "__main__":
    main()
