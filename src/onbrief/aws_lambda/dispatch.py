"""Envelopes: each record is delivered by itself, and AWS delivers again what is not carried out.

A record is carried out when its run has ended and its outcome is recorded. All else must not be lost: a run that failed, is
paused or is running elsewhere, a record for which no time is left, and a wrong one, which AWS moves to the dead-letter queue
after several deliveries. A further delivery resumes the run or repeats its outcome, and pays for nothing twice.
"""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final

from onbrief.aws_lambda import put_briefs
from onbrief.aws_lambda.delivery import Context, deliver, request_of
from onbrief.aws_lambda.sources import Envelope, Item, Record, StoredBrief
from onbrief.aws_lambda.step_log import StepLog
from onbrief.errors import UsageError
from onbrief.ledger.deadline import Deadline
from onbrief.ledger.rules import RULES

AT_ONCE: Final = 8  # records in progress; each has a picture or two in memory
SETTLED: Final = frozenset({"passed", "unmet", "over_budget", "blocked", "ignored", "replaced"})
"""The outcomes that no further delivery changes."""

_TO_BEGIN: Final = min(rule.seconds for rule in RULES.values())  # seconds; with less left, no call would be sent

Carried = dict[str, Any]
"""What is answered about a record: the body of its answer, its id as `event`, and whether it is `carried_out`."""


class NotCarriedOut(Exception):
    """Some records of an event are not carried out. AWS delivers the event again, and hands it to the function's dead-letter
    queue or failure destination in the end.
    """


async def dispatch(envelope: Envelope, context: Context | None, root: str | None = None) -> dict[str, object]:
    """Carry out the records of an envelope and return the answer: for a queue which messages are to be delivered again, else
    what became of each record. `root` replaces `s3://bucket`, as for delivery.answer.

    Raises:
        NotCarriedOut: the event must be delivered again, and its source knows no other way to say so.
    """
    request_id, deadline = request_of(context)
    return await Dispatch(envelope, request_id, deadline, root).answer()


class Dispatch:
    """See `dispatch`."""

    def __init__(self, envelope: Envelope, request_id: object, deadline: Deadline | None, root: str | None) -> None:
        self._envelope = envelope
        self._request_id = request_id
        self._deadline = deadline
        self._root = root
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def answer(self) -> dict[str, object]:
        """Carry out all records; see `dispatch`."""
        lanes = _lanes(self._envelope.items)
        carried = {item: about for lane in await asyncio.gather(*map(self._in_order, lanes)) for item, about in lane}
        again = [item for item in self._envelope.items if any(not about["carried_out"] for about in carried[item])]
        if self._envelope.in_parts:
            return {"batchItemFailures": [{"itemIdentifier": item.id} for item in again]}
        records = [about for item in self._envelope.items for about in carried[item]]
        if again:
            raise NotCarriedOut("; ".join(_reason(about) for about in records if not about["carried_out"]))
        return {"records": records}

    async def _in_order(self, lane: Sequence[Item]) -> list[tuple[Item, list[Carried]]]:
        """Carry out items one after the other. After one that failed, those behind it wait for it."""
        carried: list[tuple[Item, list[Carried]]] = []
        held = False
        for item in lane:
            about = [self._not_begun(r, "held_back") if held else await self._in_turn(r) for r in item.records]
            held = held or any(not one["carried_out"] for one in about)
            carried.append((item, about))
        return carried

    async def _in_turn(self, record: Record) -> Carried:
        async with self._turns:
            if self._deadline and self._deadline.time_left() < _TO_BEGIN:
                return self._not_begun(record, "out_of_time")
            return await self._carry_out(record)

    async def _carry_out(self, record: Record) -> Carried:
        log = self._log(record)
        if isinstance(record.content, StoredBrief) and not put_briefs.is_brief(record.content):
            return _settled(record, "ignored", log, "it is no brief by its name, or a file that onbrief writes itself")
        try:
            document = await asyncio.to_thread(_document, record)
        except Exception as error:  # noqa: BLE001 - of this record alone, and answered like all errors of an event
            document = error
        if document is None:
            return _settled(record, "replaced", log, "it has been deleted or replaced since; a new object has its own event")

        async def asked() -> Any:
            from onbrief.aws_lambda.event import read  # imported late: it needs pydantic

            if isinstance(document, Exception):
                raise document
            return read(document)

        delivered = await deliver(asked, self._root, self._deadline, log)
        body = delivered.body
        done = body["outcome"] in SETTLED and delivered.recorded
        if not done:
            log.write("WARN", "again", record=record.id, outcome=body["outcome"], recorded=delivered.recorded)
        return {**body, "event": record.id, "carried_out": done}

    def _not_begun(self, record: Record, why: str) -> Carried:
        self._log(record).write("WARN", "again", record=record.id, outcome=why)
        return {"event": record.id, "run_id": record.run_id, "outcome": why, "carried_out": False}

    def _log(self, record: Record) -> StepLog:
        return StepLog(record.run_id, self._request_id, self._deadline)


def _lanes(items: Sequence[Item]) -> list[list[Item]]:
    """Return the items that must be carried out in their order together, and each other one by itself."""
    groups = defaultdict[str, list[Item]](list)
    for item in items:
        if item.group is not None:
            groups[item.group].append(item)
    return [*groups.values(), *([item] for item in items if item.group is None)]


def _document(record: Record) -> dict[str, Any] | None:
    """Return the fields of a record's event; None if its brief is not there any more. Blocks.

    Raises:
        OnbriefError: they cannot be read, or are none.
    """
    from onbrief.aws_lambda.order import BUCKET, PREFIX, usual_place  # imported late: they need pydantic

    usual = usual_place()
    match record.content:
        case UsageError() as wrong:
            raise wrong
        case StoredBrief() as brief:
            fields, usual = put_briefs.document_in(brief), {BUCKET: brief.bucket} | usual
        case str() as text:
            fields = _message(text, plain=BUCKET in usual)
        case content:
            fields = dict(content)
    if fields is None:
        return None
    fields = {name: value for name, value in fields.items() if value is not None}
    return {name: value for name, value in usual.items() if BUCKET not in fields or name not in {BUCKET, PREFIX}} | fields


def _message(text: str, *, plain: bool) -> dict[str, Any]:
    """Return the fields in the text of a message. A plain text is a prompt where it is known where its pictures go.

    Raises:
        UsageError: it has no fields.
    """
    if plain and not text.lstrip().startswith(("{", "[")):
        return {"prompt": text.strip()}
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        hint = (
            "" if plain else "to send a prompt as plain text, set ONBRIEF_OUT=s3://BUCKET/PREFIX in the function's environment"
        )
        raise UsageError(f"the message: not valid JSON: {error}", hint=hint) from error
    if not isinstance(document, dict):
        raise UsageError.of("the message", document, "a JSON object with the fields of an event")
    return document  # pyright: ignore[reportUnknownVariableType] - `read` checks its fields


def _settled(record: Record, outcome: str, log: StepLog, reason: str) -> Carried:
    log.write("INFO", outcome, record=record.id, reason=reason)
    return {"event": record.id, "run_id": None, "outcome": outcome, "carried_out": True}


def _reason(about: Carried) -> str:
    said = str(about.get("error") or about.get("message") or about["outcome"]).removeprefix("Exception: ")
    return said if said.startswith(about["event"]) else f"{about['event']}: {said}"
