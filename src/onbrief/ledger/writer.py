"""The single writer of a database: a thread that commits all waiting writes together.

A commit costs a few disk syncs, however many writes it contains. While one commit is in progress, the next writes queue up, so
the cost of a write falls with the number of concurrent runs. Every caller waits until its own write is on disk.
"""

from __future__ import annotations

import asyncio
import threading
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any, Generic, TypeVar

from onbrief.errors import LeaseLost, LedgerBusy, LedgerError, OtherRequest, OverBudget


class RolledBack(LedgerError):
    """A transaction was rolled back, or never begun, for a reason that has passed: it can be executed again."""


T = TypeVar("T")
Connection = TypeVar("Connection")
_REFUSALS = (LeaseLost, LedgerBusy, OtherRequest, OverBudget)


class Writer(Generic[Connection]):
    """Executes writes in the order in which they are submitted. A write is a function of a connection.

    A write checks before it changes anything: if it raises LeaseLost, LedgerBusy, OtherRequest or OverBudget, it has changed
    nothing, so the error goes to its caller alone and the other writes are committed. A write may be executed again after a
    rollback.
    """

    def __init__(self, transaction: Callable[[], AbstractContextManager[Connection]], stop: Callable[[], None]) -> None:
        """`transaction` opens a write transaction, commits it at the end of its block, and raises LedgerError. As long as that
        is RolledBack, the same writes are executed again. `stop` closes the connection. The writer's thread alone calls
        them: two threads that use one connection of SQLite at the same time can crash the process.
        """
        self._transaction = transaction
        self._stop = stop
        self._waiting: SimpleQueue[_Write[Connection] | None] = SimpleQueue()  # None: the last item
        self._changing = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closed = False

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Execute `work` in the writer's thread; return its result once it is on disk.

        Cancelling a waiting caller does not cancel its write. Callers may belong to different event loops.

        Raises:
            LedgerError: the write may or may not be on disk. Whatever `work` raises: the write is not on disk.
        """
        loop = asyncio.get_running_loop()
        write = _Write(work, loop, loop.create_future())
        with self._changing:
            if self._closed:
                raise LedgerError("the ledger is closed")
            if self._thread is None:  # started by the first write
                self._thread = threading.Thread(target=self._serve, name="ledger writer", daemon=True)
                self._thread.start()
            self._waiting.put(write)
        return await write.answered

    def close(self) -> None:
        """Execute the waiting writes, then close the connection and end the thread."""
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
        self._stop()

    def _carry_out(self, writes: Sequence[_Write[Connection]]) -> list[_Answer]:
        """Execute these writes in one transaction."""
        while True:
            with suppress(RolledBack):
                return self._carried_out(writes)

    def _carried_out(self, writes: Sequence[_Write[Connection]]) -> list[_Answer]:
        answers: list[_Answer] = []
        begun = False
        try:
            with self._transaction() as connection:
                begun = True
                answers.extend(_answer(write, connection) for write in writes)
        except RolledBack:
            raise
        except Exception as error:  # noqa: BLE001 - handed to the waiting callers
            # A failed statement may leave half of its write behind or end the transaction, so the batch is rolled back and each
            # write is executed alone, where it can only fail with its own error. If BEGIN or COMMIT fails, it fails for all.
            if begun and len(answers) < len(writes) > 1:
                return [answer for write in writes for answer in self._carry_out([write])]
            return [_Answer(write, error=_copied(error)) for write in writes]
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
        """Resolve the caller's future, in its event loop, unless the caller was cancelled."""
        if self.write.answered.done():
            return
        if self.error:
            self.write.answered.set_exception(self.error)
        else:
            self.write.answered.set_result(self.result)


def _copied(error: Exception) -> Exception:
    """Return the same error for one more caller. Its class is not called: the arguments that it takes are not known."""
    copied = type(error).__new__(type(error), *error.args)
    copied.args, copied.__cause__ = error.args, error.__cause__
    copied.__dict__.update(error.__dict__)
    return copied


def _answer(write: _Write[Connection], connection: Connection) -> _Answer:
    try:
        return _Answer(write, write.work(connection))
    except _REFUSALS as error:
        return _Answer(write, error=error)


def _deliver(answers: Sequence[_Answer]) -> None:
    """Wake each event loop once, however many of its callers have an answer."""
    of_loop: defaultdict[asyncio.AbstractEventLoop, list[_Answer]] = defaultdict(list)
    for answer in answers:
        of_loop[answer.write.loop].append(answer)
    for loop, its_own in of_loop.items():
        with suppress(RuntimeError):  # the loop is closed: its callers are gone
            loop.call_soon_threadsafe(_give, its_own)


def _give(answers: Sequence[_Answer]) -> None:
    for answer in answers:
        answer.give()
