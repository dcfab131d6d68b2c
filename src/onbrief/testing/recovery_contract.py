"""Tests that every image model must pass that can find a lost picture, to inherit; see `onbrief.testing`."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import ClassVar, Literal, get_args

from onbrief.brief import Size
from onbrief.errors import Blocked, Unknown
from onbrief.pictures import inspect
from onbrief.ports import Found, NotThere, Pending, Picture, Recovers, Recovery, Sent
from onbrief.ports.recovery import Answer
from onbrief.record import Prompt
from onbrief.testing.running import in_loop, raises

Trouble = Literal["none", "lost", "filtered", "slow"]
"""What the stand-in does with the calls that come: nothing wrong; it makes their picture, but the answer that would bring it is
lost; a filter objects to them; it works on them for at least a minute.
"""
LOOKS = 200
"""How often a picture that is still being made, or whose trace is late, is looked for."""


class RecoveryContract:
    """The tests of every image model that can find a lost picture. Override `model` and `disturb`, and `sent` if possible.

    `distinguishes` is False if the service keeps nothing of ours beside the request itself: two equal requests cannot be told
    apart, and only requests that differ are.
    """

    prompt: ClassVar[Prompt] = Prompt(0, "a red circle left of a blue square", "", "the brief")
    size: ClassVar[Size] = (1024, 1024)
    distinguishes: ClassVar[bool] = True

    def model(self) -> Recovers:
        """Return a new model, as a new process would make it. Its calls are really made: return one that is connected to a
        stand-in.
        """
        raise NotImplementedError("a contract test needs a method `model` that makes the model under test")

    def disturb(self, trouble: Trouble) -> bool:
        """Let the stand-in treat all calls like this from now on, and return whether it can. "lost" is the loss after which the
        picture must be found: where a service is asked for the picture after its first reply, that reply arrives.
        """
        raise NotImplementedError("a contract test needs a method `disturb` that changes the stand-in")

    def sent(self) -> int | None:
        """Return how many calls the stand-in has charged for; None if it does not count them."""
        return None

    def test_it_says_how_it_finds_pictures(self) -> None:
        model = self.model()
        assert isinstance(model, Recovers)
        assert model.recovery in get_args(Recovery)

    @in_loop
    async def test_a_picture_that_was_lost_is_found_and_paid_for_once(self) -> None:
        before = self.sent()
        sent = await self._lost(1)
        found = await self._found(sent)
        inspect(found.data)
        assert (await self._found(sent)).data == found.data, "a second look finds another picture"
        self._require_sent(before, 1)

    @in_loop
    async def test_a_picture_that_arrived_is_found_with_the_same_bytes(self) -> None:
        assert self.disturb("none")
        drawn, sent = await self._drawn(2)
        assert (await self._found(sent, 2)).data == drawn.data

    @in_loop
    async def test_a_try_that_never_arrived_is_never_found(self) -> None:
        assert self.disturb("none")
        before = self.sent()
        self._require_unfound(await self._looked(Sent.once(), 3))
        self._require_sent(before, 0)

    @in_loop
    async def test_two_tries_are_never_confused(self) -> None:
        assert self.disturb("none")
        seed = 4 if self.distinguishes else 5
        (_, first), never = await self._drawn(4), Sent.once()
        self._require_unfound(await self._looked(never, seed))
        drawn, second = await self._drawn(seed)
        assert first.id != second.id
        assert (await self._found(second, seed)).data == drawn.data
        self._require_unfound(await self._looked(never, 6 if not self.distinguishes else seed))

    @in_loop
    async def test_a_call_that_was_filtered_raises_that(self) -> None:
        if not self.disturb("filtered"):
            return
        noted, sent = list[str](), Sent.once()
        with raises(Blocked, Unknown):
            await self.model().generate_as(sent, _into(noted), self.prompt, self.size, 7)
        self.disturb("none")
        with raises(Blocked):
            await self._found(_with(sent, noted), 7)

    @in_loop
    async def test_a_picture_that_is_being_made_is_pending(self) -> None:
        if not self.disturb("slow"):
            return
        noted, sent, began = list[str](), Sent.once(), self.sent()
        call = asyncio.ensure_future(self.model().generate_as(sent, _into(noted), self.prompt, self.size, 8))
        try:
            answer: Answer = NotThere("nothing was asked yet")
            for _ in range(LOOKS):
                if noted or began is None or self.sent() != began:
                    answer = await self.model().find(_with(sent, noted), self.prompt, self.size, 8)
                if isinstance(answer, Pending) or call.done():
                    break
                await asyncio.sleep(0.05)
        finally:
            call.cancel()
            await asyncio.gather(call, return_exceptions=True)
        assert isinstance(answer, Pending), f"expected Pending while the service works, not {answer!r}"
        assert math.isfinite(answer.seconds), answer
        assert answer.seconds >= 0, answer

    @in_loop
    async def test_a_handle_that_cannot_be_written_down_ends_the_call(self) -> None:
        """What was not noted cannot be found by a later process: the error of the ledger must not be swallowed."""
        assert self.disturb("none")

        async def broken(handle: str) -> None:
            raise _DiskIsFullError

        noted = list[str]()
        await self.model().generate_as(Sent.once(), _into(noted), self.prompt, self.size, 9)
        if noted:
            with raises(_DiskIsFullError):
                await self.model().generate_as(Sent.once(), broken, self.prompt, self.size, 9)
        assert noted or self.model().recovery != "first reply", "the id of the first reply must be written down"

    @in_loop
    async def test_plain_generate_is_the_same_without_a_way_back(self) -> None:
        assert self.disturb("none")
        before = self.sent()
        inspect((await self.model().generate(self.prompt, self.size, 10)).data)
        self._require_sent(before, 1)

    async def _drawn(self, seed: int) -> tuple[Picture, Sent]:
        noted, sent = list[str](), Sent.once()
        drawn = await self.model().generate_as(sent, _into(noted), self.prompt, self.size, seed)
        return drawn, _with(sent, noted)

    async def _lost(self, seed: int) -> Sent:
        """Return a try whose answer was lost, with the handle that was noted before."""
        assert self.disturb("lost"), "the stand-in must be able to lose an answer"
        noted, sent = list[str](), Sent.once()
        with raises(Unknown):
            await self.model().generate_as(sent, _into(noted), self.prompt, self.size, seed)
        self.disturb("none")
        return _with(sent, noted)

    async def _looked(self, sent: Sent, seed: int) -> Answer:
        """Look once, with a model that knows nothing of the call."""
        before = self.sent()
        answer = await self.model().find(sent, self.prompt, self.size, seed)
        self._require_sent(before, 0)
        return answer

    async def _found(self, sent: Sent, seed: int = 1) -> Picture:
        """Look until the picture is there."""
        answer: Answer = NotThere("it was not looked for")
        for _ in range(LOOKS):
            answer = await self._looked(sent, seed)
            if not isinstance(answer, Pending):
                break
            await asyncio.sleep(min(answer.seconds, 0.05))
        assert isinstance(answer, Found), f"expected the picture, not {answer!r}"
        return answer.picture

    def _require_unfound(self, answer: Answer) -> None:
        assert not isinstance(answer, Found), "a picture was found for a call that was never sent"

    def _require_sent(self, before: int | None, expected: int) -> None:
        after = self.sent()
        if before is not None and after is not None:
            assert after - before == expected, f"{after - before} calls were paid for, not {expected}"


class _DiskIsFullError(Exception):
    """What a ledger raises that cannot write."""


def _into(noted: list[str]) -> Callable[[str], Awaitable[None]]:
    async def note(handle: str) -> None:
        assert handle, "an empty handle finds nothing"
        noted.append(handle)

    return note


def _with(sent: Sent, noted: list[str]) -> Sent:
    return replace(sent, handle=noted[-1]) if noted else sent
