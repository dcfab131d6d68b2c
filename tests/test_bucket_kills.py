"""A run in a bucket that is killed at any of its writes and resumed ends the same and pays for no picture twice."""

from __future__ import annotations

import hashlib
import json
import os
import signal
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from onbrief.pursuit import Workspace
from onbrief.settings import Settings
from onbrief.store import open_bucket
from onbrief.testing import Bill
from tests.buckets import Service, new_place
from tests.forks import new_process
from tests.interruption import DELIVERED, same, sit, unfound


def killed_at(s3: Service, n: int, how: str, out: str, bill: Path) -> None:
    """Run a session in a separate process and kill it when its n-th put arrives, before or after the put is carried out."""
    child = new_process(sit, out, bill)
    count = 0

    def fault(method: str, path: str) -> str | None:
        nonlocal count
        count += method == "PUT"
        if count < n:
            return None
        assert child.pid
        os.kill(child.pid, signal.SIGKILL)
        return "lost" if how == "after" and count == n and method == "PUT" else "500 InternalError"

    s3.fault = fault
    child.start()
    child.join()
    s3.fault = lambda method, path: None
    assert child.exitcode == -signal.SIGKILL


def outcomes(out: str) -> dict[str, str | None]:
    """Return the outcome of each run of the place, according to the ledger."""
    with Workspace.existing(Settings(out=out)) as workspace:
        return {row.run_id: row.outcome for row in workspace.ledger.runs()}


def record_of(out: str) -> dict[str, Any]:
    """Return the record of the only run of the place."""
    (run_id,) = outcomes(out)
    data = open_bucket(out).load(f"{run_id}/run.json")
    assert data is not None
    return json.loads(data)


def undisturbed(s3: Service, folder: Path) -> tuple[dict[str, Any], list[str], int]:
    """Return the record, the pictures on the bill and the number of puts of an uninterrupted run."""
    out, bill = new_place(), folder / "bill"
    bill.unlink(missing_ok=True)
    s3.requests.clear()
    sit(out, bill)
    return record_of(out), Bill(bill).of("image"), sum(request.startswith("PUT") for request in s3.requests)


def check(s3: Service, n: int, how: str, folder: Path, record: dict[str, Any], billed: list[str]) -> str:
    """Kill a run, resume it, and check every promise. Return "unknown" if a picture was lost to the kill, else "same"."""
    out, bill = new_place(), folder / f"bill-{n}-{how}"
    killed_at(s3, n, how, out, bill)
    if not DELIVERED & set(outcomes(out).values()):
        sit(out, bill)
    left, images = record_of(out), Bill(bill).of("image")
    others = Counter(line for line in Bill(bill).lines if not line.startswith("image"))
    store = open_bucket(out)
    for attempt in left["attempts"]:
        if image := attempt["image"]:
            assert hashlib.sha256(store.load(image["key"]) or b"").hexdigest() == image["sha256"]
    keys = [key for key in s3.keys(out) if key.endswith(".png")]
    assert unfound(left, out, {key: store.load(key) or b"" for key in keys}) == [], "a whole picture is given up"
    assert max(Counter(images).values()) == 1, "a picture was paid for twice"
    assert sum(count - 1 for count in others.values()) <= 1, "more than the one call that was lost was asked again"
    assert left["usage"]["usd"] >= 0.04 * len(images)
    unknown = [attempt for attempt in left["attempts"] if attempt["problem"] and attempt["problem"]["kind"] == "unknown"]
    if unknown:
        assert len(unknown) == left["usage"]["unknown_calls"] == 1
        return "unknown"
    assert same(left) == same(record)
    assert images == billed
    return "same"


def kills(s3: Service, folder: Path, cases: Sequence[tuple[int, str]]) -> Counter[str]:
    record, billed, _ = undisturbed(s3, folder)
    return Counter(check(s3, n, how, folder, record, billed) for n, how in cases)


def test_a_run_killed_at_a_tenth_of_its_puts_ends_the_same(s3: Service, tmp_path: Path) -> None:
    ends = kills(s3, tmp_path, [(3, "after"), (7, "before"), (8, "after"), (13, "after"), (16, "before"), (27, "after")])
    assert ends["same"] >= 5


@pytest.mark.soak
def test_a_run_killed_at_every_put_ends_the_same(s3: Service, tmp_path: Path) -> None:
    _, billed, puts = undisturbed(s3, tmp_path)
    ends = kills(s3, tmp_path, [(n, how) for n in range(1, puts + 1) for how in ("before", "after")])
    print(f"killed before and after each of {puts} puts: {dict(ends)}")
    assert ends["unknown"] <= 4 * len(billed)
