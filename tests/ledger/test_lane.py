"""The queue of a model and what its refusals teach, on a virtual clock: against a service with a window that slides."""

from __future__ import annotations

import heapq
import math
import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from random import Random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from onbrief.ledger.rates import Rates
from onbrief.ports import ASK_AGAIN, Allowance, Noted, Rate, RateLimit
from onbrief_sandbox.server.limits import Decided, Limits, exceeded

MODEL = "p:m"


@dataclass(frozen=True, slots=True)
class Named:
    def fits(self, pattern: str) -> bool:
        return pattern == "*"


@dataclass
class World:
    """Runs that call one model, one call after the other, at a service with this limit. Times are seconds."""

    limit: str
    known: str = ""
    runs: int = 64
    hints: bool = True  # whether a refusal says how long to wait
    latency: tuple[float, float] = (2.0, 6.0)
    network: tuple[float, float] = (0.005, 0.15)
    late: float = 0.02  # the most by which a run wakes late
    stall: float = 0.0  # by how much calls of the first five seconds arrive later
    seed: int = 1
    tokens: int = 0  # of each call
    now: float = 0.0
    sent: int = 0
    asked: int = 0
    refused: list[float] = field(default_factory=list[float])
    served: list[str] = field(default_factory=list[str])

    def __post_init__(self) -> None:
        limits = {MODEL: RateLimit.parse(self.known)} if self.known else {}
        self.rates = Rates(limits=limits, clock=lambda: self.now)
        self.service = Limits({"*": RateLimit.parse(self.limit)} if self.limit else {})
        self.draw = Random(self.seed)  # noqa: S311 - the same one each time
        self.events: list[tuple[float, int, Callable[[], None]]] = []
        self.numbers = count()

    def at(self, seconds: float, act: Callable[[], None]) -> None:
        heapq.heappush(self.events, (self.now + seconds, next(self.numbers), act))

    def go(self, minutes: float, calls: int | None = None) -> World:
        """Let all runs call from the start, each `calls` times or until the end."""
        for run in range(self.runs):
            self.at(0.0, lambda run=run: self.want(run, 0, 0, calls))
        while self.events and self.events[0][0] < minutes * 60:
            at, _, act = heapq.heappop(self.events)
            self.now = max(self.now, at)
            act()
        return self

    def want(self, run: int, call: int, number: int, calls: int | None) -> None:
        if call == calls:
            return
        self.asked += 1
        ticket = f"{run}/{call}#{number}"
        turn = self.rates.take(MODEL, ticket, "image", 0)
        if turn:
            wait = min(turn.seconds, ASK_AGAIN) + self.draw.uniform(0, self.late)
            self.at(wait, lambda: self.want(run, call, number, calls))
        else:
            self.at(self.draw.uniform(0.001, 0.02), lambda: self.send(run, call, number, calls))

    def send(self, run: int, call: int, number: int, calls: int | None) -> None:
        ticket = f"{run}/{call}#{number}"
        self.sent += 1
        self.rates.note(MODEL, ticket, Noted(state="sent"), "image")

        def arrive() -> None:
            late = exceeded(self.service.take(Named(), "", self.tokens, lambda: self.now, "m"))
            wait = float(math.ceil(late.wait)) if late and self.hints else None
            if late:
                self.at(self.draw.uniform(*self.network), lambda: refuse(wait))
            else:
                self.served.append(ticket)
                self.at(self.draw.uniform(*self.latency), done)

        def refuse(wait: float | None) -> None:
            self.refused.append(self.now)
            if wait:
                self.rates.pause(MODEL, wait)
            self.rates.note(MODEL, ticket, Noted(state="refused", limited=True, wait=wait), "image")
            self.at(wait or self.draw.uniform(0, 1), lambda: self.want(run, call, number + 1, calls))

        def done() -> None:
            self.rates.note(MODEL, ticket, Noted(state="done", tokens=self.tokens), "image")
            self.want(run, call + 1, 0, calls)

        self.at(self.draw.uniform(*self.network) + (self.stall if self.now < 5 else 0.0), arrive)

    @property
    def accepted(self) -> list[float]:
        return [call.at for call in self.service.log if call.accepted]

    def minute(self, number: int) -> tuple[int, int]:
        """How many calls were accepted in a minute, and how many refused."""
        low, high = 60 * number, 60 * number + 60
        return sum(low <= at < high for at in self.accepted), sum(low <= at < high for at in self.refused)


