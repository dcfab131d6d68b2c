"""Pursue the runs of a batch as tasks of Ray: on the cores of this machine, or on a cluster.

Ray runs a task at least once, and again if its worker dies. That each call is paid for once is the ledger's affair, as
everywhere: a task that runs again resumes its run, and one that runs twice at the same time finds that it is in use. So all
workers need the same ledger and the same place for pictures.

An actor has what all workers share: the turns of calls, so that the rate limits of models hold for all of them together, and
whether the batch is being stopped. Models with weights live in actors too, one for each GPU, and not in every worker.
"""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Sequence
from concurrent.futures import Future
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Final, cast

from onbrief.batches.under_way import Opens, UnderWay
from onbrief.engines.away import ALLOWED, Away, Ended, Money, pursued
from onbrief.engines.hosts import Hosts
from onbrief.errors import LedgerError, NotInstalled, OnbriefError, StoreError, UsageError
from onbrief.events import Event
from onbrief.ports import ASK_AGAIN, Noted, Turn
from onbrief.pursuit import Order, Workspace, rates_of, require_one_limit
from onbrief.settings import Settings
from onbrief.store import is_bucket

NAME: Final = "ray"
EXTRA: Final = "onbrief[ray]"
CPUS: Final = 0.25
"""Of a core for each run: a run mostly waits for models, and uses some 50 ms of a core for each picture beside that."""
RETRIES: Final = 3
"""How often Ray runs a task again whose worker has died, before the batch puts the brief off."""
_PREFIX: Final = "ray://"
_MOST_WAITING: Final = 100_000  # calls of the desk in progress: each run waits there to be stopped


class Desk:
    """The actor that has what all workers share."""

    def __init__(self, settings: Settings) -> None:
        self._rates = rates_of(settings)
        self._woken: dict[str, asyncio.Event] = {}
        self._stopped = asyncio.Event()

    async def take(self, model: str, ticket: str, kind: str, tokens: int) -> Turn | None:
        """See ports.Turns. A call that must wait is to wait for `woken` too."""
        woken = asyncio.Event()
        turn = self._rates.take(model, ticket, kind, tokens, woken.set)
        if turn:
            self._woken[ticket] = woken
        return turn

    async def woken(self, ticket: str) -> None:
        """Wait until the call with this ticket should ask again, at most ASK_AGAIN seconds."""
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._woken.pop(ticket).wait(), ASK_AGAIN)

    async def pause(self, model: str, seconds: float) -> None:
        """See ports.Turns."""
        self._rates.pause(model, seconds)

    async def note(self, model: str, ticket: str, what: Noted, kind: str) -> None:
        """See ports.Turns."""
        self._rates.note(model, ticket, what, kind)

    async def stop(self) -> None:
        """Let all runs send no new calls."""
        self._stopped.set()

    async def stopped(self) -> None:
        """Wait until the batch is being stopped."""
        await self._stopped.wait()


@dataclass(frozen=True, slots=True)
class _DeskTurns:
    """The turns of the desk, for the account of a run in another process."""

    desk: Any

    async def take(
        self, model: str, ticket: str = "", kind: str = "", tokens: int = 0, wake: Callable[[], None] | None = None
    ) -> Turn | None:
        turn: Turn | None = await self.desk.take.remote(model, ticket, kind, tokens)
        if turn and wake:
            loop = asyncio.get_running_loop()
            woken: Future[None] = self.desk.woken.remote(ticket).future()
            woken.add_done_callback(lambda _: loop.call_soon_threadsafe(wake))
        return turn

    def pause(self, model: str, seconds: float) -> Awaitable[None]:
        return self.desk.pause.remote(model, seconds)

    def note(self, model: str, ticket: str, what: Noted, kind: str = "") -> Awaitable[None]:
        return self.desk.note.remote(model, ticket, what, kind)


