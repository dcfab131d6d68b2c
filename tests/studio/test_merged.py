from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import aclosing
from typing import Any, TypeVar

import pytest

from onbrief.studio.merged import merged

T = TypeVar("T")


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end, and check that no task is left."""

    async def watched() -> T:
        try:
            return await asyncio.wait_for(work, 60)
        finally:
            assert asyncio.all_tasks() == {asyncio.current_task()}

    return asyncio.run(watched())


class Source:
    """A generator that yields items as they are passed to it, and records how it ended."""

    def __init__(self) -> None:
        self.given: asyncio.Queue[str | Exception | None] = asyncio.Queue()
        self.started = asyncio.Event()
        self.finished = asyncio.Event()
        self.ended = ""

    async def items(self) -> AsyncGenerator[str]:
        self.started.set()
        try:
            while (item := await self.given.get()) is not None:
                if isinstance(item, Exception):
                    raise item
                yield item
        except asyncio.CancelledError:
            await asyncio.sleep(0)  # what it does at its end may take a while
            self.ended = "cancelled"
            raise
        except ValueError:
            self.ended = "failed"
            raise
        else:
            self.ended = "finished"
            self.finished.set()


def test_nothing_merged_is_nothing() -> None:
    async def go() -> list[str]:
        return [item async for item in merged(list[AsyncGenerator[str]]())]

    assert run(go()) == []


def test_items_come_in_the_order_in_which_they_are_yielded() -> None:
    async def go() -> None:
        one, two = Source(), Source()
        async with aclosing(merged([one.items(), two.items()])) as both:
            for source, item in ((two, "a"), (one, "b"), (two, "c"), (two, "d"), (one, "e")):
                source.given.put_nowait(item)
                assert await anext(both) == item
            one.given.put_nowait(None)
            two.given.put_nowait("f")
            assert await anext(both) == "f"
            two.given.put_nowait(None)
            assert [item async for item in both] == []
        assert (one.ended, two.ended) == ("finished", "finished")

    run(go())


def test_generators_run_on_while_their_items_are_not_consumed() -> None:
    async def go() -> None:
        source = Source()
        for item in ("a", "b", "c", None):
            source.given.put_nowait(item)
        items = merged([source.items()])
        first = await anext(items)
        await source.finished.wait()
        assert [first, *[item async for item in items]] == ["a", "b", "c"]

    run(go())


def test_an_error_is_raised_after_the_items_before_it_and_ends_the_others() -> None:
    async def go() -> None:
        one, two = Source(), Source()
        for item in ("a", "b", ValueError("no")):
            one.given.put_nowait(item)
        items = merged([one.items(), two.items()])
        assert [await anext(items), await anext(items)] == ["a", "b"]
        with pytest.raises(ValueError, match="no"):
            await anext(items)
        assert (one.ended, two.ended) == ("failed", "cancelled")

    run(go())


def test_of_several_errors_the_first_is_raised() -> None:
    async def go() -> None:
        one, two = Source(), Source()
        two.given.put_nowait(ValueError("first"))
        items = asyncio.create_task(anext(merged([one.items(), two.items()])))
        await two.started.wait()
        one.given.put_nowait(ValueError("second"))
        with pytest.raises(ValueError, match="first"):
            await items

    run(go())


def test_closing_cancels_all_generators_and_waits_for_them() -> None:
    async def go() -> None:
        sources = [Source() for _ in range(3)]
        items = merged([source.items() for source in sources])
        sources[1].given.put_nowait("a")
        assert await anext(items) == "a"
        await items.aclose()
        assert [source.ended for source in sources] == ["cancelled"] * 3

    run(go())


def test_cancelling_the_consumer_cancels_all_generators_and_waits_for_them() -> None:
    async def go() -> None:
        sources = [Source() for _ in range(3)]

        async def consume() -> None:
            async with aclosing(merged([source.items() for source in sources])) as items:
                async for _ in items:
                    pass

        consumer = asyncio.create_task(consume())
        for source in sources:
            await source.started.wait()
        consumer.cancel()
        with pytest.raises(asyncio.CancelledError):
            await consumer
        assert [source.ended for source in sources] == ["cancelled"] * 3

    run(go())


def test_what_was_not_started_is_not_run() -> None:
    async def go() -> None:
        source = Source()
        items = merged([source.items()])
        await items.aclose()
        assert not source.started.is_set()

    run(go())
