"""One delivery of an event: it pursues the run, or waits for another delivery that does, within the time that it has."""

from __future__ import annotations

import asyncio
import json
import math
import os
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

from onbrief.aws_lambda import answers
from onbrief.aws_lambda.answers import Answer, Outputs
from onbrief.aws_lambda.names import in_words_of_events
from onbrief.aws_lambda.step_log import StepLog
from onbrief.config import load
from onbrief.errors import ConfigError, LedgerBusy, LedgerError, OtherRequest, UsageError
from onbrief.events import RunEnded
from onbrief.ledger.deadline import Deadline
from onbrief.ports import RunRow
from onbrief.pursuit import Order, Pursuit, Workspace, new_run_id, open_pursuit
from onbrief.record import Run
from onbrief.store import RunStore, picture_at, region_of

if TYPE_CHECKING:
    from onbrief.aws_lambda.event import Event

TO_ANSWER: Final = 2.0  # seconds that a waiting delivery reserves for its answer
FIRST_LOOK, LONGEST_LOOK = 0.25, 5.0  # seconds between two looks at the state of another delivery


class Context(Protocol):
    """The context object that Lambda passes with an invocation."""

    @property
    def aws_request_id(self) -> str:
        """The id of the request; it stays the same when Lambda delivers an asynchronous event again."""
        ...

    def get_remaining_time_in_millis(self) -> int:
        """Return the time left in milliseconds; it can be negative shortly before the end."""
        ...


@dataclass(frozen=True, slots=True)
class Delivered:
    """How a delivery ended: the answer to it, and whether the outcome of its run is recorded, so that a further delivery only
    repeats it. `fault` is the name of the error's class if an error ended it.
    """

    answer: Answer
    recorded: bool = False
    fault: str = ""

    @property
    def body(self) -> dict[str, Any]:
        """The body of the answer."""
        return json.loads(self.answer["body"])


async def answer(event: object, context: Context | None, root: str | None = None) -> Answer:
    """Return the answer to an event; raises nothing. `root` replaces `s3://bucket` as the place to which keys are relative.

    Outside of Lambda, the context may be None or lack a member: then the run gets a new id, and time is not limited.
    """
    from onbrief.aws_lambda.event import read  # imported late: it needs pydantic

    request_id, deadline = request_of(context)
    log = StepLog(_run_id_of(request_id) or new_run_id(), request_id, deadline)

    async def asked() -> Event:
        return read(event)

    return (await deliver(asked, root, deadline, log)).answer


def request_of(context: Context | None) -> tuple[object, Deadline | None]:
    """Return the id of an invocation's request and the time that it has, as far as its context has them."""
    milliseconds: Callable[[], int] | None = getattr(context, "get_remaining_time_in_millis", None)
    return getattr(context, "aws_request_id", None), Deadline(lambda: milliseconds() / 1000) if milliseconds else None


async def deliver(
    asked: Callable[[], Awaitable[Event]], root: str | None, deadline: Deadline | None, log: StepLog
) -> Delivered:
    """Carry out the event that `asked` reads; raises nothing. The id of its run is that of the log if it names none."""
    delivered = await _delivered(asked, root, deadline, log)
    code, body = delivered.answer["statusCode"], delivered.body
    level = "INFO" if code < 400 else "WARN" if code < 500 else "ERROR"
    log.write(level, "answered", status=code, outcome=body["outcome"], best=body["best"])
    return delivered


async def _delivered(
    asked: Callable[[], Awaitable[Event]], root: str | None, deadline: Deadline | None, log: StepLog
) -> Delivered:
    from onbrief.aws_lambda.event import WrongEvent  # imported late: they need pydantic
    from onbrief.aws_lambda.order import order_of

    try:
        _require_settings()
        event = await asked()
        log.run_id = event.run_id or log.run_id
        root = root or f"s3://{event.output_s3_bucket_name}"
        return await Delivery(event, order_of(event, log.run_id, root), deadline, root, log).delivered()
    except WrongEvent as error:
        log.run_id = error.run_id or log.run_id
        log.write("WARN", "wrong_event", fields=[line.partition(":")[0] for line in error.wrong])
        log.write("DEBUG", "wrong_event_errors", errors=error.wrong)
        return Delivered(answers.wrong(error.wrong, log.run_id))
    except (UsageError, OtherRequest) as error:
        reason = in_words_of_events(error.explained)
        log.write("WARN", "refused_event", reason=reason)
        return Delivered(answers.wrong([reason], log.run_id))
    except Exception as error:  # noqa: BLE001 - any error becomes an answer, and a line of the log
        log.broken("broken", error)
        return Delivered(answers.broken(error, log.run_id), fault=type(error).__name__)