def most_within(seconds: float, times: Sequence[float]) -> int:
    return max((sum(at - seconds < other <= at for other in times) for at in times), default=0)


@pytest.mark.parametrize("late", [0.02, 0.3])
def test_a_known_limit_is_used_up_and_not_once_exceeded(late: float) -> None:
    world = World("600/min", "600 requests", late=late).go(3)
    assert [world.minute(n)[0] >= 0.97 * 600 for n in range(3)] == [True] * 3
    assert world.refused == []
    assert most_within(1.0, world.accepted) <= 15  # a limit a second may hide in it
    assert world.asked < 4 * world.sent


@pytest.mark.parametrize("latency", [(0.001, 0.05), (0.3, 0.6)])
def test_calls_that_arrive_late_are_counted_as_late_as_their_answers_show(latency: tuple[float, float]) -> None:
    world = World("600/min", "600 requests", stall=2.0, latency=latency).go(3)
    assert world.refused == []
    assert [world.minute(n)[0] >= 0.97 * 600 for n in range(3)] == [True] * 3


@pytest.mark.parametrize("hints", [True, False])
@pytest.mark.parametrize(("limit", "runs"), [("600/min", 64), ("50/min", 64), ("5/min", 8)])
def test_a_limit_that_is_not_known_is_learnt_in_the_first_minute(limit: str, runs: int, *, hints: bool) -> None:
    world, most = World(limit, runs=runs, hints=hints).go(3), RateLimit.parse(limit).rates[0].most
    assert world.minute(0)[1] in range(1, runs + 1)
    assert [world.minute(n) >= (0.97 * most, 0) for n in range(3)] == [True] * 3
    assert not hints or [world.minute(n)[1] for n in (1, 2)] == [0, 0]


def test_a_limit_a_second_is_learnt_though_far_fewer_were_accepted_in_the_minute() -> None:
    world = World("10/second", runs=64).go(2)
    assert min(world.minute(0)[0], world.minute(1)[0]) > 400
    assert len(world.refused) < 64


def test_a_limit_a_second_that_hides_in_the_known_one_leads_to_few_refusals() -> None:
    world = World("600/min, 12/second", "600/min").go(4)
    assert len(world.refused) <= 8
    assert min(world.minute(n)[0] for n in range(4)) > 480


def test_more_is_tried_after_a_calm_time_and_a_limit_that_is_still_there_costs_few_refusals() -> None:
    lowered = World("100/min", "600/min", runs=32).go(40)
    assert len(lowered.refused) - lowered.minute(0)[1] <= 8
    lifted = World("100/min", runs=32).go(3)
    lifted.service = Limits()
    lifted.events.clear()
    lifted.now += 1.0
    for run in range(64):
        lifted.want(1000 + run, 0, 0, None)
    before = lifted.sent
    while lifted.events[0][0] < 40 * 60:
        lifted.now, _, act = heapq.heappop(lifted.events)
        act()
    assert lifted.sent - before > 2 * 100 * 37


@pytest.mark.parametrize("tokens", [100, 9000])
def test_tokens_are_reserved_by_the_average_of_the_calls_before(tokens: int) -> None:
    world = World("100000 tokens/min", "100000 tokens/min", tokens=tokens, runs=300, latency=(0.2, 0.5)).go(4)
    used = [world.minute(n)[0] * tokens for n in range(1, 4)]
    assert min(used) >= 0.9 * 100_000 - tokens
    assert len(world.refused) <= 30  # of the first ones, whose size is not known


