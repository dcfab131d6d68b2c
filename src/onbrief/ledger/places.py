"""The places of one run's calls in the queues of their models."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar, cast

from onbrief.errors import CallError, Refused
from onbrief.ports import Call, Noted, Tokens, Turn, Turns, listening

T = TypeVar("T")


class Place:
    """The place of a call that waits for its turn. `woken` is set when it should ask again at once."""

    def __init__(self, turns: Turns | None, call: Call, ticket: str) -> None:
        self.woken = asyncio.Event()
        self.waits = False
        self._turns, self._call, self._ticket = turns, call, ticket

    async def ask(self) -> Turn | None:
        """See Turns.take."""
        if self._turns is None:
            return None
        self.woken.clear()
        turn = await _of(self._turns.take(self._call.model, self._ticket, self._call.kind, 0, self.woken.set))
        self.waits = turn is not None
        return turn


class Places:
    """The calls of one run among those of all runs that share `turns`; without these, none waits."""

    def __init__(self, turns: Turns | None, run_id: str) -> None:
        self._turns, self._run_id = turns, run_id
        self._places: set[Place] = set()

    def wake(self) -> None:
        """Let all calls that wait ask again."""
        for place in self._places:
            place.woken.set()

    @asynccontextmanager
    async def place(self, call: Call, number: int) -> AsyncGenerator[Place]:
        """Give this try of a call a place, which it leaves if its turn does not come in the block."""
        place = Place(self._turns, call, self._ticket(call, number))
        self._places.add(place)
        try:
            yield place
        finally:
            self._places.discard(place)
            if place.waits:
                await self._note(call, number, Noted(state="left"))

    @asynccontextmanager
    async def sending(self, call: Call, number: int) -> AsyncGenerator[Callable[[Tokens], None]]:
        """Note that this try is sent in the block, and what becomes of it. The function that is yielded takes the tokens that
        its answer says it used.
        """
        if self._turns is None:
            yield lambda tokens: None
            return
        used = 0

        def use(tokens: Tokens) -> None:
            nonlocal used
            used = tokens.input + tokens.output

        await self._note(call, number, Noted(state="sent"))
        ended = Noted(state="done")
        with listening() as heard:
            try:
                yield use
            except Refused as error:
                if error.retry_after:
                    await _of(self._turns.pause(call.model, error.retry_after))
                ended = Noted(state="refused", limited=error.limited, wait=error.retry_after)
                raise
            except CallError as error:
                use(error.tokens)
                raise
            finally:
                tokens, allowances = used or heard.tokens, tuple(heard.allowances)
                about = Noted(state=ended.state, tokens=tokens, limited=ended.limited, wait=ended.wait, heard=allowances)
                await self._note(call, number, about)

    async def give_back(self, call: Call, number: int) -> None:
        """Note that a try whose turn it was is not sent."""
        await self._note(call, number, Noted(state="left"))

    async def _note(self, call: Call, number: int, what: Noted) -> None:
        if self._turns is not None:
            await _of(self._turns.note(call.model, self._ticket(call, number), what, call.kind))

    def _ticket(self, call: Call, number: int) -> str:
        return f"{self._run_id}/{call.key}#{number}"


async def _of(given: T | Awaitable[T]) -> T:
    return await given if inspect.isawaitable(given) else cast("T", given)
