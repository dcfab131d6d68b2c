"""The time that is left to a process that will be ended from outside, such as an AWS Lambda function."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from onbrief.errors import Cancelled
from onbrief.ledger.rules import RULES
from onbrief.ports import CallKind


@dataclass(frozen=True, slots=True)
class Deadline:
    """The seconds that a process has left (`time_left`, which may be negative). The rules of each kind of call say how many
    must be left for it to begin, so that its outcome is still recorded.
    """

    time_left: Callable[[], float]

    def spare(self, kind: CallKind) -> float:
        """Return the seconds for which a call of this kind may still begin; negative if it may not."""
        return self.time_left() - RULES[kind].seconds

    def require_time_for(self, kind: CallKind) -> None:
        """Check that enough time is left for a call of this kind.

        Raises:
            Cancelled: too little is left; the run can be resumed.
        """
        if self.spare(kind) < 0:
            left, needed = max(self.time_left(), 0.0), RULES[kind].seconds
            raise Cancelled(f"{left:.0f} seconds are left, and the next call ({kind}) may take {needed:.0f}")
