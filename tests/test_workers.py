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
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from onbrief.brief import Brief
from onbrief.pursuit import Order, Workspace, open_pursuit
from onbrief.settings import Settings
from onbrief.testing import Bill, ImageRequest, crew, picture
from tests.batch_campaign import DONE, campaign
from tests.batches.batches import files
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


def outcomes(settings: Settings) -> dict[str, str | None]:
    with Workspace.existing(settings) as workspace:
        return {row.run_id: row.outcome for row in workspace.ledger.runs()}


def schema_of(settings: Settings) -> str:
    return json.loads(Path(settings.out, "ledger.json").read_text())["schema"]


def calls(settings: Settings, database: Database) -> list[tuple[object, ...]]:
    """The recorded calls."""
    columns = 'run_id, "key", number, state, usd, finished'
    return database.execute(f"SELECT {columns} FROM {schema_of(settings)}.calls ORDER BY 1, 2, 3")  # noqa: S608


def suspend(worker: BaseProcess) -> None:
    os.kill(worker.pid or 0, signal.SIGSTOP)
    while Path(f"/proc/{worker.pid}/stat").read_text().rpartition(")")[2].split()[0] != "T":
        pass


def wake(worker: BaseProcess) -> None:
    """Let a suspended worker go on to its end."""
    os.kill(worker.pid or 0, signal.SIGCONT)
    worker.join()


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
    here.recv()
    suspend(suspended)
    database.execute(f"UPDATE {schema_of(settings)}.runs SET lease_until = 1")  # noqa: S608 - as when the time has passed
    work(settings, bill, ["one"])
    before = files(tmp_path / "out"), calls(settings, database), images(bill)
    here.send("go on")
    wake(suspended)
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


@pytest.mark.parametrize(
    ("briefs", "number", "every", "lease"),
    [(6, 2, 12, False), pytest.param(500, 4, 700, True, marks=pytest.mark.soak)],
)
def test_workers_share_a_batch_while_one_is_suspended_past_its_lease_and_the_server_crashes_twice(
    database: Database, tmp_path: Path, briefs: int, number: int, every: int, lease: bool
) -> None:
    """The lease ends when its time has passed, or at once in the small sample."""
    with campaign(tmp_path, briefs, "--ledger", database.url) as batch:
        workers: list[BaseProcess] = []
        done: list[int] = []

        def pause() -> None:
            suspend(workers[0])
            if not lease:
                schema = json.loads((batch.out / "ledger.json").read_text())["schema"]
                # All at once: row by row, it and a worker that writes several runs could wait for each other.
                runs = f"{schema}.runs"
                database.execute(f"BEGIN; LOCK TABLE {runs} IN EXCLUSIVE MODE; UPDATE {runs} SET lease_until = 1; COMMIT")  # noqa: S608

        def crash() -> None:
            database.kill()
            database.start()

        def strike() -> None:
            (pause, crash, crash)[len(done)]()
            done.append(batch.moments.messages)
            if len(done) < 3:
                batch.moments.at, batch.moments.pieces = batch.moments.messages + every, 1

        batch.moments.reset(every, 1, strike, stops=False)
        workers += [batch.begin() for _ in range(number)]
        suspended, *others = workers
        for worker in others:
            worker.join()
        assert [worker.exitcode in DONE for worker in others] == [True] * len(others)
        assert len(done) == 3
        settings = settings_of(batch.out, database)
        before = calls(settings, database), batch.bill.read_bytes(), files(batch.out)
        wake(suspended)
        after = calls(settings, database), batch.bill.read_bytes(), files(batch.out)
        assert suspended.exitcode in DONE
        assert after[0] == before[0]
        late = after[1].removeprefix(before[1]).splitlines()
        unanswered = [call for call in before[0] if call[3] == "unknown"]
        # It was suspended between recording a call and sending it, and by its own clock the lease had not ended.
        assert len(late) <= (0 if lease else len(unanswered)), "it paid for something when it woke"
        changed = {name for name, data in after[2].items() if before[2].get(name) != data}
        pictures = {name for name in changed if name.endswith(".png")}  # paid for before it was suspended, and kept
        assert pictures.isdisjoint(before[2])
        assert changed - pictures <= {"index.html", "summary.json"}, "it wrote more than how the batch has ended"
        print(f"{number} workers, {len(pictures)} pictures kept by the one that woke: {batch.check()}")
