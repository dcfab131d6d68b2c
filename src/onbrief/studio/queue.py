"""Work on a queue, several items at a time, for as long as it is wanted and paid for."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterable
from typing import Any, TypeVar

from onbrief.errors import OverBudget

T = TypeVar("T")
R = TypeVar("R")


async def worked_off(
    items: Iterable[T], work: Callable[[T], Coroutine[Any, Any, R]], at_once: int, wanted: Callable[[], bool]
) -> AsyncGenerator[R]:
    """Work on items in order, on up to `at_once` concurrently, and yield each result as it comes.

    `wanted` is asked before each item. Items are begun only while the next result is awaited. After an error, nothing is begun;
    what is in progress ends and is yielded first, because it is paid for. An item that does not fit into the budget waits: what
    is in progress may cost less than was reserved for it.
    """
    queue, working, error = deque(items), dict[asyncio.Task[R], T](), None
    try:
        while True:
            while queue and not error and len(working) < at_once and wanted():
                item = queue.popleft()
                working[asyncio.create_task(work(item))] = item
            if not working:
                break
            ended, _ = await asyncio.wait(working, return_when=asyncio.FIRST_COMPLETED)
            for task in ended:
                item = working.pop(task)
                match task.exception():
                    case None:
                        yield task.result()
                    case OverBudget() if working or len(ended) > 1:
                        queue.appendleft(item)
                        at_once = max(1, len(working))  # until there is money for more, and there will not be more
                    case raised:
                        error = error or raised
        if error:
            raise error
    finally:
        for task in working:
            task.cancel()
        await asyncio.gather(*working, return_exceptions=True)
