"""What a paid call is sent with and what comes of it: the terms of a run, the result of a call, the functions around it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from onbrief.ledger.deadline import Deadline
from onbrief.ports import NO_TOKENS, Tokens, Wait

RETRY_TIMEOUT = 300.0  # seconds for which a refused call is tried again
LEAST_LEASE = 1.0  # seconds; a process at its end may still claim a run, to find that there is no time for it


@dataclass(frozen=True, slots=True)
class CallResult:
    """What a call answered, as small JSON, what it cost in US dollars, and the tokens it took. `recoverable`: `recover` finds
    it again, whatever happens to this process.
    """

    result: str
    usd: float | None
    tokens: Tokens = NO_TOKENS
    recoverable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendingPolicy:
    """On what terms a run may spend.

    `usd` is in US dollars, all calls together. `resend_unknown` sends calls again whose outcome is unknown. In seconds: how
    long a `lease` lasts, for how long a refused call is tried again (`retry_timeout`), and the `initial_backoff` before the
    second try. Where the process's own end is known, `deadline` is what it has left: the lease is that long and not renewed.
    """

    usd: float | None = None
    resend_unknown: bool = False
    lease: float = 60.0
    retry_timeout: float = RETRY_TIMEOUT
    initial_backoff: float = 1.0
    deadline: Deadline | None = None

    @property
    def lease_from_now(self) -> float:
        """The seconds for which a claim or a renewal holds now."""
        return max(self.deadline.time_left(), LEAST_LEASE) if self.deadline else self.lease


class Skipped(Exception):
    """Nothing is recorded for a call that may not be sent any more. Never leaves the studio."""


Ready = Callable[[], Awaitable[None]]
Send = Callable[[], Awaitable[CallResult]]
Recover = Callable[[], Awaitable[CallResult | None]]
Tell = Callable[[Wait], None]
