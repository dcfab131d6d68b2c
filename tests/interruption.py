"""Runs that are killed, or whose disk fails, at their n-th write and are then resumed; tests examine what is left.

Everything here must be called in a process started for it (see tests/killing.py).
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from onbrief import pictures, report  # lazy imports of a run, imported here once, before the forks
from onbrief.brief import Brief, Requirement
from onbrief.config import Settings
from onbrief.ledger.sqlite import SqliteLedger
from onbrief.ports import ANY_PICTURE, Judged, PictureLimits
from onbrief.pursuit import Order, open_pursuit
from onbrief.record import Finding
from onbrief.studio import Crew
from tests.crew import Bill, Painter, Planner, Writer
from tests.killing import Outcome, fail_at_write, kill_at_write

RUN_ID = "interrupted-4"  # its seed gives three pictures and three prompts before one passes
FOREVER = 1_000_000


@dataclass(frozen=True, slots=True)
class PixelCritic:
    """Judges by the first pixel, so that it says the same of a picture in whichever process it is asked."""

    bill: Bill
    name: str = "test:critic"
    price: float | None = 0.006
    picture_limits: PictureLimits = ANY_PICTURE

    async def judge(self, image: bytes, requirements: Sequence[Requirement]) -> Judged:
        self.bill.add(f"judge {hashlib.sha256(image).hexdigest()}")
        red = Image.open(io.BytesIO(image)).convert("RGB").tobytes()[0]
        met = red % 4 == 0
        return Judged(tuple(Finding(r.id, "met" if met else "unmet", 0.9 if met else 0.1, f"red {red}") for r in requirements))


@dataclass(frozen=True, slots=True)
class Aftermath:
    """The state after an interruption at one write and the same order given again."""

    interrupted: Outcome
    first_outcome: str | None
    first_told: str | None
    record: dict[str, Any]
    images_billed: list[str]
    others_billed: list[str]
    stored: dict[str, bool]


def order(out: Path, parallel: int) -> Order:
    settings = Settings(out=str(out), parallel=parallel)
    return Order(brief=Brief(text="a red circle", size=(64, 64)), settings=settings, run_id=RUN_ID)


def work(out: Path, bill: Path, parallel: int) -> Callable[[], None]:
    """Return a function that runs one session of the run, to be called in a separate process."""

    def sit() -> None:
        async def go() -> None:
            calls = Bill(bill)
            crew = Crew(planner=Planner(calls), image_model=Painter(calls), judge=PixelCritic(calls), reviser=Writer(calls))
            async with open_pursuit(order(out, parallel), crew) as pursuit:
                async for _ in pursuit.events():
                    pass

        asyncio.run(go())

    return sit


def undisturbed(parallel: int) -> tuple[dict[str, Any], list[str], int]:
    """Return the record of an uninterrupted run, the pictures on its bill, and the number of its writes."""
    left = interrupt(FOREVER, parallel, None)
    return left.record, left.images_billed, len(left.interrupted.writes)


def interrupt(n: int, parallel: int, errno: int | None) -> Aftermath:
    """Kill the run before its n-th write, or let that write fail with `errno`; then give the same order again."""
    folder = Path(tempfile.mkdtemp(prefix="onbrief-interrupt-")).resolve()
    try:
        out, bill = folder / "out", folder / "bill"
        sit = work(out, bill, parallel)
        stopped = kill_at_write(sit, n, out) if errno is None else fail_at_write(sit, n, errno, out)
        first, told = _outcome(out), _told(out)
        again = kill_at_write(sit, FOREVER, out)
        assert again.at is None, again
        assert not again.error, again.error
        record = json.loads((out / RUN_ID / "run.json").read_text())
        stored = {a["image"]["key"]: _is_as_recorded(out, a["image"]) for a in record["attempts"] if a["image"]}
        calls = Bill(bill)
        others = [line for line in calls.lines if not line.startswith("image")]
        return Aftermath(stopped, first, told, record, calls.of("image"), others, stored)
    finally:
        shutil.rmtree(folder)


def campaign(numbers: Sequence[int], parallel: int, errno: int | None) -> list[Aftermath]:
    """Interrupt one run at each of these writes."""
    return [interrupt(n, parallel, errno) for n in numbers]


def same(record: dict[str, Any]) -> dict[str, Any]:
    """Return what must be equal in two records of a run: all but clock times, folders, and the cost of repeated calls."""
    text = json.dumps({key: value for key, value in record.items() if key not in ("started", "ended", "usage")})
    kept = json.loads(text)
    for attempt in kept["attempts"]:
        del attempt["seconds"]
        if attempt["image"]:
            del attempt["image"]["url"]
    return kept


def _outcome(out: Path) -> str | None:
    """Return the outcome of the first session, according to the ledger."""
    if not (out / "ledger.db").is_file():
        return None
    ledger = SqliteLedger(out / "ledger.db")
    try:
        row = ledger.run(RUN_ID)
        return row.outcome if row else None
    finally:
        ledger.close()


def _told(out: Path) -> str | None:
    """Return the outcome of the first session, according to the record."""
    path = out / RUN_ID / "run.json"
    return json.loads(path.read_text())["outcome"] if path.is_file() else None


def _is_as_recorded(out: Path, image: dict[str, Any]) -> bool:
    data = (out / image["key"]).read_bytes()
    return hashlib.sha256(data).hexdigest() == image["sha256"] and pictures.inspect(data).width == image["width"]


_ = report  # imported only so that the forks have it
