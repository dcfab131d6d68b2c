"""Pursue many briefs at the same time in one place, each to its end, and gather their results.

Each brief is a run of its own, with everything that a run promises: a batch adds no ledger, no record and no way to resume.
The same rows again pay for nothing that is recorded; several processes may work on the same batch, each brief by one of them.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterable, Collection, Iterable, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass, replace
from shlex import quote
from typing import Final, Literal, Protocol, TypeVar

from onbrief.batches.rows import Broken, BrokenRows, Row
from onbrief.batches.under_way import Opens, UnderWay, here, thumbnail_key, unfinished
from onbrief.errors import LeaseLost, LedgerBusy, LedgerError, OnbriefError, OtherRequest, StoreError, Unlisted, UsageError
from onbrief.events import Event, RunEnded
from onbrief.ports import RunRow
from onbrief.pursuit import Workspace, checked
from onbrief.results import Result

T = TypeVar("T")
Retry = Literal["failed", "unmet", "unknown"]

FIRST_LOOK, LONGEST_LOOK = 0.5, 5.0  # seconds between two looks at a run that another process has
TRIES: Final = 3  # of a brief whose run could not be recorded or stored
MOST_IN_A_ROW: Final = 20  # briefs that fail one after the other, with none between them that does not: the rest would, too
_AGAIN: Final = frozenset({None, "cancelled", "over_budget"})  # outcomes that the same command resumes


@dataclass(frozen=True, slots=True)
class BriefBegan:
    """The run of a brief begins or is resumed."""

    row: Row


@dataclass(frozen=True, slots=True)
class BriefWent:
    """Something happened in the run of a brief."""

    row: Row
    event: Event


@dataclass(frozen=True, slots=True)
class BriefEnded:
    """A brief has ended. `recorded`: it had ended before, and nothing was done now."""

    result: Result
    recorded: bool = False


@dataclass(frozen=True, slots=True)
class BatchPaused:
    """Something must be changed before the rest of the batch can go on; no further brief is begun. `outcome` is "over_budget"
    if it is the money limit of the batch, and "failed" otherwise.
    """

    reason: str
    hint: str = ""
    outcome: Literal["failed", "over_budget"] = "failed"


BatchEvent = BriefBegan | BriefWent | BriefEnded | BatchPaused


class Results(Protocol):
    """Where the results of a batch are written; see BatchOutputs."""

    @property
    def recorded(self) -> Mapping[str, Result]:
        """The last result of each brief by its id, as far as it is written."""
        ...

    async def add(self, result: Result) -> None:
        """Write the result of one more brief."""
        ...


@dataclass(slots=True)
class _Later:
    """A brief that is tried again at this time of the monotonic clock: another process has its run, or its run could not be
    recorded or stored.
    """

    row: Row
    at: float
    pause: float = FIRST_LOOK
    tries: int = 0


class Batch:
    """The briefs of a batch under way, up to `concurrency` at the same time in one workspace.

    `retry` names the outcomes of briefs that have ended to try again. With `skip_bad`, a row that cannot work is passed over as
    invalid, as it is in a stream; otherwise nothing is begun. A brief whose run another process has is left to it, and
    taken over if that process dies or stalls.

    `opens` begins the run of an order somewhere else than in this process, which is the default.

    A fault of the configuration pauses the batch: calls in progress end and are recorded, no other is begun, and the run that
    met it has not ended, so that the same rows again go on with it. So do the money limit of the batch, and many briefs that
    fail one after the other.
    """

    def __init__(
        self,
        workspace: Workspace,
        outputs: Results,
        *,
        concurrency: int = 8,
        retry: Collection[Retry] = (),
        skip_bad: bool = False,
        opens: Opens = here,
    ) -> None:
        if not 1 <= concurrency <= 1024:
            raise UsageError.of("concurrency", concurrency, "a whole number from 1 to 1024")
        self.ended = 0  # briefs with a result
        # Results that were there before. The others are only written, as they are many.
        self.known_before: dict[str, Result] = {}
        self.paused: BatchPaused | None = None
        self.left = 0  # briefs that have not ended, as far as they have been read
        self._workspace = workspace
        self._outputs = outputs
        self._concurrency = concurrency
        self._retry = frozenset(retry)
        self._skip_bad = skip_bad
        self._runs_before: dict[str, RunRow] = {}
        self._shared = False  # whether other processes are seen to work on the batch too
        self._closed = False  # no further brief is begun
        self._stopping = False  # and nothing more is sent
        self._opens = opens
        self._under_way: dict[str, UnderWay] = {}
        self._ready: deque[_Later] = deque()
        self._later: deque[_Later] = deque()
        self._all_read = False
        self._active = 0
        self._failed_in_a_row = 0
        self._changed = asyncio.Condition()
        self._events: asyncio.Queue[BatchEvent | None] = asyncio.Queue(maxsize=4 * concurrency)

    def stop(self) -> None:
        """Begin no further brief and send no new calls. Those in progress end and are recorded."""
        self._closed = self._stopping = True
        for run in self._under_way.values():
            run.stop()
        self._waker = asyncio.ensure_future(self._wake())

    async def events(self, rows: Iterable[Row | Broken] | AsyncIterable[Row | Broken]) -> AsyncGenerator[BatchEvent]:
        """Yield what happens, until each brief has ended or the batch is stopped or paused. Rows of a stream are begun as they
        arrive. A caller that closes the generator early stops the batch, and waits for the calls in progress.

        Raises:
            BrokenRows: some cannot work (of rows that are all there from the start); nothing has been spent.
            ConfigError: models that they name cannot be used; nothing has been spent.
            OnbriefError: what reading a stream of rows raises, once the briefs in progress have ended.
        """
        await self._look_up(rows)
        reader = asyncio.create_task(self._read(rows))
        workers = [asyncio.create_task(self._work()) for _ in range(self._concurrency)]
        ended = asyncio.create_task(self._end(reader, workers))
        try:
            while (event := await self._events.get()) is not None:
                yield event
        except GeneratorExit:
            self.stop()
            while not ended.done():  # not until None comes: an event loop that closes has cancelled what would bring it
                event = asyncio.ensure_future(self._events.get())
                await asyncio.wait((event, ended), return_when=asyncio.FIRST_COMPLETED)
                event.cancel()
                await asyncio.gather(event, return_exceptions=True)
            raise
        finally:
            for task in (reader, *workers, ended):
                task.cancel()
            await asyncio.gather(reader, *workers, ended, return_exceptions=True)
        for task in (*workers, reader):
            if not task.cancelled() and (error := task.exception()):
                raise error

    async def _end(self, reader: asyncio.Task[None], workers: list[asyncio.Task[None]]) -> None:
        """Say that there are no more events, once all workers have ended. One that fails stops the others."""
        for worker in asyncio.as_completed(workers):
            try:
                await worker
            except Exception:  # noqa: BLE001 - `events` raises it
                self.stop()
        reader.cancel()
        self.left += len(self._ready) + len(self._later)
        await self._events.put(None)

    # -- which brief is next -----------------------------------------------------------------------------------------------

    async def _read(self, rows: Iterable[Row | Broken] | AsyncIterable[Row | Broken]) -> None:
        """Keep as many rows ready as there are workers. A broken one is told as a result."""
        try:
            async for row in _streamed(rows):
                if isinstance(row, Broken):
                    await self._tell(invalid(row))
                    continue
                async with self._changed:
                    await self._changed.wait_for(lambda: len(self._ready) < self._concurrency or self._closed)
                    if self._closed:
                        self.left += 1
                        if isinstance(rows, AsyncIterable):
                            return
                        continue  # they are counted
                    self._ready.append(_Later(row, 0.0))
                    self._changed.notify_all()
        finally:
            self._all_read = True
            await self._wake()

    async def _work(self) -> None:
        while (later := await self._next()) is not None:
            try:
                await self._brief(later)
            finally:
                self._active -= 1
                await self._wake()

    async def _next(self) -> _Later | None:
        """Return the brief to look at next: a new one, or one that was put off; None when there is nothing more to do."""
        async with self._changed:
            while not self._closed:
                wait = self._later[0].at - time.monotonic() if self._later else None
                if self._ready or (wait is not None and wait <= 0):
                    self._active += 1
                    self._changed.notify_all()  # there is room for another row
                    return self._ready.popleft() if self._ready else self._later.popleft()
                if self._all_read and not self._later and not self._active:
                    break
                with suppress(TimeoutError):
                    async with asyncio.timeout(wait):
                        await self._changed.wait()
        await self._wake()
        return None

    async def _wake(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    def _put_off(self, later: _Later, *, failed: bool = False) -> None:
        at = time.monotonic() + later.pause
        pause = min(later.pause * 1.5, LONGEST_LOOK)
        self._later.append(replace(later, at=at, pause=pause, tries=later.tries + failed))

    # -- one brief ---------------------------------------------------------------------------------------------------------

    async def _brief(self, later: _Later) -> None:
        row = later.row
        try:
            found = await self._found(later)
            if found is not None and found.live:
                self._shared = True
                self._put_off(later)
            elif found is not None and (result := await self._ended(row, found)):
                await self._tell(result, recorded=True)
            else:
                await self._pursue(later, found)
        except LedgerBusy:
            self._shared = True
            self._put_off(later)
        except (UsageError, OtherRequest) as error:  # of this row alone
            await self._tell(invalid(Broken(row.number, error.explained, row.id, row.order.brief.text)))
        except (LedgerError, StoreError) as error:
            await self._unstored(later, error.explained)
        except OnbriefError as error:
            self.left += 1
            await self._pause(str(error), error.hint)

    async def _found(self, later: _Later) -> RunRow | None:
        """Return the run of a row as the ledger has it, or None: as it was when the batch began, unless other processes work on
        the batch too.
        """
        run_id = _run_id(later.row)
        if later.at or self._shared:
            self._runs_before.pop(run_id, None)
            found = await asyncio.to_thread(self._workspace.ledger.run, run_id)
        else:
            found = self._runs_before.pop(run_id, None)
        self._require_same(later.row, found)
        return found

    async def _ended(self, row: Row, found: RunRow) -> Result | None:
        """Return the result of a run that has ended, if it is to stay so and it is known."""
        if found.outcome in _AGAIN or found.outcome in self._retry:
            return None
        result = self._outputs.recorded.get(row.id)
        if result is not None and (result.run_id, result.outcome) == (found.run_id, found.outcome):
            return replace(result, number=row.number)
        run = await asyncio.to_thread(self._workspace.record_of, found)
        if run is None or run.outcome != found.outcome:
            return None  # it is pursued again, which costs nothing and writes it
        return Result.of(run, row.id, row.number, thumbnail=thumbnail_key(run) if run.best and run.best.image else "")

    async def _pursue(self, later: _Later, found: RunRow | None) -> None:
        row, order = later.row, later.row.order
        if found is not None and found.outcome in self._retry:
            resend = {"resend_unknown": "unknown" in self._retry, "resend_failed": "failed" in self._retry}
            order = replace(order, resumes=found.request, **resend)
        ended: RunEnded | None = None
        async with self._opens(self._workspace, order) as run:
            self._under_way[row.id] = run
            try:
                if self._stopping:
                    run.stop()
                await self._events.put(BriefBegan(row))
                async with aclosing(run.events()) as events:
                    async for event in events:
                        await self._events.put(BriefWent(row, event))
                        ended = event if isinstance(event, RunEnded) else None
                assert ended is not None, "a run ends with RunEnded"
                if await self._goes_on(later, ended):
                    return
                thumbnail = await run.thumbnail(ended.run)
                result = Result.of(ended.run, row.id, row.number, thumbnail=thumbnail)
                await self._tell(result)
                try:
                    await run.deliver()
                except LeaseLost:  # whoever has taken the run over finds it at its end
                    self._shared = True
                except LedgerError as error:  # the brief has ended all the same; the same rows again record it
                    await self._pause(error.explained)
                if result.outcome == "over_budget" and run.exhausted():
                    await self._pause(result.reason, "to go on, give the same command a higher limit", "over_budget")
            finally:
                del self._under_way[row.id]

    async def _goes_on(self, later: _Later, ended: RunEnded) -> bool:
        """Return whether a run has ended only for now, after doing what is to be done about it."""
        match unfinished(ended):
            case None:
                return False
            case "configuration":
                self.left += 1
                await self._pause(ended.run.reason)
            case "elsewhere":
                self._shared = True
                self._put_off(later)
            case "storage":
                await self._unstored(later, ended.run.reason)
            case "stopped":
                self.left += 1
        return True

    async def _unstored(self, later: _Later, reason: str) -> None:
        """Try a brief again whose run could not be recorded or stored, or pause if that has happened too often."""
        if later.tries + 1 < TRIES and not self._stopping:
            self._put_off(later, failed=True)
            return
        self.left += 1
        await self._pause(reason)

    async def _tell(self, result: Result, *, recorded: bool = False) -> None:
        self.ended += 1
        if recorded:
            self.known_before[result.id] = result
        if self._outputs.recorded.get(result.id) != result and not (recorded and self._shared):
            await self._outputs.add(result)
        await self._events.put(BriefEnded(result, recorded))
        if recorded or result.outcome == "invalid":
            return
        self._failed_in_a_row = self._failed_in_a_row + 1 if result.outcome in {"failed", "unknown"} else 0
        if self._failed_in_a_row >= MOST_IN_A_ROW:
            hint = "fix the cause, then give the same command with --retry failed --retry unknown"
            await self._pause(f"{self._failed_in_a_row} briefs in a row have failed, the last one with: {result.reason}", hint)

    async def _pause(self, reason: str, hint: str = "", outcome: Literal["failed", "over_budget"] = "failed") -> None:
        """Begin no further brief. Those in progress end as they would if only money is short: their own is held for them."""
        if self.paused is None:
            self.paused = BatchPaused(reason, hint, outcome)
            self._closed = True
            if outcome == "failed":
                self.stop()
            await self._wake()
            await self._events.put(self.paused)

    # -- before the first one ----------------------------------------------------------------------------------------------

    async def _look_up(self, rows: Iterable[Row | Broken] | AsyncIterable[Row | Broken]) -> None:
        """Look up the runs that the place has already, and check each row that is there from the start.

        Raises:
            BrokenRows: some of them cannot work; nothing has been spent.
            ConfigError: models that they name cannot be used.
        """
        try:
            self._runs_before = {run.run_id: run for run in await asyncio.to_thread(self._workspace.ledger.runs)}
        except Unlisted:
            self._shared = True  # each is looked up by its id
        for result in self._outputs.recorded.values():  # what was spent counts, also of runs that are not opened again
            if result.run_id in self._runs_before:
                self._workspace.budget.load(result.run_id, [result.usd])
        if isinstance(rows, AsyncIterable) or self._skip_bad:
            return
        if broken := [broken for row in rows if isinstance(row, Row) and (broken := self._broken(row))]:
            raise BrokenRows(broken)

    def _broken(self, row: Row) -> Broken | None:
        """Return a row that cannot be pursued with the reason, as far as that can be known before anything is spent."""
        try:
            self._require_same(row, self._runs_before.get(_run_id(row)))
            checked(self._workspace.crew(row.order.settings, models=row.order.models), row.order)
        except UsageError as error:
            return Broken(row.number, error.explained, row.id, row.order.brief.text, row.unit)
        return None

    def _require_same(self, row: Row, found: RunRow | None) -> None:
        if found is None or found.request == row.order.request:
            return
        elsewhere = f"choose another --out, or delete that run: onbrief rm {found.run_id} --out {quote(row.order.settings.out)}"
        if row.named:
            told, instead = f"id: {row.id!r} belongs to a run of another brief, or with other models", "give the row another id"
        else:
            told = f"this brief has a run with another size, other models or other settings here: {row.id}"
            instead = "give the same flags as then"
        raise UsageError(told, hint=f"{instead}, {elsewhere}")


def _run_id(row: Row) -> str:
    assert row.order.run_id is not None, "rows have run ids"
    return row.order.run_id


def invalid(row: Broken) -> Result:
    """Return the result of a row that is no brief."""
    return Result(id=row.id, number=row.number, text=row.text, outcome="invalid", reason=row.problem)


async def _streamed(rows: Iterable[T] | AsyncIterable[T]) -> AsyncGenerator[T]:
    if isinstance(rows, AsyncIterable):
        async for row in rows:
            yield row
    else:
        for row in rows:
            yield row
