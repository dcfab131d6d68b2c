"""The events of one run, for any number of readers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace

from onbrief.events import Event


class Feed:
    """Numbers the events of a run and keeps them, so that a reader can begin at any of them and miss none.

    All readers belong to the event loop of the run.
    """

    def __init__(self) -> None:
        self._events: list[Event] = []
        self._changed = asyncio.Event()
        self._closed = False

    def publish(self, event: Event) -> Event:
        """The event with its number, once every reader can see it."""
        numbered = replace(event, number=len(self._events))
        self._events.append(numbered)
        self._wake()
        return numbered

    def close(self) -> None:
        """No event follows: readers end."""
        self._closed = True
        self._wake()

    async def read(self, after: int = -1) -> AsyncGenerator[Event]:
        """The events behind number `after`, those of the past at once and the others as they come, until the run has ended."""
        at = after + 1
        while True:
            changed = self._changed
            while at < len(self._events):
                yield self._events[at]
                at += 1
            if self._closed:
                return
            if changed is self._changed:  # nothing came while the reader was away
                await changed.wait()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
