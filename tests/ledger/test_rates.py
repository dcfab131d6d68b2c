from __future__ import annotations

from dataclasses import dataclass

from onbrief.ledger.rates import Rates
from onbrief.ports import Turn


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


def test_without_a_pause_or_a_limit_nothing_waits() -> None:
    rates = Rates(clock=Clock())
    assert [rates.take("m") for _ in range(1000)] == [None] * 1000


def test_a_pause_holds_for_everything_that_is_sent_to_a_model_and_for_no_other() -> None:
    clock = Clock()
    rates = Rates(clock=clock)
    rates.pause("m", 30.0)
    assert rates.take("m") == Turn(30.0, "m asked for a pause")
    assert rates.take("other") is None
    clock.now += 29.0
    assert rates.take("m") == Turn(1.0, "m asked for a pause")
    clock.now += 1.0
    assert rates.take("m") is None


def test_a_shorter_pause_does_not_end_a_longer_one() -> None:
    rates = Rates(clock=Clock())
    rates.pause("m", 30.0)
    rates.pause("m", 1.0)
    assert rates.take("m") == Turn(30.0, "m asked for a pause")


def test_a_model_is_sent_as_many_requests_in_any_minute_as_are_allowed_and_no_more() -> None:
    clock, sent = Clock(), list[float]()
    rates = Rates({"m": 3}, clock)
    while len(sent) < 30:
        if turn := rates.take("m"):
            assert turn.reason == "requests to m are limited to 3 per minute"
            clock.now += min(turn.seconds, 7.0)
        else:
            sent.append(clock.now)
            clock.now += 1.0
    assert all(later - earlier >= 59.99 for earlier, later in zip(sent, sent[3:], strict=False))
    assert sent[-1] - sent[0] < 10 * 60.0
    assert rates.take("another") is None


def test_a_request_that_waits_takes_no_turn() -> None:
    clock = Clock()
    rates = Rates({"m": 1}, clock)
    rates.pause("m", 5.0)
    assert rates.take("m") is not None
    clock.now += 5.0
    assert rates.take("m") is None
    assert rates.take("m") == Turn(60.0, "requests to m are limited to 1 per minute")
