"""Turns of calls on a clock that tests move: a limit is obeyed to the second, and its minute passes in milliseconds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from onbrief.events import RunEnded
from onbrief.ledger.rates import Rates
from onbrief.ports import Noted, Turn
from onbrief.pursuit import Order, Workspace, open_pursuit
from onbrief.record import Run

_MOMENT = 0.001  # seconds; how long a call really waits before it asks again


@dataclass
class Clock:
    """A clock that stands still until it is moved: for servers and for rates."""

    now: float = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Moving:
    """Turns of `rates` whose clock moves as soon as all calls wait, so that nobody waits in earnest. Implements ports.Turns.

    `waited` are the seconds that its clock has moved. `sent` is when each call was sent, and `refused` how many had been sent
    before each refusal that speaks of a limit.
    """

    rates: Rates
    clock: Clock
    waited: float = 0.0
    sent: list[float] = field(default_factory=list[float])
    refused: list[int] = field(default_factory=list[int])
    _flying: set[str] = field(default_factory=set[str])

    @classmethod
    def fresh(cls) -> Moving:
        """Return turns that know no limit yet, with a clock of their own."""
        clock = Clock()
        return cls(Rates(clock=clock), clock)

    async def take(
        self, model: str, ticket: str = "", kind: str = "", tokens: int = 0, wake: Callable[[], None] | None = None
    ) -> Turn | None:
        await asyncio.sleep(0)
        turn = self.rates.take(model, ticket, kind, tokens, wake)
        if turn is None:  # from now on, not only when it is sent: until then, the call is written down
            self._flying.add(ticket)
            return None
        if not self._flying:
            step = min(turn.seconds, 1.0)
            self.clock.now += step
            self.waited += step
        return Turn(_MOMENT, turn.reason, turn.asked)

    async def pause(self, model: str, seconds: float) -> None:
        self.rates.pause(model, seconds)

    def note(self, model: str, ticket: str, what: Noted, kind: str = "") -> None:
        if what.state == "sent":
            self.sent.append(self.clock.now)
        else:
            self._flying.discard(ticket)
        if what.limited:
            self.refused.append(len(self.sent))
        self.rates.note(model, ticket, what, kind)


async def pursued(order: Order, turns: Moving) -> Run:
    """Pursue an order whose calls take these turns, and return how it ended."""
    with Workspace.open(order.settings) as workspace:
        workspace.rates = turns
        async with open_pursuit(order, workspace=workspace) as pursuit:
            *_, last = [event async for event in pursuit.events()]
    assert isinstance(last, RunEnded)
    return last.run
