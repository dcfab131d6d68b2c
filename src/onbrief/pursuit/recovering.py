"""Look for lost pictures in the runs of a place: nothing is started, and nothing is paid for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from onbrief.errors import Cancelled, LedgerBusy, OnbriefError
from onbrief.ledger.account import Account, SpendingPolicy, open_account
from onbrief.ports import AnyModel, Entry, Ladder, ModelRole, RunRow
from onbrief.pursuit.order import Order, kind_of, order_again, seed_for
from onbrief.pursuit.workspace import Workspace
from onbrief.record import Run
from onbrief.settings import NO_PRIORS, Settings
from onbrief.studio import LedgerStudio

Ending = Literal["found", "never arrived", "failed", "blocked", "waiting", "unknown", "in use"]
_NO_MODELS: Mapping[ModelRole, str | AnyModel | Ladder] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class LostPicture:
    """A picture whose answer was lost, and what is known of it now. Its `state`: "found": it is stored, at `url`. "never
    arrived": the service does not have the call, and its money is free again. "failed", "blocked": the call ended like this.
    "waiting": the service is still working on it, or its trace may come late: look again later. "unknown": it may have been
    charged. "in use": another process has the run; then, and if a run cannot be opened, `attempt` is empty. `usd` is what the
    picture costs, or may have cost, in US dollars. `why` has the reason in words.
    """

    run_id: str
    state: Ending
    attempt: str = ""
    model: str = ""
    usd: float | None = None
    url: str = ""
    why: str = ""

    @property
    def settled(self) -> bool:
        """Whether nothing is left to look for."""
        return self.state not in ("waiting", "unknown", "in use")


async def recover(
    settings: Settings, run_id: str | None = None, models: Mapping[ModelRole, str | AnyModel | Ladder] = _NO_MODELS
) -> AsyncGenerator[LostPicture]:
    """Look for the lost pictures of one run, or of all runs of the place that `settings.out` names, the newest run first.
    `models` has those that were objects.

    Raises:
        UsageError: there is no such place or run.
        LedgerError: the place cannot be read.
    """
    with await asyncio.to_thread(Workspace.existing, settings) as workspace:
        if run_id is not None:
            rows = [await asyncio.to_thread(workspace.find_run, run_id)]
        else:
            rows = [row for row in await asyncio.to_thread(workspace.ledger.runs) if await _may_have_lost(workspace, row)]
        for row in rows:
            try:
                async for lost in _recovered(workspace, row, settings, models):
                    yield lost
            except LedgerBusy as error:
                yield LostPicture(run_id=row.run_id, state="in use", why=str(error))
            except OnbriefError as error:
                if run_id is not None:
                    raise
                yield LostPicture(run_id=row.run_id, state="unknown", why=error.explained)


async def _may_have_lost(workspace: Workspace, row: RunRow) -> bool:
    """Return whether a run may have lost pictures: not if its record says that it has none."""
    if row.broken or kind_of(row) != "run":
        return False
    if row.outcome is None:
        return True
    try:
        record = await asyncio.to_thread(workspace.record_of, row)
    except OnbriefError:  # the ledger decides
        return True
    return record is None or record.usage.unknown_calls > 0


async def _recovered(
    workspace: Workspace, row: RunRow, settings: Settings, models: Mapping[ModelRole, str | AnyModel | Ladder]
) -> AsyncGenerator[LostPicture]:
    """Look for the lost pictures of one run. Its outcome stays as it is: to go on with what was found, resume it."""
    order = order_again(row, settings, {"priors": NO_PRIORS}, models=models)  # nothing is decided here
    crew = await asyncio.to_thread(workspace.crew, order.settings, models=order.models)
    spending = SpendingPolicy(usd=order.settings.max_usd, judge_usd=order.settings.max_judge_usd)
    async with open_account(workspace.ledger, row.run_id, order.request, row.settings, spending) as account:
        account.stop()  # nothing is sent from here on
        try:
            if lost := account.lost("image"):
                studio = LedgerStudio(
                    crew=crew,
                    store=await workspace.claimed_store_of(account.row),
                    ledger=account,
                    embed_metadata=not order.settings.strip_metadata,
                )
                run = await _as_recorded(order, account, studio)
                for entry in lost:
                    yield await _looked(account, studio, run, entry)
        finally:
            await account.release(row.outcome)


async def _as_recorded(order: Order, account: Account, studio: LedgerStudio) -> Run:
    """Return the run with its checklist and all prompts that are recorded."""
    seed = order.seed if order.seed is not None else seed_for(account.row.run_id)
    run = Run(run_id=account.row.run_id, seed=seed, brief=order.brief, models=studio.crew.names, started=account.row.started)
    return await studio.prompted(run)


async def _looked(account: Account, studio: LedgerStudio, run: Run, entry: Entry) -> LostPicture:
    """Look for one lost picture, and say what is known of it now."""
    about = LostPicture(
        run_id=run.run_id,
        state="unknown",
        attempt=f"{entry.call.revision:03}-{entry.call.attempt:03}",
        model=entry.call.model,
        usd=entry.usd,
    )
    try:
        image, why = await studio.look_for(run, entry)
    except Cancelled:
        return replace(about, state="waiting", why="the service may still be working on it, or its trace may come late")
    now = account.tried_as(entry)
    states: dict[str, Ending] = {"done": "found", "refused": "never arrived", "failed": "failed", "blocked": "blocked"}
    state = states.get(now.state, "unknown")
    return replace(about, state=state, usd=now.usd, url=image.url if image else "", why=why or now.message)
