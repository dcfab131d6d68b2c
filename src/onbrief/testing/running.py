"""Run contract tests: each in a separate event loop, with plain asserts, without a plug-in of pytest."""

from __future__ import annotations

import asyncio
import math
import socket
import sys
import time
from collections.abc import Callable, Coroutine, Generator
from contextlib import contextmanager
from functools import wraps
from types import FrameType
from typing import Any, TypeVar

S = TypeVar("S")
_SOCKET_WAITS = frozenset({"connect", "recv", "recv_into", "sendall", "accept"})


def in_loop(test: Callable[[S], Coroutine[Any, Any, None]]) -> Callable[[S], None]:
    """Turn an async test method into a plain one, which pytest and unittest can run."""

    @wraps(test)
    def run(self: S) -> None:
        asyncio.run(test(self))

    return run


@contextmanager
def raises(*errors: type[BaseException]) -> Generator[None]:
    """Check that the block raises one of these errors."""
    try:
        yield
    except errors:
        return
    raise AssertionError(f"nothing was raised; expected {' or '.join(error.__name__ for error in errors)}")


@contextmanager
def blocking_calls() -> Generator[list[str]]:
    """Collect each call in this thread that blocks: `time.sleep`, name resolution, blocking sockets.

    It does not measure time, so it does not detect long computations.
    """
    found: list[str] = []

    def look(frame: FrameType, event: str, function: Any) -> None:
        if event != "c_call":
            return
        name, owner = getattr(function, "__name__", ""), getattr(function, "__self__", None)
        waits = (
            function is time.sleep
            or (name == "getaddrinfo" and getattr(function, "__module__", "") == "_socket")
            or (name in _SOCKET_WAITS and isinstance(owner, socket.socket) and owner.gettimeout() != 0)
        )
        if waits:
            found.append(f"{name} in {frame.f_code.co_filename}:{frame.f_lineno}")

    before = sys.getprofile()
    sys.setprofile(look)
    try:
        yield found
    finally:
        sys.setprofile(before)


def require_cost(usd: float | None, price: float | None) -> None:
    """Check that the cost of a call is unknown, or an amount within the price."""
    if usd is not None:
        assert math.isfinite(usd), usd
        assert usd >= 0, usd
        assert price is None or usd <= price + 1e-9, f"the call cost {usd}, more than the price {price}"
