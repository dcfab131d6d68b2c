"""How much of one limit is used: a window that slides over the last seconds."""

from __future__ import annotations

from collections.abc import Iterator

LEAST = 0.001  # seconds; timers are not more precise, and one pause must not lead to two waits


class Window:
    """At most `most` in any `period` of seconds. What is taken is known by its ticket."""

    def __init__(self, most: float, period: float) -> None:
        self.most = most
        self.period = period
        self.used = 0.0
        self._taken: dict[str, tuple[float, float]] = {}  # when, and how much; the oldest first

    def add(self, ticket: str, at: float, amount: float) -> None:
        """Count what is taken at this time."""
        self.remove(ticket)
        self._taken[ticket] = (at, amount)
        self.used += amount

    def remove(self, ticket: str) -> tuple[float, float] | None:
        """Count something no longer. Return when it was taken, and how much, or None if it is not counted any more."""
        taken = self._taken.pop(ticket, None)
        if taken:
            self.used = self.used - taken[1] if self._taken else 0.0
        return taken

    def move(self, ticket: str, at: float) -> None:
        """Change when something was taken, if that was earlier. What was taken before it and counts later is kept as long."""
        taken = self._taken.get(ticket)
        if taken and taken[0] < at:
            self.add(ticket, at, taken[1])

    def amend(self, ticket: str, amount: float) -> None:
        """Change how much was taken."""
        if taken := self._taken.get(ticket):
            self._taken[ticket] = (taken[0], amount)
            self.used += amount - taken[1]

    def free(self, amount: float, now: float) -> int:
        """Return how many of this size, more than 0, fit now. There must be a limit. One that is larger than the whole limit
        fits into an empty window.
        """
        self.forget(now)
        return max(int((self.most - self.used) // amount), 0 if self._taken else 1)

    def free_in(self, amount: float, now: float) -> float:
        """Return in how many seconds one of this size fits."""
        if self.free(amount, now):
            return 0.0
        over, last = self.used + amount - self.most, now
        for at, taken in self._taken.values():
            over, last = over - taken, at
            if over <= 0:
                break
        return max(last + self.period - now, LEAST)

    def times(self, since: float, until: float) -> Iterator[float]:
        """Yield the times of what was taken between these two, the latter included."""
        return (at for at, _ in self._taken.values() if since < at <= until)

    def forget(self, now: float) -> None:
        """Keep no longer what has left the window. A window without a limit is asked for no room, and grows without this."""
        while self._taken:
            ticket, (at, _) = next(iter(self._taken.items()))
            if at > now - self.period + LEAST:
                return
            self.remove(ticket)
