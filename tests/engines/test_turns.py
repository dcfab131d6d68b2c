"""Turns of calls in several processes: what workers may send without asking, and what one teaches the others."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from onbrief.engines.turns import Desk, DeskTurns
from onbrief.ledger.rates import Rates
from onbrief.ports import Noted, RateLimit, Turn

MODEL = "sandbox:sdxl"


@dataclass
class Office:
    """A desk and its workers, between which messages wait until `pass_on`."""

    limits: dict[str, RateLimit] = field(default_factory=dict[str, RateLimit])
    now: float = 0.0
    messages: deque[tuple[Callable[[Any], None], Any]] = field(default_factory=deque[tuple[Callable[[Any], None], Any]])
    taken: int = 0

    def __post_init__(self) -> None:
        self.rates = Rates(clock=lambda: self.now, limits=self.limits)
        self.desk = Desk(self.rates)

    def worker(self) -> tuple[DeskTurns, Callable[[], None]]:
        """A new worker, and what tells the desk that it has died."""
        turns = DeskTurns(lambda message: self.messages.append((seat.receive, message)))
        seat = self.desk.seat(lambda message: self.messages.append((turns.receive, message)))
        return turns, seat.leave

    def pass_on(self) -> int:
        """Deliver all messages, and return how many there were."""
        number = 0
        while self.messages:
            receive, message = self.messages.popleft()
            receive(message)
            number += 1
        return number

    async def take(self, turns: DeskTurns, wake: Callable[[], None] | None = None) -> Turn | None:
        """Ask for the turn of a new call."""
        self.taken += 1
        answer = turns.take(MODEL, f"run/call-{self.taken}#0", "image", 0, wake)
        if isinstance(answer, asyncio.Future):
            self.pass_on()
            return await answer
        return answer


def test_calls_of_a_model_without_a_limit_ask_once_and_are_all_counted() -> None:
    async def go() -> None:
        office = Office()
        workers = [office.worker()[0] for _ in range(2)]
        for turns in workers * 5:
            assert await office.take(turns) is None
        assert len(office.messages) == 2 * 4  # one each to say so, and no answer
        workers[0].note(MODEL, "run/call-1#0", Noted(state="refused", limited=True, wait=30.0), "image")
        assert isinstance(workers[0].take(MODEL, "run/next#0"), asyncio.Future)  # whoever was refused asks at once
        assert await office.take(workers[1]) is None  # was on its way to the service before the refusal was known
        office.pass_on()
        limit = office.rates.limit(MODEL)
        assert limit is not None
        assert 9 <= limit.rates[0].most <= 20  # nine calls were accepted, in what can be half a minute
        for turns in workers:
            assert await office.take(turns) is not None

    asyncio.run(go())


@pytest.mark.parametrize("dies", [False, True])
def test_a_call_that_waits_is_woken_when_a_call_of_another_worker_ends_or_its_worker_dies(dies: bool) -> None:
    async def go() -> None:
        office = Office({MODEL: RateLimit(at_once=1)})
        (one, die), (other, _) = office.worker(), office.worker()
        woken = asyncio.Event()
        assert await office.take(one) is None
        assert await office.take(other, woken.set) is not None
        if dies:
            die()
        else:
            one.note(MODEL, "run/call-1#0", Noted(state="done"), "image")
        office.pass_on()
        assert woken.is_set()
        again = other.take(MODEL, "run/call-2#0", "image")
        assert isinstance(again, asyncio.Future)
        office.pass_on()
        assert await again is None

    asyncio.run(go())


def test_no_call_is_sent_when_the_parent_has_gone() -> None:
    async def go() -> None:
        turns, _ = Office().worker()
        waiting = turns.take(MODEL, "run/one#0")
        assert isinstance(waiting, asyncio.Future)
        turns.leave()
        assert isinstance(await waiting, Turn)
        assert isinstance(turns.take(MODEL, "run/two#0"), Turn)

    asyncio.run(go())