def test_calls_in_progress_are_limited_and_the_next_one_is_woken_when_one_ends() -> None:
    now, woken = 0.0, list[str]()
    rates = Rates(limits={"p:*": RateLimit.parse("2 at once")}, clock=lambda: now)
    assert [rates.take(f"p:{n}", f"{n}#0") for n in (1, 2)] == [None, None]
    turns = [rates.take(f"p:{n}", f"{n}#0", wake=lambda n=n: woken.append(f"{n}#0")) for n in (3, 4)]
    assert [turn.reason for turn in turns if turn] == ["p:* is limited to 2 requests at once"] * 2
    rates.note("p:1", "1#0", Noted(state="done"))
    assert woken == ["3#0"]
    assert rates.take("p:4", "4#0") is not None  # 3 comes first
    assert rates.take("p:3", "3#0") is None
    rates.note("p:4", "4#0", Noted(state="left"))
    now += 3600.0  # whoever made these calls is dead
    assert rates.take("p:5", "5#0") is None


def test_a_call_that_leaves_and_one_whose_process_is_dead_hold_up_nobody() -> None:
    now = 0.0
    rates = Rates(limits={MODEL: RateLimit.parse("1/min")}, clock=lambda: now)
    woken: list[bool] = []
    assert rates.take(MODEL, "a#0") is None
    assert [rates.take(MODEL, name, wake=lambda: woken.append(True)) is None for name in ("dead#0", "left#0", "b#0")] == [
        False
    ] * 3
    rates.note(MODEL, "left#0", Noted(state="left"))
    assert woken == [True]
    now = 61.0
    assert rates.take(MODEL, "b#0") is None


def test_a_call_that_was_refused_comes_before_those_that_have_not_been_sent() -> None:
    now = 0.0
    rates = Rates(limits={MODEL: RateLimit.parse("1/min")}, clock=lambda: now)
    assert rates.take(MODEL, "a#0") is None
    assert rates.take(MODEL, "b#0") is not None
    rates.note(MODEL, "a#0", Noted(state="refused"))  # as by an overloaded service
    now = 2.0
    assert rates.take(MODEL, "a#1") is None
    now = 62.0
    assert rates.take(MODEL, "b#0") is None


def test_what_services_say_of_their_limits_is_observed_unless_the_user_has_set_them() -> None:
    now, said = 0.0, (Allowance("requests", 600, 599, 0.1), Allowance("tokens", 10_000, 9_000, 6.0))
    rates = Rates(limits={"p:set": RateLimit.parse("50 requests")}, clock=lambda: now)
    for model in ("p:set", "p:free"):
        rates.take(model, "a#0")
        rates.note(model, "a#0", Noted(state="done", tokens=1000, heard=said))
    assert rates.limit("p:set") == RateLimit((Rate(50),))
    assert rates.limit("p:free") == RateLimit((Rate(600),))
    rates.note("p:free", "a#0", Noted(state="done", heard=(Allowance("requests", 600, 0, 30.0),)))
    turn = rates.take("p:free", "b#0")
    assert turn is not None
    assert 0 < turn.asked <= 0.1  # others use the account too, and the next one is renewed then
    now = 1.0
    answers = [rates.take("p:free", f"{n}#0", "image") for n in range(12)]
    assert "tokens of p:free are limited to 10000 per minute" in [turn.reason for turn in answers if turn]


@pytest.mark.parametrize(("wait", "least", "most"), [(2.0, 20, 30), (None, 1, 1)])
def test_a_first_call_that_is_refused_teaches_what_the_service_says(wait: float | None, least: int, most: int) -> None:
    now = 0.0
    rates = Rates(clock=lambda: now)
    assert rates.take(MODEL, "first") is None
    rates.note(MODEL, "first", Noted(state="sent"))
    rates.note(MODEL, "first", Noted(state="refused", limited=True, wait=wait))
    served = 0
    for second in range(2, 60):
        now = float(second)
        if rates.take(MODEL, f"a#{served}") is None:
            rates.note(MODEL, f"a#{served}", Noted(state="sent"))
            rates.note(MODEL, f"a#{served}", Noted(state="done"))
            served += 1
    assert least <= served <= most


def test_a_refusal_because_of_tokens_teaches_nothing_about_requests() -> None:
    now, said = 0.0, (Allowance("requests", 600, 590, 1.0), Allowance("tokens", 10_000, 0, 6.0))
    rates = Rates(clock=lambda: now)
    assert rates.take("p:m", "a#0") is None
    rates.note("p:m", "a#0", Noted(state="refused", limited=True, wait=3.0, heard=said))
    assert rates.limit("p:m") == RateLimit((Rate(600),))
    turn = rates.take("p:m", "a#1")
    assert turn is not None
    assert turn.asked > 0


