"""What loop, ledger and store add to one attempt when the models answer at once, how it splits, and what it was before."""

from __future__ import annotations

import asyncio
import inspect
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from benchmarks import before, instant
from onbrief.events import ImageJudged
from onbrief.ledger.sqlite import SqliteLedger
from onbrief.pictures import PictureFile
from onbrief.pursuit import open_pursuit
from onbrief.pursuit.outputs import RunOutputs
from onbrief.store import FolderStore

RUNS = 6
ATTEMPTS = 12  # of each run: the default limit
ROUNDS = 5


def main() -> None:
    size = len(instant.picture())
    spent: dict[str, list[float]] = defaultdict(list)
    undo = [_timed(owner, name, label, spent) for owner, name, label in _STAGES]
    times = _attempt_times()
    for restore in undo:
        restore()
    whole = statistics.median(times)
    split = {label: statistics.median(each) * len(each) / RUNS / ATTEMPTS for label, each in spent.items()}
    picture = sum(split[label] for owner, _, label in _STAGES if owner is PictureFile)
    print(f"one attempt, PNG of {size / 1e6:.2f} MB, in all   {whole:5.1f} ms, median of {len(times)} attempts")
    print(f"  loop, ledger and store             {whole - picture:5.1f} ms")
    print(f"  work on the picture itself         {picture:5.1f} ms")
    print("of these")
    for label, spent_on_it in split.items():
        print(f"  {label:34} {spent_on_it:5.1f} ms")
    print(f"  {'the loop, events, threads':34} {whole - sum(split.values()):5.1f} ms")
    found = before.in_turns("attempts", ROUNDS)
    print(f"loop, ledger and store, medians of {ROUNDS} rounds in turns")
    print(f"  {before.COMMIT}                            {statistics.median(found.before):5.1f} ms")
    print(f"  this version                       {statistics.median(found.now):5.1f} ms")
    print(f"  ratio                              {found.ratio:6.2f}")


def _attempt_times() -> list[float]:
    """Milliseconds from one attempt's end to the next one's, of several runs."""
    times: list[float] = []
    for _ in range(RUNS):
        with tempfile.TemporaryDirectory(dir=".") as out:  # where users' pictures lie: /tmp may be in memory
            times += asyncio.run(_times_of_a_run(out))
    return times


async def _times_of_a_run(out: str) -> list[float]:
    times: list[float] = []
    async with open_pursuit(instant.order(out, ATTEMPTS), instant.crew()) as pursuit:
        last = time.perf_counter()
        async for event in pursuit.events():
            if isinstance(event, ImageJudged):
                now = time.perf_counter()
                times.append((now - last) * 1000)
                last = now
    return times


_STAGES: tuple[tuple[Any, str, str], ...] = (
    (PictureFile, "inspected", "decode and check the picture"),
    (PictureFile, "embedded", "embed the metadata"),
    (FolderStore, "_create", "store it, synced"),
    (SqliteLedger, "begin", "ledger: intent, two calls"),
    (SqliteLedger, "finish", "ledger: outcome, two calls"),
    (PictureFile, "judge_copy", "the judge's copy"),
    (RunOutputs, "write_record", "run.json"),
)


def _timed(owner: Any, name: str, label: str, spent: dict[str, list[float]]) -> Callable[[], None]:
    """Have each call of a function leave its time under `label`; answers how to undo it."""
    original = getattr(owner, name)

    def sync(*args: Any, **kwargs: Any) -> Any:
        began = time.perf_counter()
        try:
            return original(*args, **kwargs)
        finally:
            spent[label].append((time.perf_counter() - began) * 1000)

    async def awaited(*args: Any, **kwargs: Any) -> Any:
        began = time.perf_counter()
        try:
            return await original(*args, **kwargs)
        finally:
            spent[label].append((time.perf_counter() - began) * 1000)

    setattr(owner, name, awaited if inspect.iscoroutinefunction(original) else sync)
    return lambda: setattr(owner, name, original)
