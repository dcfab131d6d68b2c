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
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Final, cast

from onbrief.batches.under_way import Opens, UnderWay, store_thumbnail, unfinished
from onbrief.config import Settings
from onbrief.engines.hosts import Hosts
from onbrief.errors import LedgerError, NotInstalled, OnbriefError, StoreError, UsageError
from onbrief.events import Event, RunEnded
from onbrief.ports import Noted, Turn
from onbrief.pursuit import Order, Workspace, open_pursuit, rates_of
from onbrief.record import Run
from onbrief.store import is_bucket

NAME: Final = "ray"
EXTRA: Final = "onbrief[ray]"
CPUS: Final = 0.25
"""Of a core for each run: a run mostly waits for models, and uses some 50 ms of a core for each picture beside that."""
RETRIES: Final = 3
"""How often Ray runs a task again whose worker has died, before the batch puts the brief off."""
_Money = tuple[float | None, str]
"""A money limit in US dollars, and the name of its fund."""

_PREFIX: Final = "ray://"
_MOST_WAITING: Final = 100_000  # calls of the desk in progress: each run waits there to be stopped


class Desk:
    """The actor that has what all workers share."""

    def __init__(self, settings: Settings) -> None:
        self._rates = rates_of(settings)
        self._stopped = asyncio.Event()

    async def take(self, model: str, ticket: str, kind: str, tokens: int) -> Turn | None:
        """See ports.Turns."""
        return self._rates.take(model, ticket, kind, tokens)

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

    def take(
        self, model: str, ticket: str = "", kind: str = "", tokens: int = 0, wake: Callable[[], None] | None = None
    ) -> Awaitable[Turn | None]:
        return self.desk.take.remote(model, ticket, kind, tokens)

    def pause(self, model: str, seconds: float) -> Awaitable[None]:
        return self.desk.pause.remote(model, seconds)

    def note(self, model: str, ticket: str, what: Noted, kind: str = "") -> Awaitable[None]:
        return self.desk.note.remote(model, ticket, what, kind)


@dataclass(frozen=True, slots=True)
class _Ended:
    """What a task returns: the run as its events ended, with its thumbnail, or the error that it could not be begun with."""

    run: str = ""
    fault: str = ""
    thumbnail: str = ""
    exhausted: bool = False
    error: OnbriefError | None = None


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
        raise UsageError.of("engine", address, f"{NAME}, or {_PREFIX}HOST:PORT of a cluster")
    if not local and not is_bucket(settings.out) and not settings.ledger:
        hint = "name a bucket with --out, or a database with --ledger and a folder that all machines share"
        raise UsageError(f"engine: the workers of {address} do not share the ledger in {settings.out}", hint=hint)
    if usd is not None and is_bucket(settings.out) and not settings.ledger:
        hint = "name a database with --ledger, or limit each brief with --max-usd"
        raise UsageError("max_total_usd: a ledger in a bucket cannot hold a limit for several processes", hint=hint)
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


def _opening(ray: Any, desk: Any, hosts: Hosts, money: _Money) -> Opens:
    task = ray.remote(num_cpus=CPUS, max_retries=RETRIES)(_pursued)

    @asynccontextmanager
    async def away(order: Order) -> AsyncGenerator[UnderWay]:
        order = replace(order, models={**order.models, **hosts.stubs(order)})
        yield _Away(ray, task.remote(order, desk, money), desk)

    return cast("Callable[[Order], AbstractAsyncContextManager[UnderWay]]", away)


class _Away:
    """A run that is pursued by a worker."""

    def __init__(self, ray: Any, ended: Awaitable[_Ended], desk: Any) -> None:
        self._ray, self._ended, self._desk = ray, ended, desk
        self._last = _Ended()

    async def events(self) -> AsyncGenerator[Event]:
        try:
            ended = await self._ended
        except self._ray.exceptions.RayError as error:  # its workers have died, again and again
            raise StoreError(f"the run's workers have died: {error}") from error
        if ended.error:
            raise ended.error
        self._last = ended
        yield RunEnded(Run.from_json(ended.run), fault=ended.fault)

    def stop(self) -> None:
        self._desk.stop.remote()

    async def thumbnail(self, run: Run) -> str:
        return self._last.thumbnail

    async def deliver(self) -> None:
        pass  # the worker did

    def exhausted(self) -> bool:
        return self._last.exhausted


# -- in the workers --------------------------------------------------------------------------------------------------------


def _pursued(order: Order, desk: Any, money: _Money) -> _Ended:
    """Pursue the run of an order in this worker."""
    # One event loop for all runs of the worker: the connections of its models belong to it.
    return _loop().run_until_complete(_pursue(order, desk, money))


async def _pursue(order: Order, desk: Any, money: _Money) -> _Ended:
    stopped = asyncio.ensure_future(_as_coroutine(desk.stopped.remote()))
    try:
        workspace = await asyncio.to_thread(_workspace, order.settings, money)
        workspace.rates = _DeskTurns(desk)
        ended: RunEnded | None = None
        async with open_pursuit(order, workspace=workspace) as pursuit:
            stopped.add_done_callback(lambda done: None if done.cancelled() else pursuit.stop())
            async for event in pursuit.events():
                ended = event if isinstance(event, RunEnded) else None
            assert ended is not None, "a pursuit ends with RunEnded"
            thumbnail = ""
            if not unfinished(ended):
                thumbnail = await store_thumbnail(pursuit.store, ended.run)
                await pursuit.deliver()
        return _Ended(ended.run.to_json(), ended.fault, thumbnail, workspace.budget.exhausted)
    except OnbriefError as error:
        return _Ended(error=error)
    finally:
        stopped.cancel()


async def _as_coroutine(reference: Awaitable[None]) -> None:
    await reference


@cache
def _loop() -> asyncio.AbstractEventLoop:
    return asyncio.new_event_loop()


_open: dict[tuple[object, ...], Workspace] = {}


def _workspace(settings: Settings, money: _Money) -> Workspace:
    """Return the workspace of this place, which the worker keeps open."""
    key = (settings.out, settings.ledger, money)
    if key not in _open:
        _open[key] = Workspace.open(settings, *money)
    return _open[key]
