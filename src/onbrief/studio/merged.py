"""Several asynchronous generators as one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from typing import TypeVar

T = TypeVar("T")


async def merged(generators: Iterable[AsyncGenerator[T]]) -> AsyncGenerator[T]:
    """Run generators at once and yield their items as they come; each runs on without waiting for its items to be consumed.

    The first error of a generator is raised after the items that came before it, and ends the others. Ending, whether by an
    error, by closing this generator or by cancelling its consumer, cancels all generators that still run and waits until
    they are closed.
    """
    arrived: asyncio.Queue[tuple[T] | asyncio.Task[None]] = asyncio.Queue()

    async def drain(generator: AsyncGenerator[T]) -> None:
        async with aclosing(generator):
            async for item in generator:
                arrived.put_nowait((item,))

    tasks = [asyncio.create_task(drain(generator)) for generator in generators]
    for task in tasks:
        task.add_done_callback(arrived.put_nowait)
    try:
        running = len(tasks)
        while running:
            match await arrived.get():
                case asyncio.Task() as ended:
                    running -= 1
                    ended.result()  # raises the generator's error
                case (item,):
                    yield item
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
