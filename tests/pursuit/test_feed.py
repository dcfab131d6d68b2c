"""The events of a run for several readers: each reads all of them, in order, with the same numbers."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

from onbrief.brief import Brief
from onbrief.events import Event, PromptChosen, RunEnded
from onbrief.pursuit.feed import Feed
from onbrief.record import Models, Run

RUN = Run(run_id="r", seed=1, brief=Brief(text="a circle"), models=Models("a:", "b:", "c:"), started="2026-11-28T10:00:00Z")


async def numbers(feed: Feed, after: int = -1) -> list[int]:
    async with aclosing(feed.read(after)) as events:
        return [event.number async for event in events]


def test_events_are_numbered_in_the_order_in_which_they_are_published() -> None:
    async def go() -> list[Event]:
        feed = Feed()
        return [feed.publish(PromptChosen(RUN)), feed.publish(PromptChosen(RUN)), feed.publish(RunEnded(RUN))]

    assert [event.number for event in asyncio.run(go())] == [0, 1, 2]


def test_every_reader_sees_every_event_whenever_it_begins() -> None:
    async def go() -> list[list[int]]:
        feed = Feed()
        early = asyncio.create_task(numbers(feed))
        await asyncio.sleep(0)
        feed.publish(PromptChosen(RUN))
        await asyncio.sleep(0)
        feed.publish(PromptChosen(RUN))
        between = asyncio.create_task(numbers(feed))
        feed.publish(RunEnded(RUN))
        feed.close()
        return [await early, await between, await numbers(feed)]

    assert asyncio.run(go()) == [[0, 1, 2]] * 3


def test_a_reader_that_was_disconnected_continues_after_the_last_event_that_it_read() -> None:
    async def go() -> tuple[list[int], list[int]]:
        feed = Feed()
        for _ in range(4):
            feed.publish(PromptChosen(RUN))
        feed.close()
        return await numbers(feed, after=1), await numbers(feed, after=3)

    assert asyncio.run(go()) == ([2, 3], [])


def test_a_reader_that_leaves_affects_no_other() -> None:
    async def go() -> list[int]:
        feed = Feed()
        staying = asyncio.create_task(numbers(feed))
        leaving = asyncio.create_task(numbers(feed))
        await asyncio.sleep(0)
        leaving.cancel()
        feed.publish(RunEnded(RUN))
        feed.close()
        return await staying

    assert asyncio.run(go()) == [0]
