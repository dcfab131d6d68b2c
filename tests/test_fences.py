"""An owner that stalls while it writes its record or report, is taken over and wakes, changes nothing."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from onbrief.store import open_bucket
from onbrief.testing import Bill
from tests import killing
from tests.buckets import Service, new_place
from tests.forks import new_executor, new_process
from tests.interruption import FOREVER, sit
from tests.killing import Write, hold_at_write, kill_at_write

OUTPUTS = ("run.json", "report.html")


@dataclass(frozen=True, slots=True)
class Left:
    """What the second owner left, what was there after the first one had woken, and the pictures on the bill."""

    second: dict[str, bytes]
    both: dict[str, bytes]
    billed: list[str]


# -- a folder ----------------------------------------------------------------------------------------------------------


def files(out: Path) -> dict[str, bytes]:
    """The files of the only run of a place."""
    (record,) = out.glob("*/run.json")
    folder = record.parent
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def taken_over(call: str, name: str, last: bool) -> Left:
    """Hold a run at its first or last write of this kind to one of its outputs, take it over meanwhile, and let it go on."""
    folder = Path(tempfile.mkdtemp(prefix="onbrief-fence-")).resolve()
    try:
        whole = kill_at_write(partial(sit, folder / "whole", folder / "ignored"), FOREVER, folder / "whole").writes
        counts = partial(is_output, call, name)
        number = sum(map(counts, whole)) if last else 1
        out, bill = folder / "out", folder / "bill"
        second: dict[str, bytes] = {}

        def take_over() -> None:
            with closing(sqlite3.connect(out / "ledger.db")) as connection, connection:
                connection.execute("UPDATE runs SET owner = NULL")  # as it looks to a process that may take it over
            sit(out, bill)
            second.update(files(out))

        unlocked = partial(is_unlocked, out / "ledger.db")
        held = hold_at_write(partial(sit, out, bill), number, out, take_over, counts=counts, at_rest=unlocked)
        assert not held.error, held.error
        return Left(second, files(out), Bill(bill).of("image"))
    finally:
        shutil.rmtree(folder)


def is_output(call: str, name: str, write: Write) -> bool:
    return write.call == call and write.path.name.partition("#")[0] == name


def is_unlocked(ledger: Path) -> bool:
    """Whether no thread of the stalled owner is in a transaction: it could not end it before the owner wakes."""
    with closing(sqlite3.connect(ledger, timeout=0.01, isolation_level=None)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return False
        return True


@pytest.fixture(scope="module")
def apart(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProcessPoolExecutor]:
    """Start new processes without threads, one for each test, from which to fork."""
    with new_executor(tmp_path_factory.mktemp("home"), for_each_task=True) as pool:
        yield pool


@pytest.mark.skipif(not killing.supported(), reason="this machine forbids tracing a process")
@pytest.mark.parametrize(
    ("call", "name", "last"),
    [
        ("rename", "run.json", False),
        ("openat", "run.json", True),
        ("rename", "report.html", True),
    ],
)
def test_a_stalled_owner_of_a_folder_overwrites_nothing(apart: ProcessPoolExecutor, call: str, name: str, last: bool) -> None:
    left = apart.submit(taken_over, call, name, last).result()
    assert left.both == left.second
    assert {*OUTPUTS, "000-000.png"} <= left.both.keys()
    assert all(path.endswith((".json", ".html", ".png")) for path in left.both)
    assert len(left.billed) == len(set(left.billed))


# -- a bucket ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "number"), [("run.json", 2), ("report.html", 1)])
def test_a_stalled_owner_of_a_bucket_overwrites_nothing(
    s3: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, number: int
) -> None:
    """The put is on its way when its process is suspended, and arrives after the takeover."""
    out, bill = new_place(), tmp_path / "bill"
    child = new_process(sit, out, bill)
    stalled, go = threading.Event(), threading.Event()
    seen = 0

    def fault(method: str, path: str) -> str | None:
        nonlocal seen
        if method == "PUT" and path.endswith(f"/{name}") and not go.is_set():
            seen += 1
            if seen == number:
                assert child.pid
                os.kill(child.pid, signal.SIGSTOP)
                stalled.set()
                go.wait()
        return None

    s3.fault = fault
    child.start()
    stalled.wait()
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() + 7200.0)  # the lease of a suspended process has run out
    sit(out, bill)
    bucket = open_bucket(out)
    keys = [key for key in s3.keys(out) if key.endswith(OUTPUTS)]
    assert len(keys) == len(OUTPUTS)
    second = {key: bucket.load(key) for key in keys}
    go.set()
    assert child.pid
    os.kill(child.pid, signal.SIGCONT)
    child.join()
    assert child.exitcode == 0
    assert {key: bucket.load(key) for key in keys} == second
    images = Bill(bill).of("image")
    assert len(images) == len(set(images))
