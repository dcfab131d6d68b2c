"""Pursue the runs of a batch in several processes of this machine, as one process uses hardly more than one core.

Each worker has one event loop and one workspace, and pursues many runs at the same time. The parent gives each order to the
worker with the fewest, keeps the turns of all calls (see turns.py), and starts another worker in the place of one that dies.
The runs of a dead worker are told as not stored, so the batch tries them again: what was paid for is in the ledger.
"""

from __future__ import annotations

import asyncio
import atexit
import itertools
import os
import pickle
import signal
import socket
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from typing import Any, Final, Self

from onbrief.batches import Asked
from onbrief.batches.rows import Row
from onbrief.batches.under_way import Opens, UnderWay, here
from onbrief.engines.away import ALLOWED, Away, Ended
from onbrief.engines.channel import Channel
from onbrief.engines.hosts import has_weights
from onbrief.engines.telling import Listener, Told
from onbrief.engines.turns import Desk
from onbrief.engines.worker import SIGNALS, Begin, CannotStart, Happened, Models, Ready, Start, Stop, work
from onbrief.errors import OnbriefError, StoreError, UsageError
from onbrief.events import Event
from onbrief.pursuit import Order, Workspace, rates_of, require_one_limit

NAME: Final = "processes"
MOST: Final = 256
_SPAWN: Final = get_context("spawn")  # a fork would have the locks of other threads in whatever state they are


@asynccontextmanager
async def engine(asked: Asked) -> AsyncGenerator[Opens]:
    """Provide what begins runs in worker processes: `processes`, as many as there are cores, or `processes:N`.

    Raises:
        UsageError: it is no such number; the models cannot be sent to another process; the money limit could not be held.
        OnbriefError: a worker cannot start. Nothing has been spent.
    """
    number = _number(asked.engine or NAME)
    require_one_limit(asked.settings, asked.usd)
    async with _Workers(asked, number) as workers:
        yield workers.opens


def _number(name: str) -> int:
    _, colon, number = name.partition(":")
    if not colon:
        return os.cpu_count() or 1
    if not (number.isascii() and number.isdecimal() and 1 <= int(number) <= MOST):
        raise UsageError.of("engine", name, f"{ALLOWED}, with N from 1 to {MOST}")
    return int(number)


class _Workers:
    """The workers of a batch. An asynchronous context manager: when it exits, they have ended."""

    def __init__(self, asked: Asked, number: int) -> None:
        self._groups = _Groups(asked)
        self._start = Start(asked.settings, (asked.usd, asked.name), self._groups.pickled)
        self._desk = Desk(rates_of(asked.settings))
        self._workers = [self._new() for _ in range(number)]
        self._numbers = itertools.count()
        self._weights: dict[tuple[str, ...], bool] = {}

    async def __aenter__(self) -> Self:
        try:
            await asyncio.gather(*(worker.ready for worker in self._workers))
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.gather(*(worker.close() for worker in self._workers))

    @asynccontextmanager
    async def opens(self, workspace: Workspace, order: Order) -> AsyncGenerator[UnderWay]:
        """See Opens. What needs a model with weights is pursued in this process, so that it is loaded once."""
        workspace.rates = self._desk
        if self._has_weights(order):
            async with here(workspace, order) as run:
                yield run
            return
        group = self._groups.of(order)
        worker, number = self._least_busy(), next(self._numbers)
        told = worker.runs[number] = asyncio.Queue[Told | Ended]()
        try:
            await asyncio.shield(worker.ready)
            worker.send(Begin(number, order if group is None else replace(order, models={}), group))
            yield Away(_told(told, Listener(order.brief)), lambda: worker.send(Stop(number)))
        finally:
            if worker.runs.pop(number, None):  # nobody waits for it any more
                worker.send(Stop(number))

    def _least_busy(self) -> _Worker:
        """Return the worker with the fewest runs. One that has died is replaced here, and not as it dies: so each new one
        belongs to a brief, and a brief is tried only so often.
        """
        place = min(range(len(self._workers)), key=lambda place: len(self._workers[place].runs))
        if self._workers[place].has_gone:
            self._workers[place] = self._new()
        return self._workers[place]

    def _new(self) -> _Worker:
        return _Worker(self._start, self._desk)

    def _has_weights(self, order: Order) -> bool:
        s = order.settings
        named = {
            "image_model": s.image_models,
            "judge": (s.judge,),
            "confirm_judge": (s.confirm_judge,),
            "planner": (s.planner,),
        }
        names = tuple(itertools.chain(*(names for role, names in named.items() if role not in order.models)))
        if names not in self._weights:
            self._weights[names] = any(map(has_weights, names))
        return self._weights[names]