@contextmanager
def engine(address: str, settings: Settings, usd: float | None = None, fund: str = "") -> Generator[Opens]:
    """Provide what begins runs on Ray: on a cluster of this machine (`ray`), which lasts as long as the batch unless this
    process has begun one already, or on the cluster at an address (`ray://HOST:PORT`). `usd` is the money limit of all runs,
    and `fund` its name in the ledger.

    Raises:
        UsageError: it is no such address; the workers would not share a ledger, or a limit in dollars.
        NotInstalled: Ray is not installed.
        LedgerError: the cluster cannot be reached.
    """
    local = address == NAME
    if not local and not (address.startswith(_PREFIX) and address != _PREFIX):
        raise UsageError.of("engine", address, ALLOWED)
    if not local and not is_bucket(settings.out) and not settings.ledger:
        hint = "name a bucket with --out, or a database with --ledger and a folder that all machines share"
        raise UsageError(f"engine: the workers of {address} do not share the ledger in {settings.out}", hint=hint)
    require_one_limit(settings, usd)
    rates_of(settings)  # which may raise, better here than in a worker
    ray = _ray()
    own = not (local and ray.is_initialized())  # a program that has begun Ray itself keeps it
    try:
        if own:
            ray.init(**_local() if local else {"address": address}, log_to_driver=False, logging_level="ERROR")
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise LedgerError(f"the cluster at {address} cannot be reached: {error}") from error
    try:
        desk = ray.remote(num_cpus=0, max_concurrency=_MOST_WAITING)(Desk).remote(settings)
        with Hosts(ray) as hosts:
            yield _opening(ray, desk, hosts, (usd, fund))
    finally:
        if own:
            ray.shutdown()


def _ray() -> Any:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
    except ImportError as error:
        raise NotInstalled.of(NAME, [NAME], EXTRA) from error
    return cast("Any", ray)


def _local() -> dict[str, Any]:
    """Return what starts a cluster that nobody else reaches."""
    return {"num_cpus": os.cpu_count(), "include_dashboard": False, "_node_ip_address": "127.0.0.1"}


def _opening(ray: Any, desk: Any, hosts: Hosts, money: Money) -> Opens:
    task = ray.remote(num_cpus=CPUS, max_retries=RETRIES)(_pursued)

    @asynccontextmanager
    async def away(workspace: Workspace, order: Order) -> AsyncGenerator[UnderWay]:
        order = replace(order, models={**order.models, **hosts.stubs(order)})
        yield Away(_told(ray, task.remote(order, desk, money)), desk.stop.remote)

    return away


async def _told(ray: Any, told: Awaitable[Sequence[Event | Ended]]) -> AsyncGenerator[Event | Ended]:
    try:
        for each in await told:
            yield each
    except ray.exceptions.RayError as error:  # its workers have died, again and again
        raise StoreError(f"the run's workers have died: {error}") from error


# -- in the workers --------------------------------------------------------------------------------------------------------


def _pursued(order: Order, desk: Any, money: Money) -> Sequence[Event | Ended]:
    """Pursue the run of an order in this worker, and return its last event and how it ended."""
    # One event loop for all runs of the worker: the connections of its models belong to it.
    return _loop().run_until_complete(_pursue(order, desk, money))


async def _pursue(order: Order, desk: Any, money: Money) -> Sequence[Event | Ended]:
    stopped = asyncio.ensure_future(_as_coroutine(desk.stopped.remote()))
    try:
        workspace = await asyncio.to_thread(_workspace, order.settings, money)
        workspace.rates = _DeskTurns(desk)
        last = deque[Event](maxlen=1)
        ended = await pursued(order, workspace, stopped, last.append)
    except OnbriefError as error:
        return (Ended(error=error),)
    else:
        return *last, ended
    finally:
        stopped.cancel()


async def _as_coroutine(reference: Awaitable[None]) -> None:
    await reference


@cache
def _loop() -> asyncio.AbstractEventLoop:
    return asyncio.new_event_loop()


_open: dict[tuple[object, ...], Workspace] = {}


def _workspace(settings: Settings, money: Money) -> Workspace:
    """Return the workspace of this place, which the worker keeps open."""
    key = (settings.out, settings.ledger, money)
    if key not in _open:
        _open[key] = Workspace.open(settings, *money)
    return _open[key]
