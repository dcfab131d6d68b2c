"""How soon a model may be called again. All runs that share the rates observe what one of them learns from a refusal."""

from __future__ import annotations

import time
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

MINUTE = 60.0
LEAST = 0.001  # seconds; timers are not more precise, and one pause must not lead to two waits


@dataclass(frozen=True, slots=True)
class Turn:
    """How many seconds a request must wait, and why."""

    seconds: float
    reason: str


@dataclass(slots=True)
class Rates:
    """The pauses that models asked for, and the maximum number of requests per minute (`per_minute`, by model; others have no
    such limit). `clock` is in seconds.
    """

    per_minute: Mapping[str, int] = field(default_factory=dict[str, int])
    clock: Callable[[], float] = time.monotonic
    _paused_until: dict[str, float] = field(default_factory=dict[str, float])
    _sent: defaultdict[str, deque[float]] = field(default_factory=lambda: defaultdict(deque[float]))

    def pause(self, model: str, seconds: float) -> None:
        """Send no requests to this model for this time, because it asked for a pause."""
        self._paused_until[model] = max(self._paused_until.get(model, 0.0), self.clock() + seconds)

    def take(self, model: str) -> Turn | None:
        """Ask to send a request. None: it is counted and must be sent now. Otherwise, wait as long as the turn says and ask
        again.
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
