"""A run that a worker pursues, there and as the batch sees it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from typing import Final

from onbrief.batches.under_way import store_thumbnail, unfinished
from onbrief.errors import LedgerError, OnbriefError
from onbrief.events import Event, RunEnded
from onbrief.pursuit import Order, Workspace, open_pursuit
from onbrief.record import Run

ALLOWED: Final = "ray, or ray://HOST:PORT of a cluster"
"""How an engine is named."""

Money = tuple[float | None, str]
"""The money limit of all runs in US dollars, and the name of its fund in the ledger."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run has ended in a worker, after its last event: the key of its thumbnail, or the error with which it could not be
    begun. `exhausted`: the money of the batch has been refused to a call. `undelivered`: why its outcome is not recorded.
    """

    thumbnail: str = ""
    exhausted: bool = False
    undelivered: LedgerError | None = None
    error: Exception | None = None


class Away:
    """A run that a worker pursues; see UnderWay."""

    def __init__(self, told: AsyncGenerator[Event | Ended], stop: Callable[[], object]) -> None:
        """`told` are its events, and at last how it has ended."""
        self._told, self._stop = told, stop
        self._ended = Ended()

    async def events(self) -> AsyncGenerator[Event]:
        """See UnderWay."""
        async for each in self._told:
            if isinstance(each, Ended):
                if each.error:
                    raise each.error
                self._ended = each
            else:
                yield each

    def stop(self) -> None:
        """See UnderWay."""
        self._stop()

    async def thumbnail(self, run: Run) -> str:
        """See UnderWay."""
        return self._ended.thumbnail

    async def deliver(self) -> None:
        """See UnderWay. The worker has tried it."""
        if self._ended.undelivered:
            raise self._ended.undelivered

    def exhausted(self) -> bool:
        """See UnderWay."""
        return self._ended.exhausted


async def pursued(order: Order, workspace: Workspace, stopped: asyncio.Future[None], tell: Callable[[Event], object]) -> Ended:
    """Pursue the run of an order in this process, to its end or until `stopped` is done, `tell` its events, and return how it
    ended.
    """
    try:
        ended: RunEnded | None = None
        async with open_pursuit(order, workspace=workspace) as pursuit:
            stopped.add_done_callback(lambda done: None if done.cancelled() else pursuit.stop())
            async for event in pursuit.events():
                tell(event)
                ended = event if isinstance(event, RunEnded) else None
            assert ended is not None, "a pursuit ends with RunEnded"
            thumbnail, undelivered = "", None
            if not unfinished(ended):
                thumbnail = await store_thumbnail(pursuit, ended.run)
                try:
                    await pursuit.deliver()
                except LedgerError as error:
                    undelivered = error
        return Ended(thumbnail, workspace.budget.exhausted, undelivered)
    except OnbriefError as error:
        return Ended(error=error)
