"""One run of a batch while it is pursued, in this process or elsewhere, and whether it has come to its end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Final, Literal, Protocol

from onbrief.events import Event, RunEnded
from onbrief.pursuit import Order, Pursuit, Workspace, open_pursuit
from onbrief.record import Run
from onbrief.store import RunStore

# The classes of errors that end a run only for now; see onbrief.errors.
_CONFIGURATION: Final = frozenset({"ConfigError", "NotInstalled"})
_STORAGE: Final = frozenset({"LedgerError", "StoreError"})
_ELSEWHERE: Final = "LeaseLost"


class UnderWay(Protocol):
    """The run of a brief that is being pursued, in this process or in another one."""

    def events(self) -> AsyncGenerator[Event]:
        """Yield what happens; the last event is RunEnded. As Pursuit.events."""
        ...

    def stop(self) -> None:
        """Send no new calls. Those in progress end and are recorded."""
        ...

    async def thumbnail(self, run: Run) -> str:
        """Store a small copy of the best picture of the run, which has ended, and return its key; empty without a picture."""
        ...

    async def deliver(self) -> object:
        """Record the outcome. As Pursuit.deliver."""
        ...

    def exhausted(self) -> bool:
        """Return whether the money that it shares with the other runs of the batch has been refused to a call."""
        ...


Opens = Callable[[Workspace, Order], AbstractAsyncContextManager[UnderWay]]
"""Begins or resumes the run of an order, whose batch has this workspace; raises as open_pursuit."""


@dataclass(frozen=True, slots=True)
class _Here:
    """A run that is pursued in this process."""

    workspace: Workspace
    pursuit: Pursuit

    def events(self) -> AsyncGenerator[Event]:
        return self.pursuit.events()

    def stop(self) -> None:
        self.pursuit.stop()

    async def thumbnail(self, run: Run) -> str:
        return await store_thumbnail(self.pursuit, run)

    async def deliver(self) -> object:
        return await self.pursuit.deliver()

    def exhausted(self) -> bool:
        return self.workspace.budget.exhausted


@asynccontextmanager
async def here(workspace: Workspace, order: Order) -> AsyncGenerator[UnderWay]:
    """Begin or resume the run of an order in this process; see open_pursuit."""
    async with open_pursuit(order, workspace=workspace) as pursuit:
        yield _Here(workspace, pursuit)


async def store_thumbnail(pursuit: Pursuit, run: Run) -> str:
    """Store a small copy of the best picture of a run, and return its key; empty without a picture."""
    if not (image := run.best.image if run.best else None):
        return ""
    threads, loop = pursuit.workspace.pages, asyncio.get_running_loop()
    small = await loop.run_in_executor(threads, _reduced, pursuit.store, image.key)
    if small is None:
        return ""
    await pursuit.store.replace(thumbnail_key(run), small, "image/webp")
    return thumbnail_key(run)


def _reduced(store: RunStore, key: str) -> bytes | None:
    from onbrief.report.thumbnails import index_thumbnail

    data = store.load(key)
    return index_thumbnail(data) if data else None


Unfinished = Literal["configuration", "elsewhere", "storage", "stopped"]


def unfinished(ended: RunEnded) -> Unfinished | None:
    """Return why a run has ended only for now; None if it has come to its end. It is not delivered, so that the same order goes
    on with it: something must be changed first, another process has it, it could not be recorded or stored, or it was stopped.
    """
    if ended.fault in _CONFIGURATION:
        return "configuration"
    if ended.fault == _ELSEWHERE:
        return "elsewhere"
    if ended.fault in _STORAGE:
        return "storage"
    return "stopped" if ended.run.outcome == "cancelled" else None


def thumbnail_key(run: Run) -> str:
    """Return the key of the small copy of a run's best picture."""
    return f"{run.run_id}/thumbnail.webp"
