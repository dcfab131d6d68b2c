"""The terms on which a run may spend, the result of a paid call, and the types of the functions around it."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from onbrief.ledger.deadline import Deadline
from onbrief.ports import NO_TOKENS, CannotTell, Entry, Note, NotThere, Pending, Recorded, State, Tokens, Wait

RETRY_TIMEOUT = 300.0  # seconds for which a refused call is retried
LEAST_LEASE = 1.0  # seconds; a process without time left may still claim a run, and then finds that no call can begin


@dataclass(frozen=True, slots=True)
class CallResult:
    """The answer of a call as small JSON, its cost in US dollars (None if the answer does not say it: then the reserved price
    counts), and its tokens. `recoverable`: `recover` finds the answer again if this process ends before it is recorded.
    """

    result: str
    usd: float | None = None
    tokens: Tokens = NO_TOKENS
    recoverable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendingPolicy:
    """The terms on which a run may spend.

    `usd` is the limit of all calls together, in US dollars, and `judge_usd` that of the calls of judges. With `resend_unknown`,
    calls whose outcome is unknown are sent again. With `ask_again`, so are, once, calls that brought no readable answer in
    earlier sessions, if the rules of their kind allow it; with `resend_failed`, also if not. In seconds: the duration of a
    `lease`, the time for which a refused call is retried (`retry_timeout`), the time for which a call waits for its turn
    (`turn_timeout`), and the `initial_backoff` before the second try. If the process has a `deadline`, the lease lasts until
    then and is not renewed.
    """

    usd: float | None = None
    judge_usd: float | None = None
    resend_unknown: bool = False
    ask_again: bool = False
    resend_failed: bool = False
    lease: float = 60.0
    retry_timeout: float = RETRY_TIMEOUT
    turn_timeout: float = math.inf
    initial_backoff: float = 1.0
    deadline: Deadline | None = None

    @property
    def lease_from_now(self) -> float:
        """The duration in seconds of a lease that is claimed or renewed now."""
        return max(self.deadline.time_left(), LEAST_LEASE) if self.deadline else self.lease


@dataclass(frozen=True, slots=True)
class Ended:
    """A try that has ended in this session: its entry, when (seconds since 1970), and the state that was recorded before."""

    entry: Entry
    at: float
    before: State


class Skipped(Exception):
    """A call has no recorded result and may not be sent any more. Never leaves the studio."""


@dataclass(frozen=True, slots=True)
class Try:
    """The try of a call that is being sent: its number, and what writes down the provider's handle of it."""

    number: int
    note: Note


Ready = Callable[[], Awaitable[None]]
Send = Callable[[Try], Awaitable[CallResult]]
Recover = Callable[[Entry], Awaitable[CallResult | Pending | NotThere | CannotTell]]
"""Looks for the result of a try whose outcome is unknown. Raises Failed or Blocked if it is known to have ended like this."""
Tell = Callable[[Wait], None]
Held = Callable[[Recorded], Mapping[str, float]]
