"""One delivery of an event: it does the work, or waits for the delivery that does it, within the time that it has."""

from __future__ import annotations

import asyncio
import os
import re
import sys
import traceback
from collections.abc import Mapping
from typing import Final, Protocol

from onbrief.aws_lambda import answers
from onbrief.aws_lambda.answers import Answer, Outputs
from onbrief.aws_lambda.event import Event, WrongEvent, read
from onbrief.aws_lambda.naming import NamedPictures
from onbrief.aws_lambda.ordering import order_of
from onbrief.errors import LedgerBusy, OtherRequest, UsageError
from onbrief.events import RunEnded
from onbrief.ledger.sitting import Sitting
from onbrief.ports import CallKind, RunRow, Store
from onbrief.pursuit import Order, Pursuit, open_ledger, open_pursuit
from onbrief.record import Run
from onbrief.store import BucketStore, FolderStore, open_store

NEEDED: Final[Mapping[CallKind, float]] = {"plan": 30.0, "image": 45.0, "judge": 30.0, "revise": 30.0}
"""Seconds that must be left for a call to begin: assumed, two to three times what such calls take, and some for writing down
and answering. A call that takes longer than the function lives is of unknown outcome, and paid for."""

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
    run_id: str | None = None
    try:
        asked = read(event)
        run_id = asked.run_id or _run_id_of(context.aws_request_id)
        order = order_of(asked, run_id, root or f"s3://{asked.bucket}")
        return await Delivery(asked, order, run_id, context, root or f"s3://{asked.bucket}").answer()
    except WrongEvent as error:
        return answers.wrong(error.wrong, run_id)
    except (UsageError, OtherRequest) as error:
        return answers.wrong([str(error)], run_id)
    except Exception as error:  # noqa: BLE001 - whatever it is, the caller is owed an answer, and the log the traceback
        traceback.print_exc(file=sys.stderr)
        return answers.broken(error, run_id)


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
                async with open_pursuit(self._order, sitting=Sitting(self._time_left, NEEDED)) as pursuit:
                    return await self._work(pursuit)
            except LedgerBusy:
                row = await self._other()
                if row is None:
                    return answers.running(self._run_id, f"s3://{self._event.bucket}/{self._record}")
                if run := await self._recorded(row):
                    return self._told(run, await self._named(open_store(self._order.settings.out), self._beside(), run.started))

    async def _work(self, pursuit: Pursuit) -> Answer:
        beside = self._beside()
        await beside.require_writable(f"{self._stem}-")  # the rights to the run's folder say nothing of what lies beside it
        pursuit.store = pictures = await self._named(pursuit.store, beside, pursuit.account.row.started)
        run: Run | None = None
        async for event in pursuit.events():
            if isinstance(event, RunEnded):
                run = event.run
        assert run is not None, "a pursuit ends with RunEnded"
        return self._told(run, pictures)

    async def _named(self, runs: Store, beside: Store, started: str) -> NamedPictures:
        """The store of the run, with the pictures under the names that the event wants."""
        return await NamedPictures.claim(runs, beside, self._stem, self._run_id, started)

    def _beside(self) -> FolderStore | BucketStore:
        """Where the pictures lie: beside the folder of the runs."""
        return open_store(f"{self._root}/{self._event.prefix.rpartition('/')[0]}".rstrip("/"))

    @property
    def _stem(self) -> str:
        return self._event.prefix.rpartition("/")[2]

    def _told(self, run: Run, pictures: NamedPictures) -> Answer:
        folder = self._event.prefix.rpartition("/")[0]
        best = pictures.name(run.best.image.key) if run.best and run.best.image else None
        key = f"{folder}/{best}".lstrip("/") if best else None
        outputs = Outputs(self._event.bucket, _region(), key, self._record)
        return answers.paused(run, outputs) if run.outcome == "cancelled" else answers.ended(run, outputs)

    async def _recorded(self, row: RunRow) -> Run | None:
        """The run as the delivery at work has left it; None when there is something to go on with."""
        if row.outcome is None or row.outcome == "cancelled":
            return None
        record = await open_store(self._order.settings.out).read(f"{self._run_id}/run.json")
        run = Run.from_json(record) if record else None
        return run if run and run.outcome == row.outcome else None  # the record is written last; without it, all is replayed

    async def _other(self) -> RunRow | None:
        """Wait for the delivery at work: the run once nobody alive works on it, or None when the time to wait is up."""
        pause = FIRST_LOOK
        with open_ledger(self._order.settings.out) as ledger:
            while self._time_left() > TO_ANSWER + pause:
                await asyncio.sleep(pause)
                row = await asyncio.to_thread(ledger.run, self._run_id)
                if row and not row.live:
                    return row
                pause = min(pause * 1.5, LONGEST_LOOK)
        return None

    @property
    def _record(self) -> str:
        return f"{self._event.prefix.rstrip('/')}/{self._run_id}/run.json"

    def _time_left(self) -> float:
        return self._context.get_remaining_time_in_millis() / 1000


def _region() -> str:
    """Where the bucket is: where the function runs."""
    return os.environ.get("AWS_REGION") or "us-east-1"


def _run_id_of(request_id: str) -> str:
    """The run id of a delivery whose event names none: letters, digits and hyphens of the request id, which are all of it."""
    return re.sub(r"[^a-z0-9-]", "-", request_id.lower()).strip("-")[:64]
