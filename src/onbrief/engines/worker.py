"""A worker process: it pursues many runs at the same time, in one event loop and one workspace, as its parent asks it to.

It ends with its connection to the parent, even if that was killed: then it sends no new calls, and those in progress end
and are recorded.
"""

from __future__ import annotations

import asyncio
import gc
import pickle
import signal
import socket
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

from onbrief.config import Settings
from onbrief.engines.away import Ended, Money, pursued
from onbrief.engines.channel import Channel
from onbrief.engines.telling import Teller, Told
from onbrief.engines.turns import DeskTurns
from onbrief.errors import OnbriefError, UsageError
from onbrief.ports import AnyModel, Ladder, ModelRole
from onbrief.pursuit import Order, Workspace

Models = Mapping[ModelRole, AnyModel | Ladder]
SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
"""They reach the whole group of processes, whose parent decides what is to be stopped."""
_GC: Final = (20_000, 20, 20)


class Start(NamedTuple):
    """What a worker needs to begin: the place of the batch, its money, and the groups of models that are objects, pickled."""

    settings: Settings
    money: Money
    groups: list[bytes]


class Ready(NamedTuple):
    """The worker can begin."""


class CannotStart(NamedTuple):
    """The worker cannot begin, and ends."""

    error: Exception


class Begin(NamedTuple):
    """Pursue an order. Its models, if they are objects, are those of a group."""

    number: int
    order: Order
    group: int | None


class Stop(NamedTuple):
    """Send no new calls of a run."""

    number: int


class Happened(NamedTuple):
    """What the worker says of a run."""

    number: int
    what: Told | Ended


@dataclass(slots=True)
class _Run:
    stopped: asyncio.Future[None]
    task: asyncio.Task[None] | None = None

    def stop(self) -> None:
        if not self.stopped.done():
            self.stopped.set_result(None)


class _Worker:
    def __init__(self) -> None:
        self._runs: dict[int, _Run] = {}
        self._groups: list[Models] = []
        self._workspace: Workspace | None = None
        self._starting: asyncio.Task[None] | None = None
        self._alone = asyncio.Event()

    async def work(self, end: socket.socket) -> None:
        self._turns = DeskTurns(lambda message: self._channel.send(message))
        self._channel = await Channel.over(end, self._receive, self._lost)
        await self._alone.wait()
        await asyncio.gather(
            *(run.task for run in self._runs.values() if run.task), *([self._starting] if self._starting else [])
        )
        if self._workspace:
            await asyncio.to_thread(self._workspace.__exit__, None, None, None)

    def _lost(self) -> None:
        self._turns.leave()
        for run in self._runs.values():
            run.stop()
        self._alone.set()

    def _receive(self, message: Any) -> None:
        match message:
            case Begin(number, order, group):
                run = self._runs[number] = _Run(asyncio.get_running_loop().create_future())
                run.task = asyncio.create_task(self._pursue(number, order, group, run))
            case Stop(number):
                if run := self._runs.get(number):
                    run.stop()
            case Start():
                self._starting = asyncio.create_task(self._start(message))
            case _:
                self._turns.receive(message)

    async def _start(self, start: Start) -> None:
        try:
            self._groups = [_unpickled(group) for group in start.groups]
            self._workspace = await asyncio.to_thread(Workspace.open, start.settings, *start.money)
        except Exception as error:  # noqa: BLE001 - the parent raises it
            self._channel.send(CannotStart(error if isinstance(error, OnbriefError) else _sendable(error)))
            self._channel.close()
            return
        self._workspace.rates = self._turns
        gc.freeze()  # what is imported stays
        gc.set_threshold(*_GC)
        self._channel.send(Ready())

    async def _pursue(self, number: int, order: Order, group: int | None, run: _Run) -> None:
        assert self._workspace is not None
        teller = Teller(order.brief)
        try:
            if group is not None:
                order = replace(order, models=self._groups[group])
            ended = await pursued(order, self._workspace, run.stopped, lambda event: self._tell(number, teller.told(event)))
        except Exception as error:  # noqa: BLE001 - the parent raises it
            ended = Ended(error=_sendable(error))
        self._tell(number, ended)
        del self._runs[number]

    def _tell(self, number: int, what: Told | Ended) -> None:
        self._channel.send(Happened(number, what))


def _unpickled(group: bytes) -> Models:
    try:
        return pickle.loads(group)  # noqa: S301 - of the parent
    except Exception as error:
        hint = "define them in a module that a new process can import"
        raise UsageError(f"the models cannot be made in a worker process: {error}", hint=hint) from error


def _sendable(error: Exception) -> Exception:
    """Return an error that can be pickled, with its traceback as a note."""
    told = "".join(traceback.format_exception(error))
    error.__cause__ = error.__context__ = None
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - of this process
    except Exception:  # noqa: BLE001 - whatever the class does
        error = RuntimeError(f"{type(error).__name__}: {error}")
    error.add_note(f"In a worker process:\n{told}")
    return error


def work(end: socket.socket) -> None:
    """Work for the process at the other end, until it closes it."""
    for number in SIGNALS:
        signal.signal(number, _ignore)  # unlike SIG_IGN, it is not inherited by what a model starts
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
    asyncio.run(_Worker().work(end))


def _ignore(*_: object) -> None:
    pass
