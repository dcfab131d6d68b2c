"""The one writer of a database: a thread that commits together all writes that wait together.

A commit costs a few syncs of the disk however much it holds. So while one is under way the next writes gather, and the more
runs there are at once, the less each write costs. No caller goes on before its own write is on the disk.
"""

from __future__ import annotations

import asyncio
import threading
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from copy import copy
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any, Generic, TypeVar

from onbrief.errors import LeaseLost, LedgerBusy, LedgerError, OtherRequest

T = TypeVar("T")
Connection = TypeVar("Connection")
_REFUSALS = (LeaseLost, LedgerBusy, OtherRequest)


class Writer(Generic[Connection]):
    """Carries out writes in the order in which they are given, each of them a function of a connection.

    A write looks before it changes anything: one that raises LeaseLost, LedgerBusy or OtherRequest has changed nothing, so
    its error goes to its caller and the writes beside it are committed. It may be carried out a second time, after a rollback.
    """

    def __init__(self, transaction: Callable[[], AbstractContextManager[Connection]]) -> None:
        """`transaction` begins one that can write, commits it at the end of its block, and raises LedgerError."""
        self._transaction = transaction
        self._waiting: SimpleQueue[_Write[Connection] | None] = SimpleQueue()  # None: nothing comes after it
        self._changing = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closed = False

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Have this done by the writer's thread; answers what it answers, once that is on the disk.

        A caller that is cancelled while it waits does not take the write back. Callers may live in different event loops.

        Raises:
            LedgerError: it is not known to be written; and whatever `work` raises, in which case nothing is.
        """
        loop = asyncio.get_running_loop()
        write = _Write(work, loop, loop.create_future())
        with self._changing:
            if self._closed:
                raise LedgerError("the ledger is closed")
            if self._thread is None:  # who only reads needs none
                self._thread = threading.Thread(target=self._serve, name="ledger writer", daemon=True)
                self._thread.start()
            self._waiting.put(write)
        return await write.answered

    def close(self) -> None:
        """Carry out what waits, then end the thread."""
        with self._changing:
            if not self._closed:
                self._closed = True
                self._waiting.put(None)
        if self._thread:
            self._thread.join()

    def _serve(self) -> None:
        last = False
        while not last:
            waiting = [self._waiting.get()]
            with suppress(Empty):
                while True:
                    waiting.append(self._waiting.get_nowait())
            writes = [write for write in waiting if write]
            last = len(writes) < len(waiting)
            if writes:
                _deliver(self._carry_out(writes))

    def _carry_out(self, writes: Sequence[_Write[Connection]]) -> list[_Answer]:
        """Do these in one transaction."""
        answers: list[_Answer] = []
        begun = False
        try:
            with self._transaction() as connection:
                begun = True
                answers.extend(_answer(write, connection) for write in writes)
        except Exception as error:  # noqa: BLE001 - whatever it is, the callers wait for it
            # A statement that fails may leave half of its write behind, or end the transaction. Which one it was does not
            # matter: nothing is committed yet, and alone each write meets its own error only. Where the beginning or the
            # commit fails, it fails for all of them.
            if begun and len(answers) < len(writes) > 1:
                return [answer for write in writes for answer in self._carry_out([write])]
            return [_Answer(write, error=copy(error)) for write in writes]
        return answers


@dataclass(frozen=True, slots=True)
class _Write(Generic[Connection]):
    work: Callable[[Connection], Any]
    loop: asyncio.AbstractEventLoop
    answered: asyncio.Future[Any]


@dataclass(frozen=True, slots=True)
class _Answer:
    write: _Write[Any]
    result: Any = None
    error: Exception | None = None

    def give(self) -> None:
        """In the caller's own thread: answer, unless the caller was cancelled meanwhile."""
        if self.write.answered.done():
            return
        if self.error:
            self.write.answered.set_exception(self.error)
        else:
            self.write.answered.set_result(self.result)


def _answer(write: _Write[Connection], connection: Connection) -> _Answer:
    try:
        return _Answer(write, write.work(connection))
    except _REFUSALS as error:
        return _Answer(write, error=error)


def _deliver(answers: Sequence[_Answer]) -> None:
    """Wake each event loop once, however many of its callers are answered."""
    of_loop: defaultdict[asyncio.AbstractEventLoop, list[_Answer]] = defaultdict(list)
    for answer in answers:
        of_loop[answer.write.loop].append(answer)
    for loop, its_own in of_loop.items():
        with suppress(RuntimeError):  # the loop is closed: its callers are gone
            loop.call_soon_threadsafe(_give, its_own)


def _give(answers: Sequence[_Answer]) -> None:
    for answer in answers:
        answer.give()
