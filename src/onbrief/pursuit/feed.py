"""The events of one run, for any number of readers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace

from onbrief.events import CallTry, Event


class Feed:
    """Numbers and keeps the events of a run, so that a reader can start at any event and misses none.

    All readers must run in the event loop of the run.
    """

    def __init__(self) -> None:
        self._events: list[Event] = []
        self._changed = asyncio.Event()
        self._closed = False

    def publish(self, event: Event, calls: tuple[CallTry, ...] = ()) -> Event:
        """Number an event, add the calls that have ended before it, make it available to all readers, and return it."""
        numbered = replace(event, number=len(self._events), calls=calls or event.calls)
        self._events.append(numbered)
        self._wake()
        return numbered

    def close(self) -> None:
        """End all readers once they have read the last event."""
        self._closed = True
        self._wake()

    async def read(self, after: int = -1) -> AsyncGenerator[Event]:
        """Yield the events after number `after`: past ones at once, later ones as they happen, until the feed is closed."""
        at = after + 1
        while True:
            changed = self._changed
            while at < len(self._events):
                yield self._events[at]
                at += 1
            if self._closed:
                return
            if changed is self._changed:  # no event was published while the consumer was busy
                await changed.wait()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
