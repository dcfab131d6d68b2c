"""One absolute deadline for a whole call of boto3, from the look-up of the host to the last byte of the body.

boto3's own timeouts are for a single read, so an answer that trickles in never ends, and the thread that reads it keeps the
process alive. Here each call knows its connection: when its time is up, or nobody waits for it any more, the connection is shut
down, the read fails, and the thread ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import threading
from collections.abc import AsyncGenerator, Callable, Generator
from contextvars import ContextVar, copy_context
from typing import Any, TypeVar, cast

from botocore.awsrequest import (
    AWSHTTPConnection,
    AWSHTTPConnectionPool,
    AWSHTTPSConnection,
    AWSHTTPSConnectionPool,
)

from onbrief.errors import Refused, Unknown

T = TypeVar("T")


class Call:
    """A call that may be in progress in another thread. `sent`: its request may have reached the service. `over`: it has ended,
    or nobody waits for it any more.
    """

    def __init__(self) -> None:
        self.sent = False
        self.over = False
        self._lines: list[tuple[_Cuttable, socket.socket]] = []

    def use(self, connection: _Cuttable, plug: socket.socket) -> None:
        """Register the connection that this call uses from now on.

        Raises:
            ConnectionAbortedError: the call is over, so nothing must be sent any more.
        """
        with _changing:
            if self.over:
                raise ConnectionAbortedError("the call is over")
            connection.call = self
            # A duplicate, because the layers above close and replace their own while the answer is still being read.
            self._lines.append((connection, socket.socket(fileno=os.dup(plug.fileno()))))

    def end(self, *, cut: bool) -> None:
        """End the call; with `cut`, shut its connections down, except those that another call uses by now."""
        with _changing:
            self.over = True
            for connection, line in self._lines:
                if cut and connection.call is self:
                    connection.dead = True
                    with contextlib.suppress(OSError):  # closed by the other side
                        line.shutdown(socket.SHUT_RDWR)
                line.close()
            self._lines.clear()


_changing = threading.Lock()
_current: ContextVar[Call | None] = ContextVar("call", default=None)


class _Cuttable:
    """What is added to botocore's connections."""

    call: Call | None = None
    dead = False

    def _new_conn(self) -> socket.socket:
        plug = cast("socket.socket", cast("Any", super())._new_conn())  # noqa: SLF001 - as urllib3's own subclasses do
        self.dead = False
        try:
            self._register(plug)
        except BaseException:
            plug.close()
            raise
        return plug

    def request(self, *arguments: object, **options: object) -> None:
        own = cast("Any", self)
        if self.dead:  # cut after it went back to the pool: connect again
            own.close()
        elif own.sock is not None:
            self._register(own.sock)
        cast("Any", super()).request(*arguments, **options)

    def send(self, str: object) -> None:  # noqa: A002 - the name of http.client
        own = cast("Any", self)
        if own.sock is None:
            own.connect()
        if call := _current.get():
            call.sent = True
        cast("Any", super()).send(str)

    def _register(self, plug: socket.socket) -> None:
        if call := _current.get():
            call.use(self, plug)


class _Connection(_Cuttable, AWSHTTPConnection):
    pass


class _SecureConnection(_Cuttable, AWSHTTPSConnection):
    pass


class _Pool(AWSHTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(AWSHTTPSConnectionPool):
    ConnectionCls = _SecureConnection


def make_cuttable(client: Any) -> None:
    """Give a new boto3 client connections that can be cut. botocore has no public way to choose them."""
    session = client._endpoint.http_session  # noqa: SLF001 - see above
    pools = {"http": _Pool, "https": _SecurePool}
    session._pool_classes_by_scheme = pools  # noqa: SLF001 - for proxies
    session._manager.pool_classes_by_scheme = pools  # noqa: SLF001


@contextlib.asynccontextmanager
async def within(seconds: float) -> AsyncGenerator[None]:
    """Give the call of boto3 that is awaited in this block, in whichever thread it runs, this many seconds in all.

    Raises:
        Refused: the time was up before anything was sent.
        Unknown: the time was up, and there is no complete answer.
    """
    with _calling() as call:
        try:
            async with asyncio.timeout(seconds):
                yield
        except TimeoutError:
            call.end(cut=True)
            if call.sent:
                raise Unknown(f"no complete answer within {seconds:g} seconds") from None
            raise Refused(f"no connection within {seconds:g} seconds") from None


def in_time(work: Callable[[], T], seconds: float) -> T:
    """Like `within`, for a thread: return what `work`, one call of boto3, returns.

    Raises:
        TimeoutError: the time was up. Whatever `work` raises.
    """
    with _calling() as call:
        timer = threading.Timer(seconds, call.end, kwargs={"cut": True})
        timer.daemon = True
        timer.start()
        try:
            answer = work()
        finally:
            timer.cancel()
        if call.over:  # the beginning of an answer can look like a whole one
            raise TimeoutError(f"no complete answer within {seconds:g} seconds")
        return answer


@contextlib.contextmanager
def _calling() -> Generator[Call]:
    """Make a call that the connections of this context register with. If it is cancelled, it is cut."""
    call = Call()
    token = _current.set(call)
    try:
        yield call
    except Exception:
        raise
    except BaseException:
        call.end(cut=True)
        raise
    finally:
        call.end(cut=False)
        _current.reset(token)


async def in_thread(work: Callable[[], T]) -> T:
    """Return what `work` returns in a thread of its own. Unlike the threads of an executor, the process does not wait for it
    when it ends: a look-up of a host cannot be cut.
    """
    loop = asyncio.get_running_loop()
    answered: asyncio.Future[T] = loop.create_future()
    context = copy_context()

    def deliver(result: T | None, error: BaseException | None) -> None:
        if answered.done():  # nobody waits any more
            return
        if error:
            answered.set_exception(error)
        else:
            answered.set_result(cast("T", result))

    def run() -> None:
        result, error = None, None
        try:
            result = context.run(work)
        except BaseException as raised:  # noqa: BLE001 - handed to the caller
            error = raised
        with contextlib.suppress(RuntimeError):  # the loop is closed: the caller is gone
            loop.call_soon_threadsafe(deliver, result, error)

    threading.Thread(target=run, name="bedrock", daemon=True).start()
    return await answered
