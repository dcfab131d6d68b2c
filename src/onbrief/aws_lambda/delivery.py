"""One delivery of an event: it does the work, or waits for the delivery that does it, within the time that it has."""

from __future__ import annotations

import asyncio
import os
import re
import sys
import traceback
from typing import Final, Protocol

from onbrief.aws_lambda import answers
from onbrief.aws_lambda.answers import Answer, Outputs
from onbrief.aws_lambda.event import Event, WrongEvent, read
from onbrief.aws_lambda.order import order_of
from onbrief.config import load
from onbrief.errors import ConfigError, LedgerBusy, OtherRequest, UsageError
from onbrief.events import RunEnded
from onbrief.ledger.deadline import Deadline
from onbrief.ports import RunRow
from onbrief.pursuit import Order, Pursuit, open_ledger, open_pursuit, run_store
from onbrief.record import Run
from onbrief.store import RunStore, picture_at, region_of

TO_ANSWER: Final = 2.0  # seconds that a delivery which waits keeps for its answer
FIRST_LOOK, LONGEST_LOOK = 0.25, 5.0  # seconds between looks at the work of another delivery


class Context(Protocol):
    """What Lambda says of an invocation."""

    @property
    def aws_request_id(self) -> str:
        """The id of the request: the same when Lambda delivers an asynchronous event again."""
        ...

    def get_remaining_time_in_millis(self) -> int:
        """The time left, in milliseconds; it can be below 0 shortly before the end."""
        ...


async def answer(event: object, context: Context, root: str | None = None) -> Answer:
    """The answer to an event; it raises nothing. `root` stands in for `s3://bucket`, where keys begin."""
    run_id = _run_id_of(context.aws_request_id)
    try:
        _require_settings()
        asked = read(event)
        run_id = asked.run_id or run_id
        order = order_of(asked, run_id, root or f"s3://{asked.bucket}")
        return await Delivery(asked, order, run_id, context, root or f"s3://{asked.bucket}").answer()
    except WrongEvent as error:
        return answers.wrong(error.wrong, error.run_id or run_id)
    except (UsageError, OtherRequest) as error:
        return answers.wrong([str(error)], run_id)
    except Exception as error:  # noqa: BLE001 - whatever it is, the caller is owed an answer, and the log the traceback
        traceback.print_exc(file=sys.stderr)
        return answers.broken(error, run_id)


def _require_settings() -> None:
    """What is set for the function is no fault of any event.

    Raises:
        ConfigError: a variable or file that cannot be used.
    """
    try:
        load({})
    except UsageError as error:
        raise ConfigError(f"the settings of the function: {error}") from error


class Delivery:
    """See `answer`."""

    def __init__(self, event: Event, order: Order, run_id: str, context: Context, root: str) -> None:
        self._event = event
        self._order = order
        self._run_id = run_id
        self._context = context
        self._root = root

    async def answer(self) -> Answer:
        """The answer, from this delivery's work or from another's."""
        while True:
            try:
                async with open_pursuit(self._order, deadline=Deadline(self._time_left)) as pursuit:
                    return await self._work(pursuit)
            except LedgerBusy:
                row = await self._other()
                if row is None:
                    return answers.running(self._run_id, f"s3://{self._event.bucket}/{self._record}")
                store = await run_store(self._order.settings, row)
                if run := await self._recorded(row, store):
                    return self._told(run, store)

    async def _work(self, pursuit: Pursuit) -> Answer:
        run: Run | None = None
        async for event in pursuit.events():
            if isinstance(event, RunEnded):
                run = event.run
        assert run is not None, "a pursuit ends with RunEnded"
        return self._told(run, pursuit.store)

    def _told(self, run: Run, store: RunStore) -> Answer:
        image = run.best.image if run.best else None
        best = picture_at(store, self._order.settings.out, image.key).removeprefix(f"{self._root}/") if image else None
        outputs = Outputs(self._event.bucket, self._region, best, self._record)
        return answers.paused(run, outputs) if run.outcome == "cancelled" else answers.ended(run, outputs)

    async def _recorded(self, row: RunRow, store: RunStore) -> Run | None:
        """The run as the delivery at work has left it; None when there is something to go on with."""
        if row.outcome is None or row.outcome == "cancelled":
            return None
        record = await store.read(f"{self._run_id}/run.json")
        run = Run.from_json(record) if record else None
        return run if run and run.outcome == row.outcome else None  # the record is written last; without it, all is replayed

    async def _other(self) -> RunRow | None:
        """Wait for the delivery at work: the run once nobody alive works on it, or None when the time to wait is up."""
        pause = FIRST_LOOK
        with open_ledger(self._order.settings.out, region_of(self._order.settings.tables)) as ledger:
            while self._time_left() > TO_ANSWER + pause:
                await asyncio.sleep(pause)
                row = await asyncio.to_thread(ledger.run, self._run_id)
                if row and not row.live:
                    return row
                pause = min(pause * 1.5, LONGEST_LOOK)
        return None

    @property
    def _region(self) -> str:
        """Where the bucket is: where the function runs, unless it is set."""
        return region_of(self._order.settings.tables) or os.environ.get("AWS_REGION") or "us-east-1"

    @property
    def _record(self) -> str:
        return f"{self._event.prefix.rstrip('/')}/{self._run_id}/run.json"

    def _time_left(self) -> float:
        return self._context.get_remaining_time_in_millis() / 1000


def _run_id_of(request_id: str) -> str:
    """The run id of a delivery whose event names none: letters, digits and hyphens of the request id, which are all of it."""
    return re.sub(r"[^a-z0-9-]", "-", request_id.lower()).strip("-")[:64]
