"""Workers of a place whose ledger is in PostgreSQL: killed, suspended past their lease, and with a server that crashes."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path

from onbrief.brief import Brief
from onbrief.config import Settings
from onbrief.pursuit import Order, Workspace, open_pursuit
from onbrief.testing import Bill, ImageRequest, crew, picture
from tests.databases import Database
from tests.forks import new_process
from tests.interruption import SEED, pixel_crew


def settings_of(out: Path, database: Database) -> Settings:
    return Settings(out=str(out), ledger=database.url, tables={"ocr": {"use": "never"}})


def work(settings: Settings, bill: Path, runs: Sequence[str], at: Connection | None = None, *, kill: bool = False) -> None:
    """Pursue these runs. Before the second picture of each is answered, which is on the bill by then, this process kills
    itself, or tells what it is `at` and waits for the answer.
    """

    def drawn(asked: ImageRequest) -> bytes:
        if asked.number == 1:
            if kill:
                os.kill(os.getpid(), signal.SIGKILL)
            if at:
                at.send(asked.seed)
                at.recv()
        return picture(asked.seed)

    async def one(run_id: str, workspace: Workspace) -> None:
        models = pixel_crew(Bill(bill))
        models = replace(models, image_model=crew(Bill(bill.with_name(f"{bill.name}-{run_id}")), answer=drawn).image_model)
        order = Order(brief=Brief(text="a red circle", size=(64, 64)), settings=settings, seed=SEED, run_id=run_id)
        async with open_pursuit(order, models, workspace=workspace) as pursuit:
            async for _ in pursuit.events():
                pass
            await pursuit.deliver()

    async def go() -> None:
        with Workspace.open(settings) as workspace:
            for run_id in runs:
                await one(run_id, workspace)

    asyncio.run(go())


def images(bill: Path) -> dict[str, list[str]]:
    """The pictures on the bill of each run."""
    bills = sorted(bill.parent.glob(f"{bill.name}-*"))
    return {path.name.removeprefix(f"{bill.name}-"): Bill(path).of("image") for path in bills}


def files(out: Path) -> dict[str, bytes]:
    return {str(path.relative_to(out)): path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()}


def outcomes(settings: Settings) -> dict[str, str | None]:
    with Workspace.existing(settings) as workspace:
        return {row.run_id: row.outcome for row in workspace.ledger.runs()}


def schema_of(settings: Settings) -> str:
    return json.loads(Path(settings.out, "ledger.json").read_text())["schema"]


def calls(settings: Settings, database: Database) -> list[tuple[object, ...]]:
    """The recorded calls."""
    columns = 'run_id, "key", number, state, usd, finished'
    return database.execute(f"SELECT {columns} FROM {schema_of(settings)}.calls ORDER BY 1, 2, 3")  # noqa: S608


def test_a_run_whose_worker_is_killed_is_resumed_and_pays_for_nothing_twice(database: Database, tmp_path: Path) -> None:
    settings, bill = settings_of(tmp_path / "out", database), tmp_path / "bill"
    killed = new_process(partial(work, kill=True), settings, bill, ["one"])
    killed.start()
    killed.join()
    assert killed.exitcode == -signal.SIGKILL
    assert outcomes(settings) == {"one": None}
    work(settings, bill, ["one"])
    assert outcomes(settings)["one"] in {"passed", "unknown", "unmet"}
    (billed,) = images(bill).values()
    assert len(billed) == len(set(billed)) >= 2


def test_a_worker_that_is_suspended_past_its_lease_writes_and_pays_nothing_when_it_wakes(
    database: Database, tmp_path: Path
) -> None:
    settings, bill = settings_of(tmp_path / "out", database), tmp_path / "bill"
    here, end = Pipe()
    suspended = new_process(work, settings, bill, ["one"], end)
    suspended.start()
    assert suspended.pid
    here.recv()
    os.kill(suspended.pid, signal.SIGSTOP)
    while Path(f"/proc/{suspended.pid}/stat").read_text().rpartition(")")[2].split()[0] != "T":
        pass
    database.execute(f"UPDATE {schema_of(settings)}.runs SET lease_until = 1")  # noqa: S608 - as when the time has passed
    work(settings, bill, ["one"])
    before = files(tmp_path / "out"), calls(settings, database), images(bill)
    here.send("go on")
    os.kill(suspended.pid, signal.SIGCONT)
    suspended.join()
    assert suspended.exitcode == 0
    after = files(tmp_path / "out"), calls(settings, database), images(bill)
    late = {name: after[0].pop(name) for name in after[0].keys() - before[0].keys()}
    assert list(late) in ([], ["one/001-000.png"])  # it had been paid for, and is kept: the run would look for it when resumed
    assert after == before
    assert all(len(billed) == len(set(billed)) for billed in before[2].values())


def test_a_server_that_crashes_twice_during_the_runs_of_two_workers_costs_nothing(database: Database, tmp_path: Path) -> None:
    settings, bill = settings_of(tmp_path / "out", database), tmp_path / "bill"
    runs = [["one", "two"], ["three", "four"]]
    pipes = [Pipe() for _ in runs]
    workers = [new_process(work, settings, bill, ids, end) for ids, (_, end) in zip(runs, pipes, strict=True)]
    for worker, (_, end) in zip(workers, pipes, strict=True):
        worker.start()
        end.close()
    for _ in range(2):
        for here, _end in pipes:
            here.recv()  # a picture is paid for, and its answer is under way
        database.kill()
        for here, _end in pipes:
            here.send("go on")
        database.start()
    for worker, (here, _end) in zip(workers, pipes, strict=True):
        worker.join()
        with suppress(OSError):
            here.close()
    assert [worker.exitcode for worker in workers] == [0, 0]
    assert set(outcomes(settings).values()) <= {"passed", "unmet"}
    assert all(len(billed) == len(set(billed)) for billed in images(bill).values())
    assert sorted(images(bill)) == ["four", "one", "three", "two"]
    states = {call[3] for call in calls(settings, database)}
    assert states == {"done"}, "an answer was lost while the server was away"
