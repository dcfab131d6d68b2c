"""Limits of calls, which the server enforces as the services do: in windows that slide, for each model or operation."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Literal

from onbrief.errors import UsageError
from onbrief.ports import Rate, RateLimit
from onbrief_sandbox.server.catalogue import fits_any
from onbrief_sandbox.server.faults import OPERATIONS, Named
from onbrief_sandbox.server.wires import catalogue as wires

FORM = 'MODEL=LIMIT, such as "a1111:*=600/min" or "openai.chat=50 requests, 100000 tokens"'


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a limit stands after a call: how much of it is left, and in how many seconds all of it is. `wait` is the time after
    which the call would have been accepted; 0 if it was.
    """

    rate: Rate
    left: int
    reset: float
    wait: float = 0.0


@dataclass(slots=True)
class _Window:
    pattern: str
    rate: Rate
    taken: deque[tuple[float, int]] = field(default_factory=deque[tuple[float, int]])
    used: int = 0

    def fits(self, called: Named, operation: str) -> bool:
        return operation == self.pattern or called.fits(self.pattern)

    def standing(self, now: float, tokens: int) -> Standing:
        while self.taken and self.taken[0][0] <= now - self.rate.seconds:
            self.used -= self.taken.popleft()[1]
        over, wait = self.used + self.amount(tokens) - self.rate.most, 0.0
        for at, amount in self.taken:
            if over <= 0:
                break
            over, wait = over - amount, at + self.rate.seconds - now
        reset = self.taken[-1][0] + self.rate.seconds - now if self.taken else 0.0
        return Standing(self.rate, max(0, self.rate.most - self.used), reset, wait)

    def amount(self, tokens: int) -> int:
        return 1 if self.rate.counted == "requests" else tokens


@dataclass(frozen=True, slots=True)
class Decided:
    """A call that a limit decided about: when, of which model, and whether it was accepted."""

    at: float
    model: str
    accepted: bool


class Limits:
    """The limits of one server. `log` has all calls that a limit decided about, in their order."""

    def __init__(self, limits: Mapping[str, RateLimit] | None = None) -> None:
        """Take the limits by the patterns of models, or by operations; those that several models share by one pattern hold for
        all of them together.
        """
        self._windows = [_Window(pattern, rate) for pattern, limit in (limits or {}).items() for rate in limit.rates]
        self.log: list[Decided] = []

    @classmethod
    def parse(cls, texts: Sequence[str]) -> Limits:
        """Return the limits that are written like FORM.

        Raises:
            UsageError: one is not, or is of no model and no operation of the server.
        """
        found: dict[str, RateLimit] = {}
        for text in texts:
            pattern, mark, limit = text.partition("=")
            if not mark:
                raise UsageError.of("limit", text, FORM)
            if pattern not in OPERATIONS and not fits_any(pattern) and not wires.fits_any(pattern):
                raise UsageError.of("limit", text, "a model of the sandbox before the =, a pattern of models, or an operation")
            found[pattern] = RateLimit.parse(limit, "limit")
            if not found[pattern].rates:
                raise UsageError.of("limit", text, FORM)
        return cls(found)

    def take(self, called: Named, operation: str, tokens: int, clock: Callable[[], float], model: str) -> list[Standing]:
        """Count a call that uses so many tokens, unless it exceeds a limit: then all of them stay as they are. Return where the
        limits of its model and its operation stand.
        """
        windows, now = [window for window in self._windows if window.fits(called, operation)], clock()
        if not windows:
            return []
        standings = [window.standing(now, tokens) for window in windows]
        accepted = not any(standing.wait for standing in standings)
        self.log.append(Decided(now, model, accepted))
        if not accepted:
            return standings
        for window in windows:
            window.taken.append((now, window.amount(tokens)))
            window.used += window.amount(tokens)
        return [replace(window.standing(now, 0), wait=0.0) for window in windows]


def exceeded(standings: Sequence[Standing]) -> Standing | None:
    """Return the limit that a call exceeds for the longest time, or None if it was accepted."""
    return max((one for one in standings if one.wait), key=lambda one: one.wait, default=None)


def retry_after(standing: Standing) -> dict[str, str]:
    """Return the header that most services send with a refusal: whole seconds."""
    return {"Retry-After": str(math.ceil(standing.wait))}


def headers(standings: Sequence[Standing], style: Literal["x-ratelimit", "anthropic-ratelimit"]) -> dict[str, str]:
    """Return the headers in which a service tells where its limits stand."""
    found: dict[str, str] = {}
    for one in standings:
        kind = one.rate.counted
        if style == "x-ratelimit":
            names, reset = [f"{style}-{word}-{kind}" for word in ("limit", "remaining", "reset")], _duration(one.reset)
        else:
            names = [f"{style}-{kind}-{word}" for word in ("limit", "remaining", "reset")]
            reset = f"{datetime.fromtimestamp(datetime.now(UTC).timestamp() + one.reset, UTC):%Y-%m-%dT%H:%M:%SZ}"
        found |= dict(zip(names, (str(one.rate.most), str(one.left), reset), strict=True))
    return found


def _duration(seconds: float) -> str:
    return f"{round(seconds * 1000)}ms" if seconds < 1 else f"{seconds // 60:.0f}m{seconds % 60:.3f}s".removeprefix("0m")
