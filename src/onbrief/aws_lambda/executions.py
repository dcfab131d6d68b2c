"""Executions of a Step Functions Map: each carries out one row of a batch, and one at the end gathers the results.

    {"row": {"text": "a red fox", "id": "fox"}, "batch": {"out": "s3://bucket/prefix", …settings…}}
    {"gather": {"list": "s3://bucket/lists/foxes.csv", "batch": {…the same…}}}

The columns of a row are those of `onbrief batch`. How a row ended is an answer, whatever it is. Raised is only what concerns
other rows too, or may be gone at the next try, so that a state machine can tell them apart by the name of the error.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import asdict
from pathlib import Path, PurePosixPath
from typing import Any, Final, cast

from obstore.exceptions import BaseError

from onbrief.aws_lambda.delivery import Context, request_of
from onbrief.aws_lambda.dispatch import NotCarriedOut
from onbrief.aws_lambda.event import PLATFORM
from onbrief.aws_lambda.step_log import StepLog
from onbrief.batches.outputs import BatchOutputs
from onbrief.batches.reading import read
from onbrief.batches.rows import Broken, Cells, Row, orders_of
from onbrief.batches.running import invalid
from onbrief.batches.session import limits_of
from onbrief.batches.under_way import store_thumbnail, thumbnail_key, unfinished
from onbrief.config import load
from onbrief.errors import ConfigError, LedgerBusy, LedgerError, OtherRequest, StoreError, UsageError
from onbrief.events import RunEnded
from onbrief.ledger.deadline import Deadline
from onbrief.providers import registry
from onbrief.pursuit import Workspace, checked, open_pursuit
from onbrief.record import Run
from onbrief.results import Result
from onbrief.settings import Settings
from onbrief.store import open_bucket, region_of
from onbrief.store.refusals import explain, is_denied, is_missing

READS: Final = 32  # records of runs that are read at the same time
_SHOWN: Final = ("results.csv", "index.html")


async def execute(event: Mapping[str, object], context: Context | None) -> dict[str, Any]:
    """Answer an event of a Map: one with a `row`, or one with what to `gather`.

    Raises:
        ConfigError: a setting, a right or an access must be changed first; other rows have the same problem.
        NotCarriedOut: the same event may succeed later, such as when a provider is less busy. Nothing is paid for twice.
    """
    try:
        if "row" in event:
            return await _carry_out(event["row"], event.get("number"), settings_of_batch(event.get("batch")), context)
        gather = _object("gather", event["gather"])
        return await _gather(gather.get("list"), settings_of_batch(gather.get("batch")))
    except UsageError as error:
        raise ConfigError(error.explained) from error
    except (LedgerError, StoreError) as error:
        raise NotCarriedOut(error.explained) from error


def settings_of_batch(batch: object) -> Settings:
    """Return the settings of a batch: those that it gives, else those of the function, else the models of the platform.

    Raises:
        UsageError: one is unknown or not allowed, or `out` is not a place in S3.
    """
    given = {name: value for name, value in _object("batch", batch).items() if value is not None}
    usual = registry.of_platform(PLATFORM).platform_models
    _, origins = load(given)
    settings, _ = load({**{name: model for name, model in usual.items() if origins[name] == "default"}, **given})
    if not settings.out.startswith("s3://"):
        raise UsageError.of("batch.out", settings.out, "s3://BUCKET/PREFIX")
    return settings


async def _carry_out(given: object, number: object, settings: Settings, context: Context | None) -> dict[str, Any]:
    request_id, deadline = request_of(context)
    row = await asyncio.to_thread(_row, given, number + 1 if isinstance(number, int) else 1, settings)
    if isinstance(row, Broken):
        return _answer(invalid(row))
    assert row.order.run_id is not None, "rows have run ids"
    log = StepLog(row.order.run_id, request_id, deadline)
    try:
        with await asyncio.to_thread(Workspace.open, settings) as workspace:
            if broken := _broken(row, workspace):
                return _answer(invalid(broken))
            return await _pursue(row, workspace, deadline, log)
    except LedgerBusy:
        return {"id": row.id, "run_id": row.order.run_id, "outcome": "running", "status": "paused", "result": None}
    except OtherRequest as error:
        problem = f"id: {row.id!r} belongs to a run of another brief, or with other models: {error}"
        return _answer(invalid(Broken(row.number, problem, row.id, row.order.brief.text)))


def _broken(row: Row, workspace: Workspace) -> Broken | None:
    """Return a row that its models cannot carry out, such as for its size, with the reason."""
    try:
        checked(workspace.crew(row.order.settings), row.order)
    except UsageError as error:
        return Broken(row.number, error.explained, row.id, row.order.brief.text)
    return None


def _row(given: object, number: int, settings: Settings) -> Row | Broken:
    """Return the order of a row, whose values are as a list has them."""
    fields = {"text": given} if isinstance(given, str) else _object("row", given)
    stripped = {name.lstrip("\ufeff"): value.strip() if isinstance(value, str) else value for name, value in fields.items()}
    cells = Cells(number, tuple((name, value) for name, value in stripped.items() if value not in ("", None)), "row")
    (row,) = orders_of([cells], settings, skip_bad=True)
    return row


async def _pursue(row: Row, workspace: Workspace, deadline: Deadline | None, log: StepLog) -> dict[str, Any]:
    async with open_pursuit(row.order, deadline=deadline, workspace=workspace) as pursuit:
        log.begun(row.order, pursuit.continued)
        ended: RunEnded | None = None
        async with aclosing(pursuit.events()) as events:
            async for event in events:
                log.happened(event)
                ended = event if isinstance(event, RunEnded) else None
        assert ended is not None, "a pursuit ends with RunEnded"
        run = ended.run
        if unfinished(ended) == "configuration":
            raise ConfigError(run.reason)
        if unfinished(ended) in {"elsewhere", "storage"} or ended.fault == "Refused":
            raise NotCarriedOut(run.reason)
        result = Result.of(run, row.id, row.number, thumbnail=await store_thumbnail(pursuit, run))
        if run.outcome == "cancelled":
            return {**_answer(result), "outcome": "paused", "status": "paused"}
        if not await pursuit.deliver():
            raise NotCarriedOut(f"the outcome of run {run.run_id} could not be recorded: {'; '.join(run.warnings)}")
        return _answer(result)


def _answer(result: Result) -> dict[str, Any]:
    about = {"id": result.id, "run_id": result.run_id, "outcome": result.outcome, "status": "ended"}
    return {**about, "result": asdict(result)}


async def _gather(source: object, settings: Settings) -> dict[str, Any]:
    """Read what the executions have written, and write the files of the batch."""
    if not isinstance(source, str) or not source.startswith("s3://"):
        raise UsageError.of("gather.list", source, "s3://BUCKET/KEY of the list")
    rows = await asyncio.to_thread(_listed, source, settings)
    with await asyncio.to_thread(Workspace.open, settings) as workspace:
        async with await BatchOutputs.open(workspace.store, PurePosixPath(source).stem) as outputs:
            results = await _results(rows, workspace)
            summary = await outputs.close(results, briefs=len(rows), limits=limits_of(settings))
    files = {name.replace(".", "_"): f"{settings.out.rstrip('/')}/{name}" for name in _SHOWN}
    return {"status": "ended", **asdict(summary), **files}


def _listed(source: str, settings: Settings) -> Sequence[Row | Broken]:
    """Return the rows of a list in a bucket. Blocks.

    Raises:
        UsageError: it is no list of briefs.
        ConfigError: it may not be read, or is not there.
        StoreError: it cannot be read.
    """
    place, _, name = source.rpartition("/")
    try:
        data = open_bucket(place, region_of(settings.tables)).objects.get(name)
    except (OSError, BaseError) as error:
        lasting = is_denied(error) or is_missing(error)
        raise (ConfigError if lasting else StoreError)(f"{source} cannot be read: {explain(error)}") from error
    if data is None:
        raise UsageError.of("gather.list", source, "a list that is there")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, f"list{PurePosixPath(name).suffix}")
        file.write_bytes(data)
        return orders_of(read(file), settings, skip_bad=True)


async def _results(rows: Sequence[Row | Broken], workspace: Workspace) -> list[Result]:
    """Return the result of each row, from the record of its run. Equal rows without ids have been executed as one."""
    first = dict[str, str]()
    for row in rows:
        if isinstance(row, Row):
            first.setdefault(row.order.request, row.order.run_id or "")
    turns = asyncio.Semaphore(READS)

    async def result(row: Row | Broken) -> Result:
        if isinstance(row, Broken):
            return invalid(row)
        async with turns:
            ids = dict.fromkeys((row.order.run_id or "", first[row.order.request]))
            runs = [run for run_id in ids if (run := await _recorded(run_id, workspace))]
        if not runs and (broken := _broken(row, workspace)):
            return invalid(broken)
        if not runs:
            reason = "it has no record: see its execution"
            return Result(id=row.id, number=row.number, text=row.order.brief.text, outcome="failed", reason=reason)
        run = runs[0]
        return Result.of(run, row.id, row.number, thumbnail=thumbnail_key(run) if run.best and run.best.image else "")

    return list(await asyncio.gather(*map(result, rows)))


async def _recorded(run_id: str, workspace: Workspace) -> Run | None:
    record = await workspace.store.read(f"{run_id}/run.json")
    run = Run.from_json(record) if record else None
    return run if run and run.outcome else None


def _object(name: str, value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise UsageError.of(name, value, "an object")
    return cast("dict[str, Any]", value)
