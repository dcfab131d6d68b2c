"""Pursue one run from beginning to end: own it, run the loop, and write the record and the report while it proceeds.

All interfaces (command line, library, Lambda) use this module. An invalid order is refused before anything is written or spent.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import sys
from collections.abc import AsyncGenerator, Generator
from dataclasses import dataclass, field, replace

from onbrief import loop, telemetry
from onbrief.errors import LeaseLost, LedgerError, Outcome, StoreError, Unlisted
from onbrief.events import CallTry, Event, ImageJudged, ImageMade, RunEnded, Waiting
from onbrief.ledger.account import RETRY_TIMEOUT, Account, SpendingPolicy, open_account
from onbrief.ledger.deadline import Deadline
from onbrief.ledger.spending import Ended
from onbrief.ports import Ledger, Owned, Wait
from onbrief.pursuit.decisions import RecordedPolicy
from onbrief.pursuit.feed import Feed
from onbrief.pursuit.given import PictureFiles, numbered
from onbrief.pursuit.order import Order, new_run_id, seed_for
from onbrief.pursuit.outputs import FILES, RunOutputs
from onbrief.pursuit.preflight import require_usable
from onbrief.pursuit.preview import checked
from onbrief.pursuit.workspace import Workspace
from onbrief.record import Run
from onbrief.store import RunStore
from onbrief.studio import Crew, Evidence, LedgerStudio, Review, judgements_due, looks, means_of


@dataclass(slots=True, kw_only=True)
class Pursuit:
    """A run that this process owns and is about to begin or to resume; see `open_pursuit`. `feed` provides its events to any
    number of readers, while one consumer iterates over `events`.
    """

    order: Order
    crew: Crew
    workspace: Workspace
    store: RunStore
    owned: Owned
    account: Account
    waits: asyncio.Queue[Wait | None]
    review: Review | None = None
    feed: Feed = field(default_factory=Feed)
    _complete: Outcome | None = field(default=None, init=False)  # the outcome of a run whose outputs are all written
    _fault: str = field(default="", init=False)  # what has kept them from being written; see RunEnded
    _trace: telemetry.RunTrace | None = field(default=None, init=False)

    @property
    def run_id(self) -> str:
        """The id of the run."""
        return self.account.row.run_id

    @property
    def continued(self) -> bool:
        """Whether the ledger already has calls of this run."""
        return self.account.recorded

    def stop(self) -> None:
        """Start no new calls. Calls in progress are finished and recorded, then the run ends as cancelled."""
        self.account.stop()

    async def events(self) -> AsyncGenerator[Event]:
        """Yield the events of the run as they happen. run.json is written before each attempt is reported (of more than 64
        pictures that exist already, once a second), report.html at the end.

        The run proceeds only while its next event is awaited: a consumer that stops iterating pays for nothing more. The last
        event is RunEnded; when the consumer has delivered what it says, it calls `deliver`.
        """
        run = self._fresh_run()
        self._trace = trace = telemetry.begun(run, resumed=self.continued)
        try:
            async with contextlib.aclosing(self._pursue(run)) as steps:
                while True:
                    step = asyncio.create_task(_next(steps), context=trace.context if trace else None)
                    step.add_done_callback(lambda _: self.waits.put_nowait(None))
                    try:
                        while (wait := await self.waits.get()) is not None:
                            told = Waiting(run, wait.call.key, wait.seconds, wait.reason, wait.tries, wait.elapsed)
                            yield self._published(told)
                    except BaseException:  # the reader has gone, or is cancelled
                        step.cancel()
                        await asyncio.gather(step, return_exceptions=True)
                        raise
                    if (event := step.result()) is None:
                        return
                    run = event.run
                    yield self._published(event)
        finally:
            self.feed.close()
            if trace:
                trace.close(sys.exception())

    def _published(self, event: Event) -> Event:
        published = self.feed.publish(event, tuple(map(_call_try, self.account.take_ended())))
        if self._trace:
            self._trace.happened(published)
        return published

    async def deliver(self) -> bool:
        """Record the outcome, now that the result has reached the one who asked for it, and return whether it is recorded.

        Until then, the same order resumes this run, which gives the recorded result and pays for nothing. So it does if the
        record or the report could not be written, or another process has taken the run over: then this does nothing.

        Raises:
            LedgerError: the outcome cannot be recorded.
        """
        if self._complete:
            await self.account.release(self._complete)
        return self._complete is not None

    async def _pursue(self, run: Run) -> AsyncGenerator[Event]:
        """Yield each event of the loop after its outputs are written."""
        settings = self.order.settings
        given = PictureFiles(picture.image for picture in self.order.pictures) if self.order.pictures else None
        studio = LedgerStudio(
            crew=self.crew,
            store=self.store,
            ledger=self.account,
            given=given,
            parallel=settings.judged_at_once,
            embed_metadata=not settings.strip_metadata,
            rule=settings.rule,
            review=self.review,
            evidence=Evidence.of(settings.tables),
            require_usable=lambda: require_usable(
                self.crew, settings.tables, self.account, self.order.models, self.workspace.usable
            ),
        )
        model = self.crew.image_model
        dropped = model.check(self.order.brief.size) if model else ()
        for warning in (
            *self.order.warnings,
            *settings.calibration_notes,
            *self.order.priors_notes(self.crew.image_models),
            *dropped,
        ):
            studio.warn(warning)
        if self.order.draws:
            policy = settings.policy_with(means_of(self.crew, looks(settings.tables)), self.order.priors)
            steps = loop.pursue(run, studio, settings.limits, RecordedPolicy(policy, self.account))
        else:
            steps = loop.judge(run, studio, settings.limits)
        async with (
            RunOutputs(self.store, self.owned, given, self.workspace.pages) as outputs,
            contextlib.aclosing(steps) as events,
        ):
            async for event in events:
                match event:
                    case ImageMade(_, attempt):
                        outputs.made(attempt)
                        yield event
                    case ImageJudged(run, attempt):
                        with _warned(studio):
                            await outputs.judged(run, attempt)
                        yield event
                    case RunEnded(run):
                        closed = await self._close(run, studio, outputs)
                        yield replace(event, run=closed, fault=event.fault or self._fault)
                    case _:
                        yield event

    def _fresh_run(self) -> Run:
        detector = self.order.settings.detector
        return Run(
            run_id=self.run_id,
            seed=self.order.seed if self.order.seed is not None else seed_for(self.run_id),
            brief=self.order.brief,
            models=replace(self.crew.names, detector=detector.name if detector else ""),
            kind="run" if self.order.draws else "judge",
            attempts=numbered(self.order.pictures, self.account),
            started=self.account.row.started,
        )

    async def _close(self, run: Run, studio: LedgerStudio, outputs: RunOutputs) -> Run:
        """Write the final outputs of a run that has ended, and return it. Outputs that cannot be written become warnings in
        it.
        """
        with _warned(studio):
            try:
                await self.account.confirm()
            except LeaseLost as error:  # the files in the store now belong to the other owner
                self._fault = LeaseLost.__name__
                studio.warn(str(error))
                return replace(run, warnings=tuple(studio.warnings))
        run = await studio.account(run)
        with _warned(studio):
            await outputs.write_record(run)
            await outputs.write_report(run)
            await self.owned.aclose()  # before the outcome is recorded, after which nobody may come to tidy up
            self._complete = run.outcome
        return replace(run, warnings=tuple(studio.warnings))


def _call_try(ended: Ended) -> CallTry:
    entry, call = ended.entry, ended.entry.call
    return CallTry(
        call=call.key,
        number=entry.number,
        model=call.model,
        state=entry.state,
        usd=entry.usd,
        seconds=entry.seconds,
        tokens=entry.tokens,
        message=entry.message,
        ended=ended.at,
        before=ended.before,
    )


async def _next(events: AsyncGenerator[Event]) -> Event | None:
    return await anext(events, None)


@contextlib.contextmanager
def _warned(studio: LedgerStudio) -> Generator[None]:
    """Turn errors of the ledger or store into a warning: the run continues, as the ledger has everything that was paid for."""
    try:
        yield
    except (LedgerError, StoreError) as error:
        studio.warn(str(error))


@contextlib.asynccontextmanager
async def open_pursuit(
    order: Order,
    crew: Crew | None = None,
    deadline: Deadline | None = None,
    workspace: Workspace | None = None,
    review: Review | None = None,
) -> AsyncGenerator[Pursuit]:
    """Open the pursuit of an order, with its run owned by this process.

    `crew` replaces the models that the settings name. `deadline` is the time that this process has, if it is limited: then the
    run ends as cancelled and can be resumed. `workspace` is the open place of the order; without one, it is opened for this run
    alone. `review` lets the user accept or edit the checklist before a picture is paid for.

    Raises:
        UsageError: a model, size, price or folder cannot work; nothing has been spent.
        LedgerBusy: the run that `run_id` names is in use by another process; or the order names none, and a run of the same
            order is in use.
        OtherRequest: `run_id` is taken by another order.
    """
    if workspace is None:
        crew = checked(crew or order.settings.crew(draws=order.draws, models=order.models), order)
        with await asyncio.to_thread(Workspace.open, order.settings) as alone:
            async with open_pursuit(order, crew, deadline, alone, review) as pursuit:
                yield pursuit
        return
    crew = checked(crew or workspace.crew(order.settings, draws=order.draws, models=order.models), order)
    await workspace.require_writable()
    alone = order.run_id is None and order.draws
    order, run_id = await _identified(order, workspace.ledger)
    seconds = math.inf if order.settings.max_seconds is None else order.settings.max_seconds
    spending = SpendingPolicy(
        usd=order.settings.max_usd,
        judge_usd=order.settings.max_judge_usd,
        resend_unknown=order.resend_unknown,
        ask_again=order.resumes is not None,
        resend_failed=order.resend_failed,
        retry_timeout=min(RETRY_TIMEOUT, seconds),
        turn_timeout=seconds,
        deadline=deadline,
    )
    waits = asyncio.Queue[Wait | None]()
    async with open_account(
        workspace.ledger,
        run_id,
        order.request,
        order.stored_settings,
        spending,
        alone=alone,
        budget=workspace.budget,
        rates=workspace.rates,
        tell=waits.put_nowait,
        held=lambda recorded: judgements_due(recorded, order.brief, crew, looks(order.settings.tables)),
    ) as account:
        store = await workspace.claimed_store_of(account.row)
        fresh = not account.recorded
        owned = await store.own(account.row.run_id, FILES, account.fence, account.confirm, fresh=fresh)
        async with contextlib.aclosing(owned):
            yield Pursuit(
                order=order,
                crew=crew,
                workspace=workspace,
                store=store,
                owned=owned,
                account=account,
                waits=waits,
                review=review,
            )


async def _identified(order: Order, ledger: Ledger) -> tuple[Order, str]:
    """Return the order and its run id: the one it names, that of a run of the same order that was left, or a new one."""
    run_id = order.run_id or order.usual_run_id
    if run_id is None:
        try:
            run_id = await asyncio.to_thread(_left, ledger, order)
        except Unlisted as error:
            warning = f"interrupted runs of this order could not be looked up, so a new one is begun: {error}"
            order = replace(order, warnings=(*order.warnings, warning))
    return order, run_id or new_run_id()


def _left(ledger: Ledger, order: Order) -> str | None:
    """Return the first run of the same order that was left before its result was delivered, or that ended without one: of
    several, the later ones may be empty.
    """
    left = (row.run_id for row in reversed(ledger.runs_of(order.request)) if row.left)
    return next(left, None)