def _require_settings() -> None:
    """Check the function's own settings first, so that a wrong setting is not reported as a wrong event.

    Raises:
        ConfigError: an environment variable or file with a value that is not allowed.
    """
    try:
        load({})
    except UsageError as error:
        raise ConfigError(f"the settings of the function: {error}") from error


class Delivery:
    """See `deliver`."""

    def __init__(self, event: Event, order: Order, deadline: Deadline | None, root: str, log: StepLog) -> None:
        self._bucket = event.output_s3_bucket_name
        self._order = order
        self._deadline = deadline
        self._root = root
        self._log = log
        self._record = f"{event.output_s3_key_prefix.rstrip('/')}/{log.run_id}/run.json"

    async def delivered(self) -> Delivered:
        """Pursue the run, or wait for the delivery that does."""
        while True:
            try:
                async with open_pursuit(self._order, deadline=self._deadline) as pursuit:
                    return await self._work(pursuit)
            except LedgerBusy:
                with await asyncio.to_thread(Workspace.existing, self._order.settings) as workspace:
                    row = await self._other(workspace)
                    if row is None:
                        return Delivered(answers.running(self._log.run_id, f"s3://{self._bucket}/{self._record}"))
                    store = await workspace.store_of(row)
                    if run := await self._recorded(row, store):
                        return Delivered(self._answer_for(run, store), recorded=True)

    async def _work(self, pursuit: Pursuit) -> Delivered:
        self._log.begun(self._order, pursuit.continued)
        ended: RunEnded | None = None
        async for event in pursuit.events():
            self._log.happened(event)
            ended = event if isinstance(event, RunEnded) else None
        assert ended is not None, "a pursuit ends with RunEnded"
        answer, recorded = self._answer_for(ended.run, pursuit.store), False
        try:
            recorded = await pursuit.deliver()
        except LedgerError as error:  # the same event again gets the same answer
            self._log.broken("not_delivered", error)
        return Delivered(answer, recorded, ended.fault)

    def _answer_for(self, run: Run, store: RunStore) -> Answer:
        image = run.best.image if run.best else None
        best = picture_at(store, self._order.settings.out, image.key).removeprefix(f"{self._root}/") if image else None
        outputs = Outputs(self._bucket, self._region, best, self._record)
        return answers.paused(run, outputs) if run.outcome == "cancelled" else answers.ended(run, outputs)

    async def _recorded(self, row: RunRow, store: RunStore) -> Run | None:
        """Return the run as another delivery has ended it; None if it must be resumed or replayed."""
        if row.outcome is None or row.outcome == "cancelled":
            return None
        record = await store.read(f"{self._log.run_id}/run.json")
        run = Run.from_json(record) if record else None
        # The record is written last. If it is missing or older than the outcome, the run is replayed instead.
        return run if run and run.outcome == row.outcome else None

    async def _other(self, workspace: Workspace) -> RunRow | None:
        """Wait for the other delivery. Return the run's row once no live process owns it, or None when the time is up."""
        self._log.write("INFO", "other_delivery")
        pause = FIRST_LOOK
        while self._time_left() > TO_ANSWER + pause:
            await asyncio.sleep(pause)
            row = await asyncio.to_thread(workspace.ledger.run, self._log.run_id)
            if row and not row.live:
                return row
            pause = min(pause * 1.5, LONGEST_LOOK)
        return None

    @property
    def _region(self) -> str:
        """The region of the bucket: the setting, else the region in which the function runs."""
        return region_of(self._order.settings.tables) or os.environ.get("AWS_REGION") or "us-east-1"

    def _time_left(self) -> float:
        return self._deadline.time_left() if self._deadline else math.inf


def _run_id_of(request_id: object) -> str:
    """Return the run id for an event without one: the request id, in which Lambda uses letters, digits and hyphens only. Empty
    if there is no request id.
    """
    return re.sub(r"[^a-z0-9-]", "-", request_id.lower()).strip("-")[:64] if isinstance(request_id, str) else ""