class _Groups:
    """The models that are objects, as the orders of a batch have them. They are sent once, as runs that share them share their
    connections too.
    """

    def __init__(self, asked: Asked) -> None:
        self.pickled: list[bytes] = []
        self._numbers: dict[tuple[tuple[str, int], ...], int] = {}
        self._kept: list[Models] = []  # so that their ids stay theirs
        rows = asked.rows if isinstance(asked.rows, Sequence) else ()
        for models in (asked.models, *(row.order.models for row in rows if isinstance(row, Row))):
            if models and (key := _key(models)) not in self._numbers:
                self._numbers[key] = len(self.pickled)
                self._kept.append(models)
                self.pickled.append(_pickled(models))

    def of(self, order: Order) -> int | None:
        """Return the number of the group of an order, or None if it names all its models."""
        return self._numbers[_key(order.models)] if order.models else None


def _key(models: Models) -> tuple[tuple[str, int], ...]:
    return tuple((role, id(models[role])) for role in sorted(models))


def _pickled(models: Models) -> bytes:
    for role, model in models.items():
        try:
            pickle.dumps(model)
        except Exception as error:
            hint = "name the model, or give an object of a class and with values that pickle can store"
            raise UsageError(f"{role}: it cannot be sent to a worker process: {error}", hint=hint) from error
    return pickle.dumps(dict(models))


async def _told(told: asyncio.Queue[Told | Ended], listener: Listener) -> AsyncGenerator[Event | Ended]:
    while not isinstance(each := await told.get(), Ended):
        yield listener.event(each)
    yield each


class _Worker:
    """A worker process, as the parent sees it. `ready` is done when it can begin, or raises why it cannot."""

    def __init__(self, start: Start, desk: Desk) -> None:
        self.runs: dict[int, asyncio.Queue[Told | Ended]] = {}
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.has_gone = False
        self._lost = asyncio.Event()
        self._channel: Channel | None = None
        self._life = asyncio.create_task(self._live(start, desk))

    def send(self, message: object) -> None:
        """Send the worker a message, if it is there."""
        if self._channel:
            self._channel.send(message)

    async def close(self) -> None:
        """Let the worker end, with the calls in progress, and wait for it."""
        if self._channel:
            self._channel.close()
        await self._life

    async def _live(self, start: Start, desk: Desk) -> None:
        """Begin the process, and wait for its end."""
        ours, theirs = socket.socketpair()
        process = _SPAWN.Process(target=work, args=(theirs,), name="onbrief worker")
        try:
            with theirs:
                _begin(process)
        except OSError as error:
            ours.close()
            self.has_gone = True
            self.ready.set_exception(OnbriefError(f"a worker process cannot be started: {error}"))
            return
        self._channel = await Channel.over(ours, self._receive, self._lost.set)
        self._seat = desk.seat(self._channel.send)
        self._channel.send(start)
        atexit.register(ours.shutdown, socket.SHUT_RDWR)  # if nobody closes it: before the interpreter waits for the process
        try:
            await self._lost.wait()
            self.has_gone = True
            await asyncio.to_thread(process.join)
        except asyncio.CancelledError:
            process.kill()
            raise
        finally:
            atexit.unregister(ours.shutdown)
            self._seat.leave()
        how = f"exit code {code}" if (code := process.exitcode or 0) >= 0 else signal.Signals(-code).name
        if not self.ready.done():
            hint = "see what it has written; a script must begin its work below `if __name__ == '__main__':`"
            self.ready.set_exception(OnbriefError(f"a worker process ended before it could begin ({how})", hint=hint))
        for told in self.runs.values():
            told.put_nowait(Ended(error=StoreError(f"the worker process of the run has ended ({how})")))

    def _receive(self, message: Any) -> None:
        match message:
            case Happened(number, what):
                told = self.runs.pop(number, None) if isinstance(what, Ended) else self.runs.get(number)
                if told:
                    told.put_nowait(what)
            case Ready():
                self.ready.set_result(None)
            case CannotStart(error):
                self.ready.set_exception(error)
            case _:
                self._seat.receive(message)


def _begin(process: BaseProcess) -> None:
    """Start a process. It has the mask of this thread, so that Ctrl-C does not reach it before it can ignore it."""
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
