"""How soon a model may be asked again: what one run learns from a refusal, all runs that share the rates keep to."""

from __future__ import annotations

import time
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

MINUTE = 60.0
LEAST = 0.001  # seconds; a timer is no more exact than that, and nothing is to wait twice for one pause


@dataclass(frozen=True, slots=True)
class Turn:
    """For how many seconds a request has to wait, and why."""

    seconds: float
    reason: str


@dataclass(slots=True)
class Rates:
    """The pauses that models asked for, and the requests per minute that they may be sent at most (`per_minute`, by name; a
    model that is not in it has no such limit). `clock` is in seconds.
    """

    per_minute: Mapping[str, int] = field(default_factory=dict[str, int])
    clock: Callable[[], float] = time.monotonic
    _paused_until: dict[str, float] = field(default_factory=dict[str, float])
    _sent: defaultdict[str, deque[float]] = field(default_factory=lambda: defaultdict(deque[float]))

    def pause(self, model: str, seconds: float) -> None:
        """Send this model nothing for so long: it has said so."""
        self._paused_until[model] = max(self._paused_until.get(model, 0.0), self.clock() + seconds)

    def take(self, model: str) -> Turn | None:
        """Take the next turn: None, and the request is counted and must be sent now; or how long to wait before the next
        try.
        """
        now = self.clock()
        if (left := self._paused_until.get(model, now) - now) >= LEAST:
            return Turn(left, f"{model} asked for a pause")
        most = self.per_minute.get(model)
        if most is None:
            return None
        sent = self._sent[model]
        while sent and sent[0] <= now - MINUTE + LEAST:
            sent.popleft()
        if len(sent) >= most:
            return Turn(sent[0] + MINUTE - now, f"requests to {model} are limited to {most} per minute")
        sent.append(now)
        return None