def test_names_with_options_share_a_limit_unless_they_have_their_own() -> None:
    limits = {"p:m?q=high": RateLimit.parse("1/min"), "p:m": RateLimit.parse("2/min")}
    documented = {"q:*": RateLimit.parse("1/min"), "p:*": RateLimit.parse("9/min")}
    rates = Rates(limits=limits, documented=lambda provider: {n: v for n, v in documented.items() if n.startswith(provider)})
    known = {name: rates.limit(name) for name in ("p:m?q=high", "p:m?q=low", "p:other", "q:a", "r:a")}
    most = {name: limit.rates[0].most for name, limit in known.items() if limit}
    assert most == {"p:m?q=high": 1, "p:m?q=low": 2, "p:other": 9, "q:a": 1}
    assert rates.take("q:a", "a#0") is None
    assert rates.take("q:b", "b#0") is not None


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.floats(0, 200), min_size=1, max_size=60),
    st.sampled_from([("3/min", 3, 60.0), ("4/second", 4, 1.0), ("7/10 seconds", 7, 10.0), ("2/min, 1/10 seconds", 2, 60.0)]),
    st.randoms(use_true_random=False),
)
@example([0.0] * 30, ("4/second", 4, 1.0), Random(0))  # noqa: S311
def test_for_any_arrivals_no_window_has_more_than_the_limit_and_all_are_served_in_their_order(
    arrivals: list[float], limit: tuple[str, int, float], draw: Random
) -> None:
    text, most, seconds = limit
    now, sent, order = 0.0, list[tuple[float, str]](), list[str]()
    rates = Rates(limits={MODEL: RateLimit.parse(text)}, clock=lambda: now)
    events = [(at, number, f"{number}#0") for number, at in enumerate(sorted(arrivals))]
    heapq.heapify(events)
    while events:
        now, number, ticket = heapq.heappop(events)
        if ticket not in order:
            order.append(ticket)
        if turn := rates.take(MODEL, ticket):
            assert turn.seconds > 0
            heapq.heappush(events, (now + min(turn.seconds, ASK_AGAIN) + draw.choice([0.0, 0.0, 0.001]), number, ticket))
        else:
            sent.append((now, ticket))
    assert most_within(seconds - 0.002, [at for at, _ in sent]) <= most
    assert sorted(ticket for _, ticket in sent) == sorted(order)
    overtaken = [place - order.index(ticket) for place, (_, ticket) in enumerate(sent)]
    assert max(map(abs, overtaken)) <= 1  # who wakes a moment late keeps the turn, and the next one need not wait for it


def test_the_stand_in_counts_what_it_accepts() -> None:
    service, now = Limits({"*": RateLimit.parse("2/min, 100 tokens/min")}), 0.0
    waits = list[float]()
    for now, tokens in ((0.0, 60), (1.0, 60), (2.0, 40), (3.0, 0), (60.0, 10)):
        late = exceeded(service.take(Named(), "", tokens, lambda: now, "m"))  # noqa: B023 - it is called at once
        waits.append(late.wait if late else 0.0)
    assert waits == [0.0, 59.0, 0.0, 57.0, 0.0]
    assert service.log == [Decided(at, "m", ok) for at, ok in ((0, True), (1, False), (2, True), (3, False), (60, True))]


@pytest.mark.parametrize("known", ["", "6000/min", "6000/min, 1000000 tokens/min"])
def test_what_is_remembered_of_calls_does_not_grow(known: str) -> None:
    now = 0.0
    rates = Rates(limits={MODEL: RateLimit.parse(known)} if known else {}, clock=lambda: now)

    def kept_after(calls: Sequence[int]) -> int:
        nonlocal now
        for call in calls:
            now += 0.2
            assert rates.take(MODEL, f"r/{call}", "image", 10) is None
            rates.note(MODEL, f"r/{call}", Noted(state="sent"), "image")
            rates.note(MODEL, f"r/{call}", Noted(state="done", tokens=10), "image")
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        early = kept_after(range(1_000))  # those of a minute, and more
        assert kept_after(range(1_000, 4_000)) < 1.2 * early
    finally:
        tracemalloc.stop()
