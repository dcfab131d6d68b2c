"""Asynchronous work for a caller that waits for it, in a script or a notebook, and what Ctrl-C does meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import signal
import sys
import threading
from collections.abc import Callable, Coroutine, Generator
from dataclasses import dataclass, field
from typing import Any, TypeVar

T = TypeVar("T")

_STOPPING = "stopping after the calls in progress, which are paid for; interrupt again to stop at once"


@dataclass(slots=True)
class Interrupts:
    """The interrupts (SIGINT) of one piece of work. The first calls `stop`, which lets calls in progress end; without a `stop`,
    and from the second on, the work is cancelled.
    """

    stop: Callable[[], None] | None = None
    count: int = 0
    _work: tuple[asyncio.AbstractEventLoop, asyncio.Task[Any]] | None = field(default=None, init=False)

    def begin(self) -> None:
        """Note the current task as the work to interrupt."""
        task = asyncio.current_task()
        assert task is not None
        self._work = (asyncio.get_running_loop(), task)
        if self.count:
            task.cancel()

    def interrupt(self, *_: object) -> None:
        """Interrupt the work, from a signal handler or another thread."""
        self.count += 1
        if self._work:
            with contextlib.suppress(RuntimeError):  # the work has ended, and its event loop is closed
                self._work[0].call_soon_threadsafe(self._react, self.count)

    def _react(self, number: int) -> None:
        assert self._work is not None
        if self.stop and number == 1:
            print(_STOPPING, file=sys.stderr, flush=True)
            self.stop()
        else:
            self._work[1].cancel()


def completed(work: Callable[[Interrupts], Coroutine[Any, Any, T]]) -> T:
    """Do asynchronous work and return its result: in a thread of its own if this thread runs an event loop.

    Raises:
        KeyboardInterrupt: the work was interrupted, and has ended.
    """
    interrupts = Interrupts()

    async def interruptible() -> T:
        interrupts.begin()
        return await work(interrupts)

    running = _runs_a_loop()
    with _handled(interrupts, running):
        try:
            result = _in_a_thread(interruptible, interrupts) if running else asyncio.run(interruptible())
        except asyncio.CancelledError:
            if interrupts.count:
                raise KeyboardInterrupt from None
            raise
    if interrupts.count:
        raise KeyboardInterrupt
    return result


def _in_a_thread(work: Callable[[], Coroutine[Any, Any, T]], interrupts: Interrupts) -> T:
    from concurrent.futures import Future, ThreadPoolExecutor

    ended: Future[T] | None = None
    with ThreadPoolExecutor(1) as thread:
        try:
            own = contextvars.copy_context()  # the caller's, which has the current span of a trace
            ended = thread.submit(own.run, lambda: asyncio.run(work()))
            return ended.result()
        except BaseException:
            if ended is None or not ended.done():  # raised by the caller's own handler of a signal, at any moment
                interrupts.interrupt()
            raise


@contextlib.contextmanager
def _handled(interrupts: Interrupts, running: bool) -> Generator[None]:
    """Let SIGINT interrupt the work.

    Python's own handler would raise KeyboardInterrupt anywhere in it. Those of event loops would do nothing before the loop of
    this thread runs again, when all is paid for. The handlers of other programs stay.
    """
    before = signal.getsignal(signal.SIGINT)
    ours = before is signal.default_int_handler or (running and _is_of_asyncio(before))
    if not ours or threading.current_thread() is not threading.main_thread():
        yield
        return
    signal.signal(signal.SIGINT, interrupts.interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _is_of_asyncio(handler: object) -> bool:
    return (getattr(getattr(handler, "func", handler), "__module__", None) or "").startswith("asyncio.")


def _runs_a_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
